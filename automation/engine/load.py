"""Rule files to a rule set: every problem of every file in one go, each with its place.

A file with an error contributes nothing; the caller decides what stands in for it.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from automation.engine.building import FileParts, build_file
from automation.engine.known import KnownFields
from automation.engine.problems import Problem, at, nearest
from automation.engine.reading import clean, parse
from automation.engine.rules import Agent, Rule, RuleSet, canonical
from automation.engine.verbs import Verb, verbs
from automation.model.action import Action
from automation.model.errors import RuleError
from automation.model.fields import Catalogue
from automation.model.sender import Sender
from automation.model.target import TargetName


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The rules of the good files, and what is wrong with the others. `tables` are the files as parsed, for checks
    of their own."""

    rules: RuleSet
    problems: tuple[Problem, ...]
    tables: Mapping[str, Mapping[str, Any]]


def load(
    files: Mapping[str, str],
    *,
    actions: Mapping[str, Action],
    catalogue: Catalogue = Catalogue(),  # noqa: B008  # frozen: nothing is known of any event
    first: Collection[str] = (),
) -> Loaded:
    """Load texts by path. What the catalogue knows of events, the rules are held to. Where two files name
    the same thing, the later one is wrong: those in `first` come first, then by path."""
    problems: list[Problem] = []
    fields = KnownFields(catalogue)
    words = verbs(actions)
    order = sorted(files, key=lambda path: (path not in first, path))
    parts = [_one(path, files[path], words, fields, problems) for path in order]
    _refuse_twins(parts, problems)
    _refuse_strangers(parts, problems)
    problems += fields.senders({name for part in parts for name in part.senders})
    broken = {problem.path for problem in problems if problem.severity == "error"}
    good = [part for part in parts if part.path not in broken]
    return Loaded(
        rules=_merge(good, {part.path: files[part.path] for part in good}),
        problems=tuple(sorted(problems, key=lambda one: (one.path, one.line, one.column))),
        tables={part.path: part.raw for part in parts},
    )


def reload_kept(text: str, actions: Mapping[str, Action]) -> RuleSet:
    """The rule set a kept text stands for. Raises RuleError if today's code cannot read it."""
    loaded = load(json.loads(text), actions=actions)
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    if errors:
        raise RuleError(f"{errors[0].path}:{errors[0].line}: {errors[0].message}")
    return loaded.rules


def _one(
    path: str,
    text: str,
    words: Mapping[str, Verb],
    fields: KnownFields,
    problems: list[Problem],
) -> FileParts:
    text = clean(text)
    raw = parse(path, text)
    if isinstance(raw, Problem):
        problems.append(raw)
        return FileParts(path=path)
    own: list[Problem] = []
    parts = build_file(path, text, raw, words, own)
    problems += own + fields.check(path, text, raw, own)
    return parts


def _refuse_twins(parts: Iterable[FileParts], problems: list[Problem]) -> None:
    """Names stand once over all files; the later one is the problem."""
    seen: dict[tuple[str, str], str] = {}
    for part in parts:
        for kind, name, span in part.names:
            place = f"{part.path}:{span.line}"
            first = seen.setdefault((kind, name), place)
            if first != place:
                problems.append(
                    at(part.path, span, f"there is another {kind} `{name}`, in {first}")
                )


def _refuse_strangers(parts: Iterable[FileParts], problems: list[Problem]) -> None:
    """Agents may stand in another file than the steps that ask them."""
    agents = {name for part in parts for kind, name, _ in part.names if kind == "agent"}
    for part in parts:
        for name, span in part.asked:
            if name not in agents:
                helps = nearest(name, agents) or f"write [agent.{name}]"
                problems.append(at(part.path, span, f"there is no agent `{name}`", helps))


def _merge(parts: list[FileParts], files: Mapping[str, str]) -> RuleSet:
    rules: dict[str, Rule] = {}
    targets: dict[str, TargetName] = {}
    senders: dict[str, Sender] = {}
    agents: dict[str, Agent] = {}
    for part in parts:
        rules |= part.rules
        targets |= part.targets
        senders |= part.senders
        agents |= part.agents
    return RuleSet(
        rules=rules, targets=targets, senders=senders, agents=agents, text=canonical(files)
    )
