"""Times as rules write them: TOML dates, and phrases relative to the planning time."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_PHRASE = re.compile(r"(?:(in) )?(\d{1,5}) (minute|hour|day|week)s?(?: (ago))?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?")
_DURATION = re.compile(r"(\d{1,5}) (second|minute|hour|day|week)s?")


def is_phrase(text: str) -> bool:
    """Whether the text is one of the phrases: now, today, tomorrow, N … ago, in N …"""
    if text in {"now", "today", "tomorrow", "yesterday"}:
        return True
    found = _PHRASE.fullmatch(text)
    return found is not None and bool(found[1]) != bool(found[4])


def looks_like_iso(text: str) -> bool:
    """Whether the text is an ISO date that should stand without quotes."""
    return _ISO.fullmatch(text) is not None


def phrase(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment a phrase means."""
    if text == "now":
        return now
    if text in {"today", "tomorrow", "yesterday"}:
        days = {"today": 0, "tomorrow": 1, "yesterday": -1}[text]
        day = now.astimezone(zone).date() + timedelta(days=days)
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    found = _PHRASE.fullmatch(text)
    assert found is not None
    span = timedelta(**{found[3] + "s": int(found[2])})
    return now + span if found[1] else now - span


def duration(text: str) -> timedelta | None:
    """`"15 minutes"`; None if it is not one."""
    found = _DURATION.fullmatch(text.strip())
    return timedelta(**{found[2] + "s": int(found[1])}) if found else None


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """A value as a moment: an aware datetime, a date's first instant in the zone, or ISO text; else None."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    if isinstance(value, str) and looks_like_iso(value):
        try:
            return moment(datetime.fromisoformat(value), zone)
        except ValueError:
            return None
    return None


def utc(value: datetime) -> datetime:
    """The same moment in UTC."""
    return value.astimezone(UTC)
