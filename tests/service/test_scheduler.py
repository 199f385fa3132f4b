"""Ticks are events like any other: once for each planned time, whoever is up."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from automation import scheduler as scheduler_module
from automation.actions.discover import discover
from automation.engine.load import load
from automation.engine.rules import RuleSet
from automation.model.errors import StoreUnavailable
from automation.scheduler import Scheduler, tick
from automation.store.base import Store
from automation.store.sqlite import MEMORY, SqliteStore
from tests.clocks import VirtualClock
from tests.living import TARGETS, LocalNotion, eventually, live

pytestmark = pytest.mark.anyio

EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    made = SqliteStore(MEMORY)
    await made.open()
    yield made
    await made.close()


def rules(cron: str = "0 9 * * *", *, catch_up: str = "none", enabled: str = "true") -> RuleSet:
    text = f"""
[[rule]]
id = "daily"
enabled = {enabled}
on = "schedule"
schedule = {{ cron = "{cron}", catch_up = "{catch_up}" }}
[[rule.do]]
create = "Tasks"
set.Name = "{{{{ event.at }}}}"
"""
    loaded = load({"a.toml": text}, actions=discover())
    assert loaded.problems == ()
    return loaded.rules


class Clockwork:
    """A scheduler whose loop does not run: what it would do is done when asked."""

    def __init__(self, store: Store, clock: VirtualClock) -> None:
        self.woken = 0
        ids = count(1)
        self.scheduler = Scheduler(
            store=store, clock=clock, wake=self._wake, new_id=lambda: f"{id(self):x}{next(ids):04x}"
        )

    def _wake(self) -> None:
        self.woken += 1

    async def use(self, found: RuleSet) -> None:
        """Adopt the rules, and do what they make the loop do at once."""
        self.scheduler.use(found)
        for job in list(self.scheduler._loop.get_jobs()):
            if job.trigger.__class__.__name__ == "DateTrigger":
                job.remove()
                await job.func(*job.args)

    async def fire(self, found: RuleSet) -> None:
        """What the loop does when the time has come."""
        schedule = found.rules["daily"].schedule
        assert schedule is not None
        await self.scheduler.fire("daily", schedule)


async def ticks(store: Store) -> list[str]:
    """The planned times of the ticks in the store, oldest first."""
    found = reversed(await store.events(limit=10_000, source="schedule"))
    return [json.loads(one.event.body)["at"][5:16] for one in found]


def test_a_tick_is_an_event_that_says_when_it_was_planned() -> None:
    made = tick("daily", EIGHT, event_id="e1", now=EIGHT + HOUR)
    assert (made.name, made.keys) == ("schedule.daily", ("daily:2026-11-24T08:00:00Z",))
    assert json.loads(made.body) == {"rule": "daily", "at": "2026-11-24T08:00:00Z"}


async def test_a_new_schedule_counts_from_now(store: Store) -> None:
    clock = VirtualClock(EIGHT)
    one = Clockwork(store, clock)
    await one.use(rules(catch_up="all"))
    assert (await ticks(store), await store.last_tick("daily")) == ([], EIGHT)


async def test_a_tick_comes_once_from_two_processes_on_one_store(store: Store) -> None:
    """Also when their clocks do not agree."""
    fast, slow = VirtualClock(EIGHT), VirtualClock(EIGHT - timedelta(seconds=3))
    one, two = Clockwork(store, fast), Clockwork(store, slow)
    found = rules()
    await one.use(found)
    await two.use(found)
    for clock in (fast, slow):
        clock.put(HOUR + timedelta(seconds=3))
    await asyncio.gather(one.fire(found), two.fire(found), one.fire(found))
    assert await ticks(store) == ["11-24T09:00"]
    assert one.woken + two.woken == 1


@pytest.mark.parametrize(
    ("catch_up", "wanted"),
    [
        ("none", []),
        ("once", ["11-26T09:00"]),
        ("all", ["11-24T09:00", "11-25T09:00", "11-26T09:00"]),
    ],
)
async def test_what_was_missed_while_nobody_was_up_is_caught_up_at_the_start(
    store: Store, catch_up: str, wanted: Sequence[str]
) -> None:
    clock = VirtualClock(EIGHT)
    await Clockwork(store, clock).use(rules(catch_up=catch_up))
    clock.put(2 * DAY + 5 * HOUR)
    for _ in range(2):
        await Clockwork(store, clock).use(rules(catch_up=catch_up))
        assert await ticks(store) == wanted


@pytest.mark.parametrize(
    "between",
    [
        rules("0 10 * * *", catch_up="all"),
        rules(enabled="false", catch_up="all"),
        load({}, actions=discover()).rules,
    ],
    ids=["another time", "switched off", "deleted"],
)
async def test_a_schedule_that_was_changed_or_switched_off_is_not_caught_up(
    store: Store, between: RuleSet
) -> None:
    """What it would have said meanwhile was not to be said."""
    clock, found = VirtualClock(EIGHT + HOUR), rules(catch_up="all")
    one = Clockwork(store, clock)
    await one.use(found)
    await one.use(between)
    clock.put(3 * DAY)
    await one.use(found)
    assert await ticks(store) == []
    clock.put(DAY)
    await one.fire(found)
    assert await ticks(store) == ["11-28T09:00"]


async def test_a_tick_is_not_lost_while_the_store_is_away(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, found = VirtualClock(EIGHT), rules()
    one = Clockwork(store, clock)
    await one.use(found)
    clock.put(HOUR)
    away = True
    add = SqliteStore.add_tick

    async def add_tick(self: SqliteStore, *given: Any) -> bool:
        if away:
            raise StoreUnavailable
        return await add(self, *given)

    monkeypatch.setattr(SqliteStore, "add_tick", add_tick)
    firing = asyncio.create_task(one.fire(found))
    for _ in range(3):
        # The store answers from its own thread, so time is let go by until it has.
        await asyncio.sleep(0.05)
        await clock.pass_time(120)
    assert await ticks(store) == []
    away = False
    while not firing.done():
        await asyncio.sleep(0.01)
        await clock.pass_time(120)
    assert await ticks(store) == ["11-24T09:00"]


async def test_the_clock_is_looked_at_also_when_nothing_is_due(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that slept, a clock that was put forward: the timer of the loop knows nothing of it."""
    import apscheduler.schedulers.base as loop_module

    shift = timedelta()

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Shifted":
            return super().now(tz) + shift

    monkeypatch.setattr(loop_module, "datetime", Shifted)
    monkeypatch.setattr(scheduler_module, "LOOK_EVERY_SECONDS", 0.2)
    clock = VirtualClock(datetime.now(UTC))
    one = Clockwork(store, clock)
    one.scheduler.use(rules("0 0 1 1 *", catch_up="once"))
    one.scheduler.start()

    async def counted() -> bool:
        return await store.last_tick("daily") is not None

    await eventually(counted, what="the beginning")
    shift = timedelta(days=370)
    clock.put(shift)
    await eventually(lambda: ticks(store), what="the tick of the new year")
    one.scheduler.stop()


async def test_a_running_service_ticks(tmp_path: Path, notion: LocalNotion) -> None:
    rule = """
[[rule]]
id = "often"
on = "schedule"
schedule = { every = "1 second" }
[[rule.do]]
create = "Tasks"
set.Name = "{{ event.at }}"
"""
    async with live(tmp_path, TARGETS, rule, **notion.settings) as service:

        async def three() -> bool:
            return len(notion.titles()) >= 3

        await eventually(three, what="three ticks")
        runs = await service.runs()
        found = await service.service.store.events(limit=100)
    assert {one.event.name for one in found} == {"schedule.often"}
    assert len({one.event.keys for one in found}) == len(found)
    moments = [datetime.fromisoformat(title) for title in notion.titles()]
    steps = {later - sooner for sooner, later in pairwise(moments)}
    assert steps == {timedelta(seconds=1)}
    assert {run.rule_id for run in runs} == {"often"}
