"""Schedules: which moments they fire at. Standard cron: 1 is Monday, 0 and 7 are Sunday.

Cron texts are read by cronsim, which fires once in each DST night; `every` counts from midnight in
the schedule's zone, and days and weeks from a Monday long ago, so that it does not matter when one
begins to count. All results are UTC.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from automation.model.errors import RuleError

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
MAX_MISSED = 1000
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
FIRST_DAY = date(2001, 1, 1)
"""A Monday: periods of days and weeks are counted from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a rule fires by itself: either a cron line or a period."""

    cron: str | None = None
    every: timedelta | None = None
    zone: ZoneInfo
    catch_up: Literal["none", "once", "all"] = "none"


def check_cron(text: str) -> str:
    """The five fields of a cron line or nickname. Raises RuleError."""
    line = NICKNAMES.get(text.strip(), text.strip())
    # cronsim reads the step of a range of one value as if the range had no end.
    line = re.sub(r"\b(\w+)-\1/\d+\b", r"\1", line)
    try:
        CronSim(line, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        reason = str(error)
        raise RuleError(f"{text!r} is not a cron line: {reason[:1].lower()}{reason[1:]}") from error
    if len(line.split()) != 5:
        raise RuleError(f"{text!r} is not a cron line: it needs five fields")
    return line


def next_fire(schedule: Schedule, after: datetime) -> datetime | None:
    """The first firing after the moment; None if there is none within the next years."""
    local = after.astimezone(schedule.zone)
    if schedule.every is not None:
        return _next_period(schedule.every, local, schedule.zone)
    assert schedule.cron is not None
    try:
        return next(CronSim(schedule.cron, local)).astimezone(UTC)
    except StopIteration:
        return None


def _next_period(every: timedelta, local: datetime, zone: ZoneInfo) -> datetime:
    if every % DAY == timedelta():
        since = local.date() - FIRST_DAY
        return _midnight(FIRST_DAY + every * (since // every + 1), zone)
    start = _midnight(local.date() if every < DAY else FIRST_DAY, zone)
    fire = start + every * ((local.astimezone(UTC) - start) // every + 1)
    return min(fire, _midnight(local.date() + DAY, zone)) if every < DAY else fire


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def firings(schedule: Schedule, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every firing in (after, until]."""
    fire = next_fire(schedule, after)
    while fire is not None and fire <= until:
        yield fire
        fire = next_fire(schedule, fire)


def due(
    schedule: Schedule, *, last: datetime, now: datetime, on_time: timedelta = timedelta(seconds=60)
) -> list[datetime]:
    """The ticks to insert now. What is older than `on_time` was missed, and treated as `catch_up` says."""
    fresh_since = max(last, now - on_time - INSTANT)
    fresh = list(firings(schedule, after=fresh_since, until=now))
    match schedule.catch_up:
        case "all":
            return [*_newest(MAX_MISSED, schedule, after=last, until=fresh_since), *fresh]
        case "once":
            return fresh or _newest(1, schedule, after=last, until=fresh_since)
        case "none":
            return fresh


def _newest(number: int, schedule: Schedule, *, after: datetime, until: datetime) -> list[datetime]:
    """The last so many firings in (after, until], looked for from the end: years may lie between."""
    span = timedelta(minutes=1)
    while True:
        start = until - span if until - after > span else after
        found = list(firings(schedule, after=start, until=until))
        if len(found) >= number or start == after:
            return found[-number:]
        span *= 2
