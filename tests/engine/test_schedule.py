"""When schedules fire, what is caught up, and which events a rule hears."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.engine.plan import listens
from automation.engine.schedule import Schedule, check_cron, due, firings, next_fire
from automation.model.errors import RuleError
from tests.engine.loading import HEAD, STEP, load_text, rule_with

PARIS = ZoneInfo("Europe/Paris")


def moment(text: str) -> datetime:
    """In UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cron(text: str, zone: str = "UTC", **more: Any) -> Schedule:
    """A schedule by a cron line."""
    return Schedule(cron=check_cron(text), zone=ZoneInfo(zone), **more)


def every(zone: str = "UTC", **span: int) -> Schedule:
    """A schedule by a period."""
    return Schedule(every=timedelta(**span), zone=ZoneInfo(zone))


FIRES: list[tuple[str, Schedule, str, list[str]]] = [
    ("1 is Monday", cron("0 9 * * 1"), "2026-11-22T00:00", ["2026-11-23T09:00", "2026-11-30T09:00"]),
    ("1-5 are weekdays", cron("0 9 * * 1-5"), "2026-11-20T10:00", ["2026-11-23T09:00"]),
    ("0 is Sunday", cron("0 9 * * 0"), "2026-11-23T00:00", ["2026-11-29T09:00"]),
    ("7 is Sunday", cron("0 9 * * 7"), "2026-11-23T00:00", ["2026-11-29T09:00"]),
    ("names of days", cron("0 9 * * MON,wed"), "2026-11-23T10:00", ["2026-11-25T09:00"]),
    ("day of month or of week", cron("0 0 1 * 1"), "2026-11-28T00:00", ["2026-11-30T00:00", "2026-12-01T00:00"]),
    ("@daily", cron("@daily"), "2026-11-23T10:00", ["2026-11-24T00:00"]),
    ("@hourly", cron("@hourly"), "2026-11-23T10:00", ["2026-11-23T11:00"]),
    ("@weekly", cron("@weekly"), "2026-11-23T10:00", ["2026-11-29T00:00"]),
    ("@monthly", cron("@monthly"), "2026-11-23T10:00", ["2026-12-01T00:00"]),
    ("@yearly", cron("@yearly"), "2026-11-23T10:00", ["2027-01-01T00:00"]),
    ("in a zone", cron("0 9 * * *", "Europe/Paris"), "2026-11-23T00:00", ["2026-11-23T08:00"]),
    ("a spring night without 02:30", cron("30 2 * * *", "Europe/Paris"), "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
    ("an autumn night with two 02:30", cron("30 2 * * *", "Europe/Paris"), "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
    ("every 15 minutes", every(minutes=15), "2026-11-23T10:01", ["2026-11-23T10:15", "2026-11-23T10:30"]),
    ("anew at midnight", every(hours=7), "2026-11-23T20:00", ["2026-11-23T21:00", "2026-11-24T00:00", "2026-11-24T07:00"]),
    ("at midnight of its zone", every("Europe/Paris", hours=6), "2026-11-23T10:00", ["2026-11-23T11:00", "2026-11-23T17:00", "2026-11-23T23:00"]),
    ("a short day", every("Europe/Paris", hours=8), "2026-03-28T22:00", ["2026-03-28T23:00", "2026-03-29T07:00", "2026-03-29T15:00", "2026-03-29T22:00"]),
    ("every day", every(days=1), "2026-11-23T00:00", ["2026-11-24T00:00", "2026-11-25T00:00"]),
    ("every week, on Mondays", every("Europe/Paris", weeks=1), "2026-11-25T00:00", ["2026-11-29T23:00", "2026-12-06T23:00"]),
    ("every two days", every(days=2), "2026-11-23T12:00", ["2026-11-24T00:00", "2026-11-26T00:00"]),
    ("every 36 hours", every(hours=36), "2026-11-23T00:00", ["2026-11-23T12:00", "2026-11-25T00:00"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "after", "times"), [case[1:] for case in FIRES], ids=[case[0] for case in FIRES]
)
def test_a_schedule_fires(schedule: Schedule, after: str, times: list[str]) -> None:
    """At these moments, in UTC, and at no other between them."""
    wanted = [moment(one) for one in times]
    assert list(firings(schedule, after=moment(after), until=wanted[-1])) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "0 9 * *", "0 9 * * * *", "60 * * * *", "* * * * 8", "@never", "0 0 30 2 *", "every day"],
)
def test_what_is_no_cron_line_is_refused(text: str) -> None:
    """In words."""
    with pytest.raises(RuleError, match="is not a cron line"):
        check_cron(text)


@given(
    st.sampled_from(
        [timedelta(minutes=7), timedelta(hours=5), timedelta(days=3), timedelta(hours=40)]
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001
    st.timedeltas(timedelta(0), timedelta(days=4)),
)
def test_a_period_does_not_depend_on_when_one_asks(
    period: timedelta, at: datetime, later: timedelta
) -> None:
    """Asked anew at any moment before it fires, it fires at the same."""
    schedule = Schedule(every=period, zone=PARIS)
    now = at.replace(tzinfo=UTC)
    first = next_fire(schedule, now)
    assert first is not None
    assert now < first
    if now + later < first:
        assert next_fire(schedule, now + later) == first


MISSED: list[tuple[str, Any, list[int]]] = [
    ("nothing is caught up", "none", [0]),
    ("one is, unless one fires now", "once", [0]),
    ("all are", "all", [-3, -2, -1, 0]),
]


@pytest.mark.parametrize(
    ("catch_up", "hours"), [case[1:] for case in MISSED], ids=[case[0] for case in MISSED]
)
def test_what_was_missed_while_down_is_treated_as_the_rule_says(
    catch_up: Any, hours: list[int]
) -> None:
    """What is older than a minute was missed."""
    now = moment("2026-11-24T12:00") + timedelta(seconds=30)
    last = now - timedelta(hours=4)
    found = due(cron("@hourly", catch_up=catch_up), last=last, now=now)
    assert found == [moment("2026-11-24T12:00") + timedelta(hours=hour) for hour in hours]


def test_one_missed_tick_is_caught_up_once() -> None:
    """The newest."""
    now = moment("2026-11-24T12:30")
    schedule = cron("@hourly", catch_up="once")
    assert due(schedule, last=now - timedelta(hours=4), now=now) == [moment("2026-11-24T12:00")]


# hearing ------------------------------------------------------------------------------------------

HEARS = [
    ("github.issues", "github.issues.opened", True),
    ("github.issues", "github.issues", True),
    ("github", "github.push", True),
    ("github.issues.opened", "github.issues", False),
    ("github.issue", "github.issues.opened", False),
    ("github.issues.open", "github.issues.opened", False),
    ("git", "github.push", False),
]


@pytest.mark.parametrize(("on", "name", "heard"), HEARS)
def test_a_shorter_name_covers_everything_below_it(on: str, name: str, heard: bool) -> None:
    """And nothing that only begins with the same letters."""
    text = (HEAD + STEP).replace("test.event", on)
    assert listens(load_text(text).rules.rules["r"], name) is heard


def test_a_rule_hears_only_its_own_ticks() -> None:
    """Whatever other schedules there are."""
    text = HEAD.replace("test.event", "schedule") + 'schedule.every = "1 hour"\n' + STEP
    rule = load_text(text).rules.rules["r"]
    assert [listens(rule, name) for name in ("schedule.r", "schedule.rr", "schedule")] == [
        True,
        False,
        False,
    ]
    assert not listens(rule_with(""), "schedule.r")
