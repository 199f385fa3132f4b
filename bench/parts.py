"""The parts of a measurement, each a process of its own on this machine, stopped whatever happens."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automation.cli.files import recipes

SECRET = "a secret of the bench, of usual length"
PATIENCE_SECONDS = 20.0
AUTOMATION = str(Path(sys.executable).with_name("automation"))

ONE_ROW = """\
[[rule]]
id = "push-to-row"
description = "Every push becomes a row: nothing to keep in order, so many are written at once"
on = "github.push"

[[rule.do]]
create = "Commits"
set.Name = "{{ event.head_commit.message | first_line }}"
set.SHA = "{{ event.after }}"
set.Author = "{{ event.head_commit.author.name }}"
set.Repository = "{{ event.repo }}"
set.Branch = "{{ event.branch }}"
set.URL = "{{ event.head_commit.url }}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    process: "subprocess.Popen[str]"
    port: int
    database: Path

    def get(self, path: str) -> Any:
        """The JSON it answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return json.load(answer)

    def memory_mb(self) -> float:
        """Resident memory."""
        return int(self._status("VmRSS").split()[0]) / 1024

    def threads(self) -> int:
        """How many threads it has."""
        return int(self._status("Threads"))

    def _status(self, name: str) -> str:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(name))

    def stored(self) -> int:
        """How many events are in its database."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a load came to. `ms` are the times to each acknowledgement, in order of size."""

    rate: float
    acked: int
    refused: int
    body_bytes: int
    ms: tuple[float, ...]

    def ms_at(self, share: float) -> float:
        """The time that this share of the acknowledgements did not exceed."""
        return self.ms[min(len(self.ms) - 1, int(len(self.ms) * share))]


class Bench:
    """Starts parts in one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    @contextmanager
    def skeleton(self) -> Iterator[Server]:
        """The bare skeleton."""
        port, database = free_port(), self._database()
        arguments = ["--port", str(port), "--database", str(database), "--secret", SECRET]
        with self._started([sys.executable, "-m", "bench.skeleton", *arguments], {}) as process:
            yield _ready(Server(process=process, port=port, database=database))

    @contextmanager
    def emulator(self, limit: int) -> Iterator[Server]:
        """A local Notion; `limit` requests a minute, 0 for no limit."""
        port = free_port()
        command = [AUTOMATION, "emulator", "--port", str(port), "--limit", str(limit)]
        with self._started(command, {}) as process:
            yield _ready(Server(process=process, port=port, database=Path()))

    @contextmanager
    def service(
        self, notion: Server, *, plan: str = "free", budget: int = 0, rules: str = ""
    ) -> Iterator[Server]:
        """`automation serve` on the shipped recipes, or on the rules given.

        `budget` requests a minute instead of the plan's.
        """
        port, database = free_port(), self._database()
        environ = {
            "NOTION_TOKEN": "ntn_emulator",
            "NOTION_BASE_URL": f"http://127.0.0.1:{notion.port}",
            "NOTION_PLAN": plan,
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "AUTOMATION_RULES": str(self._rules(rules) if rules else recipes()),
            "AUTOMATION_DATABASE": f"sqlite:///{database}",
            "AUTOMATION_PORT": str(port),
        }
        lifted = [sys.executable, "-m", "bench.service", "--budget", str(budget)]
        with self._started(lifted if budget else [AUTOMATION, "serve"], environ) as process:
            yield _ready(Server(process=process, port=port, database=database))

    def load(self, server: Server, how: str, **options: float) -> Load:
        """Load a server to the end of the load."""
        process = self.begin_load(server, how, **options)
        return self.end_load(process)

    def begin_load(self, server: Server, how: str, **options: float) -> "subprocess.Popen[str]":
        """Start a load that goes on beside what is measured."""
        given = [word for name, value in options.items() for word in (f"--{name}", f"{value}")]
        command = ["-m", "bench.load", how, "--port", str(server.port), "--secret", SECRET, *given]
        return subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)

    def end_load(self, process: "subprocess.Popen[str]") -> Load:
        """Wait for it."""
        out, _ = process.communicate(timeout=60 + PATIENCE_SECONDS)
        said = json.loads(out)
        if said["distinct"] != said["acked"]:
            raise RuntimeError("two deliveries were acknowledged as one event")
        return Load(
            rate=said["acked"] / said["took"],
            acked=said["acked"],
            refused=said["refused"],
            body_bytes=said["body_bytes"],
            ms=tuple(sorted(said["ms"])),
        )

    @contextmanager
    def _started(
        self, command: list[str], environ: Mapping[str, str]
    ) -> Iterator["subprocess.Popen[str]"]:
        ours = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        with ExitStack() as stack:
            log = stack.enter_context((self._folder / f"{self._next()}.log").open("w"))
            process = subprocess.Popen(
                command, env={**ours, **environ}, stdout=log, stderr=log, text=True
            )
            stack.callback(_stop, process)
            yield process

    def _database(self) -> Path:
        return self._folder / f"{self._next()}.db"

    def _rules(self, text: str) -> Path:
        folder = self._folder / f"{self._next()}-rules"
        folder.mkdir()
        (folder / "rules.toml").write_text(text)
        targets = (recipes() / "targets.toml").read_text()
        (folder / "targets.toml").write_text(targets)
        return folder

    def _next(self) -> int:
        self._made += 1
        return self._made


def free_port() -> int:
    """A port nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


def _is_setting(name: str) -> bool:
    return name.startswith(("AUTOMATION_", "NOTION_")) or name.endswith(
        ("_SECRET", "_SECRET_TOKEN")
    )


def _ready(server: Server) -> Server:
    """Return when it accepts connections."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if server.process.poll() is not None:
            raise RuntimeError(f"it ended: {server.process.args!r}")
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            time.sleep(0.005)
        else:
            return server
    raise RuntimeError(f"it did not start in {PATIENCE_SECONDS:g} s: {server.process.args!r}")


def _stop(process: "subprocess.Popen[str]") -> None:
    """At once: nothing of what it keeps is needed any more."""
    process.kill()
    process.wait()
