"""Formulas: a subset of Notion's language, enough for columns that compute from the row.

Literals, `prop("…")`, arithmetic, comparison, `and or not`, `a ? b : c`, calls and method calls of
the functions below. Anything else gives a value of type `unsupported`, never a guess.
https://www.notion.com/help/formula-syntax
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from automation.emulator.grammar import Call, Unsupported, parse
from automation.emulator.richtext import words

Object = dict[str, Any]
Read = Callable[[str], Object | None]


@dataclass(frozen=True, slots=True)
class Moment:
    """A date; `day` if it has no time."""

    when: datetime
    day: bool


Value: TypeAlias = str | float | bool | Moment | list[Any] | None


def evaluate(expression: str, read: Read, now: datetime) -> Object:
    """A formula's value object. `read` gives a property's value object by name or id."""
    try:
        tree = parse(expression)
        result = _Evaluation(read, now).value(tree)
    except (Unsupported, ArithmeticError, ValueError, TypeError, IndexError, AttributeError):
        return {"type": "unsupported", "unsupported": {}}
    if result is None and tree.name == "prop":
        return _nothing(read(str(tree.arguments[0].arguments[0])))
    return _as_object(result)


def _nothing(found: Object | None) -> Object:
    """A property without a value keeps its type."""
    kinds = {"number": "number", "date": "date", "checkbox": "boolean"}
    kind = kinds.get(found["type"], "string") if found else "string"
    return {"type": kind, kind: None}


def _as_object(result: Value) -> Object:
    match result:
        case bool():
            return {"type": "boolean", "boolean": result}
        case int() | float():
            return {"type": "number", "number": result}
        case Moment():
            return {"type": "date", "date": {"start": _iso(result), "end": None, "time_zone": None}}
        case list():
            return {"type": "string", "string": _format(result)}
        case _:
            return {"type": "string", "string": result or None}


def _iso(moment: Moment) -> str:
    if moment.day:
        return moment.when.date().isoformat()
    return moment.when.replace(second=0, microsecond=0).isoformat(timespec="milliseconds")


# values -------------------------------------------------------------------------------------------


class _Evaluation:
    def __init__(self, read: Read, now: datetime) -> None:
        self._read = read
        self._now = now

    def value(self, node: Call) -> Value:
        """The value of a node; only the branch that is taken is computed."""
        name, given = node.name, node.arguments
        if name == "literal":
            literal: Value = given[0]
            return literal
        if name == "if":
            return self.value(given[1] if _true(self.value(given[0])) else given[2])
        if name == "ifs":
            return self._ifs(given)
        values = [self.value(one) for one in given]
        if name == "prop":
            return self._property(str(values[0]))
        if name in {"now", "today"}:
            return Moment(self._now, name == "today")
        if name not in FUNCTIONS:
            raise Unsupported(name)
        return FUNCTIONS[name](*values)

    def _ifs(self, given: Sequence[Call]) -> Value:
        for test, result in zip(given[::2], given[1::2], strict=False):
            if _true(self.value(test)):
                return self.value(result)
        return self.value(given[-1]) if len(given) % 2 else None

    def _property(self, name: str) -> Value:
        found = self._read(name)
        if found is None:
            raise Unsupported(name)
        return _plain(found)


def _plain(found: Object) -> Value:
    kind, inner = found["type"], found[found["type"]]
    match kind:
        case "title" | "rich_text":
            return words(inner)
        case "select" | "status":
            return inner["name"] if inner else None
        case "multi_select" | "files":
            return [one["name"] for one in inner]
        case "date":
            return _moment(inner["start"]) if inner else None
        case "created_time" | "last_edited_time":
            return _moment(inner)
        case "formula":
            return _plain(inner)
        case "unique_id":
            return f"{inner['prefix']}-{inner['number']}" if inner["prefix"] else inner["number"]
        case "number" | "checkbox" | "url" | "email" | "phone_number" | "string" | "boolean":
            plain: Value = inner
            return plain
        case _:
            raise Unsupported(kind)


def _moment(text: str) -> Moment:
    when = datetime.fromisoformat(text)
    return Moment(when if when.tzinfo else when.replace(tzinfo=UTC), len(text) == 10)


def _true(value: Value) -> bool:
    return value is True


def _empty(value: Value) -> bool:
    return value in (None, "", 0, False, [])


def _format(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case Moment():
            return value.when.strftime("%B %-d, %Y" if value.day else "%B %-d, %Y %-I:%M %p")
        case list():
            return ",".join(_format(one) for one in value)
        case _:
            return str(value)


def _plus(left: Value, right: Value) -> Value:
    if isinstance(left, str) or isinstance(right, str):
        return _format(left) + _format(right)
    return _number(left) + _number(right)


def _number(value: Value) -> float:
    if isinstance(value, bool | int | float):
        return value + 0
    if isinstance(value, Moment):
        return value.when.timestamp() * 1000
    if value in (None, ""):
        return 0
    return float(str(value))


def _order(value: Value) -> Any:
    return value.when if isinstance(value, Moment) else value


def _shift(moment: Any, amount: Any, unit: str) -> Moment:
    when: datetime = moment.when
    plural = unit if unit.endswith("s") else unit + "s"
    if plural in {"years", "quarters", "months"}:
        months = int(amount) * {"years": 12, "quarters": 3, "months": 1}[plural]
        year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
        return Moment(when.replace(year=year, month=month + 1, day=min(when.day, 28)), moment.day)
    return Moment(when + timedelta(**{plural: amount}), moment.day)


def _between(first: Any, second: Any, unit: str) -> int:
    seconds = (first.when - second.when).total_seconds()
    sizes = {"minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800, "months": 2629800, "years": 31557600}  # fmt: skip
    return int(seconds / sizes[unit if unit.endswith("s") else unit + "s"])


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "+": _plus,
    "-": lambda a, b: _number(a) - _number(b),
    "*": lambda a, b: _number(a) * _number(b),
    "/": lambda a, b: _number(a) / _number(b),
    "%": lambda a, b: _number(a) % _number(b),
    "^": lambda a, b: _number(a) ** _number(b),
    "negate": lambda a: -_number(a),
    "not": lambda a: not _true(a),
    "and": lambda *all_of: all(_true(one) for one in all_of),
    "&&": lambda a, b: _true(a) and _true(b),
    "or": lambda *any_of: any(_true(one) for one in any_of),
    "||": lambda a, b: _true(a) or _true(b),
    "==": lambda a, b: _order(a) == _order(b),
    "!=": lambda a, b: _order(a) != _order(b),
    ">": lambda a, b: _order(a) > _order(b),
    "<": lambda a, b: _order(a) < _order(b),
    ">=": lambda a, b: _order(a) >= _order(b),
    "<=": lambda a, b: _order(a) <= _order(b),
    "empty": _empty,
    "length": lambda a: len(a) if isinstance(a, list) else len(_format(a)),
    "format": _format,
    "concat": lambda *parts: "".join(_format(one) for one in parts),
    "join": lambda a, b: _format(b).join(_format(one) for one in a),
    "contains": lambda a, b: _format(b) in _format(a),
    "includes": lambda a, b: b in a,
    "lower": lambda a: _format(a).lower(),
    "upper": lambda a: _format(a).upper(),
    "trim": lambda a: _format(a).strip(),
    "substring": lambda a, b, c=None: _format(a)[int(b) : None if c is None else int(c)],
    "replaceAll": lambda a, b, c: _format(a).replace(_format(b), _format(c)),
    "toNumber": _number,
    "round": lambda a: int(_number(a) + 0.5),
    "floor": lambda a: int(_number(a) // 1),
    "ceil": lambda a: int(-(-_number(a) // 1)),
    "abs": lambda a: abs(_number(a)),
    "min": lambda *all_of: min(_number(one) for one in all_of),
    "max": lambda *all_of: max(_number(one) for one in all_of),
    "sum": lambda *all_of: sum(_number(one) for one in all_of),
    "first": lambda a: a[0] if a else None,
    "last": lambda a: a[-1] if a else None,
    "at": lambda a, b: a[int(b)],
    "year": lambda a: a.when.year,
    "month": lambda a: a.when.month,
    "date": lambda a: a.when.day,
    "day": lambda a: a.when.isoweekday(),
    "hour": lambda a: a.when.hour,
    "minute": lambda a: a.when.minute,
    "dateStart": lambda a: a,
    "dateAdd": _shift,
    "dateSubtract": lambda a, b, unit: _shift(a, -b, unit),
    "dateBetween": _between,
    "timestamp": _number,
}
