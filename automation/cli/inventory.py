"""`automation rules`: every rule, where it stands, and whether it ever fired."""

import json
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from automation.cli.files import rule_files
from automation.cli.listing import find_store, stamp, table, with_store
from automation.engine.index import names_of
from automation.engine.load import load
from automation.engine.problems import Problem
from automation.engine.rules import Rule
from automation.store.base import Usage
from automation.wiring import actions

Standing = Literal["in force", "disabled", "broken", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule. `usage` is None while there is no store that could know."""

    rule: str
    file: str
    line: int
    standing: Standing
    on: tuple[str, ...] = ()
    description: str = ""
    tests: int = 0
    problem: str = ""
    usage: Usage | None = field(default=None)

    @property
    def waiting(self) -> int:
        """Runs that wait for something."""
        return self.usage.runs.get("waiting", 0) if self.usage else 0

    @property
    def parked(self) -> int:
        """Runs that need a person."""
        return self.usage.runs.get("parked", 0) if self.usage else 0

    def to_json(self) -> Mapping[str, Any]:
        """For machines."""
        last = self.usage.last_fired_at if self.usage else None
        return {
            "rule": self.rule,
            "description": self.description,
            "file": self.file,
            "line": self.line,
            "on": list(self.on),
            "state": self.standing,
            "problem": self.problem,
            "tests": self.tests,
            "fired": self.usage.fired if self.usage else None,
            "last_fired_at": last.isoformat() if last else None,
            "never_fired": self.usage.fired == 0 if self.usage else None,
            "runs": dict(self.usage.runs) if self.usage else {},
            "waiting": self.waiting,
            "waiting_for": dict(self.usage.waiting_for) if self.usage else {},
            "parked": self.parked,
        }


def list_rules(*, folder: str, as_json: bool) -> int:
    """Print every rule of the folder, and those that are gone and still have runs."""
    files = rule_files(None, folder)
    known = bool(find_store(os.environ))
    usage = with_store(lambda store: store.usage()) if known else None
    entries = list(_entries(files, usage))
    if as_json:
        print(json.dumps([one.to_json() for one in entries], indent=2, ensure_ascii=False))
        return 0
    if usage is None:
        print("there is no database yet: nothing has fired", file=sys.stderr)
    rows = [_row(one) for one in entries]
    table(("rule", "where", "on", "fired", "last fired", "state"), rows)
    return 0


# every rule there is ------------------------------------------------------------------------------


def _entries(files: Mapping[str, str], usage: Mapping[str, Usage] | None) -> Iterator[Entry]:
    loaded = load(files, actions=actions())
    made = [_good(rule, usage) for rule in loaded.rules.rules.values()]
    problems = [one for one in loaded.problems if one.severity == "error"]
    for path in sorted({one.path for one in problems}):
        first = next(one for one in problems if one.path == path)
        made += _broken(path, files.get(path, ""), first, usage)
    yield from sorted(made, key=lambda one: (one.file, one.line))
    here = {one.rule for one in made}
    for rule_id, used in sorted((usage or {}).items()):
        if rule_id not in here and set(used.runs) - {"done"}:
            yield Entry(rule=rule_id, file="", line=0, standing="gone", usage=used)


def _used(rule_id: str, usage: Mapping[str, Usage] | None) -> Usage | None:
    return None if usage is None else usage.get(rule_id, Usage())


def _good(rule: Rule, usage: Mapping[str, Usage] | None) -> Entry:
    return Entry(
        rule=rule.id,
        file=rule.file,
        line=rule.line,
        standing="in force" if rule.enabled else "disabled",
        on=tuple(names_of(rule)),
        description=rule.description,
        tests=len(rule.tests),
        usage=_used(rule.id, usage),
    )


def _broken(
    path: str, text: str, problem: Problem, usage: Mapping[str, Usage] | None
) -> Sequence[Entry]:
    """The rules of a broken file as far as it can be read; at least the file itself."""
    said = f"{problem.path}:{problem.line}:{problem.column}: {problem.message}"
    return [
        Entry(
            rule=rule_id,
            file=path,
            line=problem.line,
            standing="broken",
            problem=said,
            usage=_used(rule_id, usage),
        )
        for rule_id in _ids(text) or ["?"]
    ]


def _ids(text: str) -> list[str]:
    try:
        rules = tomllib.loads(text).get("rule", [])
    except (tomllib.TOMLDecodeError, RecursionError):
        return []
    tables = [one for one in rules if isinstance(one, dict)] if isinstance(rules, list) else []
    return [str(one["id"]) for one in tables if "id" in one]


# for people ---------------------------------------------------------------------------------------


def _row(one: Entry) -> tuple[str, ...]:
    where = f"{one.file}:{one.line}" if one.file else ""
    fired = "" if one.usage is None else str(one.usage.fired)
    return (one.rule, where, _on(one.on), fired, _last(one), _state(one))


def _on(names: Sequence[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "") if names else ""


def _last(one: Entry) -> str:
    if one.usage is None:
        return ""
    return stamp(one.usage.last_fired_at) if one.usage.last_fired_at else "never"


def _state(one: Entry) -> str:
    parts = [f"broken: {one.problem}" if one.standing == "broken" else one.standing]
    if one.waiting and one.usage:
        what = ", ".join(one.usage.waiting_for) or "something"
        parts.append(f"{one.waiting} waiting for {what}")
    if one.parked:
        parts.append(f"{one.parked} parked")
    return "; ".join(parts)
