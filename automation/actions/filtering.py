"""Conditions on pages as Notion's own filters.

https://developers.notion.com/reference/filter-data-source-entries
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from automation.model.errors import StepFailed
from automation.model.values import Json
from automation.notion.schema import Schema

TEXTUAL = frozenset({"title", "rich_text", "url", "email", "phone_number"})
CHOICES = frozenset({"select", "status"})
TIMES = frozenset({"created_time", "last_edited_time"})
_AGO = re.compile(r"(?:(in) )?(\d{1,5}) (minute|hour|day|week)s?(?: (ago))?")
ORDER = {
    "above": ("greater_than", "after"),
    "below": ("less_than", "before"),
    "at_least": ("greater_than_or_equal_to", "on_or_after"),
    "at_most": ("less_than_or_equal_to", "on_or_before"),
}


def filter_of(where: Mapping[str, Any], schema: Schema, *, now: datetime, zone: ZoneInfo) -> Json:
    """The filter, or None for no conditions. Raises StepFailed for what Notion cannot be asked."""
    leaves = [
        leaf
        for name, test in where.items()
        for leaf in _leaves(name, test, schema, _Times(now, zone))
    ]
    if not leaves:
        return None
    return leaves[0] if len(leaves) == 1 else {"and": leaves}


class _Times:
    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self.now = now
        self.zone = zone

    def text(self, value: Any, name: str) -> str:
        """A date operand as ISO text; phrases are relative to the planning time."""
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=self.zone)).isoformat()
        if isinstance(value, date):
            return value.isoformat()
        moment = self._phrase(value) if isinstance(value, str) else None
        if moment is None:
            raise StepFailed(
                f'`where.{name}` takes a date or a phrase such as "14 days ago", not {value!r}'
            )
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


def _leaves(name: str, test: Any, schema: Schema, times: _Times) -> list[Json]:
    kind = name if name in TIMES else schema.get(name).type
    holder = {"timestamp": name} if name in TIMES else {"property": schema.get(name).name}
    tests = test if isinstance(test, Mapping) else {"is": test}
    return [_leaf(holder, kind, name, word, value, times) for word, value in tests.items()]


def _leaf(holder: Json, kind: str, name: str, word: str, value: Any, times: _Times) -> Json:
    if word == "is" and isinstance(value, list):
        return {"or": [_leaf(holder, kind, name, "is", one, times) for one in value]}
    if word == "not" and isinstance(value, list):
        return {"and": [_leaf(holder, kind, name, "not", one, times) for one in value]}
    return {**holder, kind: _condition(kind, name, word, value, times)}


def _condition(kind: str, name: str, word: str, value: Any, times: _Times) -> Json:
    if word in {"exists", "empty"}:
        there = value is (word == "exists")
        return {"is_not_empty": True} if there else {"is_empty": True}
    dated = kind == "date" or kind in TIMES
    if word in ORDER and (kind == "number" or dated):
        number, moment = ORDER[word]
        return {moment: times.text(value, name)} if dated else {number: _number(value, name)}
    if word in {"is", "not"} and kind == "multi_select":
        return {"contains" if word == "is" else "does_not_contain": value}
    if word in {"is", "not"} and (
        kind in TEXTUAL | CHOICES or kind in {"number", "checkbox"} or dated
    ):
        operand = times.text(value, name) if dated else value
        return {"equals" if word == "is" else "does_not_equal": operand}
    if word in {"contains", "starts_with", "ends_with"} and kind in TEXTUAL:
        return {word: value}
    raise StepFailed(f"`where.{name}.{word}` cannot be asked of a {kind} yet")


def _number(value: Any, name: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StepFailed(f"`where.{name}` takes a number, not {value!r}")
    return value
