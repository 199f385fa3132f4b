"""Finds the event that a run waits for: what was stored before its watch, then what a planner kept for it.

The newest one received up to the run's planning, else the first one after it. An event counts from the
moment it is stored; its time is when it was received.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

from automation.engine import waiting
from automation.model.errors import StepFailed
from automation.model.event import Event, document
from automation.model.request import TIMED_OUT, Response
from automation.model.run import Run
from automation.sources.reading import read
from automation.store.base import Arrival, Store, Watch

LOOK_BACK_AT_MOST = 1_000
"""How many events of the name, newest first, are compared when a run looks back before its planning;
an older one is not found, and the run waits for the next."""

PORTION = 100
AFTER = timedelta(microseconds=1)
FOR_EVER = 2**63 - 1


async def answer(
    store: Store, run: Run, watch: Callable[[], Awaitable[Watch]], now: datetime
) -> Response | None:
    """The answer of a wait, as the journal keeps it: 200 and the event's id, or TIMED_OUT; None while
    neither is certain. `watch` registers the watch, or gives it as it is now."""
    mine = await watch()
    found = None if mine.looked else await _stored_before(store, run, mine)
    if found is None:
        found = await _stored_since(store, mine, watch, now)
    if found is not None:
        return Response(status=200, body={"event": found.event_id})
    return Response(status=TIMED_OUT) if now >= waiting.until(mine.wait) else None


async def told(store: Store, response: Response) -> Response:
    """What the step hears: the event's document in place of its id."""
    if response.status == TIMED_OUT:
        return response
    event_id = response.body["event"]
    stored = await store.event(event_id)
    if stored is None:
        raise StepFailed(f"the event {event_id} that it waited for is not in the store any more")
    return Response(status=response.status, body=_document(stored.event))


def _document(event: Event) -> object:
    return document(event, read(event))


async def _stored_before(store: Store, run: Run, watch: Watch) -> Arrival | None:
    past = await store.arrivals(
        watch.wait.event,
        after_seq=0,
        upto_seq=watch.seq,
        since=waiting.since(watch.wait),
        until=min(run.planned_at, waiting.until(watch.wait)),
        limit=LOOK_BACK_AT_MOST,
        newest_first=True,
    )
    for one in past:
        if await _fits(store, watch, one):
            return one
    own = await store.event(run.event_id)
    async for one in _portions(
        store,
        watch,
        after_seq=own.seq if own else 0,
        upto_seq=watch.seq,
        since=run.planned_at + AFTER,
    ):
        if await _fits(store, watch, one):
            return one
    return None


async def _stored_since(
    store: Store, watch: Watch, again: Callable[[], Awaitable[Watch]], now: datetime
) -> Arrival | None:
    """The first that fits of those stored after the watch: kept by a planner, or not planned yet.

    Those not planned yet are listed first, and what planners kept is read after: an event that is
    planned in between is in one of the two.
    """
    if watch.answer is None and now < waiting.until(watch.wait):
        return None
    first: Arrival | None = None
    async for one in _portions(
        store,
        watch,
        after_seq=watch.seq,
        upto_seq=FOR_EVER,
        since=waiting.since(watch.wait),
        unplanned=True,
    ):
        if await _fits(store, watch, one):
            first = one
            break
    kept = (await again()).answer
    return min((one for one in (first, kept) if one is not None), key=_seq, default=None)


def _seq(one: Arrival) -> int:
    return one.seq


async def _portions(
    store: Store,
    watch: Watch,
    *,
    after_seq: int,
    upto_seq: int,
    since: datetime,
    unplanned: bool = False,
) -> AsyncIterator[Arrival]:
    """Oldest first, all of them, a portion at a time."""
    while True:
        portion = await store.arrivals(
            watch.wait.event,
            after_seq=after_seq,
            upto_seq=upto_seq,
            since=since,
            until=waiting.until(watch.wait),
            limit=PORTION,
            unplanned=unplanned,
        )
        for one in portion:
            yield one
        if not portion:
            return
        after_seq = portion[-1].seq


async def _fits(store: Store, watch: Watch, one: Arrival) -> bool:
    if one.event_id == watch.event_id:
        return False
    stored = await store.event(one.event_id)
    if stored is None or stored.event.problem is not None:
        return False
    event = stored.event
    return waiting.answers(watch.wait, event.name, event.received_at, document(event, read(event)))
