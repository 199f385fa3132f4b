"""Dates to Notion's: days, times, ranges.

A time without a zone is in the rule's zone, because Notion would take it as UTC. Notion cuts times to
the minute. https://developers.notion.com/reference/page-property-values#date
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from automation.model.errors import StepFailed
from automation.model.values import Json

RANGE = frozenset({"start", "end"})


def date_value(value: Any, place: str, zone: ZoneInfo) -> Json:
    """A date, time, ISO text or `{ start, end }` as a date value; nothing clears. Raises StepFailed."""
    if not isinstance(value, Mapping):
        start = moment(value, place, zone)
        return None if start is None else {"start": start}
    if "start" not in value or not value.keys() <= RANGE:
        raise StepFailed(f"{place} takes a date, or {{ start, end }}, not {shown(value)}")
    start, end = moment(value["start"], place, zone), moment(value.get("end"), place, zone)
    if start is None:
        if end is not None:
            raise StepFailed(f"{place}: a range needs a start, not only an end")
        return None
    if end is None:
        return {"start": start}
    _check_range(start, end, place)
    return {"start": start, "end": end}


def _check_range(start: str, end: str, place: str) -> None:
    if (len(start) == 10) != (len(end) == 10):
        raise StepFailed(
            f"{place}: start and end must both be days or both be times, not {start} and {end}",
            remedy="`| date_only` makes a day of a time.",
        )
    if instant(end) < instant(start):
        raise StepFailed(f"{place}: the range ends ({end}) before it starts ({start})")


def moment(value: Any, place: str, zone: ZoneInfo) -> str | None:
    """ISO text: a day, or a time with its offset. Raises StepFailed for what is no date."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _read(value.strip(), place)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=zone)
        return aware.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise StepFailed(f"{place} takes a date, not {shown(value)}")


def _read(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError as error:
        raise StepFailed(
            f"{place} takes a date, not {shown(text)}", remedy="Dates are ISO 8601: 2026-11-23."
        ) from error


def instant(text: str) -> datetime:
    """ISO text as a moment, cut to the minute as Notion does; a day is its first minute in UTC."""
    read = datetime.fromisoformat(text)
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return aware.replace(second=0, microsecond=0)


def shown(value: Any) -> str:
    """A value in a message, as a rule file would write it, shortened."""
    text = _written(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return repr(value)
