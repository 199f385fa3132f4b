"""`automation explain`: why rules did or did not fire. Needs no token and no network."""

import dataclasses
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from automation.adoption import declared_sources
from automation.cli.deliver import as_event, find
from automation.cli.files import rule_files, samples
from automation.cli.listing import find_store, stamp, with_store
from automation.cli.stages import Stage, of_run, since
from automation.cli.tracing import lines_of, show, stdout
from automation.engine.explain import Trace, nearest_first, trace
from automation.engine.load import Loaded, load, reload_kept
from automation.engine.problems import nearest
from automation.engine.problems import render as render_problem
from automation.engine.rules import Rule, RuleSet
from automation.model.errors import NotInStore, RuleError, StoreError
from automation.model.event import Event, document
from automation.model.run import Run
from automation.sources.base import Source
from automation.sources.discover import discover
from automation.sources.reading import read
from automation.store.base import Budget, Store
from automation.wiring import actions

MOST_RUNS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The event, the rules and the time they are tested with, and what else is known around it.

    `today` are the rules in the folder now, where they are others than those the event met.
    """

    event: Event
    rules: RuleSet
    now: datetime
    notes: tuple[str, ...] = ()
    runs: Mapping[str, Run] = field(default_factory=dict)
    budgets: Sequence[Budget] = ()
    today: Loaded | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule: its lines, and the stages behind them."""

    trace: Trace
    stages: tuple[Stage, ...]

    def to_json(self) -> dict[str, object]:
        """For machines."""
        return {**self.trace.to_json(), "stages": [one.to_json() for one in self.stages]}


def explain_event(text: str, *, name: str, rule_id: str, folder: str, as_json: bool) -> int:
    """Print the trace of each rule, nearest miss first. 1 if a rule does not load."""
    is_payload = Path(text).is_file() or text in dict(samples())
    try:
        subject = _from_file(text, name, folder) if is_payload else _from_store(text, folder)
    except RuleError as error:
        print(error, file=sys.stderr)
        return 1
    made = _explained(subject, rule_id)
    for note in (f"{subject.event.name}  {subject.event.id[:8]}", *subject.notes):
        print(note, file=sys.stderr)
    if as_json:
        print(json.dumps([one.to_json() for one in made], indent=2, ensure_ascii=False))
    else:
        _print(made, subject.event.name, all_of_them=bool(rule_id))
    return 0


# where the event is from --------------------------------------------------------------------------


def load_all(files: Mapping[str, str]) -> RuleSet:
    """The rules of all files. Raises RuleError with every problem if one of them does not load."""
    loaded = load(files, actions=actions())
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    if errors:
        raise RuleError("\n\n".join(render_problem(one, files.get(one.path)) for one in errors))
    return loaded.rules


def sources_of(rules: RuleSet) -> Mapping[str, Source]:
    """The built-in sources, and those the rules declare."""
    declared = declared_sources(rules, {})
    return {**{name: one.source for name, one in declared.items()}, **discover()}


def _from_file(text: str, name: str, folder: str) -> Subject:
    now = datetime.now(UTC)
    rules = load_all(rule_files(None, folder))
    event = as_event(find(text, name), now, sources_of(rules))
    if event.problem:
        raise NotInStore(f"{text} cannot be read as {event.name}: {event.problem}")
    return Subject(event=event, rules=rules, now=now, notes=_duplicate(event))


def _duplicate(event: Event) -> tuple[str, ...]:
    """If there is a store: whether it would take this delivery for one that it has."""
    if not find_store(os.environ):
        return ()
    try:
        first = with_store(lambda store: store.known(event.source, event.keys))
    except StoreError as error:
        return (f"whether it would be a duplicate is not known: {error}",)
    if first is None:
        return ()
    return (
        f"the service has this delivery already, as event {first[:8]}: it would be a duplicate",
    )


def _from_store(prefix: str, folder: str) -> Subject:
    async def look(store: Store) -> Subject:
        found = await store.event(prefix)
        if found is None:
            raise NotInStore(
                f"{prefix} is no file, and not the start of exactly one event's id;"
                " `automation events` lists them (a delivery that was refused leaves none: see the log)"
            )
        if found.event.problem:
            raise NotInStore(f"the event is parked, no rule saw it: {found.event.problem}")
        if found.rules_hash is None or found.planned_at is None:
            raise NotInStore("the event has not been planned yet; try again in a moment")
        runs = await store.runs(limit=MOST_RUNS, event=found.event.id)
        return Subject(
            event=found.event,
            rules=reload_kept(await store.text(found.rules_hash), actions()),
            now=found.planned_at,
            notes=(f"received {stamp(found.event.received_at)}",),
            runs={run.rule_id: run for run in runs},
            budgets=await store.budgets(datetime.now(UTC)),
        )

    subject = with_store(look)
    if not Path(folder).is_dir():
        return subject
    today = load(rule_files(None, folder), actions=actions())
    return dataclasses.replace(subject, today=today)


# what is said about each rule ---------------------------------------------------------------------


def _explained(subject: Subject, rule_id: str) -> list[Explained]:
    seen = document(subject.event, read(subject.event))

    def traced(rule: Rule) -> Trace:
        return trace(subject.event.name, seen, rule, now=subject.now)

    then = subject.rules.rules
    newer = {} if subject.today is None else subject.today.rules.rules
    newer = {name: rule for name, rule in newer.items() if name not in then}
    if rule_id and rule_id not in {**then, **newer}:
        known = ", ".join(then) or "none"
        raise NotInStore(
            f"there is no rule `{rule_id}`; {nearest(rule_id, then) or f'there are: {known}'}"
        )
    wanted = {rule_id} if rule_id else {*then, *newer}
    made = [traced(rule) for name, rule in then.items() if name in wanted]
    later = [traced(rule) for name, rule in newer.items() if name in wanted]
    return [
        *(Explained(one, tuple(_stages(subject, one))) for one in nearest_first(made)),
        *(_too_late(one, subject) for one in nearest_first(later)),
    ]


def _stages(subject: Subject, one: Trace) -> list[Stage]:
    run, stages = subject.runs.get(one.rule), []
    if run is not None:
        rule = subject.rules.rules.get(one.rule)
        stages += of_run(run, rule, subject.budgets, datetime.now(UTC))
    if subject.today is not None:
        stages += since(one.rule, subject.rules, subject.today.rules, subject.today.problems)
    return stages


def _too_late(one: Trace, subject: Subject) -> Explained:
    """A rule that came later did not fire, whatever its lines say today."""
    today = f"today it {'would fire' if one.fires else 'would not fire either'}"
    text = f"the rule is newer than the event, which was planned without it; {today}"
    return Explained(dataclasses.replace(one, fires=False), (Stage(kind="newer", text=text),))


def _print(made: Sequence[Explained], name: str, *, all_of_them: bool) -> None:
    """Rules that listen to other names are noise to a person, unless one was asked for."""
    heard = [one for one in made if one.trace.heard or all_of_them]
    console = stdout()
    for place, one in enumerate(heard):
        arrows = [Text.assemble(("  → ", "yellow"), stage.text) for stage in one.stages]
        lines = lines_of(one.trace, console.width)
        show([*([Text("")] if place else []), *lines, *arrows], console)
    if not heard:
        print(_nobody(made, name))
    elif len(heard) < len(made):
        others = len(made) - len(heard)
        print(f"{others} more listen to other events than {name}", file=sys.stderr)


def _nobody(made: Sequence[Explained], name: str) -> str:
    if not made:
        return "there are no rules"
    listened = sorted({one.trace.lines[0].text for one in made})
    return f"no rule listens to {name}; they listen to:\n  " + "\n  ".join(listened)
