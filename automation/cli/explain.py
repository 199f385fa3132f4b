"""`automation explain`: why rules did or did not fire. Needs no token and no network."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from automation.cli.deliver import as_event, find
from automation.cli.files import rule_files, samples
from automation.cli.listing import with_store
from automation.engine.explain import Trace, render, trace
from automation.engine.load import load, reload_kept
from automation.engine.problems import render as render_problem
from automation.engine.rules import RuleSet
from automation.model.errors import NotInStore, RuleError
from automation.model.event import Event, document
from automation.sources.reading import read
from automation.store.base import Store
from automation.wiring import actions


@dataclass(frozen=True, slots=True)
class Subject:
    """The event, the rules and the time they are tested with."""

    event: Event
    rules: RuleSet
    now: datetime


def explain_event(text: str, *, name: str, rule_id: str, folder: str, as_json: bool) -> int:
    """Print the trace of each rule, nearest miss first. 1 if a rule does not load."""
    is_payload = Path(text).is_file() or text in dict(samples())
    try:
        subject = _from_file(text, name, folder) if is_payload else _from_store(text)
    except RuleError as error:
        print(error, file=sys.stderr)
        return 1
    traces = _traces(subject, rule_id)
    if as_json:
        print(json.dumps([one.to_json() for one in traces], indent=2, ensure_ascii=False))
        return 0
    print(f"{subject.event.name}  {subject.event.id[:8]}", file=sys.stderr)
    # Rules that listen to other names are noise to a person, unless there is nothing else.
    heard = [one for one in traces if one.heard] or traces
    print("\n\n".join(render(one) for one in heard) or "there are no rules")
    return 0


def _from_file(text: str, name: str, folder: str) -> Subject:
    now = datetime.now(UTC)
    event = as_event(find(text, name), now)
    files = rule_files(None, folder)
    loaded = load(files, actions=actions())
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    if errors:
        raise RuleError("\n\n".join(render_problem(one, files.get(one.path)) for one in errors))
    return Subject(event, loaded.rules, now)


def _from_store(prefix: str) -> Subject:
    async def look(store: Store) -> Subject:
        found = await store.event(prefix)
        if found is None:
            raise NotInStore(f"{prefix} is no file, and not the start of exactly one event's id")
        if found.event.problem:
            raise NotInStore(f"the event is parked: {found.event.problem}")
        if found.rules_hash is None or found.planned_at is None:
            raise NotInStore("the event has not been planned yet; try again in a moment")
        rules = reload_kept(await store.text(found.rules_hash), actions())
        return Subject(found.event, rules, found.planned_at)

    return with_store(look)


def _traces(subject: Subject, rule_id: str) -> list[Trace]:
    seen = document(subject.event, read(subject.event))
    if rule_id and rule_id not in subject.rules.rules:
        raise NotInStore(
            f"there is no rule `{rule_id}`; there are: {', '.join(subject.rules.rules)}"
        )
    traces = [
        trace(subject.event.name, seen, rule, now=subject.now)
        for rule in subject.rules.rules.values()
        if rule_id in {"", rule.id}
    ]
    return sorted(traces, key=lambda one: (not one.fires, not one.heard, one.misses))
