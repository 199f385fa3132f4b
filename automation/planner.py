"""Plans what has been stored: reads events in their order, asks the engine, keeps the plans.

One event a turn of the loop; and while clients stand in line with deliveries, no further ahead than the
dispatcher has use for. Planning is put off then, and nothing is left out: an acknowledgement is due in
seconds, and Notion takes ten requests a second.

An event is also shown to the runs that wait for one of its name. Who waits is read after the event
was: see `store.sql_waits` for why none is missed.
"""

import asyncio
from collections.abc import Callable, Sequence

from automation.clock import Clock
from automation.directory import Directory
from automation.engine import waiting
from automation.engine.plan import plan
from automation.model.event import Event, document
from automation.rulebook import RuleBook
from automation.sources.reading import read
from automation.store.base import Store, Watch

BATCH = 32
AHEAD = 200
"""So many planned runs are enough while clients stand in line."""
SLOWLY_SECONDS = 0.02

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
        crowded: Callable[[], bool],
        begun: Callable[[], int],
    ) -> None:
        """`crowded`: clients stand in line. `begun`: how many runs the dispatcher has begun so far."""
        self._store = store
        self._clock = clock
        self._rules = rules
        self._directory = directory
        self._wake_runs = wake_runs
        self._crowded = crowded
        self._begun = begun
        self._runs = 0

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
        plans = []
        for event in events:
            plans.append(asyncio.create_task(self._plan(event, watches)))
            await asyncio.sleep(SLOWLY_SECONDS if self._crowded() and self._ahead() else 0)
        await asyncio.gather(*plans)
        return 0.0

    async def _plan(self, event: Event, watches: Sequence[Watch]) -> None:
        missing = self._directory.missing(self._rules.target_texts())
        known = document(event, read(event))
        planned = plan(
            event, known, self._rules.current, now=self._clock.now(), waiting=missing.keys()
        )
        answers = [
            watch
            for watch in watches
            if watch.event_id != event.id
            and waiting.answers(watch.wait, event.name, event.received_at, known)
        ]
        if await self._store.save_plan(planned, answers=answers) and (planned.runs or answers):
            self._runs += len(planned.runs)
            self._wake_runs()

    def _ahead(self) -> bool:
        return self._runs - self._begun() >= AHEAD
