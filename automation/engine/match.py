"""Conditions against one event: every line is one test, nothing is guessed.

A test is compiled once and answers for all values a path leads to. `not x` is exactly the complement
of `x`. Every positive test fails on nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine import dates
from automation.engine.paths import Found, find, spread
from automation.model.errors import TemplateFailed
from automation.model.values import Value

TEXT_TESTS = ("starts_with", "ends_with", "contains", "like")
ORDER_TESTS = ("above", "below", "at_least", "at_most")
QUANTIFIERS = ("any", "all", "none")
WORDS = frozenset(
    {
        "is",
        "not",
        "all_of",
        "exists",
        "empty",
        "ignore_case",
        *TEXT_TESTS,
        *ORDER_TESTS,
        *QUANTIFIERS,
    }
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a condition: the path from the root, and its test. `text` is the line as written.

    `word`, `wanted` and `fold` are the same test as data (`is` for a plain value, and `wanted` as TOML
    has it), for those that look at a test instead of running it: the index, and explain's hints.
    """

    path: tuple[str, ...]
    number: int
    text: str
    test: Test
    word: str = ""
    wanted: Value = None
    fold: bool = False

    def values(self, root: Any) -> Values:
        """What the event has at the path."""
        return tuple(find(root, self.path))

    def passes(self, root: Any, scope: Scope) -> bool:
        """Whether the line passes."""
        try:
            return self.test(self.values(root), scope)
        except TemplateFailed:
            return False


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
    """Equality of value and type: 1 equals 1.0, true is not 1, "1" is not 1."""
    if isinstance(right, datetime | date) or isinstance(left, datetime | date):
        a, b = dates.moment(left, zone), dates.moment(right, zone)
        return a is not None and b is not None and a == b
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool) and left == right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    return type(left) is type(right) and bool(left == right)


def equals(wanted: Render, *, fold: bool) -> Test:
    """Some value equals it."""

    def test(values: Values, scope: Scope) -> bool:
        want = wanted(scope)
        if want is None:
            return False
        if fold and isinstance(want, str):
            want = want.casefold()
        return any(same(_folded(one.value, fold), want, scope.zone) for one in _each(values))

    return test


def _folded(value: Any, fold: bool) -> Any:
    return value.casefold() if fold and isinstance(value, str) else value


def _each(values: Values) -> Sequence[Found]:
    return [one for value in values for one in spread(value)]


def textual(kind: str, wanted: Render, *, fold: bool) -> Test:
    """Some text starts with, ends with, contains or is like it."""

    def test(values: Values, scope: Scope) -> bool:
        want = wanted(scope)
        if not isinstance(want, str) or want == "":
            return False
        want = want.casefold() if fold else want
        texts = [_folded(one.value, fold) for one in _each(values)]
        return any(isinstance(text, str) and _text_passes(kind, text, want) for text in texts)

    return test


def _text_passes(kind: str, text: str, want: str) -> bool:
    match kind:
        case "starts_with":
            return text.startswith(want)
        case "ends_with":
            return text.endswith(want)
        case "contains":
            return want in text
        case _:
            return like(text, want)


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


def ordered(kind: str, wanted: Render) -> Test:
    """Some number, or moment, lies on that side of it."""

    def test(values: Values, scope: Scope) -> bool:
        want = wanted(scope)
        return any(_order_passes(kind, one.value, want, scope.zone) for one in _each(values))

    return test


def _order_passes(kind: str, value: Any, want: Any, zone: ZoneInfo) -> bool:
    if isinstance(want, datetime | date):
        value, want = dates.moment(value, zone), dates.moment(want, zone)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if value is None or want is None or not isinstance(want, int | float | datetime):
        return False
    match kind:
        case "above":
            return bool(value > want)
        case "below":
            return bool(value < want)
        case "at_least":
            return bool(value >= want)
        case _:
            return bool(value <= want)


def exists(wanted: bool) -> Test:
    """Whether there is anything at the path."""
    return lambda values, scope: bool(values) is wanted


def is_empty(wanted: bool) -> Test:
    """Missing, null, "", [] and {} are empty; 0 and false are values."""
    return lambda values, scope: all(_nothing(one.value) for one in values) is wanted


def _nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | dict) and len(value) == 0)


def negated(test: Test) -> Test:
    """Passes exactly when the other would not."""
    return lambda values, scope: not test(values, scope)


def any_of(tests: Sequence[Test]) -> Test:
    """Some alternative passes."""
    return lambda values, scope: any(test(values, scope) for test in tests)


def every(tests: Sequence[Test]) -> Test:
    """All pass."""
    return lambda values, scope: all(test(values, scope) for test in tests)


def holds_all(wanted: Sequence[Test]) -> Test:
    """Each of the wanted values is there."""
    return every(wanted)


def quantified(kind: str, table: Table) -> Test:
    """`any`, `all` (of at least one) or `none` of the elements passes all lines of the table."""

    def test(values: Values, scope: Scope) -> bool:
        verdicts = [table.passes(item, scope) for item in _items(values)]
        match kind:
            case "any":
                return any(verdicts)
            case "none":
                return not any(verdicts)
            case _:
                return bool(verdicts) and all(verdicts)

    return test


def _items(values: Values) -> list[Any]:
    return [
        item
        for found in values
        for item in (found.value if isinstance(found.value, list | tuple) else [found.value])
    ]
