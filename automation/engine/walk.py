"""One run as a conversation: a generator that yields requests and receives responses.

Deterministic: the same rule, document, targets and responses give the same requests, which is what
lets a run be replayed from its journal. What needs only the event is rendered before the first write.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automation.engine.match import Scope
from automation.engine.plan import roots_of
from automation.engine.rules import Rule, Step
from automation.engine.shapes import render, templates
from automation.engine.template import NOTHING
from automation.model.action import Action, Call, Wrote
from automation.model.errors import RuleError, StepFailed, TemplateFailed
from automation.model.request import Request, Response
from automation.model.target import Target
from automation.model.values import JsonObject

EVENT_ROOTS = frozenset({"event", "now", "rule"})
MAX_ELEMENTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request under its journal key: `<step id>/<element>/<ordinal>`."""

    key: str
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The run reached its end: what was written, and each step's value by its id."""

    wrote: tuple[Wrote, ...]
    steps: Mapping[str, Any] = field(default_factory=dict)


Walk = Generator[Asked, Response, Finished]


@dataclass(slots=True, kw_only=True)
class _Run:
    """What one walk has come to know."""

    rule: Rule
    actions: Mapping[str, Action]
    targets: Mapping[str, Target]
    now: datetime
    key_of: Callable[[str, str], str]
    roots: dict[str, Any]
    wrote: list[Wrote] = field(default_factory=list)
    writes: int = 0


def walk(
    rule: Rule,
    *,
    document: JsonObject,
    actions: Mapping[str, Action],
    targets: Mapping[str, Target],
    now: datetime,
    key_of: Callable[[str, str], str],
) -> Walk:
    """Do what the rule says. Raises TemplateFailed or StepFailed where it cannot be done."""
    run = _Run(
        rule=rule,
        actions=actions,
        targets=targets,
        now=now,
        key_of=key_of,
        roots=roots_of(rule, document, now),
    )
    _render_ahead(run, rule.steps)
    for step in rule.steps:
        run.roots[step.id] = yield from _step(run, step, run.roots, ())
    return Finished(
        wrote=tuple(run.wrote), steps={step.id: run.roots[step.id] for step in rule.steps}
    )


def _render_ahead(run: _Run, steps: Sequence[Step]) -> None:
    """Fail before the first write where a template that needs only the event cannot be rendered."""
    for step in steps:
        if step.condition is not None or step.on_failure == "continue" or step.loop is not None:
            continue
        for template in templates(step.shape):
            if template.roots <= EVENT_ROOTS:
                template.render(run.roots)


Steps = Generator[Asked, Response, Any]


def _step(run: _Run, step: Step, roots: Mapping[str, Any], element: tuple[str, ...]) -> Steps:
    scope = Scope(roots=roots, now=run.now, zone=run.rule.zone)
    if step.loop is None:
        if step.condition is not None and not step.condition.passes(roots, scope):
            return NOTHING
        return (yield from _try(run, step, roots, element))
    results = []
    for key, inner in _elements(run, step, roots):
        inner_scope = Scope(roots=inner, now=run.now, zone=run.rule.zone)
        if step.condition is not None and not step.condition.passes(inner, inner_scope):
            continue
        results.append((yield from _element(run, step, inner, (*element, key))))
    return results


def _element(run: _Run, step: Step, roots: dict[str, Any], element: tuple[str, ...]) -> Steps:
    if step.verb:
        return (yield from _try(run, step, roots, element))
    for inner in step.inner:
        roots[inner.id] = yield from _step(run, inner, roots, element)
    return {inner.id: roots[inner.id] for inner in step.inner}


def _elements(
    run: _Run, step: Step, roots: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    loop = step.loop
    assert loop is not None
    items = loop.over.render(roots)
    if items is None:
        return
    if not isinstance(items, list):
        raise TemplateFailed(
            f"`for_each` of step `{step.id}` needs a list, not {type(items).__name__}"
        )
    taken = 0
    for index, item in enumerate(items):
        inner = {**roots, loop.name: item}
        scope = Scope(roots=inner, now=run.now, zone=run.rule.zone)
        if loop.only is not None and not loop.only.passes(inner, scope):
            continue
        if taken >= min(loop.at_most or MAX_ELEMENTS, MAX_ELEMENTS):
            return
        taken += 1
        yield str(loop.key.render(inner) if loop.key else index), inner


def _try(run: _Run, step: Step, roots: Mapping[str, Any], element: tuple[str, ...]) -> Steps:
    try:
        return (yield from _act(run, step, roots, element))
    except (StepFailed, RuleError):
        if step.on_failure == "continue":
            return NOTHING
        raise


def _act(run: _Run, step: Step, roots: Mapping[str, Any], element: tuple[str, ...]) -> Steps:
    action = run.actions[step.verb]
    rendered = render(step.shape, roots)
    _check_guard(run, step, action, rendered)
    name = "/".join(element)
    call = Call(
        params=action.params.model_validate(rendered),
        targets=run.targets,
        key=run.key_of(step.id, name),
        now=run.now,
        zone=run.rule.zone,
        refuse_unknown_options=run.rule.refuse_unknown_options,
    )
    if action.writes and run.rule.guard.dry_run:
        return NOTHING
    talk = action.steps(call)
    ordinal = 0
    try:
        request = next(talk)
        while True:
            asked = Asked(key=f"{step.id}/{name}/{ordinal}", request=request)
            ordinal += 1
            try:
                response = yield asked
            except StepFailed as error:
                request = talk.throw(error)
            else:
                request = talk.send(response)
    except StopIteration as end:
        run.wrote.extend(end.value.wrote)
        return end.value.value


def _check_guard(run: _Run, step: Step, action: Action, rendered: Mapping[str, Any]) -> None:
    guard = run.rule.guard
    if not action.writes:
        return
    run.writes += 1
    if guard.max_writes is not None and run.writes > guard.max_writes:
        raise StepFailed(
            f"the guard allows {guard.max_writes} writes and this would be one more",
            remedy="Raise guard.max_writes, or narrow the rule.",
        )
    if guard.only_set is not None:
        for key in ("set", "set_once"):
            for name in rendered.get(key) or {}:
                if name not in guard.only_set:
                    raise StepFailed(f"the guard does not let step `{step.id}` set `{name}`")
