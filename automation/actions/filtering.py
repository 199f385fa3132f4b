"""Conditions on pages as Notion's own filters.

Notion compares texts without case, a rule with it: what a filter finds by text is looked at again.
https://developers.notion.com/reference/filter-data-source-entries
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from automation.model.errors import StepFailed
from automation.model.values import Json
from automation.notion.ids import page_id
from automation.notion.options import known_option
from automation.notion.schema import PropertySchema, Schema
from automation.notion.values import plain_value

TEXTUAL = frozenset({"title", "rich_text", "url", "email", "phone_number"})
CHOICES = frozenset({"select", "status"})
NUMERIC = frozenset({"number", "unique_id"})
REFERENCES = frozenset({"relation", "people", "created_by", "last_edited_by"})
TIMES = frozenset({"created_time", "last_edited_time"})
DATED = TIMES | {"date"}
ALWAYS_THERE = TIMES | {"checkbox", "unique_id", "created_by", "last_edited_by"}
"""Types without an empty value: `exists` and `empty` cannot be asked of them."""

MAX_ALTERNATIVES = 100
_AGO = re.compile(r"(?:(in) )?(\d{1,5}) (minute|hour|day|week)s?(?: (ago))?")
ORDER = {
    "above": ("greater_than", "after"),
    "below": ("less_than", "before"),
    "at_least": ("greater_than_or_equal_to", "on_or_after"),
    "at_most": ("less_than_or_equal_to", "on_or_before"),
}
LETTERS: Mapping[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__,
    "contains": lambda text, part: part in text,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
"""The tests of text whose case is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What Notion is asked (None for everything), and what is checked of its answers."""

    where: Json = None
    checks: tuple[Callable[[Mapping[str, Any]], bool], ...] = field(default=())

    def accepts(self, page: Mapping[str, Any]) -> bool:
        """Whether a page that Notion found is meant."""
        return all(check(page) for check in self.checks)


def asked(where: Mapping[str, Any], schema: Schema, *, now: datetime, zone: ZoneInfo) -> Asked:
    """The question for all of these conditions. Raises StepFailed for what Notion cannot be asked."""
    times = _Times(now, zone)
    tests = [one for name, test in where.items() for one in _tests(name, test, schema)]
    leaves = [leaf for one in tests for leaf in _flat(_leaf(one, times))]
    checks = tuple(check for one in tests for check in _letters(one))
    if not leaves:
        return Asked()
    return Asked(where=leaves[0] if len(leaves) == 1 else {"and": leaves}, checks=checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """One word asked of one property; `property` is None for a page's own times."""

    name: str
    kind: str
    property: PropertySchema | None
    word: str
    value: Any
    folded: bool = False

    def holder(self) -> dict[str, Json]:
        """What the filter is about."""
        if self.property is None:
            return {"timestamp": self.name}
        return {"property": self.property.name}

    def fail(self, what: str, remedy: str = "") -> StepFailed:
        """The refusal of this test."""
        return StepFailed(f"`where.{self.name}` {what}", remedy=remedy)


def _tests(name: str, test: Any, schema: Schema) -> list[_Test]:
    found = None if name in TIMES else schema.get(name)
    tests = test if isinstance(test, Mapping) else {"is": test}
    folded = tests.get("ignore_case") is True
    return [
        _Test(
            name=name,
            kind=found.type if found else name,
            property=found,
            word=word,
            value=value,
            folded=folded,
        )
        for word, value in tests.items()
        if word != "ignore_case"
    ]


def _flat(leaf: Json) -> list[Json]:
    """All of a test's parts must hold, as all tests must: they need no level of their own."""
    return list(leaf["and"]) if "and" in leaf else [leaf]


def _leaf(test: _Test, times: "_Times") -> Json:
    if isinstance(test.value, list) and test.word in {"is", "not"}:
        if not 1 <= len(test.value) <= MAX_ALTERNATIVES:
            raise test.fail(f"takes 1 to {MAX_ALTERNATIVES} alternatives, not {len(test.value)}")
        leaves = [_single(test, value, times) for value in test.value]
        if test.word == "not":
            return {"and": [part for leaf in leaves for part in _flat(leaf)]}
        return {"or": leaves}
    return _single(test, test.value, times)


def _single(test: _Test, value: Any, times: "_Times") -> Json:
    holder, kind = test.holder(), test.kind
    if kind in DATED and test.word == "not":
        # Notion has no such operator for dates: another day is before, after, or none at all.
        day = times.text(value, test)
        others: list[Json] = [{**holder, kind: {"before": day}}, {**holder, kind: {"after": day}}]
        empty = [] if kind in ALWAYS_THERE else [{**holder, kind: {"is_empty": True}}]
        return {"or": [*others, *empty]}
    return {**holder, kind: _condition(test, value, times)}


def _condition(test: _Test, value: Any, times: "_Times") -> Json:
    kind, word = test.kind, test.word
    if word in {"exists", "empty"}:
        return _existence(test, value)
    if word in ORDER and kind in DATED | NUMERIC:
        number, when = ORDER[word]
        return {when: times.text(value, test)} if kind in DATED else {number: _number(test, value)}
    if word in {"is", "not"}:
        return _equality(test, value, times)
    if word in {"contains", "starts_with", "ends_with"} and kind in TEXTUAL:
        return {word: _text(test, value)}
    if word == "contains" and kind in REFERENCES | {"multi_select"}:
        return {"contains": _member(test, value)}
    raise test.fail(f"cannot be asked by `{word}` yet: it is a {kind}")


def _existence(test: _Test, value: Any) -> Json:
    if not isinstance(value, bool):
        raise test.fail(f"is tested by `{test.word} = true` or `false`, not {value!r}")
    if test.kind in ALWAYS_THERE:
        raise test.fail(f"is a {test.kind}, which is never empty")
    return {"is_not_empty": True} if value is (test.word == "exists") else {"is_empty": True}


def _equality(test: _Test, value: Any, times: "_Times") -> Json:
    kind, positive = test.kind, test.word == "is"
    equal = "equals" if positive else "does_not_equal"
    if kind in TEXTUAL:
        return {equal: _text(test, value)}
    if kind in NUMERIC:
        return {equal: _number(test, value)}
    if kind in CHOICES:
        return {equal: _option(test, value)}
    if kind in DATED:
        return {equal: times.text(value, test)}
    if kind == "checkbox":
        if not isinstance(value, bool):
            raise test.fail(f"is a checkbox: it is true or false, not {value!r}")
        return {equal: value}
    if kind in REFERENCES | {"multi_select"}:
        return {"contains" if positive else "does_not_contain": _member(test, value)}
    raise test.fail(f"cannot be asked of a {kind} yet")


def _text(test: _Test, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise test.fail(
            f"takes a text, not {value!r}", "`empty = true` finds the pages that have none."
        )
    return value


def _number(test: _Test, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise test.fail(f"takes a number, not {value!r}", "`| to_number` makes one from a text.")
    return value


def _option(test: _Test, value: Any) -> str:
    assert test.property is not None
    name = _text(test, value)
    known = known_option(test.property, name)
    if known is None:
        near = difflib.get_close_matches(name, test.property.options, n=1)
        listed = ", ".join(test.property.options) or "none"
        hint = f"Did you mean `{near[0]}`?" if near else f"It has: {listed}."
        raise test.fail(f"has no option {name!r}", hint)
    return known


def _member(test: _Test, value: Any) -> str:
    if test.kind == "multi_select":
        return _option(test, value)
    found = page_id(value)
    if found is None:
        raise test.fail(f"takes an id or an address, not {value!r}")
    return found


# letters ------------------------------------------------------------------------------------------


def _letters(test: _Test) -> list[Callable[[Mapping[str, Any]], bool]]:
    """The test of a text again, with its case; nothing for tests that Notion makes as we do."""
    word = {"is": "equals"}.get(test.word, test.word)
    if test.property is None or test.folded or test.kind not in TEXTUAL or word not in LETTERS:
        return []
    name, same = test.property.name, LETTERS[word]
    wanted = test.value if isinstance(test.value, list) else [test.value]

    def check(page: Mapping[str, Any]) -> bool:
        text = plain_value(page["properties"].get(name)) or ""
        return any(same(text, one) for one in wanted)

    return [check]


# times --------------------------------------------------------------------------------------------


class _Times:
    """Dates and phrases as ISO texts; phrases are relative to the planning time."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self.now = now
        self.zone = zone

    def text(self, value: Any, test: _Test) -> str:
        """A date operand. Raises StepFailed for what is none."""
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=self.zone)).isoformat()
        if isinstance(value, date):
            return value.isoformat()
        moment = self._phrase(value) if isinstance(value, str) else None
        if moment is None:
            raise test.fail(f'takes a date or a phrase such as "14 days ago", not {value!r}')
        return moment

    def _phrase(self, text: str) -> str | None:
        today = self.now.astimezone(self.zone).date()
        if text in {"today", "tomorrow", "yesterday"}:
            days = {"today": 0, "tomorrow": 1, "yesterday": -1}[text]
            return (today + timedelta(days=days)).isoformat()
        if text == "now":
            return self.now.isoformat()
        found = _AGO.fullmatch(text)
        if found is None or bool(found[1]) == bool(found[4]):
            return None
        span = timedelta(**{found[3] + "s": int(found[2])})
        return (self.now + span if found[1] else self.now - span).isoformat()
