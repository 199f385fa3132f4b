"""When schedules fire: cron by an evaluator of our own, nights when the clocks change, periods."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from automation.engine.schedule import DAY, Schedule, check_cron, due, firings, next_fire
from automation.model.errors import RuleError

PARIS = ZoneInfo("Europe/Paris")
UTC_ZONE = ZoneInfo("UTC")
HOUR = timedelta(hours=1)


def cron(line: str, zone: ZoneInfo = UTC_ZONE) -> Schedule:
    return Schedule(cron=check_cron(line), zone=zone)


def every(period: timedelta, zone: ZoneInfo = PARIS) -> Schedule:
    return Schedule(every=period, zone=zone)


def local(schedule: Schedule, start: datetime, end: datetime) -> list[str]:
    """The firings in [start, end) as a clock on the wall shows them."""
    moments = firings(
        schedule, after=start - timedelta(seconds=1), until=end - timedelta(seconds=1)
    )
    return [f"{one.astimezone(schedule.zone):%d %H:%M}" for one in moments]


# cron: an evaluator that is nothing but the manual page ---------------------------------------------


def field(text: str, low: int, high: int) -> set[int]:
    """The values of one field: lists, ranges, steps."""
    values: set[int] = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        if body == "*":
            first, last = low, high
        elif "-" in body:
            first, last = map(int, body.split("-"))
        else:
            first, last = int(body), high if step else int(body)
        values |= set(range(first, last + 1, int(step or 1)))
    return values


def by_hand(line: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Minute by minute. A day counts if both day fields agree, or either does where both are restricted.

    https://manpages.debian.org/bookworm/cron/crontab.5.en.html
    """
    minutes, hours, days, months, weekdays = line.split()
    wanted_days, wanted_weekdays = field(days, 1, 31), {one % 7 for one in field(weekdays, 0, 7)}
    restricted = not days.startswith("*") and not weekdays.startswith("*")
    day = start.date()
    while day <= end.date():
        fits = [day.day in wanted_days, day.isoweekday() % 7 in wanted_weekdays]
        if day.month in field(months, 1, 12) and (any(fits) if restricted else all(fits)):
            for hour in sorted(field(hours, 0, 23)):
                for minute in sorted(field(minutes, 0, 59)):
                    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if start < moment <= end:
                        yield moment
        day += DAY


LINES = [
    "0 9 * * 1-5", "*/15 * * * *", "0 0 1 * *", "30 4 1,15 * 5", "0 0 29 2 *", "5 4 * * 0", "5 4 * * 7",
    "0 12 1-7 * 1", "0 */6 * * *", "59 23 31 12 *", "0 0 31 * *", "10-20/3 8-18 * 6-9 *", "0 0 */2 * 1",
    "0 0 * 2 *", "1 2 3 4 *", "0 22 * * 5-7", "7 7/5 * * *", "1-1/7 9-9/2 * * 1",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_a_cron_line_fires_when_the_manual_says_so_for_years(line: str) -> None:
    start = datetime(2023, 12, 31, 23, 59, tzinfo=UTC)
    end = start + (60 * DAY if line.startswith("*/15") else 3 * 366 * DAY)
    assert list(firings(cron(line), after=start, until=end)) == list(by_hand(line, start, end))


def some_line(chance: random.Random) -> str:
    """A cron line of plain values, lists, ranges and steps."""

    def one(low: int, high: int) -> str:
        first = chance.randint(low, high)
        last = chance.randint(first, high)
        return chance.choice(
            [
                "*",
                "*",
                str(first),
                f"{first}-{last}",
                f"{first},{last}",
                f"*/{first + 1}",
                f"{first}-{last}/2",
            ]
        )

    return " ".join([str(chance.randint(0, 59)), one(0, 23), one(1, 28), one(1, 12), one(0, 6)])


@pytest.mark.parametrize("seed", range(40))
def test_random_cron_lines_fire_when_the_manual_says_so(seed: int) -> None:
    chance = random.Random(seed)
    line, start = some_line(chance), datetime(2026, chance.randint(1, 12), 1, 12, 30, tzinfo=UTC)
    end = start + 400 * DAY
    assert list(firings(cron(line), after=start, until=end)) == list(by_hand(line, start, end)), (
        line
    )


@pytest.mark.parametrize(
    "line",
    ["0 0 30 2 *", "0 0 31 4,6 *", "60 * * * *", "* * * *", "* * * * * *", "0 9 * * 8", "", "a b"],
)
def test_a_line_that_can_never_fire_is_an_error_where_it_is_read(line: str) -> None:
    with pytest.raises(RuleError, match="is not a cron line"):
        check_cron(line)


@pytest.mark.parametrize(
    ("nickname", "line"),
    [("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
     ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("0 9 * * mon-fri", "0 9 * * 1-5")],
)  # fmt: skip
def test_names_mean_what_they_say(nickname: str, line: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + 400 * DAY
    named = list(firings(cron(nickname), after=start, until=end))
    assert named == list(by_hand(line, start, end))


# nights when the clocks change ----------------------------------------------------------------------

SPRING = datetime(2026, 3, 29, tzinfo=PARIS)
"""02:00 becomes 03:00."""
AUTUMN = datetime(2026, 10, 25, tzinfo=PARIS)
"""03:00 becomes 02:00."""


@pytest.mark.parametrize(
    ("line", "night", "fires"),
    [
        ("30 2 * * *", SPRING, ["29 03:00"]),
        ("30 2 * * *", AUTUMN, ["25 02:30"]),
        ("0 3 * * *", SPRING, ["29 03:00"]),
        ("0 9 * * *", SPRING, ["29 09:00"]),
        ("0 1-4 * * *", AUTUMN, ["25 01:00", "25 02:00", "25 03:00", "25 04:00"]),
    ],
)
def test_a_fixed_time_fires_once_in_each_night(
    line: str, night: datetime, fires: list[str]
) -> None:
    assert local(cron(line, PARIS), night, night + DAY) == fires


@pytest.mark.parametrize(("night", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_an_hourly_line_fires_every_hour_that_there_is(night: datetime, hours: int) -> None:
    end = (night + DAY).astimezone(UTC)
    found = list(firings(cron("0 * * * *", PARIS), after=night - HOUR / 2, until=end - HOUR / 2))
    assert len(found) == hours
    assert {later - sooner for sooner, later in pairwise(found)} == {HOUR}


def changes(zone: ZoneInfo, year: int) -> list[date]:
    """The days of the year on which the zone's clocks are changed."""
    days = [datetime(year, 1, 1, tzinfo=zone) + number * DAY for number in range(366)]
    return [one.date() for one, after in pairwise(days) if one.utcoffset() != after.utcoffset()]


def test_a_daily_tick_comes_once_a_day_in_every_zone_there_is() -> None:
    """Around every change of the clocks of a year, at any time of the night."""
    chance = random.Random(1)
    nights = 0
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for day in changes(zone, 2026):
            nights += 1
            line = f"{chance.randint(0, 59)} {chance.choice([0, 1, 2, 3, 23])} * * *"
            start = datetime(day.year, day.month, day.day, 12, tzinfo=zone) - 2 * DAY
            found = firings(cron(line, zone), after=start, until=start + 4 * DAY)
            days = Counter(one.astimezone(zone).date() for one in found)
            assert set(days.values()) == {1}, (name, line, days)
            assert len(days) == 4, (name, line, days)
    assert nights > 100


# periods --------------------------------------------------------------------------------------------


def test_a_period_counts_from_midnight_in_its_zone() -> None:
    start = datetime(2026, 6, 1, 22, 5, tzinfo=PARIS)
    assert local(every(timedelta(minutes=50)), start, start + 3 * HOUR) == [
        "01 22:30", "01 23:20", "02 00:00", "02 00:50",
    ]  # fmt: skip


@pytest.mark.parametrize(("night", "ticks"), [(SPRING, 92), (AUTUMN, 100)])
def test_a_quarter_of_an_hour_is_one_on_every_day(night: datetime, ticks: int) -> None:
    found = local(every(timedelta(minutes=15)), night, night + DAY)
    assert len(found) == ticks


@pytest.mark.parametrize("night", [SPRING, AUTUMN])
def test_a_day_is_a_day_though_it_has_23_or_25_hours(night: datetime) -> None:
    found = local(every(DAY), night - DAY, night + 2 * DAY)
    assert [one[3:] for one in found] == ["00:00"] * 3


@pytest.mark.parametrize("period", [2 * DAY, 7 * DAY, 36 * HOUR, 10 * DAY])
def test_a_longer_period_does_not_depend_on_when_one_looks(period: timedelta) -> None:
    """A service that is started every day still fires every second day."""
    start = datetime(2026, 3, 1, 10, 17, tzinfo=UTC)
    whole = list(firings(every(period), after=start, until=start + 60 * DAY))
    pieces = [
        one
        for number in range(60)
        for one in firings(
            every(period), after=start + number * DAY, until=start + (number + 1) * DAY
        )
    ]
    assert pieces == whole
    assert len(whole) in {60 * DAY // period, 60 * DAY // period + 1}


def test_a_week_begins_on_monday() -> None:
    fire = next_fire(every(7 * DAY), datetime(2026, 11, 25, tzinfo=UTC))
    assert fire is not None
    assert f"{fire.astimezone(PARIS):%A %H:%M}" == "Monday 00:00"


# what was missed ------------------------------------------------------------------------------------

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("catch_up", "late", "ticks"),
    [
        ("none", timedelta(seconds=20), [NINE]),
        ("none", HOUR, []),
        ("once", HOUR, [NINE]),
        ("once", 3 * DAY + HOUR, [NINE + 3 * DAY]),
        ("all", 2 * DAY + HOUR, [NINE, NINE + DAY, NINE + 2 * DAY]),
        ("once", 3 * DAY + timedelta(seconds=20), [NINE + 3 * DAY]),
        ("none", 3 * DAY + timedelta(seconds=20), [NINE + 3 * DAY]),
        ("none", -HOUR, []),
    ],
)
def test_what_was_missed_is_caught_up_as_the_rule_says(
    catch_up: str, late: timedelta, ticks: list[datetime]
) -> None:
    schedule = Schedule(cron="0 9 * * *", zone=UTC_ZONE, catch_up=catch_up)  # type: ignore[arg-type]
    assert due(schedule, last=NINE - HOUR, now=NINE + late) == ticks


def test_after_a_long_time_the_newest_thousand_are_caught_up() -> None:
    schedule = Schedule(every=timedelta(minutes=1), zone=UTC_ZONE, catch_up="all")
    found = due(schedule, last=NINE - 5 * DAY, now=NINE)
    assert (len(found), found[-1]) == (1_002, NINE)
    assert {later - sooner for sooner, later in pairwise(found)} == {timedelta(minutes=1)}


@pytest.mark.parametrize("catch_up", ["none", "once", "all"])
def test_years_of_missed_seconds_are_not_counted_one_by_one(catch_up: str) -> None:
    """The loop that would count them also answers deliveries."""
    schedule = Schedule(every=timedelta(seconds=1), zone=UTC_ZONE, catch_up=catch_up)  # type: ignore[arg-type]
    started = time.monotonic()
    assert due(schedule, last=NINE - 3650 * DAY, now=NINE)[-1] == NINE
    assert time.monotonic() - started < 1.0  # counting them takes minutes
