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

from automation.engine.foresight import foresee, refuse_unbuilt
from automation.engine.loops import elements, split
from automation.engine.match import Scope, Table
from automation.engine.nothing import NOTHING
from automation.engine.plan import roots_of
from automation.engine.rules import Rule, Step
from automation.engine.shapes import render
from automation.engine.verbs import not_built
from automation.model.action import Action, Call, StepResult, Wrote
from automation.model.errors import GuardRefused, RuleError, StepFailed
from automation.model.request import Notion, Repeat, Request, Response
from automation.model.target import Target
from automation.model.values import JsonObject

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
Keys = tuple[str, ...]
"""The keys of the elements around a step, the outermost first."""


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
) -> Walk:
    """Do what the rule says. Raises TemplateFailed or StepFailed where it cannot be done."""
    run = _Run(rule=rule, actions=actions, targets=targets, now=now, key_of=key_of)
    roots = roots_of(rule, document, now)
    foresee(rule, roots, actions, now)
    yield from _all(run, rule.steps, roots, ())
    given = {name: roots[name] for step in rule.steps for name in (step.id, *_inner_ids(step))}
    return Finished(wrote=tuple(run.wrote), steps=given)


def _all(run: _Run, steps: Sequence[Step], roots: Roots, keys: Keys) -> Steps:
    """The steps in order; each gives its value to those behind it.

    Behind a loop, the id of an inner step is the list of its values, in the order of the elements.
    """
    for step in steps:
        value = yield from _or_nothing(step, _step(run, step, roots, keys))
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
    return value[name] if value is not NOTHING else NOTHING


def _inner_ids(step: Step) -> Iterator[str]:
    for inner in step.inner:
        yield inner.id
        yield from _inner_ids(inner)


def _step(run: _Run, step: Step, roots: Roots, keys: Keys) -> Steps:
    loop = step.loop
    if loop is None:
        if not run.passes(step.condition, roots):
            return NOTHING
        return (yield from _act(run, step, roots, keys))
    once, each = split(step.condition, loop)
    if not run.passes(once, roots):
        return NOTHING
    values = []
    for one in elements(step, loop, roots, now=run.now, zone=run.rule.zone):
        if run.passes(each, one.roots):
            doing = _element(run, step, one.roots, (*keys, one.key))
            values.append((yield from _or_nothing(step, doing)))
    return values


def _element(run: _Run, step: Step, roots: Roots, keys: Keys) -> Steps:
    if step.verb:
        return (yield from _act(run, step, roots, keys))
    yield from _all(run, step.inner, roots, keys)
    return {name: roots[name] for name in _inner_ids(step)}


# one action ---------------------------------------------------------------------------------------


def _act(run: _Run, step: Step, roots: Roots, keys: Keys) -> Steps:
    refuse_unbuilt(step, run.actions)
    action = run.actions[step.verb]
    name = "/".join(keys)
    rendered = render(step.shape, roots)
    params = _params(step, action, rendered)
    _wait_for_a_person(run, rendered)
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


def _wait_for_a_person(run: _Run, rendered: Mapping[str, Any]) -> None:
    """A value of `ask_first` is never written without a person, and nobody can be asked yet."""
    values = {**(rendered.get("set_once") or {}), **(rendered.get("set") or {})}
    for name, value in values.items():
        if value in run.rule.guard.ask_first.get(name, ()):
            raise GuardRefused(
                f"`{name}` = {value!r} waits for a person, and {not_built('`ask_first`')}",
                remedy="Set it by hand, or take the value out of guard.ask_first.",
            )


def _imagined(run: _Run, result: StepResult) -> Iterator[Wrote]:
    """The effects as a dry run tells them; a page that does not exist has no id and no address."""
    run.imagined |= {one.page_id: one.title for one in result.wrote if one.what == "created"}
    for one in result.wrote:
        told = replace(one, what=WOULD.get(one.what, one.what))
        if one.page_id in run.imagined:
            told = replace(told, page_id="", url="", title=run.imagined[one.page_id])
        yield told
