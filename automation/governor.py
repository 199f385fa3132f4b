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
from automation.model.errors import Deferred, StoreError
from automation.store.base import Permits, Store
from automation.timing import Timing

LONGEST_PAUSE_SECONDS = 3600.0
"""A longer `Retry-After` is looked at again after this: an answer must not be able to stop us for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Nobody sends before `until`: Notion said so, or the budget is spent."""

    until: datetime
    reason: str


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
        self._closed = False
        self._stop = Stop(until=clock.now(), reason="")
        self._paused_until = clock.now()
        self.sent = 0

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._queue)

    @property
    def stop(self) -> Stop | None:
        """Why nobody sends at the moment; None when somebody may."""
        return self._stop if self._stop.until > self._clock.now() else None

    async def permit(self, *, bulk: bool = False) -> None:
        """Return when one request may be sent; interactive requests pass bulk ones.

        Raises StoreUnavailable when the count cannot be kept: then nothing may be sent. Raises
        Deferred when the service stops: what waits for its turn was certainly not sent.
        """
        if self._closed:
            raise _stopping()
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
        until = self._clock.now() + timedelta(seconds=min(seconds, LONGEST_PAUSE_SECONDS))
        self._left = 0
        self._paused_until = max(until, self._paused_until)
        if until > self._stop.until:
            self._stop = Stop(until=until, reason=reason)
        await self._store.pause(self._token, until=until, reason=reason)

    def close(self) -> None:
        """Grant nothing more: the service stops, and only what is on its way goes on."""
        self._closed = True
        if self._pump is not None:
            self._pump.cancel()
        self._fail(_stopping())

    def pause_left(self) -> float:
        """For how many seconds Notion asked for silence, as far as this process knows."""
        return max(0.0, (self._paused_until - self._clock.now()).total_seconds())

    def _ready(self) -> bool:
        held = self._held
        valid = held is not None and self._clock.now() < held.valid_until
        return valid and self._left > 0 and self.stop is None

    def _spend(self) -> None:
        self._left -= 1
        self.sent += 1

    async def _serve(self) -> None:
        """Hand out turns until nobody waits; a failing store fails everybody who waits."""
        try:
            while self._queue:
                if (stop := self.stop) is not None:
                    await self._wait(stop)
                elif not self._ready():
                    await self._refill()
                else:
                    self._grant(heapq.heappop(self._queue))
        except StoreError as error:
            self._fail(error)

    def _grant(self, turn: _Turn) -> None:
        if not turn.granted.done():
            self._spend()
            turn.granted.set_result(None)

    async def _wait(self, stop: Stop) -> None:
        """Sleep it out; by then it is over, also on a machine whose clock was put back meanwhile."""
        await self._clock.sleep(max((stop.until - self._clock.now()).total_seconds(), 0.01))
        if self._stop is stop:
            self._stop = Stop(until=self._clock.now(), reason="")

    def _fail(self, error: Exception) -> None:
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
            self._stop = Stop(until=permits.not_before, reason=permits.reason)


def _stopping() -> Deferred:
    return Deferred("the service is stopping", seconds=0)
