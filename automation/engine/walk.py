"""One run as a conversation: a generator that yields requests and receives responses.

Deterministic: the same rule, document, targets and responses give the same requests, which is what
lets a run be replayed from its journal. What needs only the event is rendered before the first write,
and what this version cannot do is refused before it, too.

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

from automation.engine.conditions import EVENT_ROOTS
from automation.engine.loops import elements, split
from automation.engine.match import Scope, Table
from automation.engine.nothing import NOTHING
from automation.engine.plan import roots_of
from automation.engine.rules import Rule, Step
from automation.engine.shapes import render, render_known
from automation.engine.verbs import not_built
from automation.model.action import Action, Call, StepResult, Wrote
from automation.model.errors import GuardRefused, RuleError, StepFailed
from automation.model.request import Notion, Repeat, Request, Response
from automation.model.target import Target
from automation.model.values import JsonObject

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
Steps = Generator[Asked, Response, Any]
Roots = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class _Run:
    """What one walk has come to know."""

    rule: Rule
    actions: Mapping[str, Action]
    targets: Mapping[str, Target]
    now: datetime
    key_of: Callable[[str, str], str]
    wrote: list[Wrote] = field(default_factory=list)
    writes: int = 0
    rehearsal: bool = False
    imagined: dict[str, str] = field(default_factory=dict)
    """Pages that a dry run only would have made: id to title."""

    def passes(self, table: Table | None, roots: Roots) -> bool:
        """Whether a condition holds."""
        scope = Scope(roots=roots, now=self.now, zone=self.rule.zone)
        return table is None or table.passes(roots, scope)


def walk(
    rule: Rule,
    *,
    document: JsonObject,
    actions: Mapping[str, Action],
    targets: Mapping[str, Target],
    now: datetime,
    key_of: Callable[[str, str], str],
    rehearsal: bool = False,
) -> Walk:
    """Do what the rule says. Raises TemplateFailed or StepFailed where it cannot be done.

    In a rehearsal `actions` stand in for everything, also for what this version cannot do yet.
    """
    run = _Run(
        rule=rule, actions=actions, targets=targets, now=now, key_of=key_of, rehearsal=rehearsal
    )
    roots = roots_of(rule, document, now)
    for step in _flat(rule.steps):
        _check_properties(rule.guard.only_set, step)
    _foresee(run, rule.steps, roots, frozenset(EVENT_ROOTS))
    yield from _all(run, rule.steps, roots, ())
    given = {name: roots[name] for step in rule.steps for name in _ids(step)}
    return Finished(wrote=tuple(run.wrote), steps=given)


# before the first write ---------------------------------------------------------------------------


def _foresee(run: _Run, steps: Sequence[Step], roots: Roots, known: frozenset[str]) -> None:
    """Fail now where a step that is sure to be done cannot be: its templates fail, or it is not built."""
    for step in steps:
        if step.on_failure == "stop" and _is_sure(run, step.condition, roots, known):
            if step.loop is None:
                _foresee_one(run, step, roots, known)
            elif _knows_elements(step, known):
                inside = known | {step.loop.name}
                for one in elements(step, step.loop, roots, now=run.now, zone=run.rule.zone):
                    if _is_sure(run, step.condition, one.roots, inside):
                        _foresee_one(run, step, one.roots, inside)


def _foresee_one(run: _Run, step: Step, roots: Roots, known: frozenset[str]) -> None:
    _refuse_later(run, step)
    render_known(step.shape, roots, lambda template: template.roots <= known)
    _foresee(run, step.inner, roots, known)


def _refuse_later(run: _Run, step: Step) -> None:
    later = step.later or (f"`{step.verb}`" if step.verb and step.verb not in run.actions else "")
    if later and not run.rehearsal:
        raise StepFailed(
            not_built(later),
            remedy=f"Take step `{step.id}` out of the rule, or use a version that has it;"
            " then retry the run.",
        )


def _is_sure(run: _Run, table: Table | None, roots: Roots, known: frozenset[str]) -> bool:
    """Whether the condition holds already, whatever earlier steps will give."""
    lines = table.lines if table else ()
    return all(line.path[0] in known and line.reads <= known for line in lines) and run.passes(
        table, roots
    )


def _knows_elements(step: Step, known: frozenset[str]) -> bool:
    loop = step.loop
    assert loop is not None
    inside = known | {loop.name}
    only = loop.only.lines if loop.only else ()
    return (
        loop.over.roots <= known
        and (loop.key is None or loop.key.roots <= inside)
        and all(line.path[0] in inside and line.reads <= inside for line in only)
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


# step by step -------------------------------------------------------------------------------------


def _all(run: _Run, steps: Sequence[Step], roots: Roots, element: tuple[str, ...]) -> Steps:
    """The steps in order; each gives its value to those behind it."""
    for step in steps:
        value = yield from _or_nothing(step, _step(run, step, roots, element))
        roots[step.id] = value
        for name in _inner_ids(step):
            is_list = isinstance(value, list)
            roots[name] = [_of(one, name) for one in value] if is_list else NOTHING


def _or_nothing(step: Step, doing: Steps) -> Steps:
    try:
        return (yield from doing)
    except GuardRefused:
        raise
    except (StepFailed, RuleError):
        if step.on_failure == "continue":
            return NOTHING
        raise


def _of(value: Any, name: str) -> Any:
    return value[name] if isinstance(value, Mapping) and value else NOTHING


def _step(run: _Run, step: Step, roots: Roots, element: tuple[str, ...]) -> Steps:
    loop = step.loop
    if loop is None:
        if not run.passes(step.condition, roots):
            return NOTHING
        return (yield from _act(run, step, roots, element))
    once, each = split(step.condition, loop)
    if not run.passes(once, roots):
        return NOTHING
    results = []
    for one in elements(step, loop, roots, now=run.now, zone=run.rule.zone):
        if run.passes(each, one.roots):
            doing = _element(run, step, one.roots, (*element, one.key))
            results.append((yield from _or_nothing(step, doing)))
    return results


def _element(run: _Run, step: Step, roots: Roots, element: tuple[str, ...]) -> Steps:
    if step.verb:
        return (yield from _act(run, step, roots, element))
    yield from _all(run, step.inner, roots, element)
    return {name: roots[name] for name in _inner_ids(step)}


def _ids(step: Step) -> Iterator[str]:
    """The step's id, and those of its inner steps."""
    yield step.id
    yield from _inner_ids(step)


def _inner_ids(step: Step) -> Iterator[str]:
    for inner in step.inner:
        yield from _ids(inner)


def _act(run: _Run, step: Step, roots: Roots, element: tuple[str, ...]) -> Steps:
    _refuse_later(run, step)
    action = run.actions[step.verb]
    rendered = render(step.shape, roots)
    params = _params(step, action, rendered)
    _check_values(run, step, rendered)
    name = "/".join(element)
    call = Call(
        params=params,
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


# the guard ----------------------------------------------------------------------------------------


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


def _check_values(run: _Run, step: Step, rendered: Mapping[str, Any]) -> None:
    values = {**(rendered.get("set_once") or {}), **(rendered.get("set") or {})}
    for name, value in values.items():
        if value in run.rule.guard.ask_first.get(name, ()):
            raise GuardRefused(
                f"`{name}` = {value!r} in step `{step.id}` waits for a person, and"
                f" {not_built('`ask_first`')}",
                remedy="Take the value out of guard.ask_first, or set it by hand.",
            )


def _imagined(run: _Run, result: StepResult) -> Iterator[Wrote]:
    """The effects as a dry run tells them; a page that does not exist has no id and no address."""
    run.imagined |= {one.page_id: one.title for one in result.wrote if one.what == "created"}
    for one in result.wrote:
        told = replace(one, what=WOULD.get(one.what, one.what))
        if one.page_id in run.imagined:
            told = replace(told, page_id="", url="", title=run.imagined[one.page_id])
        yield told
