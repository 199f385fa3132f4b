"""One test of a rule, run: does it fire, what would it write, and is that what was expected.

Nothing is decided here that production decides elsewhere: whether the rule fires is `plan.wants`, what it
writes is `walk`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine.explain import Trace, trace
from automation.engine.match import Scope, same
from automation.engine.plan import wants
from automation.engine.rehearse import Effect, Rehearsal, rehearse
from automation.engine.rules import Case, Expectation, Rule
from automation.engine.showing import shown, written
from automation.model.action import Action
from automation.model.values import JsonObject, Value

LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """What was expected, and what came. `line` is where in the rules file the expectation stands."""

    line: int
    what: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a test. `effects` are the steps as they would be performed."""

    rule: str
    file: str
    case: Case
    fires: bool
    trace: Trace
    effects: tuple[Effect, ...]
    failed: str
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.mismatches


def attempt(
    rule: Rule, case: Case, *, name: str, document: JsonObject, actions: Mapping[str, Action]
) -> Trial:
    """Run one test for an event of that name. A rule that is switched off is tested all the same."""
    fires = wants(rule, name, document, now=case.at)
    went = Rehearsal(effects=())
    if fires:
        went = rehearse(rule, document=document, now=case.at, actions=actions, given=case.given)
    return Trial(
        rule=rule.id,
        file=rule.file,
        case=case,
        fires=fires,
        trace=trace(name, document, rule, now=case.at),
        effects=went.effects,
        failed=went.failed,
        mismatches=tuple(_mismatches(rule, case, fires, went)),
    )


def _mismatches(rule: Rule, case: Case, fires: bool, went: Rehearsal) -> Iterator[Mismatch]:
    if fires != case.fires:
        yield Mismatch(
            line=case.line, what="fires", expected=shown(case.fires), actual=shown(fires)
        )
        return
    if went.failed:
        yield Mismatch(
            line=case.line,
            what="the run",
            expected="goes to its end",
            actual=f"parks: {went.failed}",
        )
    for expectation in case.expect:
        times = [one for one in went.effects if one.step == expectation.step]
        scope = Scope(roots={}, now=case.at, zone=rule.zone)
        yield from _of_step(expectation, times, scope)


def _of_step(one: Expectation, times: Sequence[Effect], scope: Scope) -> Iterator[Mismatch]:
    if not one.keys:
        if len(times) != one.wanted:
            yield _mismatch(one, f"{one.wanted} times", f"{len(times)} times")
        return
    chosen = times if one.place is None else times[one.place : one.place + 1]
    if not chosen:
        yield _mismatch(one, _wanted(one), "the step is not performed" + _which(one.place))
    for effect in chosen:
        if not _agrees(one, effect, scope):
            beside = f"  (element {effect.element})" if len(chosen) > 1 else ""
            yield _mismatch(one, _wanted(one), written(_at(effect, one.keys), LONGEST) + beside)


def _which(place: int | None) -> str:
    return "" if place is None else f" for the element {place}"


def _mismatch(one: Expectation, expected: str, actual: str) -> Mismatch:
    what = ".".join((one.step, *one.keys))
    return Mismatch(line=one.line, what=what, expected=expected, actual=actual)


def _wanted(one: Expectation) -> str:
    if one.test is None:
        return written(one.wanted, LONGEST)
    words = (f"{word} {written(value, LONGEST)}" for word, value in one.wanted.items())
    return " and ".join(words)


def _at(effect: Effect, keys: Sequence[str]) -> Value:
    value: Any = effect.keys
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _agrees(one: Expectation, effect: Effect, scope: Scope) -> bool:
    if one.test is not None:
        return one.test.passes(_at(effect, one.keys[:-1]), scope)
    actual, wanted = _at(effect, one.keys), one.wanted
    if one.keys == ("body",) and isinstance(actual, str) and isinstance(wanted, str):
        # White space around a body makes no block.
        actual, wanted = actual.strip(), wanted.strip()
    return agree(actual, wanted, scope.zone)


def agree(actual: Value, wanted: Value, zone: ZoneInfo) -> bool:
    """Equality as conditions have it, through lists and tables; nothing and an empty text are the same."""
    if isinstance(wanted, Mapping):
        return (
            isinstance(actual, Mapping)
            and actual.keys() == wanted.keys()
            and all(agree(actual[key], wanted[key], zone) for key in wanted)
        )
    if isinstance(wanted, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(wanted)
            and all(agree(one, two, zone) for one, two in zip(actual, wanted, strict=True))
        )
    if actual is None or actual == "":
        return wanted is None or wanted == ""
    return same(actual, wanted, zone)
