"""Rules as loaded: frozen, compiled, and named by their content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from zoneinfo import ZoneInfo

from automation.engine.index import Index
from automation.engine.match import Table
from automation.engine.schedule import Schedule
from automation.engine.template import Template
from automation.model.sender import Sender
from automation.model.target import TargetName

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Limits the service keeps for a rule."""

    max_writes: int | None = None
    per_day: int | None = None
    only_set: frozenset[str] | None = None
    dry_run: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules in force. `text` is everything needed to load them again; `hash` names it; `index` finds
    those that an event may concern."""

    rules: Mapping[str, Rule]
    targets: Mapping[str, TargetName]
    senders: Mapping[str, Sender]
    text: str
    hash: str = field(init=False)
    index: Index[Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(self.text.encode()).hexdigest())
        object.__setattr__(self, "index", Index(self.rules.values()))


def canonical(files: Mapping[str, str]) -> str:
    """The texts of rule files as one text."""
    return json.dumps(dict(sorted(files.items())), ensure_ascii=False, separators=(",", ":"))
