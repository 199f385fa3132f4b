"""Filters of data-source queries: a JSON filter becomes a test of pages.

Text is compared without case. A test on nothing passes only for `is_empty` and the negations.
https://developers.notion.com/reference/filter-data-source-entries
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automation.emulator import ids, reading
from automation.emulator.dates import PERIODS, RELATIVE, minute, period, span
from automation.emulator.errors import failed, invalid
from automation.emulator.rollups import is_empty
from automation.emulator.shapes import (
    EMPTY,
    Absent,
    Checks,
    array,
    boolean,
    keyed,
    line,
    literal,
    moment,
    number,
    one_of,
    text,
)
from automation.emulator.workspace import DataSource, Page, Property, Workspace

Object = dict[str, Any]
Test = Callable[[Page], bool]
Value = Callable[[Page], Any]
"""Gives the inner value of a property as it is shown."""

MAX_DEPTH = 2
TIMESTAMPS = ("created_time", "last_edited_time")
TEXTS = frozenset({"title", "rich_text", "url", "email", "phone_number"})
NUMBERS = frozenset({"number", "unique_id"})
MOMENTS = frozenset({"date", *TIMESTAMPS})

# what each kind of condition takes ----------------------------------------------------------------

_TRUE = literal(True)
_EXISTENCE: Checks = {"is_empty": _TRUE, "is_not_empty": _TRUE}
_WORD = text()
_WORDS = one_of(_WORD, array(_WORD))
_WHEN = one_of(literal(*RELATIVE), moment)
_SOMEBODY = one_of(literal("me"), text(1))

_TEXT: Checks = {
    "equals": _WORD, "does_not_equal": _WORD, "contains": _WORD, "does_not_contain": _WORD,
    "starts_with": _WORD, "ends_with": _WORD, **_EXISTENCE,
}  # fmt: skip
_NUMBER: Checks = {
    "equals": number(), "does_not_equal": number(), "greater_than": number(),
    "less_than": number(), "greater_than_or_equal_to": number(),
    "less_than_or_equal_to": number(), **_EXISTENCE,
}  # fmt: skip
_CHOICE: Checks = {"equals": _WORDS, "does_not_equal": _WORDS, **_EXISTENCE}
_MOMENT: Checks = {
    "equals": _WHEN, "before": _WHEN, "after": _WHEN, "on_or_before": _WHEN, "on_or_after": _WHEN,
    "this_week": EMPTY, **dict.fromkeys(PERIODS, EMPTY), **_EXISTENCE,
}  # fmt: skip
_PERSON: Checks = {"contains": _SOMEBODY, "does_not_contain": _SOMEBODY, **_EXISTENCE}

CONDITIONS: Mapping[str, Checks] = {
    "title": _TEXT,
    "rich_text": _TEXT,
    "url": _TEXT,
    "email": _TEXT,
    "phone_number": _TEXT,
    "number": _NUMBER,
    "unique_id": _NUMBER,
    "checkbox": {"equals": boolean, "does_not_equal": boolean},
    "select": _CHOICE,
    "status": _CHOICE,
    "multi_select": {"contains": _WORDS, "does_not_contain": _WORDS, **_EXISTENCE},
    "date": _MOMENT,
    "created_time": _MOMENT,
    "last_edited_time": _MOMENT,
    "people": _PERSON,
    "created_by": _PERSON,
    "last_edited_by": _PERSON,
    "relation": {"contains": text(1), "does_not_contain": text(1), **_EXISTENCE},
    "files": _EXISTENCE,
    "verification": {"status": literal("verified", "expired", "none")},
}
FORMULAS = {"string": "rich_text", "number": "number", "checkbox": "checkbox", "date": "date"}
ROLLUP_ITEMS = ("any", "every", "none")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a filter stands on."""

    space: Workspace
    source: DataSource
    now: datetime

    def shown(self, one: Property) -> Value:
        """The inner value of a property of a page."""
        return lambda page: reading.shown(self.space, page, one)


# compounds ----------------------------------------------------------------------------------------


def compile_filter(raw: Any, ground: Ground, path: str = "body.filter", depth: int = 0) -> Test:
    """The test. Refuses what Notion refuses."""
    if not isinstance(raw, dict):
        raise failed([line(path, "an object or `undefined`", raw)])
    for word, whole in (("and", all), ("or", any)):
        if word in raw:
            parts = _parts(raw[word], f"{path}.{word}", depth)
            tests = [
                compile_filter(one, ground, f"{path}.{word}[{index}]", depth + 1)
                for index, one in enumerate(parts)
            ]
            return _joined(whole, tests)
    if "timestamp" in raw:
        return _timestamp(raw, ground, path)
    return _property(raw, ground, path)


def _parts(raw: Any, path: str, depth: int) -> list[Any]:
    if depth >= MAX_DEPTH:
        raise failed([line(path, "not present", raw)])
    problems = array(EMPTY)(raw, path, ())
    if problems:
        raise failed(problems)
    found: list[Any] = raw
    return found


def _joined(whole: Callable[[Any], bool], tests: list[Test]) -> Test:
    return lambda page: whole(test(page) for test in tests)


def equalities(raw: Any) -> list[tuple[str, str]]:
    """(property, text) of each equality of texts that every page of the result must have."""
    if not isinstance(raw, dict):
        return []
    if isinstance(raw.get("and"), list):
        return [found for one in raw["and"] for found in equalities(one)]
    for kind in TEXTS & raw.keys():
        wanted = raw[kind].get("equals") if isinstance(raw[kind], dict) else None
        if isinstance(wanted, str):
            return [(str(raw.get("property")), wanted)]
    return []


# leaves -------------------------------------------------------------------------------------------


def _timestamp(raw: Object, ground: Ground, path: str) -> Test:
    name = raw["timestamp"]
    if name not in TIMESTAMPS:
        raise failed([line(f"{path}.timestamp", '`"created_time"` or `"last_edited_time"`', name)])
    if "property" in raw:
        raise failed([line(f"{path}.property", "not present", raw["property"])])
    if name not in raw:
        raise failed([line(f"{path}.{name}", "defined", Absent.ABSENT)])

    def value(page: Page) -> str:
        return minute(page.created if name == "created_time" else page.edited)

    return condition(name, raw[name], value, ground, f"{path}.{name}")


def _property(raw: Object, ground: Ground, path: str) -> Test:
    given = next((key for key in raw if key in CONDITIONS or key in {"formula", "rollup"}), None)
    if given is None:
        kinds = (*CONDITIONS, "formula", "rollup")
        raise failed([line(f"{path}.{one}", "defined", Absent.ABSENT) for one in kinds])
    name = raw.get("property")
    if not isinstance(name, str):
        raise failed([line(f"{path}.property", "defined", Absent.ABSENT)])
    one = ground.source.find(name)
    if one is None:
        raise invalid(f"Could not find property with name or id: {name}")
    if not _fits(one.type, given):
        raise invalid(f"database property {one.type} does not match filter {given}")
    return condition(one.type, raw[given], ground.shown(one), ground, f"{path}.{given}")


def _fits(kind: str, given: str) -> bool:
    return given == kind or (kind in TEXTS and given in TEXTS)


def condition(kind: str, raw: Any, value: Value, ground: Ground, path: str) -> Test:
    """The test of one property's condition."""
    if kind == "formula":
        return _formula(raw, value, ground, path)
    if kind == "rollup":
        return _rollup(raw, value, ground, path)
    known = CONDITIONS.get(kind)
    if known is None:
        raise invalid(f"Filtering by {kind} is not supported.")
    problems = keyed(known)(raw, path, ())
    if problems:
        raise failed(problems)
    tests = [_operator(kind, word, operand, ground) for word, operand in raw.items()]
    return lambda page: all(test(value(page)) for test in tests)


def _one(raw: Any, known: Mapping[str, Any], path: str) -> str:
    found = next((key for key in raw if key in known), None) if isinstance(raw, dict) else None
    if found is None:
        raise failed([line(f"{path}.{one}", "defined", Absent.ABSENT) for one in known])
    return str(found)


def _formula(raw: Any, value: Value, ground: Ground, path: str) -> Test:
    """A formula of another type than the condition's has no value for it."""
    given = _one(raw, FORMULAS, path)
    names = {"checkbox": "boolean"}

    def result(page: Page) -> Any:
        found = value(page)
        wanted = names.get(given, given)
        inner = found[wanted] if found["type"] == wanted else None
        return [{"plain_text": inner or ""}] if given == "string" else inner

    return condition(FORMULAS[given], raw[given], result, ground, f"{path}.{given}")


def _rollup(raw: Any, value: Value, ground: Ground, path: str) -> Test:
    """`any`, `every` or `none` of the items, or the rolled-up date or number itself."""
    given = _one(raw, dict.fromkeys((*ROLLUP_ITEMS, "number", "date")), path)
    if given not in ROLLUP_ITEMS:
        return condition(
            given, raw[given], lambda page: value(page).get(given), ground, f"{path}.{given}"
        )
    kind = _one(raw[given], CONDITIONS, f"{path}.{given}")
    inner = raw[given][kind]
    where = f"{path}.{given}.{kind}"
    condition(kind, inner, lambda page: None, ground, where)

    def test(page: Page) -> bool:
        items = value(page).get("array") or []
        results = [
            condition(kind, inner, _constant(one, kind), ground, where)(page) for one in items
        ]
        return {
            "any": any(results),
            "every": all(results) and bool(results),
            "none": not any(results),
        }[given]

    return test


def _constant(item: Object, kind: str) -> Value:
    found = item[item["type"]] if _fits(item["type"], kind) else None
    return lambda page: found


# operators ----------------------------------------------------------------------------------------


def _operator(kind: str, word: str, operand: Any, ground: Ground) -> Callable[[Any], bool]:
    if word in {"is_empty", "is_not_empty"}:
        return lambda inner: is_empty(_plain(kind, inner)) is (word == "is_empty")
    if kind in MOMENTS:
        return _moments(kind, word, operand, ground)
    if kind in NUMBERS:
        return lambda inner: _numbers(word, _plain(kind, inner), operand)
    if kind == "checkbox":
        return lambda inner: (inner is operand) is (word == "equals")
    if kind == "verification":
        states = {"verified": "verified", "none": "unverified", "expired": "expired"}
        return lambda inner: bool(inner["state"] == states[operand])
    wanted = [_fold(one, ground) for one in (operand if isinstance(operand, list) else [operand])]
    return lambda inner: _texts(word, _plain(kind, inner), wanted)


def _plain(kind: str, inner: Any) -> Any:
    return None if inner is None else reading.comparable(kind, inner)


def _fold(given: str, ground: Ground) -> str:
    if given == "me":
        return ground.space.bot_id
    return (ids.dashed(given) or given).casefold()


def _texts(word: str, value: Any, wanted: list[str]) -> bool:
    match value:
        case list():
            found = any(one.casefold() in wanted for one in value)
            return found is (word == "contains")
        case _:
            folded = (value or "").casefold()
    tests: Mapping[str, Callable[[str], bool]] = {
        "equals": lambda one: folded == one,
        "does_not_equal": lambda one: folded == one,
        "contains": lambda one: one in folded,
        "does_not_contain": lambda one: one in folded,
        "starts_with": folded.startswith,
        "ends_with": folded.endswith,
    }
    found = any(tests[word](one) for one in wanted)
    return not found if word.startswith("does_not") else found


def _numbers(word: str, value: float | None, operand: float) -> bool:
    if value is None:
        return word == "does_not_equal"
    tests: Mapping[str, bool] = {
        "equals": value == operand,
        "does_not_equal": value != operand,
        "greater_than": value > operand,
        "less_than": value < operand,
        "greater_than_or_equal_to": value >= operand,
        "less_than_or_equal_to": value <= operand,
    }
    return tests[word]


def _moments(kind: str, word: str, operand: Any, ground: Ground) -> Callable[[Any], bool]:
    inside = word in PERIODS or word == "this_week"
    start, end = period(word, ground.now) if inside else span(operand, ground.now)
    tests: Mapping[str, Callable[[datetime], bool]] = {
        "equals": lambda when: start <= when < end,
        "before": lambda when: when < start,
        "after": lambda when: when >= end,
        "on_or_before": lambda when: when < end,
        "on_or_after": lambda when: when >= start,
    }
    test = tests["equals" if inside else word]

    def check(inner: Any) -> bool:
        when = _plain(kind, inner)
        return when is not None and test(when)

    return check
