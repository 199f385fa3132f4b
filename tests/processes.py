"""Commands as real processes, for tests that kill them."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30.0
COMMAND = (sys.executable, "-m", "automation")
ROOT = Path(__file__).parent.parent


class Process:
    """A command that runs until it is told to stop. What it says goes to files in the folder."""

    def __init__(self, folder: Path, *words: str, environ: Mapping[str, str]) -> None:
        name = f"{words[0]}-{len(list(folder.glob(words[0] + '-*.err')))}"
        self.out, self.err = folder / f"{name}.out", folder / f"{name}.err"
        with self.out.open("w") as out, self.err.open("w") as err:
            self._process = subprocess.Popen(
                [*COMMAND, *words], stdout=out, stderr=err, env=clean(environ), cwd=folder
            )

    def first_line(self) -> str:
        """The first line of stdout, as soon as it is there."""
        return self._wait_for(self.out, r"\A(.+)\n")

    def address(self) -> str:
        """Where a service listens, as soon as it says so."""
        return self._wait_for(self.err, r"listening on (http://\S+?),")

    def _wait_for(self, path: Path, pattern: str) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := re.search(pattern, path.read_text())) is None:
            assert self._process.poll() is None, self.err.read_text()
            assert time.monotonic() < deadline, f"{pattern} was never said"
            time.sleep(0.02)
        return found[1]

    def tell(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def limit(self, what: int, most: int) -> None:
        """Set one of its resource limits."""
        resource.prlimit(self._process.pid, what, (most, resource.RLIM_INFINITY))

    def ended(self) -> int:
        """Its exit code, as soon as it has ended."""
        return self._process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """kill -9."""
        self.tell(signal.SIGKILL)
        self.ended()

    def stop(self) -> None:
        """End it whatever it does."""
        if self._process.poll() is None:
            self.kill()


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment with nothing of the tester's but what a process needs to start."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environ}


class EmulatorProcess(Process):
    """`automation emulator --json` on a free port, without a budget."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "emulator", "--json", "--limit", "0", environ={})
        self.facts: Mapping[str, Any] = json.loads(self.first_line())

    @property
    def settings(self) -> dict[str, str]:
        """What a service needs to find it."""
        return {
            "NOTION_BASE_URL": self.facts["base_url"],
            "NOTION_TOKEN": self.facts["token"],
            "NOTION_REQUESTS_PER_MINUTE": "100000",
        }
