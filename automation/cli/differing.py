"""`automation notion diff`: what changed in Notion since `notion.lock`, and which rules that breaks."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automation.actions.judging import JUDGE
from automation.cli.asking import ask
from automation.cli.files import rule_files
from automation.cli.lockfile import load_lock
from automation.cli.printable import printable
from automation.cli.pulling import parsed
from automation.cli.rules import counted
from automation.engine.lock_diff import Change, Difference, Kind, Touched, differences
from automation.model.errors import NotInStore
from automation.model.lock import LOCK_FILE, LockedSource
from automation.notion.listing import again


def show_difference(folder: str, *, as_json: bool) -> int:
    """Print every change; 1 if a rule breaks. Raises NotInStore where there is no lock."""
    lock = load_lock(folder)
    if lock is None:
        path = Path(folder, LOCK_FILE)
        raise NotInStore(f"there is no {path} yet; `automation notion pull` writes it")
    files = rule_files([folder], folder)
    now = ask(again(lock)).lock
    found = differences(files, parsed(files), lock=lock, now=now, judge=JUDGE)
    breaks = any(one.breaks for one in found)
    if as_json:
        made = {"breaks": breaks, "changes": [_json(one) for one in found]}
        print(json.dumps(made, indent=2, ensure_ascii=False))
    else:
        for one in found:
            _print(one)
    print(_summary(found), file=sys.stderr)
    return 1 if breaks else 0


def _print(one: Difference) -> None:
    print(words(one.change))
    for touched in one.touched:
        verb = "breaks " if touched.breaks else "touches"
        where = f"{touched.path}:{touched.line}:{touched.column}"
        who = f" {touched.rule}" if touched.rule else ""
        why = f": {printable(touched.message)}" if touched.message else ""
        print(f"  {verb} {where}{who}{why}")


def _summary(found: Sequence[Difference]) -> str:
    if not found:
        return "nothing changed since notion.lock"
    broken = {(t.path, t.rule) for one in found for t in one.touched if t.breaks}
    touched = {(t.path, t.rule) for one in found for t in one.touched} - broken
    parts = [f"{counted(len(found), 'change')} since notion.lock"]
    parts.append(f"{counted(len(broken), 'rule')} broken" if broken else "no rule broken")
    if touched:
        parts.append(f"{counted(len(touched), 'rule')} to look at")
    return ", ".join(parts) + "; `automation notion pull` takes the changes over"


def words(change: Change) -> str:
    """A change as people say it."""
    title, name = printable(change.thing.title), printable(change.property)
    was, now = printable(change.was), printable(change.now)
    what = "the data source" if isinstance(change.thing, LockedSource) else "the page"
    match change.kind:
        case Kind.GONE:
            return f"{title}: {what} is gone, or no longer shared"
        case Kind.NEW:
            return f"{title}: {what} is new"
        case Kind.RETITLED:
            return f"{title}: {what} is called `{now}` now"
        case Kind.MOVED:
            return f"{title}: {what} lies elsewhere now: {now or 'in no data source'}"
        case Kind.PROPERTY_REMOVED:
            return f"{title}: `{name}` ({was}) is removed"
        case Kind.PROPERTY_ADDED:
            return f"{title}: `{name}` ({now}) is new"
        case Kind.PROPERTY_RENAMED:
            return f"{title}: `{name}` is called `{now}` now"
        case Kind.PROPERTY_RETYPED:
            return f"{title}: `{name}` was a {was} and is a {now} now"
        case Kind.RELATION_CHANGED:
            return f"{title}: `{name}` relates to another data source now: {now}"
        case Kind.OPTION_REMOVED:
            return f"{title}: `{name}` has no option `{was}` any more"
        case Kind.OPTION_ADDED:
            return f"{title}: `{name}` has a new option `{now}`"
        case Kind.OPTION_RENAMED:
            return f"{title}: the option `{was}` of `{name}` is called `{now}` now"


def _json(one: Difference) -> dict[str, Any]:
    change = one.change
    return {
        "kind": change.kind.value,
        "id": change.thing.id,
        "title": change.thing.title,
        "property": change.property or None,
        "was": change.was or None,
        "now": change.now or None,
        "words": words(change),
        "breaks": one.breaks,
        "rules": [_touched_json(touched) for touched in one.touched],
    }


def _touched_json(one: Touched) -> dict[str, Any]:
    return {
        "rule": one.rule or None,
        "path": one.path,
        "line": one.line,
        "column": one.column,
        "breaks": one.breaks,
        "message": one.message or None,
    }
