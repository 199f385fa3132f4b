"""A rule walked through without Notion: the same `walk` as in production, with answers from a test.

Every verb is stood in for by one that asks this file for its answer, so that conditions, loops, templates
and guards are the real ones, and what a step is given is seen as it was rendered: plain values, before any
schema. A step that writes hears that it was done; `find` finds nothing unless a test says what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

from automation.engine.nothing import NOTHING
from automation.engine.rules import Rule, Step, performed
from automation.engine.walk import walk
from automation.model.action import Action, Call, Conversation, StepResult
from automation.model.errors import AutomationError, StepFailed
from automation.model.request import Fetch, Notion, Repeat, Request, Response
from automation.model.values import JsonObject, Value

WRITES = frozenset({"create", "upsert", "update", "append", "comment", "upload"})
SEPARATOR = "\x1f"
REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One step as it was performed: `keys` are what it was given, rendered; `element` is its loop's."""

    step: str
    element: str
    verb: str
    line: int
    keys: Mapping[str, Value]

    @property
    def writes(self) -> bool:
        """Whether it would change anything."""
        return self.verb in WRITES

    @property
    def target(self) -> Value:
        """What it would be done to."""
        return self.keys.get(self.verb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Every step in the order it was performed. `failed` is why the run would park, empty if it would not."""

    effects: tuple[Effect, ...]
    failed: str = ""


Given: TypeAlias = Mapping[str, Value]


def rehearse(
    rule: Rule,
    *,
    document: JsonObject,
    now: datetime,
    actions: Mapping[str, Action],
    given: Given | None = None,
) -> Rehearsal:
    """Walk through the rule. `given` are answers by step; for a step in a loop, a list of them.

    Without `given`, a step that asks somebody hears nothing instead of failing.
    """
    stage = _Stage(steps=performed(rule.steps), given=given)
    talk = walk(
        replace(rule, steps=_as_if_built(rule.steps)),
        document=document,
        actions={step.verb: _StandIn(step.verb, actions) for step, _ in stage.steps.values()},
        targets={},
        now=now,
        key_of=lambda step, element: f"{step}{SEPARATOR}{element}",
    )
    try:
        asked = next(talk)
        while True:
            try:
                response = Response(status=200, body=stage.answer(asked.request))
            except StepFailed as error:
                asked = talk.throw(error)
            else:
                asked = talk.send(response)
    except StopIteration:
        return Rehearsal(effects=tuple(stage.effects))
    except AutomationError as error:
        return Rehearsal(effects=tuple(stage.effects), failed=_reason(error))


def _as_if_built(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps without what this version cannot do yet: here everything is stood in for."""
    return tuple(replace(one, later="", inner=_as_if_built(one.inner)) for one in steps)


def _reason(error: Exception) -> str:
    remedy = getattr(error, "remedy", "")
    return f"{error} {remedy}".strip()


class _Anything(BaseModel):
    """The keys of a verb that is not built in: whatever they are."""

    model_config = ConfigDict(extra="allow", frozen=True)


class _StandIn:
    """A verb that does nothing but say what it was given and ask for its answer."""

    literal: frozenset[str] = frozenset()

    def __init__(self, verb: str, actions: Mapping[str, Action]) -> None:
        real = actions.get(verb)
        self.verb = verb
        self.params: type[BaseModel] = _Anything if real is None else real.params
        self.writes = verb in WRITES if real is None else real.writes

    def steps(self, call: Call) -> Conversation:
        """See Action."""
        written = call.params.model_fields_set
        given = {
            name: getattr(call.params, name) for name in self.params.model_fields if name in written
        }
        given |= call.params.model_extra or {}
        asked = {"verb": self.verb, "key": call.key, "given": given}
        # A write is asked for as one, so that guards count it.
        if self.writes:
            request: Request = Notion(
                method="POST", path=REHEARSAL, body=asked, repeat=Repeat.DOUBLES
            )
        else:
            request = Fetch(what=REHEARSAL, arguments=asked)
        answer = yield request
        return StepResult(value=answer.body)


@dataclass(slots=True, kw_only=True)
class _Stage:
    """The answering side, and what it has heard."""

    steps: Mapping[str, tuple[Step, bool]]
    given: Given | None
    effects: list[Effect] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)

    def answer(self, request: Request) -> Value:
        """Note what the step was given, and answer it. Raises StepFailed where the test has no answer."""
        match request:
            case Notion(path="rehearsal", body=dict() as asked):
                return self._answer(asked)
            case Fetch(what="rehearsal", arguments=dict() as asked):
                return self._answer(asked)
            case _:
                return None  # the walk's own, not a step's

    def _answer(self, asked: Mapping[str, Value]) -> Value:
        name, _, element = asked["key"].partition(SEPARATOR)
        step, looped = self.steps[name]
        self.effects.append(
            Effect(
                step=name,
                element=element,
                verb=asked["verb"],
                line=step.line,
                keys=asked["given"],
            )
        )
        time = self.times.get(name, 0)
        self.times[name] = time + 1
        if self.given is None or name not in self.given:
            return self._unasked(step)
        return _shaped(step, self._given(name, time, looped=looped))

    def _given(self, name: str, time: int, *, looped: bool) -> Value:
        assert self.given is not None
        answers = self.given[name]
        if not looped:
            return answers
        if time >= len(answers):
            raise StepFailed(
                f"the test gives {len(answers)} answers for step `{name}`, and it is performed once more"
            )
        return answers[time]

    def _unasked(self, step: Step) -> Value:
        """What a step hears of which the test says nothing."""
        if step.verb in WRITES:
            return _made(step)
        if step.verb == "find":
            return []
        if step.verb == "wait_for" or self.given is None:
            return NOTHING
        raise StepFailed(
            f"the test gives no answer for step `{step.id}`", remedy=f"Add given.{step.id} = …"
        )


def _made(step: Step) -> Value:
    """A page that was just made. Its id and address are what a rule writes for them: they show where they
    come from, and can be expected."""
    name = step.id
    return {
        "id": f"{{{{ {name}.id }}}}",
        "url": f"{{{{ {name}.url }}}}",
        "title": f"{{{{ {name}.title }}}}",
        "created": step.verb != "update",
        "blocks": [],
    }


def _shaped(step: Step, answer: Value) -> Value:
    """An answer as the step's verb gives it: pages have their own words beside their properties."""
    if step.verb in WRITES and isinstance(answer, Mapping):
        return {**_made(step), **answer}
    if step.verb != "find" or not isinstance(answer, list):
        return answer
    return [_page(step.id, index, one) for index, one in enumerate(answer)]


OWN = ("id", "url", "title", "created_time", "last_edited_time")


def _page(name: str, index: int, given: Mapping[str, Value]) -> Value:
    properties = {key: value for key, value in given.items() if key not in OWN}
    own = {key: f"{{{{ {name}[{index}].{key} }}}}" for key in ("id", "url", "title")}
    times = dict.fromkeys(("created_time", "last_edited_time"))
    return {**properties, "properties": properties, **own, **times, **given}
