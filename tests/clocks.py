"""A clock that tests set: sleepers wake when time is let go by, whatever the hands are put to."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TURNS = 20
"""How often the loop goes round until everything that can go on without time has done so."""


class VirtualClock:
    """Time stands still until `pass_time`."""

    def __init__(self, now: datetime = NOW) -> None:
        self._start = now
        self._passed = timedelta()
        self._numbers = count()
        self._sleepers: list[tuple[timedelta, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._start + self._passed

    def put(self, by: timedelta) -> None:
        """Somebody puts the hands forward or back; a sleeper sleeps as long as it meant to."""
        self._start += by

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        until = self._passed + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (until, next(self._numbers), future))
        await future

    async def pass_time(self, seconds: float) -> None:
        """Let so many seconds go by, and everybody do what they do meanwhile."""
        end = self._passed + timedelta(seconds=seconds)
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            until, _, future = heapq.heappop(self._sleepers)
            self._passed = max(self._passed, until)
            if not future.done():
                future.set_result(None)
            await self.settle()
        self._passed = end

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
