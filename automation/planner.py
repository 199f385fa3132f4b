"""Plans what has been stored: reads events in their order, asks the engine, keeps the plans.

An event is also shown to the runs that wait for one of its name. Who waits is read after the event
was: see `store.sql_waits` for why none is missed. An event that cannot be planned is parked with the
reason: planning depends on nothing that another try would change, and nobody waits behind it.

One event a turn of the loop; and while clients stand in line with deliveries, no further ahead than the
dispatcher has use for. Planning is put off then, and nothing is left out: an acknowledgement is due in
seconds, and Notion takes ten requests a second.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import structlog

from automation.clock import Clock
from automation.directory import Directory
from automation.engine import waiting
from automation.engine.plan import plan
from automation.engine.rules import RuleSet
from automation.model.errors import StoreUnavailable
from automation.model.event import Event, document
from automation.rulebook import RuleBook, target_texts
from automation.sources.reading import read
from automation.store.base import Store, Watch

log = structlog.get_logger()

BATCH = 32
AHEAD = 200
"""So many planned runs are enough while clients stand in line."""
SLOWLY_SECONDS = 0.02

LOOK_EVERY_SECONDS = 1.0
"""How often events of other processes are looked for; our own wake the loop at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What events are planned with that are planned together."""

    rules: RuleSet
    missing: Collection[str]
    watches: Sequence[Watch]


class Planner:
    """Turns stored events into runs."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        rules: RuleBook,
        directory: Directory,
        wake_runs: Callable[[], None],
        crowded: Callable[[], bool] = lambda: False,
        begun: Callable[[], int] = lambda: 0,
    ) -> None:
        """`crowded`: clients stand in line. `begun`: how many runs the dispatcher has begun so far."""
        self._store = store
        self._clock = clock
        self._rules = rules
        self._directory = directory
        self._wake_runs = wake_runs
        self._crowded = crowded
        self._begun = begun
        self._ready = 0

    async def work(self) -> float:
        """Plan one batch."""
        events = await self._store.claim_events(BATCH)
        if not events:
            return LOOK_EVERY_SECONDS
        # The rule set is kept before any plan names it.
        rules = await self._rules.keep()
        batch = _Batch(
            rules=rules,
            missing=await self._missing(rules),
            watches=await self._store.watches(
                {covering for event in events for covering in waiting.names(event.name)}
            ),
        )
        plans = []
        for event in events:
            plans.append(asyncio.create_task(self._plan_or_park(event, batch)))
            await asyncio.sleep(SLOWLY_SECONDS if self._crowded() and self._ahead() else 0)
        await asyncio.gather(*plans)
        return 0.0

    async def _missing(self, rules: RuleSet) -> Collection[str]:
        """The targets that runs must wait for: those not found, and those that older runs still wait for."""
        waits = await self._store.waits()
        awaited = {what.removeprefix("target:") for what in waits if what.startswith("target:")}
        return awaited | self._directory.missing(target_texts(rules)).keys()

    async def _plan_or_park(self, event: Event, batch: _Batch) -> None:
        try:
            await self._plan(event, batch)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception("event.poison", event_id=event.id)
            problem = f"it cannot be planned: {type(error).__name__}: {error}"
            await self._store.park_event(event.id, problem=problem)

    async def _plan(self, event: Event, batch: _Batch) -> None:
        known = document(event, read(event))
        now = self._clock.now()
        planned = plan(event, known, batch.rules, now=now, waiting=batch.missing)
        answers = [
            watch
            for watch in batch.watches
            if watch.event_id != event.id
            and waiting.answers(watch.wait, event.name, event.received_at, known)
        ]
        saved = await self._store.save_plan(planned, answers=answers)
        if saved and (planned.runs or answers):
            self._ready += sum(run.waiting_for is None for run in planned.runs)
            self._wake_runs()

    def _ahead(self) -> bool:
        return self._ready - self._begun() >= AHEAD
