"""Conditions against one event: every line is one test, nothing is guessed.

A test is compiled once and answers for all values a path leads to. `not x` is exactly the complement
of `x`. Every positive test fails on nothing: on what is missing, on null, and where a template of the
rule gives nothing. Texts are compared as they are, character by character (no Unicode normalisation);
`ignore_case` folds both sides fully, so that "STRASSE" equals "straße".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine import dates
from automation.engine.paths import Found, find, spread
from automation.model.values import Value

TEXT_TESTS = ("starts_with", "ends_with", "contains", "like")
ORDER_TESTS = ("above", "below", "at_least", "at_most")
QUANTIFIERS = ("any", "all", "none")
WORDS = frozenset(
    {"is", "not", "all_of", "exists", "empty", "ignore_case"}
    | {*TEXT_TESTS, *ORDER_TESTS, *QUANTIFIERS}
)
"""Keys that are tests and not fields, unless they are in quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a condition is tested against: the roots, the planning time, the rule's zone."""

    roots: Mapping[str, Any]
    now: datetime
    zone: ZoneInfo


Values = Sequence[Found]
Test = Callable[[Values, Scope], bool]
Render = Callable[[Scope], Any]
"""The value a test compares with; None is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a condition: the path from the root, and its test. `text` is the line as written.

    `word`, `wanted` and `fold` are the same test as data (`is` for a plain value, and `wanted` as TOML
    has it), for those that look at a test instead of running it: the index, and explain's hints.
    `reads` are the roots that templates in it name.
    """

    path: tuple[str, ...]
    number: int
    text: str
    test: Test
    word: str = ""
    wanted: Value = None
    fold: bool = False
    reads: frozenset[str] = frozenset()

    def values(self, root: Any) -> Values:
        """What the event has at the path."""
        return find(root, self.path)

    def passes(self, root: Any, scope: Scope) -> bool:
        """Whether the line passes."""
        return self.test(self.values(root), scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Lines that must all pass."""

    lines: tuple[Line, ...]

    def passes(self, root: Any, scope: Scope) -> bool:
        """Whether all lines pass."""
        for line in self.lines:  # noqa: SIM110  # the innermost loop of matching; a generator costs as much again
            if not line.passes(root, scope):
                return False
        return True


# tests --------------------------------------------------------------------------------------------


def same(left: Any, right: Any, zone: ZoneInfo) -> bool:
    """Equality of value and type: 1 equals 1.0, true is not 1, "1" is not 1; a date equals the same moment."""
    if isinstance(right, date) or isinstance(left, date):
        a, b = dates.instant(left, zone), dates.instant(right, zone)
        return a is not None and a == b
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool) and left == right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    return isinstance(left, str) and isinstance(right, str) and left == right


def equals(wanted: Render, *, fold: bool) -> Test:
    """Some value equals it; if a template gives a list, one of its elements."""

    def test(values: Values, scope: Scope) -> bool:
        wants = [_folded(one.value, fold) for one in spread(Found("", wanted(scope)))]
        return any(
            same(_folded(one.value, fold), want, scope.zone)
            for want in wants
            for one in _each(values)
        )

    return test


def equals_text(wanted: str) -> Test:
    """Some value is this text: the commonest line, without detours."""

    def test(values: Values, _: Scope) -> bool:
        return any(one.value == wanted for one in _each(values) if isinstance(one.value, str))

    return test


def _folded(value: Any, fold: bool) -> Any:
    return value.casefold() if fold and isinstance(value, str) else value


def _each(values: Values) -> Values:
    if len(values) == 1 and not isinstance(values[0].value, list | tuple):
        return values
    return tuple(chain.from_iterable(map(spread, values)))


def textual(kind: str, wanted: Render, *, fold: bool) -> Test:
    """Some text starts with, ends with, contains or is like it."""
    passes = _TEXTUAL[kind]

    def test(values: Values, scope: Scope) -> bool:
        want = wanted(scope)
        if not isinstance(want, str) or want == "":
            return False
        want = _folded(want, fold)
        return any(
            passes(_folded(one.value, fold), want)
            for one in _each(values)
            if isinstance(one.value, str)
        )

    return test


def like(text: str, pattern: str) -> bool:
    """`*` is anything, `\\*` a star. Linear: the parts between stars are looked for in order."""
    parts = [part.replace("\\*", "*") for part in re.split(r"(?<!\\)\*", pattern)]
    if len(parts) == 1:
        return text == parts[0]
    if not text.startswith(parts[0]) or len(text) < len(parts[0]) + len(parts[-1]):
        return False
    at, end = len(parts[0]), len(text) - len(parts[-1])
    for part in parts[1:-1]:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(parts[-1]) and at <= end


_TEXTUAL: Mapping[str, Callable[[str, str], bool]] = {
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": str.__contains__,
    "like": like,
}

_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "above": lambda value, want: bool(value > want),
    "below": lambda value, want: bool(value < want),
    "at_least": lambda value, want: bool(value >= want),
    "at_most": lambda value, want: bool(value <= want),
}


def ordered(kind: str, wanted: Render) -> Test:
    """Some number, or moment, lies on that side of it. Numbers go with numbers, dates with dates."""
    passes = _ORDERED[kind]

    def test(values: Values, scope: Scope) -> bool:
        want = wanted(scope)
        if _is_number(want):
            numbers = (one.value for one in _each(values) if _is_number(one.value))
            return any(passes(number, want) for number in numbers)
        bound = dates.instant(want, scope.zone)
        if bound is None:
            return False
        moments = (dates.instant(one.value, scope.zone) for one in _each(values))
        return any(passes(moment, bound) for moment in moments if moment is not None)

    return test


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def exists(wanted: bool) -> Test:
    """Whether there is anything at the path, through whatever lists."""
    return lambda values, scope: bool(values) is wanted


def is_empty(wanted: bool) -> Test:
    """Whether all that is at the path is empty: missing, null, "", [] and {} are; 0 and false are values."""
    return lambda values, scope: all(_is_hollow(one.value) for one in values) is wanted


def _is_hollow(value: Any) -> bool:
    return isinstance(value, str | list | tuple | Mapping) and len(value) == 0


def negated(test: Test) -> Test:
    """Passes exactly when the other would not."""
    return lambda values, scope: not test(values, scope)


def any_of(tests: Sequence[Test]) -> Test:
    """Some alternative passes."""
    return lambda values, scope: any(test(values, scope) for test in tests)


def every(tests: Sequence[Test]) -> Test:
    """All pass, each by whichever element of a list."""
    return lambda values, scope: all(test(values, scope) for test in tests)


def quantified(kind: str, table: Table) -> Test:
    """`any`, `all` (of at least one) or `none` of the elements passes all lines of the table.

    Elements are those of the list, however deep; what is no list is one element.
    """

    def test(values: Values, scope: Scope) -> bool:
        verdicts = [table.passes(one.value, scope) for one in _each(values)]
        match kind:
            case "any":
                return any(verdicts)
            case "none":
                return not any(verdicts)
            case _:
                return bool(verdicts) and all(verdicts)

    return test
