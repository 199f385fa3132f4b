"""Dates: as they may be sent, as they are kept, and how filters compare them.

Days stay days. Times are cut to the minute and given back with an offset and no zone; a time
without offset and zone is UTC.
https://developers.notion.com/reference/page-property-values
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.emulator.errors import failed, invalid
from automation.emulator.shapes import line, moment, nullable, table, text

Object = dict[str, Any]

DATE = table({"start": moment}, {"end": nullable(moment), "time_zone": nullable(text(1))})
"""The check of a date value."""

RELATIVE = {
    "today": 0, "tomorrow": 1, "yesterday": -1, "one_week_ago": -7, "one_week_from_now": 7,
    "one_month_ago": -30, "one_month_from_now": 30,
}  # fmt: skip
PERIODS = {
    "past_week": (-7, 0), "past_month": (-30, 0), "past_year": (-365, 0),
    "next_week": (0, 7), "next_month": (0, 30), "next_year": (0, 365),
}  # fmt: skip


def minute(when: datetime) -> str:
    """A time as pages and blocks carry it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


def read_date(raw: Object, path: str) -> Object:
    """A date value, already checked, as it is kept."""
    zone = _zone(raw.get("time_zone"), path)
    start, end = _kept(raw["start"], zone), None
    if raw.get("end"):
        end = _kept(raw["end"], zone)
        _check_range(start, end, raw, path)
    return {"start": start, "end": end, "time_zone": None}


def _check_range(start: str, end: str, raw: Object, path: str) -> None:
    if (len(start) == 10) != (len(end) == 10):
        raise failed([line(f"{path}.end", "of the same kind as start", raw["end"])])
    if instant(end) < instant(start):
        raise invalid(f"{path}.end should be at or after its start, instead was {raw['end']}.")


def _zone(name: str | None, path: str) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise failed([line(f"{path}.time_zone", "a valid IANA time zone", name)]) from None


def _kept(given: str, zone: tzinfo | None) -> str:
    if len(given) == 10:
        return given
    when = datetime.fromisoformat(given)
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone or UTC)
    elif zone is not None:
        when = when.astimezone(zone)
    return when.replace(second=0, microsecond=0).isoformat(timespec="milliseconds")


def instant(given: str) -> datetime:
    """A kept or compared text as a moment, cut to the minute."""
    when = datetime.fromisoformat(given)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return when.replace(second=0, microsecond=0)


def span(operand: str, now: datetime) -> tuple[datetime, datetime]:
    """What a filter's operand covers: a day, or the minute of a time; end excluded."""
    if operand in RELATIVE:
        start = _midnight(now) + timedelta(days=RELATIVE[operand])
        return start, start + timedelta(days=1)
    start = instant(operand)
    return start, start + (timedelta(days=1) if len(operand) == 10 else timedelta(minutes=1))


def period(word: str, now: datetime) -> tuple[datetime, datetime]:
    """What `past_week` and its like cover, whole days in UTC; end excluded."""
    today = _midnight(now)
    if word == "this_week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=7)
    first, last = PERIODS[word]
    return today + timedelta(days=first), today + timedelta(days=last + 1)


def _midnight(now: datetime) -> datetime:
    day: date = now.astimezone(UTC).date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
