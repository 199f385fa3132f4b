"""Times as rules write them: TOML dates, ISO texts in events, durations, and phrases.

A phrase is relative to the planning time; days and weeks of a phrase are 24 and 168 hours. A number
is never a date.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_PHRASE = re.compile(r"(?:(in) )?(\d{1,5}) (minute|hour|day|week)s?(?: (ago))?", re.ASCII)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?(?: ?([Zz]|[+-]\d\d:?\d\d))?)?",
    re.ASCII,
)
_DURATION = re.compile(r"(\d{1,5}) (second|minute|hour|day|week)s?", re.ASCII)
DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


def is_phrase(text: str) -> bool:
    """Whether the text is one of the phrases: now, today, tomorrow, yesterday, N … ago, in N …"""
    if text == "now" or text in DAYS:
        return True
    found = _PHRASE.fullmatch(text)
    return found is not None and bool(found[1]) != bool(found[4])


def looks_like_iso(text: str) -> bool:
    """Whether the text is an ISO date that should stand without quotes."""
    return _ISO.fullmatch(text) is not None


def phrase(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment a phrase means, in UTC. `today` is its first instant in the zone."""
    if text == "now":
        return now.astimezone(UTC)
    if text in DAYS:
        return _first_instant(now.astimezone(zone).date() + timedelta(days=DAYS[text]), zone)
    found = _PHRASE.fullmatch(text)
    assert found is not None
    span = timedelta(**{found[3] + "s": int(found[2])})
    return now.astimezone(UTC) + span if found[1] else now.astimezone(UTC) - span


def _first_instant(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def duration(text: str) -> timedelta | None:
    """`"15 minutes"`; None if it is not one."""
    found = _DURATION.fullmatch(text.strip())
    return timedelta(**{found[2] + "s": int(found[1])}) if found else None


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """A value as a moment, in its own zone: a date is its first instant in the zone, as is ISO text without one."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    return moment(iso(value), zone) if isinstance(value, str) else None


def instant(value: Any, zone: ZoneInfo) -> datetime | None:
    """A value as a moment in UTC, to be compared; None for what is no date."""
    found = moment(value, zone)
    try:
        return found.astimezone(UTC) if found is not None else None
    except OverflowError:  # on the first or last day of the calendar
        return None


def iso(text: str) -> date | datetime | None:
    """An ISO text as RFC 3339 has it (seconds and offset may be missing); None for anything else."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    day, clock, fraction, offset = found.groups()
    try:
        if clock is None:
            return date.fromisoformat(day)
        digits = f".{fraction[:6]:0<6}" if fraction else ""
        seconds = clock if len(clock) > 5 else f"{clock}:00"
        return datetime.fromisoformat(f"{day}T{seconds}{digits}{(offset or '').upper()}")
    except ValueError:
        return None
