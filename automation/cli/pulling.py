"""`automation notion pull`: everything the token sees, into `notion.lock`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automation.cli.asking import ask, say
from automation.cli.files import rule_files
from automation.cli.lockfile import open_lock, save
from automation.cli.printable import printable
from automation.cli.rules import counted
from automation.engine.lock_targets import named_targets
from automation.engine.problems import Problem
from automation.engine.reading import clean, parse
from automation.model.lock import LOCK_FILE, Lock, Locked, LockedSource
from automation.notion.listing import Survey, survey
from automation.notion.locking import write_lock


def parsed(files: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """The tables of rule files; those that are no TOML are left to `automation check`."""
    found = {path: parse(path, clean(text)) for path, text in files.items()}
    return {path: raw for path, raw in found.items() if not isinstance(raw, Problem)}


def pull_lock(folder: str, *, only_check: bool, as_json: bool) -> int:
    """Write the file if it is to change; with `only_check`, 1 in that case and nothing written."""
    path = Path(folder, LOCK_FILE)
    names = named_targets(parsed(rule_files([folder], folder)))
    found = ask(survey(names, _before(path)))
    text = write_lock(found.lock)
    changed = not path.is_file() or path.read_bytes() != text.encode()
    if changed and not only_check:
        save(path, text)
    if as_json:
        print(json.dumps(_json(path, found, changed=changed), indent=2, ensure_ascii=False))
    else:
        print(f"{path}: {_verdict(changed=changed, only_check=only_check)}")
    _tell(found)
    return 1 if changed and only_check else 0


def _before(path: Path) -> Lock:
    """What was known. A file that cannot be used is made anew, so nothing was."""
    opened = open_lock(path) if path.is_file() else None
    return (opened.lock if opened else None) or Lock()


def _verdict(*, changed: bool, only_check: bool) -> str:
    if not changed:
        return "up to date"
    return "out of date; `automation notion diff` says what changed" if only_check else "written"


def _tell(found: Survey) -> None:
    """What is there, then the targets that are not, each with its remedy."""
    lock = found.lock
    say(f"{counted(len(lock.sources), 'data source')}, {counted(len(lock.pages), 'page')}")
    wanted = {one.id for one in found.targets.values()}
    things: list[Locked] = [*lock.sources, *lock.pages]
    width = max((len(_title(one)) for one in things), default=0)
    for one in things:
        named = "named by the rules" if one.id in wanted else ""
        say(f"  {_title(one):<{width}}  {_what(one):<13}  {named}".rstrip())
    for text, reason in found.missing.items():
        say(f"  not there: {printable(text)}: {printable(reason)}")


def _what(one: Locked) -> str:
    if not isinstance(one, LockedSource):
        return "page"
    number = len(one.properties)
    return f"{number} {'property' if number == 1 else 'properties'}"


def _title(one: Locked) -> str:
    return printable(one.title) or "(no title)"


def _json(path: Path, found: Survey, *, changed: bool) -> dict[str, Any]:
    return {
        "path": str(path),
        "changed": changed,
        "data_sources": [
            {"id": one.id, "title": one.title, "properties": len(one.properties)}
            for one in found.lock.sources
        ],
        "pages": [{"id": one.id, "title": one.title} for one in found.lock.pages],
        "targets": [
            *(
                {"target": text, "found": True, "id": one.id, "reason": ""}
                for text, one in found.targets.items()
            ),
            *(
                {"target": text, "found": False, "id": None, "reason": reason}
                for text, reason in found.missing.items()
            ),
        ],
    }
