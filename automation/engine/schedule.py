"""Schedules: which moments they fire at. Standard cron: 1 is Monday, 0 and 7 are Sunday.

Cron texts are read by cronsim, which fires once in each DST night; `every` counts from midnight in
the schedule's zone. All results are UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    start, now = midnight.astimezone(UTC), local.astimezone(UTC)
    fire = start + every * ((now - start) // every + 1)
    tomorrow = local.date() + DAY
    end = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)
    return min(fire, end) if every <= DAY else fire


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
    missed: list[datetime] = []
    fresh: list[datetime] = []
    for fire in firings(schedule, after=last, until=now):
        (fresh if now - fire <= on_time else missed).append(fire)
        del missed[:-MAX_MISSED]
    match schedule.catch_up:
        case "all":
            return missed + fresh
        case "once":
            return fresh or missed[-1:]
        case "none":
            return fresh
