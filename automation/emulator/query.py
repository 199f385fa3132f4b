"""Filters and sorts of data-source queries.

https://developers.notion.com/reference/filter-data-source-entries
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from automation.emulator.errors import failed, invalid, shown
from automation.emulator.richtext import plain

Page = dict[str, Any]
Test = Callable[[Page], bool]
TIMESTAMPS = ("created_time", "last_edited_time")
TEXTS = frozenset({"title", "rich_text", "url", "email", "phone_number"})
PERIODS = {
    "past_week": -7,
    "past_month": -30,
    "past_year": -365,
    "next_week": 7,
    "next_month": 30,
    "next_year": 365,
}
RELATIVE = {
    "today": 0, "tomorrow": 1, "yesterday": -1, "one_week_ago": -7, "one_week_from_now": 7,
    "one_month_ago": -30, "one_month_from_now": 30,
}  # fmt: skip


def compile_filter(raw: Any, schema: dict[str, Any], now: datetime, depth: int = 0) -> Test:
    """A test of pages."""
    if not isinstance(raw, dict):
        raise failed("body.filter", f"should be an object, instead was {shown(raw)}.")
    for word, whole in (("and", all), ("or", any)):
        if word in raw:
            if depth >= 2:
                raise failed("body.filter", "is nested deeper than two levels.")
            tests = [compile_filter(one, schema, now, depth + 1) for one in raw[word]]
            return lambda page, whole=whole, tests=tests: whole(test(page) for test in tests)  # type: ignore[misc]
    if "timestamp" in raw:
        name = raw["timestamp"]
        return _time_test(raw.get(name, {}), lambda page: page[name], now)
    return _property_test(raw, schema, now)


def _property_test(raw: dict[str, Any], schema: dict[str, Any], now: datetime) -> Test:
    found = find_property(schema, str(raw.get("property")))
    kind = found["type"]
    given = next((key for key in raw if key not in {"property", "type"}), "")
    if given != kind and not (kind in TEXTS and given in TEXTS):
        raise invalid(f"database property {kind} does not match filter {given}")
    condition = raw[given]

    def value(page: Page) -> Any:
        return (page["properties"].get(found["name"]) or {}).get(kind)

    if kind in {"date", *TIMESTAMPS}:
        return _time_test(
            condition,
            lambda page: (value(page) or {}).get("start") if kind == "date" else value(page),
            now,
        )
    return _plain_test(kind, condition, value)


def find_property(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """A property by name or id."""
    for one in schema.values():
        if name in {one["name"], one["id"]} or quote(name, safe="") == one["id"]:
            found: dict[str, Any] = one
            return found
    raise invalid(f"Could not find property with name or id: {name}")


def comparable(kind: str, value: Any) -> Any:
    """A property value as something to compare and sort by."""
    match kind:
        case "title" | "rich_text":
            return plain(value or [])
        case "select" | "status":
            return value["name"] if value else None
        case "multi_select":
            return [one["name"] for one in value or []]
        case "relation" | "people":
            return [one["id"] for one in value or []]
        case "unique_id":
            return value["number"] if value else None
        case _:
            return value


def _plain_test(kind: str, condition: dict[str, Any], value: Callable[[Page], Any]) -> Test:
    tests = [_operator(kind, word, operand) for word, operand in condition.items()]
    return lambda page: all(test(comparable(kind, value(page))) for test in tests)


def _operator(kind: str, word: str, operand: Any) -> Callable[[Any], bool]:
    def folded(value: Any) -> Any:
        return value.casefold() if isinstance(value, str) else value

    want = [folded(one) for one in operand] if isinstance(operand, list) else folded(operand)
    many = want if isinstance(want, list) else [want]
    operators: dict[str, Callable[[Any], bool]] = {
        "equals": lambda value: folded(value) in many,
        "does_not_equal": lambda value: folded(value) not in many,
        "contains": lambda value: _contains(value, many),
        "does_not_contain": lambda value: not _contains(value, many),
        "starts_with": lambda value: folded(value or "").startswith(want),
        "ends_with": lambda value: folded(value or "").endswith(want),
        "is_empty": lambda value: (value in (None, "", [])) is True,
        "is_not_empty": lambda value: value not in (None, "", []),
        "greater_than": lambda value: value is not None and value > operand,
        "less_than": lambda value: value is not None and value < operand,
        "greater_than_or_equal_to": lambda value: value is not None and value >= operand,
        "less_than_or_equal_to": lambda value: value is not None and value <= operand,
    }
    if word not in operators:
        raise failed(f"body.filter.{kind}.{word}", "should be not present.")
    return operators[word]


def _contains(value: Any, many: list[Any]) -> bool:
    if isinstance(value, list):
        return any(str(one).casefold() in many for one in value)
    return any(str(one) in (value or "").casefold() for one in many)


def _time_test(condition: dict[str, Any], value: Callable[[Page], Any], now: datetime) -> Test:
    tests = [_time_operator(word, operand, now) for word, operand in condition.items()]

    def test(page: Page) -> bool:
        text = value(page)
        return all(one(None if text is None else _minute(text)) for one in tests)

    return test


def _minute(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.replace(second=0, microsecond=0)


def _time_operator(word: str, operand: Any, now: datetime) -> Callable[[datetime | None], bool]:
    if word in {"is_empty", "is_not_empty"}:
        return lambda value: (value is None) is (word == "is_empty")
    if word in PERIODS or word == "this_week":
        days = PERIODS.get(word, 7)
        low, high = sorted((now, now + timedelta(days=days)))
        return lambda value: value is not None and low <= value <= high
    moment = now + timedelta(days=RELATIVE[operand]) if operand in RELATIVE else _minute(operand)
    whole_day = operand in RELATIVE or len(str(operand)) == 10
    end = moment + timedelta(days=1) if whole_day else moment + timedelta(minutes=1)
    operators: dict[str, Callable[[datetime], bool]] = {
        "equals": lambda value: moment <= value < end,
        "before": lambda value: value < moment,
        "after": lambda value: value >= end,
        "on_or_before": lambda value: value < end,
        "on_or_after": lambda value: value >= moment,
    }
    if word not in operators:
        raise failed(f"body.filter.date.{word}", "should be not present.")
    return lambda value: value is not None and operators[word](value)


def sort_pages(pages: list[Page], sorts: Any, schema: dict[str, Any]) -> list[Page]:
    """Earlier sorts win; pages without a value come last."""
    for one in reversed(sorts or []):
        down = one.get("direction") == "descending"
        key = _sort_key(one, schema)
        there = [page for page in pages if key(page) is not None]
        gone = [page for page in pages if key(page) is None]
        pages = sorted(there, key=key, reverse=down) + gone
    return pages


def _sort_key(one: dict[str, Any], schema: dict[str, Any]) -> Callable[[Page], Any]:
    if "timestamp" in one:
        return lambda page: page[one["timestamp"]]
    found = find_property(schema, str(one.get("property")))
    kind = found["type"]

    def key(page: Page) -> Any:
        value = (page["properties"].get(found["name"]) or {}).get(kind)
        if kind == "date":
            return value["start"] if value else None
        value = comparable(kind, value)
        return ", ".join(value) if isinstance(value, list) else value

    return key
