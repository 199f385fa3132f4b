"""`notion.lock` on disk: where it is, read, and written whole or not at all."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automation.actions.judging import JUDGE
from automation.engine.lock_check import check_lock
from automation.engine.lock_targets import target_tables
from automation.engine.problems import Problem
from automation.engine.reading import clean, parse
from automation.model.errors import RuleError
from automation.model.lock import LOCK_FILE, Lock
from automation.model.target import TargetName
from automation.notion.locking import PULL, read_lock
from automation.rulefiles import read_file, read_folder

_PLACE = re.compile(r"at line (\d+), column (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFile:
    """A lock that is there. Without a `lock` it cannot be read, and `problem` says why."""

    path: Path
    lock: Lock | None
    problem: Problem | None = None


def lock_for(name: str) -> Path | None:
    """The lock of a folder or a file: in there or beside it, or in the nearest folder above, as the name has them."""
    path = Path(name)
    folders = [path, *path.parents] if path.is_dir() else list(path.parents)
    return next((one / LOCK_FILE for one in folders if (one / LOCK_FILE).is_file()), None)


def open_lock(path: Path) -> LockFile:
    """Read it."""
    try:
        return LockFile(path=path, lock=read_lock(read_file(path)))
    except (OSError, UnicodeDecodeError, RuleError) as error:
        found = _PLACE.search(str(error))
        line, column = (int(found[1]), int(found[2])) if found else (1, 1)
        problem = Problem(
            path=str(path),
            line=line,
            column=column,
            length=1,
            message=f"it cannot be used: {error}",
            help=PULL,
        )
        return LockFile(path=path, lock=None, problem=problem)


def load_lock(folder: str) -> Lock | None:
    """The lock of a rules folder; None if there is none yet. Raises RuleError for one that cannot be used."""
    path = Path(folder, LOCK_FILE)
    if not path.is_file():
        return None
    opened = open_lock(path)
    if opened.problem is not None:
        raise RuleError(f"{path}: {opened.problem.message}; {PULL}")
    return opened.lock


def save(path: Path, text: str) -> None:
    """Write it whole: whoever reads meanwhile has the old one or the new one. Raises RuleError."""
    real = path.resolve()
    half = real.with_name(f".{real.name}.{os.getpid()}")
    try:
        half.write_text(text, encoding="utf-8", newline="\n")
        half.replace(real)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise RuleError(f"{path} cannot be written: {error.strerror}") from error


def held_to_locks(
    names: Collection[str],
    files: Mapping[str, str],
    tables: Mapping[str, Mapping[str, Any]],
    problems: Collection[Problem],
) -> tuple[list[Path], list[Problem]]:
    """The locks beside the named files and folders, and what is wrong with the files as far as these know."""
    locks = dict.fromkeys(path for name in names if (path := lock_for(name)) is not None)
    found: list[Problem] = []
    for path in locks:
        found += _held_to(open_lock(path), files, tables, problems)
    return list(locks), list(dict.fromkeys(found))


def _held_to(
    opened: LockFile,
    files: Mapping[str, str],
    tables: Mapping[str, Mapping[str, Any]],
    problems: Collection[Problem],
) -> Iterator[Problem]:
    if opened.lock is None:
        if opened.problem is not None:
            yield opened.problem
        return
    own = {name: raw for name, raw in tables.items() if lock_for(name) == opened.path}
    names = _names_beside(opened.path.parent, tables)
    checked = check_lock(files, own, opened.lock, JUDGE, problems, names=names)
    yield from (one.problem for one in checked.found)


def _names_beside(
    folder: Path, tables: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, TargetName]:
    """The [target] tables of files beside those that are checked: a rule may name them."""
    texts, _ = read_folder(folder)
    others = {
        path: raw
        for path, text in texts.items()
        if path not in tables and "target" in text
        if not isinstance(raw := parse(path, clean(text)), Problem)
    }
    return target_tables(others)
