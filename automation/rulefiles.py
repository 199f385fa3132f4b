"""The files of a rules folder, read with care: whatever else lies there must not stop the service.

Names that begin with a dot are no rule files: editors, version control and container mounts keep
their own things there. A file that cannot be read is a problem with a place, never an exception.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from automation.engine.problems import Problem
from automation.model.errors import RuleError

MAX_FILE_BYTES = 1_000_000

Prints = tuple[tuple[str, int, int, int], ...]


def read_folder(folder: Path) -> tuple[Mapping[str, str], Mapping[str, Problem]]:
    """The texts of all rule files by path, and what could not be read. Raises RuleError without a folder."""
    if not folder.is_dir():
        raise RuleError(
            f"there is no rules folder {folder}; make one with `automation init`, or set AUTOMATION_RULES"
        )
    files: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    root = folder.resolve()
    closed: list[OSError] = []
    for path in _rule_files(folder, closed.append):
        name = _name(path)
        try:
            files[name] = read_file(path, root)
        except FileNotFoundError:
            if path.is_symlink():
                problems[name] = unread_problem(name, "it is a link that leads nowhere")
            # Else it was deleted while we looked.
        except (OSError, RuntimeError, UnicodeDecodeError, RuleError) as error:
            problems[name] = unread_problem(name, str(error))
    for one in closed:
        name = _name(Path(one.filename))
        problems[name] = unread_problem(name, str(one.strerror))
    return files, problems


def read_file(path: Path, root: Path | None = None) -> str:
    """One file; with `root`, it must lie in there. Raises OSError, UnicodeDecodeError or RuleError."""
    if root is not None and not path.resolve().is_relative_to(root):
        raise RuleError("it is a link that leads out of the rules folder")
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise RuleError("it is not a file")
    if found.st_size > MAX_FILE_BYTES:
        raise RuleError(f"it is larger than {MAX_FILE_BYTES} bytes")
    return path.read_text(encoding="utf-8")


def prints_of(folder: Path) -> Prints | None:
    """What changes when a rule file does; None without a folder. Another owner or mode is a change too."""
    return tuple(_print(path) for path in _rule_files(folder)) if folder.is_dir() else None


def _print(path: Path) -> tuple[str, int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), max(found.st_mtime_ns, found.st_ctime_ns), found.st_size, found.st_ino


def _rule_files(folder: Path, closed: Callable[[OSError], object] | None = None) -> Iterator[Path]:
    """Every `*.toml` in the folder and below, in order; folders that are links are not entered, and
    `closed` hears of those that cannot be."""
    for here, folders, names in os.walk(folder, onerror=closed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".toml") and not name.startswith("."):
                yield Path(here, name)


def _name(path: Path) -> str:
    """The path as text, also where its bytes are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def unread_problem(name: str, message: str) -> Problem:
    """A file that cannot be read, as a problem with a place."""
    return Problem(path=name, line=1, column=1, length=1, message=f"cannot be read: {message}")
