"""Rules as loaded: frozen, compiled, and named by their content."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from automation.engine.index import Index
from automation.engine.match import Table
from automation.engine.schedule import Schedule
from automation.engine.template import Template
from automation.model.sender import Sender
from automation.model.target import TargetName
from automation.model.values import Value

Shape = Any
"""A step's keys with compiled `Template`s where texts have something to render."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """`for_each`: `name` is what an element is called; `key` tells elements apart for ever."""

    over: Template
    name: str
    key: Template | None = None
    at_most: int | None = None
    only: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a verb with its keys, or a loop around inner steps (`verb` is empty then)."""

    id: str
    verb: str
    shape: Shape
    line: int
    condition: Table | None = None
    on_failure: Literal["stop", "continue"] = "stop"
    loop: Loop | None = None
    inner: tuple["Step", ...] = ()
    later: str = ""
    """What of it this version does not perform yet; a run that gets here parks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Limits the service keeps for a rule. `ask_first` are values that wait for a person, by property."""

    max_writes: int | None = None
    per_day: int | None = None
    only_set: frozenset[str] | None = None
    ask_first: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    dry_run: bool = False
    cost_usd_per_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One line of a test's `expect`: what a step is to be given, such as `set.Status` of step `task`.

    `place` is which time the step is performed (0 is the first), None is every time. `test` are test words,
    to be tried on the tables of the step; else `wanted` is to be equal. Without `keys`, `wanted` is how often the
    step is performed.
    """

    step: str
    place: int | None
    keys: tuple[str, ...]
    wanted: Value
    test: Table | None
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One `[[rule.test]]`: an event, a clock, answers, and what should come of it.

    `event` is a payload file (relative to the rule's file) or the event's fields; `on` is the event's name, empty
    where the file or the rule tells it.
    """

    name: str
    line: int
    on: str
    event: str | Mapping[str, Value]
    at: datetime
    given: Mapping[str, Value]
    fires: bool
    expect: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `either` and `unless` are alternatives; `targets` are the texts its steps name."""

    id: str
    description: str
    enabled: bool
    file: str
    line: int
    on: tuple[str, ...]
    on_line: int
    on_text: str
    when: tuple[Table, ...]
    either: tuple[Table, ...]
    unless: tuple[Table, ...]
    steps: tuple[Step, ...]
    zone: ZoneInfo
    refuse_unknown_options: bool
    targets: tuple[str, ...]
    enabled_line: int = 0
    schedule: Schedule | None = None
    lane: Template | None = None
    guard: Guard = Guard()
    tests: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Instructions, model and limits that `ask` steps name."""

    name: str
    model: str
    instructions: str
    base_url: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules in force. `text` is everything needed to load them again; `hash` names it; `index` finds
    those that an event may concern."""

    rules: Mapping[str, Rule]
    targets: Mapping[str, TargetName]
    senders: Mapping[str, Sender]
    text: str
    agents: Mapping[str, Agent] = field(default_factory=dict)
    hash: str = field(init=False)
    index: Index[Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(self.text.encode()).hexdigest())
        object.__setattr__(self, "index", Index(self.rules.values()))


def performed(steps: Iterable[Step], *, looped: bool = False) -> dict[str, tuple[Step, bool]]:
    """The steps with a verb by their ids, inner ones too, and whether they stand in a loop."""
    found: dict[str, tuple[Step, bool]] = {}
    for step in steps:
        again = looped or step.loop is not None
        if step.verb:
            found[step.id] = (step, again)
        found |= performed(step.inner, looped=again)
    return found


def canonical(files: Mapping[str, str]) -> str:
    """The texts of rule files as one text."""
    return json.dumps(dict(sorted(files.items())), ensure_ascii=False, separators=(",", ":"))
