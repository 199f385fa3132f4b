"""Holds rule files to `notion.lock`: its own pass over the TOML as it was parsed, for `automation check`.

What runs never asks this: Notion's present schema decides there, and the lock may be older. Only what is certain
is said. A target that the lock does not have is a warning, since it may only have to be shared; a property or an
option it does not have is an error. A place where the file has a problem already gets no second one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from automation.engine.known_file import RuleFile
from automation.engine.lock_mentions import Mention, Mentions
from automation.engine.lock_pages import Pages, pages_of
from automation.engine.lock_reading import NOTHING
from automation.engine.lock_steps import Steps
from automation.engine.lock_targets import Lost, Targets, target_tables
from automation.engine.positions import Path
from automation.engine.problems import Problem, nearest
from automation.engine.reading import clean
from automation.model.lock import Judge, Lock, LockedSource, Wrong
from automation.model.target import TargetName


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A problem, and the rule that has it; no rule for one of a [target]."""

    problem: Problem
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the check found, and with `mentions` what it passed."""

    found: tuple[Found, ...]
    mentions: tuple[Mention, ...]


def check_lock(
    files: Mapping[str, str],
    tables: Mapping[str, Mapping[str, Any]],
    lock: Lock,
    judge: Judge,
    problems: Collection[Problem] = (),
    *,
    names: Mapping[str, TargetName] = MappingProxyType({}),
    mentions: bool = False,
) -> Checked:
    """Hold files to the lock. `files` are their texts, `tables` the same parsed, `problems` what they have already;
    `names` are [target] tables of other files."""
    taken: dict[str, set[tuple[int, int]]] = {path: set() for path in tables}
    for one in problems:
        taken.setdefault(one.path, set()).add((one.line, one.column))
    check = _Check(
        targets=Targets(lock, judge, {**names, **target_tables(tables)}),
        found=[],
        noted=[] if mentions else None,
        pages={one.id: pages_of(one) for one in lock.sources},
        refused={},
    )
    for path, raw in tables.items():
        check.file(RuleFile(path=path, text=clean(files[path]), taken=taken[path]), raw)
    return Checked(found=tuple(check.found), mentions=tuple(check.noted or ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    targets: Targets
    found: list[Found]
    noted: list[Mention] | None
    pages: Mapping[str, Pages]
    refused: dict[tuple[str, str, bool], Wrong | None]

    def file(self, file: RuleFile, raw: Mapping[str, Any]) -> None:
        """One file: its targets, then its rules."""
        tables, rules, defaults = raw.get("target"), raw.get("rule"), raw.get("defaults")
        for name in tables if isinstance(tables, Mapping) else ():
            self._target(name, file)
        self._keep(file, 0, "")
        creates = isinstance(defaults, Mapping) and defaults.get("unknown_options") == "create"
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, Mapping):
                before = len(file.problems)
                rule_id = str(rule.get("id", ""))
                self._rule(rule, rule_id, ("rule", index), file, refuse_unknown=not creates)
                self._keep(file, before, rule_id)

    def _keep(self, file: RuleFile, start: int, rule: str) -> None:
        self.found.extend(Found(problem=one, rule=rule) for one in file.problems[start:])

    def _rule(
        self,
        rule: Mapping[str, Any],
        rule_id: str,
        place: Path,
        file: RuleFile,
        *,
        refuse_unknown: bool,
    ) -> None:
        steps = Steps(
            targets=self.targets,
            file=file,
            pages=self.pages,
            refused=self.refused,
            refuse_unknown=refuse_unknown,
            mentions=Mentions(file=file, rule=rule_id, noted=self.noted),
        )
        steps.check(rule.get("do"), (*place, "do"), NOTHING)

    def _target(self, name: str, file: RuleFile) -> None:
        """A [target]: is it there, and does it have its key property."""
        one = self.targets.names.get(name)
        if one is None or one.kind is None:
            return
        found, place = self.targets.find(name), ("target", name)
        if isinstance(found, Lost):
            span = file.value((*place, one.kind.value))
            file.wrong(span, found.message, found.help, error=found.certain)
        elif isinstance(found, LockedSource) and one.key_property is not None:
            self._key(found, one.key_property, (*place, "key_property"), file)

    def _key(self, source: LockedSource, name: str, at: Path, file: RuleFile) -> None:
        known = source.find(name)
        if known is None:
            names = [one.name for one in source.properties]
            message = f"`{source.title}` has no property `{name}`"
            helps = nearest(name, names) or "add it in Notion, as a text"
            file.wrong(file.value(at), message, helps, error=True)
            return
        Mentions(file=file, rule="", noted=self.noted).of_name(at, source, known, is_key=False)
        wrong = self.targets.judge.key(source, known)
        if wrong is not None:
            file.wrong(file.value(at), wrong.message, wrong.help, error=True)
