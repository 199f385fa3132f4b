"""Builds one rule from its table: what it hears, its conditions, its steps, and its limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine import dates
from automation.engine.cases import Subject, build_cases
from automation.engine.checking import Good, check
from automation.engine.conditions import EVENT_ROOTS, compile_table
from automation.engine.foresight import GUARDED_TABLES
from automation.engine.grammar import RULE, TEST
from automation.engine.match import Table
from automation.engine.positions import Path
from automation.engine.rules import Case, Guard, Rule, Step
from automation.engine.schedule import Schedule, check_cron
from automation.engine.steps import StepBuilder
from automation.engine.template import Template
from automation.engine.verbs import Verb, not_built
from automation.engine.where import Where

SCHEDULE = "schedule"
LATER_GUARDS = ("ask_first", "cost_usd_per_day")
"""Limits that this version does not keep yet: what they could concern parks instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What [defaults] says for every rule of a file."""

    zone: ZoneInfo
    refuse_unknown_options: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A rule, and the agents its steps name."""

    rule: Rule
    agents: Sequence[tuple[str, Path]]


def compose(
    raw: Mapping[str, Any],
    place: Path,
    where: Where,
    *,
    defaults: Defaults,
    verbs: Mapping[str, Verb],
) -> Composed:
    """The rule. What is wrong is noted, and a rule with an error is never used."""
    good = check(raw, place, RULE, where)
    one = _Composer(good, place, where, defaults)
    builder = StepBuilder(where, verbs)
    steps = builder.build(good.get("do", []), (*place, "do")) if "do" in good else ()
    rule = one.rule(steps, builder.targets)
    return Composed(rule=rule, agents=builder.agents)


@dataclass(frozen=True, slots=True)
class _Composer:
    good: Good
    place: Path
    where: Where
    defaults: Defaults

    def rule(self, steps: tuple[Step, ...], targets: tuple[str, ...]) -> Rule:
        """All of it, with the steps that were built."""
        good, place, where = self.good, self.place, self.where
        on, schedule, guard = self.on(), self.schedule(), self.guard()
        zone = schedule.zone if schedule else self.defaults.zone
        self.warn_of_guard(guard, steps)
        return Rule(
            id=good.get("id", ""),
            description=good.get("description", ""),
            enabled=good.get("enabled", True),
            enabled_line=where.positions.key((*place, "enabled")).line,
            file=where.path,
            line=where.positions.key(place).line,
            on=on,
            on_line=where.positions.key((*place, "on")).line,
            on_text=where.line((*place, "on")),
            when=self.tables("when"),
            either=self.tables("either"),
            unless=self.tables("unless"),
            steps=steps,
            zone=zone,
            refuse_unknown_options=self.defaults.refuse_unknown_options,
            targets=targets,
            schedule=schedule,
            lane=self.lane(),
            guard=guard,
            tests=self.tests(Subject(on, steps, zone)),
        )

    def tests(self, subject: Subject) -> tuple[Case, ...]:
        """The tests that stand beside it."""
        here = (*self.place, "test")
        good = [
            check(test, (*here, index), TEST, self.where)
            for index, test in enumerate(self.good.get("test", []))
        ]
        return build_cases(good, here, self.where, subject)

    def on(self) -> tuple[str, ...]:
        """The event names. A rule hears only its own ticks."""
        on = self.good.get("on", [])
        names = (on,) if isinstance(on, str) else tuple(on)
        here = (*self.place, "on")
        if any(name.startswith("schedule.") for name in names):
            self.where.wrong_value(
                here, "a rule hears only its own ticks", 'write on = "schedule", and a `schedule`'
            )
        elif SCHEDULE in names and names != (SCHEDULE,):
            self.where.wrong_value(here, '"schedule" stands alone; write a second rule for events')
        elif SCHEDULE in names and "schedule" not in self.good:
            self.where.wrong_value(
                here,
                'on = "schedule" needs a `schedule`',
                'such as schedule = { cron = "0 9 * * 1-5", timezone = "Europe/Paris" }',
            )
        return names

    def tables(self, key: str) -> tuple[Table, ...]:
        """The tables of `when`, `either` or `unless`."""
        value, here = self.good.get(key), (*self.place, key)
        if value is None:
            return ()
        if isinstance(value, Mapping):
            return (compile_table(value, here, self.where),)
        if not value:
            self.where.wrong_value(here, f"`{key}` has no table")
        return tuple(
            compile_table(one, (*here, index), self.where) for index, one in enumerate(value)
        )

    def schedule(self) -> Schedule | None:
        """When it fires by itself."""
        table, here = self.good.get("schedule"), (*self.place, "schedule")
        if table is None:
            return None
        if SCHEDULE not in self.good.get("on", SCHEDULE):
            self.where.wrong_key(here, '`schedule` goes with on = "schedule"')
        zone = ZoneInfo(table["timezone"]) if "timezone" in table else self.defaults.zone
        catch_up = table.get("catch_up", "none")
        match table:
            case {"cron": cron}:
                return Schedule(cron=check_cron(cron), zone=zone, catch_up=catch_up)
            case {"every": every}:
                return Schedule(every=dates.duration(every), zone=zone, catch_up=catch_up)
            case _:
                return None

    def lane(self) -> Template | None:
        """What keeps runs in order, where the rule says so itself."""
        text = self.good.get("lane")
        if text is None:
            return None
        return self.where.template(text, (*self.place, "lane"), EVENT_ROOTS)

    # limits ---------------------------------------------------------------------------------------

    def guard(self) -> Guard:
        """The limits."""
        table = self.good.get("guard", {})
        only = table.get("only_set")
        for key in LATER_GUARDS:
            if key in table:
                self.where.warn(
                    (*self.place, "guard", key),
                    not_built(f"`{key}`"),
                    "what it could concern parks instead",
                )
        return Guard(
            max_writes=table.get("max_writes"),
            per_day=table.get("per_day"),
            only_set=frozenset(only) if only is not None else None,
            ask_first={name: _values(value) for name, value in table.get("ask_first", {}).items()},
            dry_run=table.get("dry_run", False),
            cost_usd_per_day=table.get("cost_usd_per_day"),
        )

    def warn_of_guard(self, guard: Guard, steps: Sequence[Step]) -> None:
        """A step that sets what the guard does not let it set will always fail."""
        if guard.only_set is None:
            return
        for step, name in set_by(steps):
            if name not in guard.only_set:
                self.where.warn(
                    (*self.place, "guard", "only_set"),
                    f"the guard does not let step `{step.id}` set `{name}`",
                    "add it to `only_set`, or the step fails",
                )


def _values(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def set_by(steps: Sequence[Step]) -> Iterator[tuple[Step, str]]:
    """Every property a step may set, inner steps too."""
    for step in steps:
        for key in GUARDED_TABLES:
            for name in step.shape.get(key) or {}:
                yield step, name
        yield from set_by(step.inner)
