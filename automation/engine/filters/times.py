"""Filters on dates and times. None of them reads a clock; `now` is a root."""

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine import dates
from automation.engine.data import as_text, wrong

_UTC = ZoneInfo("UTC")
_PATTERN = re.compile(r"(?:[^%]|%-?[aAbBdeFHIjmMpRSTuUVwWyYzZ%])*", re.DOTALL)
MAX_PATTERN = 200


def _moment(value: Any) -> datetime:
    found = dates.moment(value, _UTC)
    if found is None:
        shown = as_text(value)[:30] if not isinstance(value, dict) else "a table"
        raise wrong(f"{shown!r} is not a date")
    return found


def date_only(value: Any) -> date:
    """`moment | date_only`: the day, as the moment's own zone has it."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return _moment(value).date()


def plus_time(value: Any, span: Any) -> datetime:
    """`moment | plus_time: "2 days"`: later. Days and weeks keep the hour when the clocks change."""
    return _moved(value, span, 1)


def minus_time(value: Any, span: Any) -> datetime:
    """`moment | minus_time: "2 hours"`: earlier."""
    return _moved(value, span, -1)


def _moved(value: Any, span: Any, sign: int) -> datetime:
    text = as_text(span)
    by = dates.duration(text)
    if by is None:
        raise wrong(f'{text[:30]!r} is not a duration such as "2 days"')
    start = _moment(value)
    if text.strip().removesuffix("s").endswith(("day", "week")):
        return start + sign * by
    return (start.astimezone(UTC) + sign * by).astimezone(start.tzinfo)


def formatted(value: Any, pattern: Any) -> str:
    """`moment | date: "%A %d %B"`: by the usual signs, %Y %m %d %H %M %B %b %A %a %j %p %V … and %-d."""
    text = as_text(pattern)
    if len(text) > MAX_PATTERN or not _PATTERN.fullmatch(text):
        raise wrong(f"{text[:30]!r} is not a pattern for dates")
    return _moment(value).strftime(text)
