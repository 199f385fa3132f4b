"""The simulated way to Notion: the emulator behind a network that loses, delays and lies.

Fates are drawn per request from one seeded stream. What is lost on the way back was still carried
out; what comes late may come after the sender has given up.
"""

import asyncio
from dataclasses import dataclass
from random import Random

import httpx

from automation.emulator.app import create_app
from automation.emulator.faults import Fault
from automation.emulator.seed import SEEDS
from automation.emulator.state import Emulator
from automation.emulator.traffic import Window
from automation.emulator.workspace import Workspace
from proof.virtual import VirtualClock

SERVER_CEILING_SECONDS = 60.0
"""Notion carries nothing out later than this: https://developers.notion.com/reference/status-codes"""

STORM = ("429", "500", "502", "503", "504", "529", "409")
"""Answers of a server that did nothing."""

COMMITTED = ("503_committed", "504_committed")
"""Answers of a server that did it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Chances per request."""

    refused: float = 0.0
    """No connection: certainly not sent."""
    lost_before: float = 0.0
    lost_after: float = 0.0
    """Carried out, and the answer lost."""
    late: float = 0.0
    """Carried out up to the server's ceiling later, and the answer lost."""
    storm: float = 0.0
    committed: float = 0.0


class SimulatedNotion:
    """One workspace, and everything that was asked of it."""

    def __init__(self, clock: VirtualClock, random: Random, weather: Weather, window: int) -> None:
        workspace = Workspace(now=clock.now)
        SEEDS["demo"](workspace)
        self.emulator = Emulator(workspace, Window(limit=window))
        self.weather = weather
        self.away_until = 0.0
        self._random = random
        self._app = httpx.ASGITransport(create_app(self.emulator))

    async def carry(self, request: httpx.Request, content: bytes) -> httpx.Response:
        """Take a request there and its answer back, if fate allows."""
        random, weather = self._random, self.weather
        await asyncio.sleep(random.expovariate(1 / 0.15))
        fate = random.random()
        if asyncio.get_running_loop().time() < self.away_until or fate < (limit := weather.refused):
            raise httpx.ConnectError("refused", request=request)
        if fate < (limit := limit + weather.lost_before):
            raise httpx.ReadError("reset", request=request)
        if fate < (limit := limit + weather.late):
            await asyncio.sleep(random.uniform(1.0, SERVER_CEILING_SECONDS))
            await self._answer(request, content)
            raise httpx.ReadError("reset", request=request)
        if fate < (limit := limit + weather.lost_after):
            await self._answer(request, content)
            raise httpx.ReadError("reset", request=request)
        if fate < (limit := limit + weather.storm):
            self._inject(random.choice(STORM))
        elif fate < limit + weather.committed and _writes(request):
            self._inject(random.choice(COMMITTED))
        return await self._answer(request, content)

    def _inject(self, kind: str) -> None:
        self.emulator.faults.append(Fault(kind=kind, retry_after=self._random.randint(1, 20)))

    async def _answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        copy = httpx.Request(request.method, request.url, headers=request.headers, content=content)
        response = await self._app.handle_async_request(copy)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            content=await response.aread(),
            request=request,
        )


def _writes(request: httpx.Request) -> bool:
    """Whether it changes anything; a query is a POST that does not."""
    return request.method == "PATCH" or request.url.path.endswith("/pages")
