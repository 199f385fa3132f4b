"""Spends the request budget: never more than `limit` sends in any window, to the last one.

Notion's window is fixed (60 s) but of unknown phase, and allows the whole budget in one burst; so
the rule kept here is that *no* 60 s hold more than the limit. Counts live in the store, so they
survive a restart and are shared by every process; permits are taken in small blocks that are only
valid for a moment, so a request costs no commit of its own.
https://developers.notion.com/reference/request-limits
"""

import asyncio
import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from automation.clock import Clock
from automation.model.errors import StoreError
from automation.store.base import Permits, Store
from automation.timing import Timing


@dataclass(order=True, slots=True)
class _Turn:
    """A request in the queue: interactive before bulk, then in order of arrival."""

    bulk: bool
    number: int
    granted: asyncio.Future[None] = field(compare=False)


class Governor:
    """One token's budget in this process."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        token_key: str,
        limit: int,
        timing: Timing,
        block: int | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._token = token_key
        self._limit = limit
        self._timing = timing
        self._block = block or max(1, min(10, limit // 18))
        self._held: Permits | None = None
        self._left = 0
        self._queue: list[_Turn] = []
        self._numbers = count()
        self._pump: asyncio.Task[None] | None = None
        self.paused_until: datetime | None = None
        self.sent = 0

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._queue)

    async def permit(self, *, bulk: bool = False) -> None:
        """Return when one request may be sent; interactive requests pass bulk ones.

        Raises StoreUnavailable when the count cannot be kept: then nothing may be sent.
        """
        if not self._queue and self._ready():
            self._spend()
            return
        turn = _Turn(bulk, next(self._numbers), asyncio.get_running_loop().create_future())
        heapq.heappush(self._queue, turn)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._serve(), name="governor")
        await turn.granted

    async def pause(self, seconds: float, *, reason: str) -> None:
        """Notion said wait (429, 529, 401): nobody sends under this token before that."""
        until = self._clock.now() + timedelta(seconds=seconds)
        self._left = 0
        self.paused_until = max(until, self.paused_until or until)
        await self._store.pause(self._token, until=until, reason=reason)

    def _ready(self) -> bool:
        held = self._held
        return held is not None and self._left > 0 and self._clock.now() < held.valid_until

    def _spend(self) -> None:
        self._left -= 1
        self.sent += 1

    async def _serve(self) -> None:
        """Hand out turns until nobody waits; a failing store fails everybody who waits."""
        try:
            while self._queue:
                if not self._ready():
                    await self._refill()
                    continue
                turn = heapq.heappop(self._queue)
                if not turn.granted.done():
                    self._spend()
                    turn.granted.set_result(None)
        except StoreError as error:
            queue, self._queue = self._queue, []
            for turn in queue:
                if not turn.granted.done():
                    turn.granted.set_exception(error)

    async def _refill(self) -> None:
        permits = await self._store.take_permits(
            self._token,
            now=self._clock.now(),
            want=min(self._block, max(1, len(self._queue))),
            limit=self._limit,
            window_seconds=self._timing.window,
            valid_seconds=self._timing.permit,
        )
        self._held, self._left = permits, permits.granted
        if permits.granted == 0:
            wait = (permits.not_before - self._clock.now()).total_seconds()
            await self._clock.sleep(max(wait, 0.01))
