"""The machine the figures are of."""

import os
import platform
import sqlite3
import statistics
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a figure depends on. `fsync_ms` is the median of the probe."""

    cpu: str
    cores: int
    system: str
    python: str
    sqlite: str
    fsync_ms: float
    date: str
    commit: str


def look(folder: Path) -> Machine:
    """This machine, and the disk the folder is on."""
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        fsync_ms=fsync_ms(folder),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=_commit(),
    )


def fsync_ms(folder: Path, rounds: int = 300) -> float:
    """How long the disk takes to keep 4 KiB more of a file, as a commit asks it to: the median."""
    path = folder / "fsync.probe"
    taken = []
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for _ in range(rounds):
            os.write(file, b"x" * 4096)
            begun = time.perf_counter()
            os.fsync(file)
            taken.append(time.perf_counter() - begun)
    finally:
        os.close(file)
        path.unlink()
    return statistics.median(taken) * 1000


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _commit() -> str:
    try:
        return _git("rev-parse", "--short=12", "HEAD") + (
            " with changes" if _git("status", "--porcelain", "--untracked-files=no") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    ).stdout.strip()
