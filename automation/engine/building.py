"""Builds the parts of one rule file from its parsed TOML: rules, targets, declared senders, defaults."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ValidationError

from automation.engine import dates
from automation.engine.conditions import Where, compile_table
from automation.engine.match import Table
from automation.engine.positions import Path, Span, scan
from automation.engine.problems import Problem, nearest
from automation.engine.rules import Guard, Rule
from automation.engine.schedule import Schedule, check_cron
from automation.engine.steps import StepBuilder
from automation.engine.template import compile_text
from automation.model.action import Action
from automation.model.errors import RuleError, TemplateFailed
from automation.model.sender import Sender
from automation.model.target import TargetKind, TargetName

TOP_KEYS = ("rule", "target", "source", "agent", "defaults")
RULE_KEYS = (
    "id", "description", "enabled", "on", "schedule", "when", "either", "unless", "lane", "do",
    "guard", "test",
)  # fmt: skip
SCHEDULE_KEYS = ("cron", "every", "timezone", "catch_up")
GUARD_KEYS = (
    "max_writes", "per_day", "only_set", "ask_first", "dry_run", "cost_usd_per_day",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class FileParts:
    """What one file gives. `names` are (kind, name, where) of everything that must be unique."""

    path: str
    rules: dict[str, Rule] = field(default_factory=dict)
    targets: dict[str, TargetName] = field(default_factory=dict)
    senders: dict[str, Sender] = field(default_factory=dict)
    names: list[tuple[str, str, Span]] = field(default_factory=list)
    twins: set[tuple[str, str]] = field(default_factory=set)


def build_file(
    path: str,
    text: str,
    raw: Mapping[str, Any],
    actions: Mapping[str, Action],
    problems: list[Problem],
) -> FileParts:
    """Everything in the file; what is wrong goes to `problems`."""
    where = Where(path, tuple(text.replace("\r\n", "\n").split("\n")), scan(text), problems)
    return _File(where, actions).build(raw)


class _File:
    def __init__(self, where: Where, actions: Mapping[str, Action]) -> None:
        self.where = where
        self.actions = actions
        self.parts = FileParts(path=where.path)
        self.zone = ZoneInfo("UTC")
        self.refuse_unknown = True

    def build(self, raw: Mapping[str, Any]) -> FileParts:
        self.known(raw, (), TOP_KEYS, "a rules file")
        self.defaults(self.table(raw, ("defaults",)))
        for name, value in self.table(raw, ("target",)).items():
            self.target(name, value)
        for name, value in self.table(raw, ("source",)).items():
            self.sender(name, value)
        rules = raw.get("rule", [])
        if not isinstance(rules, list):
            self.wrong(("rule",), "rules are written as [[rule]]")
            rules = []
        for index, rule in enumerate(rules):
            self.rule(rule, ("rule", index))
        return self.parts

    # small pieces ---------------------------------------------------------------------------------

    def wrong(self, place: Path, message: str, help_text: str = "", *, value: bool = False) -> None:
        positions = self.where.positions
        span = positions.value(place) if value else positions.key(place)
        self.where.wrong(span, message, help_text)

    def known(self, raw: Mapping[str, Any], place: Path, keys: tuple[str, ...], what: str) -> None:
        for key in raw:
            if key not in keys:
                self.wrong((*place, key), f"`{key}` is not a key of {what}", nearest(key, keys))

    def table(self, raw: Mapping[str, Any], place: Path) -> Mapping[str, Any]:
        value = raw.get(str(place[-1]), {})
        if isinstance(value, Mapping):
            return value
        self.wrong(place, f"`{place[-1]}` is a table", value=True)
        return {}

    def text(self, raw: Mapping[str, Any], place: Path, key: str, default: str = "") -> str:
        value = raw.get(key, default)
        if isinstance(value, str):
            return value
        self.wrong((*place, key), f"`{key}` is a text", value=True)
        return default

    def switch(self, raw: Mapping[str, Any], place: Path, key: str, *, default: bool) -> bool:
        value = raw.get(key, default)
        if isinstance(value, bool):
            return value
        self.wrong((*place, key), f"`{key}` is true or false", value=True)
        return default

    def name(self, kind: str, name: str, place: Path) -> None:
        if any((kind, name) == (k, n) for k, n, _ in self.parts.names):
            self.parts.twins.add((kind, name))
        self.parts.names.append((kind, name, self.where.positions.value(place)))

    def zone_of(self, raw: Mapping[str, Any], place: Path) -> ZoneInfo:
        if "timezone" not in raw:
            return self.zone
        name = self.text(raw, place, "timezone", "UTC")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            self.wrong(
                (*place, "timezone"),
                f"there is no time zone {name!r}",
                'such as "Europe/Paris"',
                value=True,
            )
            return self.zone

    def model(self, kind: type[BaseModel], raw: Any, place: Path) -> Any:
        try:
            return kind.model_validate(raw)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                self.wrong(
                    (*place, *one["loc"]),
                    _pydantic_message(one),
                    value=one["type"] != "extra_forbidden",
                )
            return None

    # the parts ------------------------------------------------------------------------------------

    def defaults(self, raw: Mapping[str, Any]) -> None:
        self.known(raw, ("defaults",), ("timezone", "unknown_options"), "[defaults]")
        self.zone = self.zone_of(raw, ("defaults",))
        options = self.text(raw, ("defaults",), "unknown_options", "refuse")
        if options not in {"refuse", "create"}:
            self.wrong(
                ("defaults", "unknown_options"),
                '`unknown_options` is "refuse" or "create"',
                value=True,
            )
        self.refuse_unknown = options != "create"

    def target(self, name: str, raw: Any) -> None:
        place: Path = ("target", name)
        self.name("target", name, place)
        if not isinstance(raw, Mapping):
            self.wrong(place, "a target is a table")
            return
        self.known(raw, place, ("data_source", "page", "key_property"), "a target")
        kinds = [kind for kind in TargetKind if kind.value in raw]
        if len(kinds) != 1:
            self.wrong(place, "a target names exactly one of `data_source` and `page`")
            return
        self.parts.targets[name] = TargetName(
            name=name,
            text=self.text(raw, place, kinds[0].value),
            kind=kinds[0],
            key_property=self.text(raw, place, "key_property") or None,
        )

    def sender(self, name: str, raw: Any) -> None:
        place: Path = ("source", name)
        self.name("source", name, place)
        sender: Sender | None = self.model(Sender, raw, place)
        if sender is None:
            return
        for key in ("name", "id"):
            text = getattr(sender, key)
            try:
                if text is not None:
                    compile_text(text)
            except TemplateFailed as error:
                self.wrong((*place, key), str(error), value=True)
        if sender.timestamp and dates.duration(sender.timestamp.tolerance) is None:
            self.wrong(
                (*place, "timestamp", "tolerance"),
                "`tolerance` is a duration",
                'such as "5 minutes"',
                value=True,
            )
        self.parts.senders[name] = sender

    def rule(self, raw: Any, place: Path) -> None:
        if not isinstance(raw, Mapping):
            self.wrong(place, "a rule is a table")
            return
        self.known(raw, place, RULE_KEYS, "a rule")
        rule_id = self.text(raw, place, "id")
        if not rule_id:
            self.wrong(
                place, "a rule needs an `id`", 'a stable name, such as id = "github-commits"'
            )
            return
        self.name("rule", rule_id, (*place, "id"))
        builder = StepBuilder(self.where, self.actions)
        steps = builder.build(raw.get("do", []), (*place, "do"))
        on = self.events(raw, place)
        schedule = self.schedule(raw, place, on)
        self.parts.rules[rule_id] = Rule(
            id=rule_id,
            description=self.text(raw, place, "description"),
            enabled=self.switch(raw, place, "enabled", default=True),
            enabled_line=self.where.positions.key((*place, "enabled")).line,
            file=self.where.path,
            line=self.where.positions.key(place).line,
            on=on,
            on_line=self.where.positions.key((*place, "on")).line,
            on_text=self.line((*place, "on")),
            when=self.tables(raw, place, "when"),
            either=self.tables(raw, place, "either"),
            unless=self.tables(raw, place, "unless"),
            steps=steps,
            zone=schedule.zone if schedule else self.zone,
            refuse_unknown_options=self.refuse_unknown,
            targets=tuple(dict.fromkeys(builder.targets)),
            schedule=schedule,
            lane=self.lane(raw, place),
            guard=self.guard(raw, place),
        )

    def line(self, place: Path) -> str:
        return self.where.lines[self.where.positions.key(place).line - 1].strip()

    def events(self, raw: Mapping[str, Any], place: Path) -> tuple[str, ...]:
        on = raw.get("on")
        names = [on] if isinstance(on, str) else on
        if (
            not isinstance(names, list)
            or not names
            or not all(isinstance(n, str) and n for n in names)
        ):
            self.wrong(
                (*place, "on"),
                "a rule needs `on`: an event name or a list of them",
                'such as on = "github.push"',
            )
            return ()
        return tuple(names)

    def tables(self, raw: Mapping[str, Any], place: Path, key: str) -> tuple[Table, ...]:
        value = raw.get(key)
        if value is None:
            return ()
        many = isinstance(value, list)
        if not isinstance(value, Mapping | list) or not all(
            isinstance(v, Mapping) for v in (value if many else [value])
        ):
            self.wrong((*place, key), f"`{key}` is a table of lines", value=True)
            return ()
        places = [
            (*place, key, index) if many else (*place, key)
            for index in range(len(value) if many else 1)
        ]
        return tuple(
            compile_table(one, at_, self.where)
            for one, at_ in zip(value if many else [value], places, strict=True)
        )

    def lane(self, raw: Mapping[str, Any], place: Path) -> Any:
        text = self.text(raw, place, "lane")
        if not text:
            return None
        try:
            return compile_text(text)
        except TemplateFailed as error:
            self.wrong((*place, "lane"), str(error), value=True)
            return None

    def guard(self, raw: Mapping[str, Any], place: Path) -> Guard:
        here = (*place, "guard")
        table = self.table(raw, here) if "guard" in raw else {}
        self.known(table, here, GUARD_KEYS, "`guard`")
        only = table.get("only_set")
        if only is not None and not (
            isinstance(only, list) and all(isinstance(n, str) for n in only)
        ):
            self.wrong((*here, "only_set"), "`only_set` is a list of property names", value=True)
            only = None
        return Guard(
            max_writes=self.count(table, here, "max_writes"),
            per_day=self.count(table, here, "per_day"),
            only_set=frozenset(only) if only is not None else None,
            dry_run=self.switch(table, here, "dry_run", default=False),
        )

    def count(self, table: Mapping[str, Any], place: Path, key: str) -> int | None:
        value = table.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            return value
        self.wrong((*place, key), f"`{key}` is a whole number from 1", value=True)
        return None

    def schedule(self, raw: Mapping[str, Any], place: Path, on: tuple[str, ...]) -> Schedule | None:
        here = (*place, "schedule")
        if "schedule" not in raw:
            if on == ("schedule",):
                self.wrong(
                    (*place, "on"),
                    'on = "schedule" needs a `schedule`',
                    'such as schedule = { cron = "0 9 * * 1-5" }',
                )
            return None
        if on != ("schedule",):
            self.wrong(here, '`schedule` goes with on = "schedule"')
            return None
        table = self.table(raw, here)
        self.known(table, here, SCHEDULE_KEYS, "`schedule`")
        zone = self.zone_of(table, here)
        catch_up = table.get("catch_up", "none")
        if catch_up not in {"none", "once", "all"}:
            self.wrong((*here, "catch_up"), '`catch_up` is "none", "once" or "all"', value=True)
            catch_up = "none"
        if ("cron" in table) == ("every" in table):
            self.wrong(here, "a schedule has exactly one of `cron` and `every`")
            return None
        made = Schedule(zone=zone, catch_up=catch_up)
        if "cron" in table:
            return self.cron(made, table, here)
        return self.every(made, table, here)

    def cron(self, made: Schedule, table: Mapping[str, Any], here: Path) -> Schedule | None:
        try:
            return dataclasses.replace(made, cron=check_cron(self.text(table, here, "cron")))
        except RuleError as error:
            self.wrong(
                (*here, "cron"),
                str(error),
                "minute hour day month weekday; 1 is Monday",
                value=True,
            )
            return None

    def every(self, made: Schedule, table: Mapping[str, Any], here: Path) -> Schedule | None:
        period = dates.duration(self.text(table, here, "every"))
        if period is None or period < timedelta(seconds=1):
            self.wrong(
                (*here, "every"), "`every` is a duration", 'such as "15 minutes"', value=True
            )
            return None
        return dataclasses.replace(made, every=period)


def _pydantic_message(error: Any) -> str:
    key = error["loc"][-1] if error["loc"] else "it"
    match error["type"]:
        case "extra_forbidden":
            return f"`{key}` is not a key here"
        case "missing":
            return f"`{key}` is missing"
        case _:
            text = str(error["msg"])
            return f"`{key}`: {text[0].lower()}{text[1:]}"
