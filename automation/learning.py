"""Reads the newest deliveries for what they show of their sources' fields. Bounded in number and in bytes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from automation.engine.learned import learn
from automation.model.errors import BadShape, Unreadable
from automation.model.event import Event, document
from automation.model.fields import Schema
from automation.model.values import JsonObject
from automation.sources.reading import read
from automation.store.base import Store

MAX_EVENTS = 300
MAX_BYTES = 4_000_000
MAX_OF_ONE_NAME = 20
PAGE = 10
"""A page of the largest bodies there are still fits into memory."""


async def learned(store: Store, published: Mapping[str, Schema]) -> Mapping[str, Schema]:
    """What the newest deliveries show of events that nobody publishes, by source."""

    def is_published(name: str) -> bool:
        source, _, rest = name.partition(".")
        return source in published and bool(published[source].heard(rest))

    events = await recent(store, skip=is_published)
    return await asyncio.to_thread(_learn, events)


async def recent(
    store: Store, *, name: str | None = None, skip: Callable[[str], bool] = lambda name: False
) -> Sequence[Event]:
    """The newest readable events, of one name only if it is given: MAX_EVENTS are looked at, and at most MAX_BYTES
    of them and MAX_OF_ONE_NAME of one name are taken."""
    found: list[Event] = []
    counts: dict[str, int] = {}
    size, before, looked_at = 0, None, 0
    while looked_at < MAX_EVENTS and size < MAX_BYTES:
        page = await store.events(limit=PAGE, name=name, before_seq=before)
        for event in (stored.event for stored in page):
            counts[event.name] = counts.get(event.name, 0) + 1
            wanted = event.problem is None and not skip(event.name)
            if wanted and counts[event.name] <= MAX_OF_ONE_NAME:
                found.append(event)
                size += len(event.body)
        if len(page) < PAGE:
            break
        looked_at += len(page)
        before = page[-1].seq
    return found


def _learn(events: Sequence[Event]) -> Mapping[str, Schema]:
    return learn((event.name, seen) for event in events if (seen := as_seen(event)) is not None)


def as_seen(event: Event) -> JsonObject | None:
    """What rules read as `event`; None for one that cannot be read any more."""
    try:
        return document(event, read(event))
    except (Unreadable, BadShape):
        return None
