"""Rule files to a rule set: every problem of every file in one go, each with its place.

A file with an error contributes nothing; the caller decides what stands in for it.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.building import FileParts, build_file
from automation.engine.known import KnownFields
from automation.engine.positions import Span
from automation.engine.problems import Problem, at
from automation.engine.rules import Rule, RuleSet, canonical
from automation.model.action import Action
from automation.model.errors import RuleError
from automation.model.fields import Catalogue
from automation.model.sender import Sender
from automation.model.target import TargetName

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The rules of the good files, and what is wrong with the others."""

    rules: RuleSet
    problems: tuple[Problem, ...]


def load(
    files: Mapping[str, str],
    *,
    actions: Mapping[str, Action],
    catalogue: Catalogue = Catalogue(),  # noqa: B008  # frozen: nothing is known of any event
) -> Loaded:
    """Load texts by path. What the catalogue knows of events, the rules are held to."""
    problems: list[Problem] = []
    known = KnownFields(catalogue)
    parts = [_one(path, text, actions, problems, known) for path, text in sorted(files.items())]
    _refuse_twins(parts, problems)
    problems += known.senders({name for part in parts for name in part.senders})
    broken = {problem.path for problem in problems if problem.severity == "error"}
    good = [part for part in parts if part.path not in broken]
    return Loaded(
        rules=_merge(good, {part.path: files[part.path] for part in good}),
        problems=tuple(sorted(problems, key=lambda one: (one.path, one.line, one.column))),
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
    actions: Mapping[str, Action],
    problems: list[Problem],
    known: KnownFields,
) -> FileParts:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(_toml_problem(path, error))
        return FileParts(path=path)
    except RecursionError:
        problems.append(at(path, Span(1, 1, 1), "it is nested too deep"))
        return FileParts(path=path)
    own: list[Problem] = []
    parts = build_file(path, text, raw, actions, own)
    problems += own + known.check(path, text, raw, own)
    return parts


def _toml_problem(path: str, error: tomllib.TOMLDecodeError) -> Problem:
    message = str(error)
    found = _PLACE.search(message)
    span = Span(int(found[1]), int(found[2]), 1) if found else Span(1, 1, 1)
    text = _PLACE.sub("", message).strip()
    return at(path, span, f"this is not TOML: {text[0].lower()}{text[1:]}")


def _refuse_twins(parts: list[FileParts], problems: list[Problem]) -> None:
    """Names stand once over all files; the later one is the problem."""
    seen: dict[tuple[str, str], str] = {}
    for part in parts:
        for kind, name, span in part.names:
            first = seen.setdefault((kind, name), part.path)
            if first != part.path or (kind, name) in part.twins:
                problems.append(at(part.path, span, f"there is another {kind} `{name}` in {first}"))


def _merge(parts: list[FileParts], files: Mapping[str, str]) -> RuleSet:
    rules: dict[str, Rule] = {}
    targets: dict[str, TargetName] = {}
    senders: dict[str, Sender] = {}
    for part in parts:
        rules |= part.rules
        targets |= part.targets
        senders |= part.senders
    return RuleSet(rules=rules, targets=targets, senders=senders, text=canonical(files))
