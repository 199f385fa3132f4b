"""Virtual time: an event loop that jumps to the next timer instead of waiting for it.

With no threads and no sockets in play, a run under this loop is decided by its seed alone.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Stuck(Exception):
    """Nothing is ready and no timer is set: the simulated world has come to a halt."""


class _Selector(selectors.SelectSelector):
    """Never blocks: what the loop would have waited for is over at once."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise Stuck
        self.loop.jump(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Seconds since `START` as `time()`."""

    def __init__(self) -> None:
        self._passed = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._passed

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """There are no threads: it is done at once."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # handed to whoever awaits it
            future.set_exception(error)
        return future

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += max(seconds, 0.0)


class VirtualClock:
    """The service's clock under a VirtualLoop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        """Aware, UTC."""
        return START + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        """Virtual seconds."""
        await asyncio.sleep(seconds)


def run(make: "Coroutine[Any, Any, T]", loop: VirtualLoop) -> T:
    """Run to the end in virtual time, then let go of what is left."""
    try:
        return loop.run_until_complete(make)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
