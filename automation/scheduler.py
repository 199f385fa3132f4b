"""Schedule ticks as ordinary events. APScheduler's loop runs them; which ticks are due is decided in `engine`.

A tick's delivery key is the rule and its planned UTC time, so whichever process is up inserts it and
nobody inserts it twice. What was missed while no process was up is looked at once, at the start; a
schedule that is new, changed or switched on again counts from now.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from automation.clock import Clock
from automation.engine.rules import RuleSet
from automation.engine.schedule import Schedule, due, next_fire
from automation.model.errors import StoreUnavailable
from automation.model.event import Event
from automation.store.base import Store

log = structlog.get_logger()

SOURCE = "schedule"

LOOK_EVERY_SECONDS = 20
"""How often the loop looks at the clock though nothing is due: its timer stands still while the machine
sleeps, and knows nothing of a clock that was put forward."""

STORE_AWAY_SECONDS = 2.0


def tick(rule_id: str, at: datetime, *, event_id: str, now: datetime) -> Event:
    """The event of one firing. `at` is the planned time, UTC."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Event(
        id=event_id,
        source=SOURCE,
        name=f"{SOURCE}.{rule_id}",
        keys=(f"{rule_id}:{stamp}",),
        received_at=now,
        body=json.dumps({"rule": rule_id, "at": stamp}).encode(),
    )


class _Trigger(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """APScheduler's view of one of our schedules."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The next firing after the later of both."""
        return next_fire(self._schedule, max(previous, now) if previous else now)


class Scheduler:
    """Fires the schedules of the rules in force."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        wake: Callable[[], None],
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._new_id = new_id
        self._loop = AsyncIOScheduler(timezone=UTC)
        self._schedules: Mapping[str, Schedule] = {}
        self._seen: set[str] = set()
        self._loop.add_job(_look_at_the_clock, "interval", seconds=LOOK_EVERY_SECONDS)

    def start(self) -> None:
        """Begin to fire."""
        self._loop.start()

    def stop(self) -> None:
        """Fire nothing more."""
        self._loop.shutdown(wait=False)

    def use(self, rules: RuleSet) -> None:
        """Fire the schedules of these rules, and no others; what was missed while down is looked at once."""
        wanted = {
            rule.id: rule.schedule
            for rule in rules.rules.values()
            if rule.schedule is not None and rule.enabled
        }
        for gone in self._schedules.keys() - wanted.keys():
            self._loop.remove_job(gone)
        for rule_id, schedule in wanted.items():
            if self._schedules.get(rule_id) != schedule:
                self._add(rule_id, schedule)
        self._schedules = wanted
        self._seen |= wanted.keys()

    def _add(self, rule_id: str, schedule: Schedule) -> None:
        self._loop.add_job(
            self.fire,
            _Trigger(schedule),
            args=[rule_id, schedule],
            id=rule_id,
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        first = self.begin if rule_id in self._seen else self.fire
        self._loop.add_job(first, args=[rule_id, schedule], misfire_grace_time=None)

    async def begin(self, rule_id: str, schedule: Schedule) -> None:
        """Count from now: what the schedule would have said before was not said."""
        now = self._clock.now()
        await self._patiently(lambda: self._store.add_tick(rule_id, now, None))

    async def fire(self, rule_id: str, schedule: Schedule) -> None:
        """Insert every tick that is due since the last one; a new schedule starts counting now.

        What is due when this is called is inserted, however long the store is away.
        """
        now = self._clock.now()
        await self._patiently(lambda: self._fire(rule_id, schedule, now))

    async def _fire(self, rule_id: str, schedule: Schedule, now: datetime) -> bool:
        last = await self._store.last_tick(rule_id)
        if last is not None:
            for at in due(schedule, last=last, now=now):
                event = tick(rule_id, at, event_id=self._new_id(), now=now)
                if await self._store.add_tick(rule_id, at, event):
                    self._wake()
        return await self._store.add_tick(rule_id, now, None)

    async def _patiently(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Do it as soon as the store can be written; it is the same however often it is done."""
        while True:
            try:
                await work()
            except StoreUnavailable as error:
                log.warning("schedule.store_away", error=str(error))
                await self._clock.sleep(STORE_AWAY_SECONDS)
            else:
                return


async def _look_at_the_clock() -> None:
    """Nothing: to be called is to have looked."""
