"""Builds the parts of one rules file from its parsed TOML: rules, targets, declared senders, agents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine.checking import check, right
from automation.engine.composing import Defaults, compose
from automation.engine.grammar import AGENT, FILE, SOURCE, TARGET_TABLE
from automation.engine.kinds import pattern
from automation.engine.positions import Path, Span, scan
from automation.engine.problems import Problem
from automation.engine.rules import Agent, Rule
from automation.engine.template import is_template
from automation.engine.verbs import Verb
from automation.engine.where import Where
from automation.model.sender import Sender
from automation.model.target import TargetKind, TargetName

MAX_PROBLEMS = 500
"""Of the rules of one file; nobody reads more."""
SENDER_NAME = pattern(
    "a name of small letters, digits, `-` and `_`",
    r"^[a-z0-9_-]+$",
    "it is part of an address: /hooks/acme",
)
SENDER_ROOTS = ("body", "headers")


@dataclass(slots=True, kw_only=True)
class FileParts:
    """What one file gives. `names` are (kind, name, where) of everything that must be unique;
    `asked` are the agents its steps name, and where; `raw` is the file as parsed."""

    path: str
    raw: Mapping[str, Any] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    targets: dict[str, TargetName] = field(default_factory=dict)
    senders: dict[str, Sender] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    names: list[tuple[str, str, Span]] = field(default_factory=list)
    asked: list[tuple[str, Span]] = field(default_factory=list)


def build_file(
    path: str,
    text: str,
    raw: Mapping[str, Any],
    verbs: Mapping[str, Verb],
    problems: list[Problem],
) -> FileParts:
    """Everything in the file; what is wrong goes to `problems`. The text was cleaned."""
    where = Where(path, tuple(text.split("\n")), scan(text), problems)
    return _File(where, verbs).build(raw)


class _File:
    def __init__(self, where: Where, verbs: Mapping[str, Verb]) -> None:
        self.where = where
        self.verbs = verbs
        self.parts = FileParts(path=where.path)

    def build(self, raw: Mapping[str, Any]) -> FileParts:
        self.parts.raw = raw
        good = check(raw, (), FILE, self.where)
        for kind, build in (
            ("target", self.target),
            ("source", self.sender),
            ("agent", self.agent),
        ):
            for name, value in good.get(kind, {}).items():
                place: Path = (kind, name)
                self.parts.names.append((kind, name, self.where.positions.key(place)))
                if isinstance(value, Mapping):
                    build(name, value, place)
                else:
                    self.where.wrong_value(place, f"a {kind} is a table")
        self.rules(good.get("rule", []), self.defaults(good.get("defaults", {})))
        return self.parts

    def defaults(self, good: Mapping[str, Any]) -> Defaults:
        return Defaults(
            zone=ZoneInfo(good.get("timezone", "UTC")),
            refuse_unknown_options=good.get("unknown_options") != "create",
        )

    def target(self, name: str, raw: Mapping[str, Any], place: Path) -> None:
        good = check(raw, place, TARGET_TABLE, self.where)
        kinds = [kind for kind in TargetKind if kind.value in good]
        if kinds:
            self.parts.targets[name] = TargetName(
                name=name,
                text=good[kinds[0].value],
                kind=kinds[0],
                key_property=good.get("key_property"),
            )

    def sender(self, name: str, raw: Mapping[str, Any], place: Path) -> None:
        before = len(self.where.problems)
        right(name, name, SENDER_NAME, place, self.where)
        good = check(raw, place, SOURCE, self.where)
        for key in ("name", "id"):
            if is_template(good.get(key, "")):
                self.where.template(good[key], (*place, key), SENDER_ROOTS)
        if len(self.where.problems) == before:
            self.parts.senders[name] = Sender.model_validate(good)

    def agent(self, name: str, raw: Mapping[str, Any], place: Path) -> None:
        good = check(raw, place, AGENT, self.where)
        if {"model", "instructions"} <= good.keys():
            self.parts.agents[name] = Agent(
                name=name,
                model=good["model"],
                instructions=good["instructions"],
                base_url=good.get("base_url"),
                limits=good.get("limits", {}),
            )

    def rules(self, raw: list[Any], defaults: Defaults) -> None:
        before = len(self.where.problems)
        for index, one in enumerate(raw):
            place: Path = ("rule", index)
            if len(self.where.problems) - before > MAX_PROBLEMS:
                self.where.wrong_key(place, "there may be more; mend what stands above first")
                return
            if not isinstance(one, Mapping):
                self.where.wrong_value(place, "a rule is a table")
                continue
            made = compose(one, place, self.where, defaults=defaults, verbs=self.verbs)
            if made.rule.id:
                span = self.where.positions.value((*place, "id"))
                self.parts.names.append(("rule", made.rule.id, span))
                self.parts.rules.setdefault(made.rule.id, made.rule)
            self.parts.asked += [
                (agent, self.where.positions.value(at)) for agent, at in made.agents
            ]
