"""A piece of work done again and again until it is cancelled.

The work says how long it may rest; a wake ends the rest at once. A store that is away, or any other
error, is logged and the work tried again: no loop ever dies in silence.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from automation.model.errors import StoreUnavailable

log = structlog.get_logger()

AFTER_ERROR_SECONDS = 1.0


class Loop:
    """`work` does a bit and returns for how many seconds there is nothing to do (0: go on)."""

    def __init__(self, name: str, work: Callable[[], Awaitable[float]]) -> None:
        self.name = name
        self._work = work
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    async def run(self) -> None:
        """Work for ever."""
        while True:
            self._woken.clear()
            rest = await self._bit()
            if rest > 0:
                # Not `wait_for`: before Python 3.12 a wake in the same moment swallows a cancellation.
                with suppress(TimeoutError):
                    async with asyncio.timeout(rest):
                        await self._woken.wait()

    async def _bit(self) -> float:
        try:
            return await self._work()
        except StoreUnavailable as error:
            log.warning("loop.store_away", loop=self.name, error=str(error))
            return AFTER_ERROR_SECONDS
        except Exception:
            log.exception("loop.error", loop=self.name)
            return AFTER_ERROR_SECONDS
