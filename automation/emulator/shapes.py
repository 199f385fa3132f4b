"""What a request may be: small checks, put together like the JSON they check.

A check gets a value, its path and what else would have been fine (`also`); it returns the lines of
what is wrong in Notion's own words, none if the value is fine. Several lines are alternatives.
https://developers.notion.com/reference/status-codes
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeAlias

from automation.emulator import ids

Also: TypeAlias = tuple[str, ...]
Check: TypeAlias = Callable[[Any, str, Also], list[str]]
Checks: TypeAlias = Mapping[str, Check]

MAX_ARRAY = 100
SHOWN = 58
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Absent(Enum):
    """What stands where a key is missing."""

    ABSENT = "undefined"


def shown(value: Any) -> str:
    """A value as Notion shows it in its messages: compact, cut after 55 characters."""
    if value is Absent.ABSENT:
        return "`undefined`"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"`{text if len(text) <= SHOWN else text[: SHOWN - 3] + '...'}`"


def units(text: str) -> int:
    """Length as JavaScript counts it."""
    return len(text) + sum(ch > "\uffff" for ch in text)


def line(path: str, what: str, value: Any) -> str:
    """One line of a refusal."""
    return f"{path} should be {what}, instead was {shown(value)}."


def either(words: tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    if len(words) < 3:
        return " or ".join(words)
    return ", ".join(words[:-1]) + ", or " + words[-1]


def wrong(path: str, what: str, also: Also, value: Any) -> list[str]:
    """The line for a value that is not `what`."""
    return [line(path, either((what, *also)), value)]


# leaves -------------------------------------------------------------------------------------------


def anything(value: Any, path: str, also: Also = ()) -> list[str]:
    """No check at all."""
    return []


def text(least: int = 0, most: int | None = None) -> Check:
    """A string of so many UTF-16 units."""

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        if not isinstance(value, str):
            return wrong(path, "a string", also, value)
        return _bounded(units(value), least, most, f"{path}.length")

    return check


def number(least: float | None = None, most: float | None = None) -> Check:
    """A number; a text of digits is none."""

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return wrong(path, "a number", also, value)
        return _bounded(value, least, most, path)

    return check


def _bounded(size: float, least: float | None, most: float | None, path: str) -> list[str]:
    if most is not None and size > most:
        return [line(path, f"≤ `{most}`", size)]
    if least is not None and size < least:
        return [line(path, f"≥ `{least}`", size)]
    return []


def boolean(value: Any, path: str, also: Also = ()) -> list[str]:
    """True or false."""
    return [] if isinstance(value, bool) else wrong(path, "a boolean", also, value)


def literal(*allowed: Any) -> Check:
    """One of these values and no other."""

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        if any(value == one and type(value) is type(one) for one in allowed):
            return []
        names = tuple(shown(one) for one in allowed)
        return [line(path, either((*names, *also)), value)]

    return check


def uuid(value: Any, path: str, also: Also = ()) -> list[str]:
    """An id."""
    if not isinstance(value, str):
        return wrong(path, "a string", also, value)
    return [] if ids.dashed(value) else wrong(path, "a valid uuid", also, value)


def moment(value: Any, path: str, also: Also = ()) -> list[str]:
    """An ISO 8601 day or time."""
    if not isinstance(value, str):
        return wrong(path, "a string", also, value)
    if _DAY.fullmatch(value):
        reader: Callable[[str], object] = date.fromisoformat
    elif len(value) > 10 and value[10] in "T ":
        reader = datetime.fromisoformat
    else:
        return wrong(path, "a valid ISO 8601 date string", also, value)
    try:
        reader(value)
    except ValueError:
        return wrong(path, "a valid ISO 8601 date string", also, value)
    return []


# wholes -------------------------------------------------------------------------------------------


def nullable(inner: Check) -> Check:
    """The same, or null."""

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        return [] if value is None else inner(value, path, ("`null`", *also))

    return check


def array(inner: Check, *, least: int = 0, most: int = MAX_ARRAY) -> Check:
    """A list; the first member that is wrong is named."""

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        if not isinstance(value, list):
            return wrong(path, "an array", also, value)
        problems = _bounded(len(value), least, most, f"{path}.length")
        for index, one in enumerate(value if not problems else []):
            problems = inner(one, f"{path}[{index}]", ())
            if problems:
                break
        return problems

    return check


def table(required: Checks, optional: Checks | None = None, *, closed: bool = True) -> Check:
    """An object with these keys; the first that is wrong is named. A closed one has no others."""
    extra = optional or {}

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        if not isinstance(value, dict):
            return wrong(path, "an object", also, value)
        for key, inner in required.items():
            if key not in value:
                return [line(f"{path}.{key}", "defined", Absent.ABSENT)]
            problems = inner(value[key], f"{path}.{key}", ())
            if problems:
                return problems
        for key, given in value.items():
            if key in extra:
                problems = extra[key](given, f"{path}.{key}", ("`undefined`",))
                if problems:
                    return problems
            elif closed and key not in required:
                return [line(f"{path}.{key}", "not present", given)]
        return []

    return check


def mapping(inner: Check) -> Check:
    """An object with any keys and one kind of values."""

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        if not isinstance(value, dict):
            return wrong(path, "an object", also, value)
        for key, one in value.items():
            problems = inner(one, f"{path}.{key}", ())
            if problems:
                return problems
        return []

    return check


def keyed(kinds: Checks, optional: Checks | None = None, *, closed: bool = True) -> Check:
    """An object that says what it is by which of these keys it has; a `type` beside it must agree."""
    extra = optional or {}

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        if not isinstance(value, dict):
            return wrong(path, "an object", also, value)
        kind = kind_of(value, kinds)
        if kind is None:
            return [line(f"{path}.{one}", "defined", Absent.ABSENT) for one in kinds]
        known = {"type": literal(kind), **extra}
        return table({kind: kinds[kind]}, known, closed=closed)(value, path, also)

    return check


def kind_of(value: Mapping[str, Any], kinds: Checks) -> str | None:
    """Which of the kinds the object is: as its `type` says, else by the key it has."""
    named = value.get("type")
    if named in kinds and named in value:
        return str(named)
    return next((key for key in value if key in kinds), None)


def one_of(*checks: Check) -> Check:
    """Whatever one of the checks takes."""

    def check(value: Any, path: str, also: Also = ()) -> list[str]:
        lines: list[str] = []
        for one in checks:
            problems = one(value, path, also)
            if not problems:
                return []
            lines += problems
        return list(dict.fromkeys(lines))

    return check


EMPTY = table({}, closed=False)
"""An object whose content does not matter."""
