"""One run as a conversation: a generator that yields requests and receives responses.

Deterministic: the same rule, document, targets and responses give the same requests, which is what
lets a run be replayed from its journal. What can fail from the event and the rule alone fails before
the first write.

The guard, as far as one run can keep it (`per_day` and `dry_run` are kept by who carries requests out):

* `max_writes` counts the steps that change something, in loops too; one that finds all as it should be
  does not count.
* `only_set` is about properties: those of `set`, `set_once` and `match`, whose values are set too when
  an upsert makes the page. Bodies, icons and the key property are not properties that a rule sets.
* What the guard refuses stops the rule, also where `on_failure = "continue"`.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from automation.engine.match import Scope
from automation.engine.nothing import NOTHING
from automation.engine.plan import roots_of
from automation.engine.rules import Rule, Step
from automation.engine.shapes import render, templates
from automation.model.action import Action, Call, StepResult, Wrote
from automation.model.errors import GuardRefused, RuleError, StepFailed, TemplateFailed
from automation.model.request import Notion, Repeat, Request, Response
from automation.model.target import Target
from automation.model.values import JsonObject

EVENT_ROOTS = frozenset({"event", "now", "rule"})
MAX_ELEMENTS = 10_000
GUARDED_TABLES = ("match", "set", "set_once")
WOULD = {
    "created": "would create",
    "updated": "would update",
    "appended": "would append",
    "trashed": "would trash",
}
"""What `guard.dry_run` makes of an effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request under its journal key: `<step id>/<element>/<ordinal>`.

    `counts`: the first by which its step changes something, so that `guard.per_day` counts it.
    """

    key: str
    request: Request
    counts: bool = False


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
    imagined: set[str] = field(default_factory=set)
    """Pages that a dry run only would have made."""


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
    _check_ahead(run)
    for step in rule.steps:
        run.roots[step.id] = yield from _step(run, step, run.roots, ())
    return Finished(
        wrote=tuple(run.wrote), steps={step.id: run.roots[step.id] for step in rule.steps}
    )


def _check_ahead(run: _Run) -> None:
    """Fail before the first write where it is certain that a step cannot be done."""
    for step in _flat(run.rule.steps):
        _check_properties(run.rule.guard.only_set, step)
    for step in run.rule.steps:
        if step.condition is not None or step.on_failure == "continue" or step.loop is not None:
            continue
        _action(run, step)
        for template in templates(step.shape):
            if template.roots <= EVENT_ROOTS:
                template.render(run.roots)


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


def _action(run: _Run, step: Step) -> Action:
    action = run.actions.get(step.verb)
    if action is None:
        raise StepFailed(
            f"`{step.verb}` is not built into this version yet",
            remedy=f"Take step `{step.id}` out of the rule, or use a version that has it; then retry the run.",
        )
    return action


Steps = Generator[Asked, Response, Any]


def _step(run: _Run, step: Step, roots: Mapping[str, Any], element: tuple[str, ...]) -> Steps:
    scope = Scope(roots=roots, now=run.now, zone=run.rule.zone)
    if step.loop is None:
        if step.condition is not None and not step.condition.passes(roots, scope):
            return NOTHING
        return (yield from _try(run, step, roots, element))
    results = []
    for key, inner in _elements(run, step, roots).items():
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


def _elements(run: _Run, step: Step, roots: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The roots of each element by its key, which tells it from the others for ever."""
    loop = step.loop
    assert loop is not None
    found: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(_items(step, loop.over.render(roots))):
        inner = {**roots, loop.name: item}
        scope = Scope(roots=inner, now=run.now, zone=run.rule.zone)
        if loop.only is not None and not loop.only.passes(inner, scope):
            continue
        if loop.at_most is not None and len(found) == loop.at_most:
            break
        key = str(loop.key.render(inner)) if loop.key else str(index)
        if key in found:
            raise TemplateFailed(f"two elements of step `{step.id}` have the `key` {key!r}")
        found[key] = inner
    if len(found) > MAX_ELEMENTS:
        raise TemplateFailed(
            f"step `{step.id}` has {len(found)} elements, and {MAX_ELEMENTS} is the most; `at_most` cuts"
        )
    return found


def _items(step: Step, items: Any) -> Sequence[Any]:
    if items is None:
        return []
    if not isinstance(items, list):
        raise TemplateFailed(
            f"`for_each` of step `{step.id}` needs a list, not {type(items).__name__}"
        )
    return items


def _try(run: _Run, step: Step, roots: Mapping[str, Any], element: tuple[str, ...]) -> Steps:
    try:
        return (yield from _act(run, step, roots, element))
    except GuardRefused:
        raise
    except (StepFailed, RuleError):
        if step.on_failure == "continue":
            return NOTHING
        raise


def _act(run: _Run, step: Step, roots: Mapping[str, Any], element: tuple[str, ...]) -> Steps:
    action = _action(run, step)
    name = "/".join(element)
    call = Call(
        params=_params(step, action, render(step.shape, roots)),
        targets=run.targets,
        key=run.key_of(step.id, name),
        now=run.now,
        zone=run.rule.zone,
        refuse_unknown_options=run.rule.refuse_unknown_options,
    )
    result = yield from _converse(run, action.steps(call), f"{step.id}/{name}")
    run.wrote.extend(result.wrote if not run.rule.guard.dry_run else _imagined(run, result))
    return NOTHING if result.value is None else result.value


def _params(step: Step, action: Action, rendered: Mapping[str, Any]) -> BaseModel:
    try:
        return action.params.model_validate(rendered)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        raise StepFailed(f"step `{step.id}`: `{place}`: {message}") from error


def _converse(
    run: _Run, talk: Generator[Request, Response, StepResult], stem: str
) -> Generator[Asked, Response, StepResult]:
    """The action's requests under their keys. Its first write is counted before it is asked."""
    counted, ordinal = False, 0
    try:
        request = next(talk)
        while True:
            counts = not counted and _changes(request)
            if counts:
                counted = True
                _count(run)
            try:
                response = yield Asked(key=f"{stem}/{ordinal}", request=request, counts=counts)
            except StepFailed as error:
                request = talk.throw(error)
            else:
                request = talk.send(response)
            ordinal += 1
    except StopIteration as end:
        result: StepResult = end.value
        return result


def _changes(request: Request) -> bool:
    return isinstance(request, Notion) and request.repeat is not Repeat.READ


def _count(run: _Run) -> None:
    most = run.rule.guard.max_writes
    run.writes += 1
    if most is not None and run.writes > most:
        raise GuardRefused(
            f"guard.max_writes is {most}, and this would be one more",
            remedy="Raise it, or narrow the rule; what was written stays.",
        )


def _imagined(run: _Run, result: StepResult) -> Iterator[Wrote]:
    """The effects as a dry run tells them; a page that does not exist has no id and no address."""
    run.imagined |= {one.page_id for one in result.wrote if one.what == "created"}
    for one in result.wrote:
        told = replace(one, what=WOULD.get(one.what, one.what))
        yield replace(told, page_id="", url="") if one.page_id in run.imagined else told
