"""What of a run is sure to fail, found before its first write: nothing is half done that need not be.

Only what the event and the rule alone decide: properties that the guard does not allow, verbs and keys
that are not built, templates that cannot be rendered. A step that may be skipped, or whose failure the
rule goes on after, is left alone.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automation.engine.conditions import EVENT_ROOTS
from automation.engine.loops import elements
from automation.engine.match import Scope, Table
from automation.engine.rules import Rule, Step
from automation.engine.shapes import render_known
from automation.engine.verbs import not_built
from automation.model.errors import GuardRefused, StepFailed

GUARDED_TABLES = ("match", "set", "set_once")

Known = frozenset[str]
"""The roots whose values are there already."""


def foresee(rule: Rule, roots: Mapping[str, Any], verbs: Collection[str], now: datetime) -> None:
    """Raises GuardRefused, StepFailed or TemplateFailed for what cannot end well. `verbs` are those built."""
    for step in _flat(rule.steps):
        _check_properties(rule.guard.only_set, step)
    _Foresight(rule=rule, verbs=verbs, now=now).steps(rule.steps, roots, frozenset(EVENT_ROOTS))


def refuse_unbuilt(step: Step, verbs: Collection[str]) -> None:
    """Raises StepFailed for what of a step this version does not perform."""
    lacking = step.later or ("" if not step.verb or step.verb in verbs else f"`{step.verb}`")
    if lacking:
        raise StepFailed(
            not_built(lacking),
            remedy=f"Take step `{step.id}` out of the rule, or use a version that has it; then retry the run.",
        )


def _flat(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _flat(step.inner)


def _check_properties(allowed: frozenset[str] | None, step: Step) -> None:
    if allowed is None or not step.verb:
        return
    for table in GUARDED_TABLES:
        for name in step.shape.get(table, {}):
            if name not in allowed:
                raise GuardRefused(
                    f"the guard does not let step `{step.id}` set `{name}`",
                    remedy=f"Add it to guard.only_set, or take it out of `{table}`.",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Foresight:
    rule: Rule
    verbs: Collection[str]
    now: datetime

    def steps(self, steps: Sequence[Step], roots: Mapping[str, Any], known: Known) -> None:
        """Each step that is sure to be done."""
        for step in steps:
            if step.on_failure == "stop" and self._is_sure(step.condition, roots, known):
                self._step(step, roots, known)

    def _step(self, step: Step, roots: Mapping[str, Any], known: Known) -> None:
        loop = step.loop
        if loop is None:
            self._one(step, roots, known)
        elif _knows_elements(step, known):
            inside = known | {loop.name}
            for one in elements(step, loop, roots, now=self.now, zone=self.rule.zone):
                if self._is_sure(step.condition, one.roots, inside):
                    self._one(step, one.roots, inside)

    def _one(self, step: Step, roots: Mapping[str, Any], known: Known) -> None:
        refuse_unbuilt(step, self.verbs)
        render_known(step.shape, roots, lambda template: template.roots <= known)
        self.steps(step.inner, roots, known)

    def _is_sure(self, table: Table | None, roots: Mapping[str, Any], known: Known) -> bool:
        """Whether the condition holds already, whatever earlier steps will give."""
        if table is None:
            return True
        scope = Scope(roots=roots, now=self.now, zone=self.rule.zone)
        return _is_known(table, known) and table.passes(roots, scope)


def _is_known(table: Table | None, known: Known) -> bool:
    lines = table.lines if table else ()
    return all(line.path[0] in known and line.reads <= known for line in lines)


def _knows_elements(step: Step, known: Known) -> bool:
    loop = step.loop
    assert loop is not None
    inside = known | {loop.name}
    key_is_known = loop.key is None or loop.key.roots <= inside
    return loop.over.roots <= known and key_is_known and _is_known(loop.only, inside)
