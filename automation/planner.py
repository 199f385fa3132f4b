"""Plans what has been stored: reads events in their order, asks the engine, keeps the plans.

An event is also shown to the runs that wait for one of its name. Who waits is read after the event
was: see `store.sql_waits` for why none is missed.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence

import structlog

from automation.clock import Clock
from automation.directory import Directory
from automation.engine import waiting
from automation.engine.plan import plan
from automation.model.errors import StoreError
from automation.model.event import Event, document
from automation.rulebook import RuleBook
from automation.sources.reading import read
from automation.store.base import Store, Watch

log = structlog.get_logger()

BATCH = 64
LOOK_EVERY_SECONDS = 1.0
"""How often events of other processes are looked for; our own wake the loop at once."""


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
    ) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._directory = directory
        self._wake_runs = wake_runs

    async def work(self) -> float:
        """Plan one batch."""
        events = await self._store.claim_events(BATCH)
        if not events:
            return LOOK_EVERY_SECONDS
        # The rule set is kept before any plan names it.
        await self._rules.keep()
        watches = await self._store.watches(
            {covering for event in events for covering in waiting.names(event.name)}
        )
        held = await self._held()
        await asyncio.gather(*(self._plan_or_park(event, watches, held) for event in events))
        self._wake_runs()
        return 0.0

    async def _held(self) -> Collection[str]:
        """Targets that a run must wait for: those that are missing, and those that others still wait for."""
        awaited = await self._store.awaited()
        missing = self._directory.missing(self._rules.target_texts())
        return {*missing, *(one.removeprefix("target:") for one in awaited)}

    async def _plan_or_park(
        self, event: Event, watches: Sequence[Watch], held: Collection[str]
    ) -> None:
        """An event that cannot be planned would fail again at every try, and hold up those behind it."""
        try:
            await self._plan(event, watches, held)
        except StoreError:
            raise
        except Exception as error:
            log.exception("event.unplannable", event=event.id)
            problem = f"it could not be planned: {type(error).__name__}: {error}"
            await self._store.set_aside(event.id, problem)

    async def _plan(self, event: Event, watches: Sequence[Watch], held: Collection[str]) -> None:
        known = document(event, read(event))
        planned = plan(event, known, self._rules.current, now=self._clock.now(), waiting=held)
        answers = [
            watch
            for watch in watches
            if watch.event_id != event.id
            and waiting.answers(watch.wait, event.name, event.received_at, known)
        ]
        await self._store.save_plan(planned, answers=answers)
