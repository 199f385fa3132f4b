"""Filters on numbers. A text is never a number by itself: `to_number` converts it.

Whole numbers stay whole; others are reckoned in decimals, so that 0.1 plus 0.2 is 0.3.
"""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from automation.engine.data import TooMuch, as_text, items_of, wrong

Number = int | float
LARGEST = 10**30

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)


def number(value: Any) -> Number:
    """A number that is one, and of reasonable size."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = as_text(value)[:30] if not isinstance(value, dict) else "a table"
        raise wrong(f"{shown!r} is not a number; `to_number` makes one of a text")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise TooMuch("a number is too large")
    return value


def whole(value: Any) -> int:
    """A count or a place in a list."""
    found = number(value)
    if found != int(found):
        raise wrong(f"{found!r} is not a whole number")
    return int(found)


def to_number(value: Any) -> Number:
    """`text | to_number`: a number from a text such as "12" or "-1.5"."""
    if not isinstance(value, str):
        return number(value)
    text = value.strip()
    if not _NUMBER.fullmatch(text):
        raise wrong(f"{text[:30]!r} is not a number")
    return float(text) if "." in text else int(text)


def _reckoned(left: Any, right: Any, work: Callable[[Any, Any], Any]) -> Number:
    one, two = number(left), number(right)
    if isinstance(one, int) and isinstance(two, int):
        return number(work(one, two))
    return number(float(work(Decimal(repr(one)), Decimal(repr(two)))))


def plus(value: Any, other: Any) -> Number:
    """`number | plus: 2`."""
    return _reckoned(value, other, lambda left, right: left + right)


def minus(value: Any, other: Any) -> Number:
    """`number | minus: 2`."""
    return _reckoned(value, other, lambda left, right: left - right)


def times(value: Any, other: Any) -> Number:
    """`number | times: 2`."""
    return _reckoned(value, other, lambda left, right: left * right)


def divided_by(value: Any, other: Any) -> Number:
    """`number | divided_by: 2`: of two whole numbers, how often the second fits."""
    if number(other) == 0:
        raise wrong("a number cannot be divided by 0")
    if isinstance(value, int) and isinstance(other, int):
        return number(value) // number(other)
    return _reckoned(value, other, lambda left, right: left / right)


def modulo(value: Any, other: Any) -> Number:
    """`number | modulo: 3`: what is left after dividing."""
    if number(other) == 0:
        raise wrong("a number cannot be divided by 0")
    if isinstance(value, int) and isinstance(other, int):
        return number(value) % number(other)
    return number(float(number(value)) % float(other))


def absolute(value: Any) -> Number:
    """`number | abs`: without its sign."""
    return abs(number(value))


def at_least(value: Any, least: Any) -> Number:
    """`number | at_least: 1`: the larger of both."""
    return max(number(value), number(least))


def at_most(value: Any, most: Any) -> Number:
    """`number | at_most: 10`: the smaller of both."""
    return min(number(value), number(most))


def ceil(value: Any) -> int:
    """`number | ceil`: the next whole number above."""
    return math.ceil(number(value))


def floor(value: Any) -> int:
    """`number | floor`: the next whole number below."""
    return math.floor(number(value))


def rounded(value: Any, digits: Any = 0) -> Number:
    """`number | round: 2`: with that many decimals; a half goes away from zero."""
    places = max(0, min(10, whole(digits)))
    found = number(value)
    if isinstance(found, int):
        return found
    exact = Decimal(repr(found)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return int(exact) if places == 0 else float(exact)


def total(value: Any, key: Any = None) -> Number:
    """`list | sum`, `list | sum: "hours"`: of the numbers in a list, or in a field of its elements."""
    result: Number = 0
    for item in items_of(value):
        found = item.get(as_text(key)) if key is not None and isinstance(item, dict) else item
        if found is not None:
            result = plus(result, found)
    return result
