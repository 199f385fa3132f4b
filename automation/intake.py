"""From a request on the wire to a stored event: verify, answer handshakes, keep, and only then say yes.

Nothing is decided here that a source can decide, and nothing of the rules is known: a delivery is
accepted with every rule file broken.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from automation.clock import Clock
from automation.model.errors import StoreError, UnknownSource
from automation.model.event import Challenge, Event, Ignored, Received, WebhookRequest
from automation.sources.base import Source
from automation.store.base import Store

THREAD_FROM_BYTES = 256 * 1024
"""A larger body is verified and parsed in a thread: hashing lets other requests go on."""

TROUBLE = timedelta(seconds=5)
"""How long a delivery that could not be kept says something about the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """On disk. `duplicate`: it was there before, under this id."""

    event_id: str
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Nothing to keep: a handshake's answer, or a delivery no rule hears of (`body` is then empty JSON)."""

    body: bytes
    content_type: str


Reply = Accepted | Answered

NOTHING = Answered(body=b"{}", content_type="application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSource:
    """A source and the secrets it verifies with; none means closed."""

    source: Source
    secrets: Sequence[bytes]


class SourceBook:
    """The sources that are open now. Declared ones come and go with the rules files."""

    def __init__(self, built: Mapping[str, OpenSource]) -> None:
        self._built = dict(built)
        self._declared: dict[str, OpenSource] = {}

    def declare(self, declared: Mapping[str, OpenSource]) -> None:
        """Replace the declared sources; a built one cannot be taken over."""
        self._declared = {name: one for name, one in declared.items() if name not in self._built}

    def open(self, name: str) -> OpenSource:
        """The source to verify with. Raises UnknownSource for an unknown or closed one."""
        found = self._built.get(name) or self._declared.get(name)
        if found is None or not found.secrets:
            raise UnknownSource
        return found

    def all(self) -> Mapping[str, OpenSource]:
        """Every source by name, closed ones too."""
        return {**self._declared, **self._built}


class Intake:
    """Receives deliveries."""

    def __init__(
        self, *, book: SourceBook, store: Store, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._book = book
        self._store = store
        self._clock = clock
        self._wake = wake
        self._refused: tuple[datetime, str] | None = None

    def trouble(self, now: datetime) -> str:
        """Why the last delivery could not be kept; empty when it could, or when that is long ago."""
        if self._refused is None or now - self._refused[0] > TROUBLE:
            return ""
        return self._refused[1]

    def limit(self, source: str) -> int:
        """The most bytes a body of this source may have. Raises UnknownSource."""
        return self._book.open(source).source.max_bytes

    async def receive(self, request: WebhookRequest) -> Reply:
        """Keep the delivery; returns after it is on disk.

        Raises a DeliveryRefused, or StoreUnavailable when it could not be kept.
        """
        opened = self._book.open(request.source)
        now = self._clock.now()
        if len(request.body) < THREAD_FROM_BYTES:
            received = opened.source.receive(request, opened.secrets, now)
        else:
            received = await asyncio.to_thread(opened.source.receive, request, opened.secrets, now)
        return await self._answer(received)

    async def _answer(self, received: Received) -> Reply:
        match received:
            case Challenge(body=body, content_type=content_type):
                return Answered(body=body, content_type=content_type)
            case Ignored():
                return NOTHING
            case Event():
                return await self._keep(received)

    async def _keep(self, event: Event) -> Accepted:
        try:
            kept = await self._store.append(event)
        except StoreError as error:
            self._refused = self._clock.now(), str(error)
            raise
        self._refused = None
        self._wake()
        return Accepted(event_id=kept.event_id, duplicate=kept.duplicate)
