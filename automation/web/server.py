"""uvicorn with the bounds it lacks: slow, silent and oversized clients are cut off and delay nobody,
and many clients at once do not keep the rest of the service from its turn.

https://www.uvicorn.org/server-behavior/
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from automation.web import app

HEADER_SECONDS = 10.0
MAX_HEADER_BYTES = 32 * 1024
MAX_CONNECTIONS = 2_000
CLIENTS_A_TURN = 8
CLIENTS_BESIDE_DELIVERY = 1
JUST_NOW_SECONDS = 0.1


class Together:
    """A transport that sends what one turn of the loop wrote as one packet.

    uvicorn writes the head and the body of an answer apart; a system call costs as much as an HMAC.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send it at the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """Close behind what was written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts:
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Turnstile:
    """Lets a few clients at a time into a turn of the loop; the others wait in line for the next turns.

    Without it a turn is as long as there are clients with something to say, and everything else that
    shares the loop, deliveries to Notion first, moves one step in such a turn. While there is something
    to deliver, and the budget to do so, the turns are as short as can be.
    """

    def __init__(self, delivering: Callable[[], bool] = lambda: False) -> None:
        self._delivering = delivering
        self._under_way = False
        self._room = 0
        self._line: deque[Callable[[], None]] = deque()
        self._stood = -math.inf

    @property
    def crowded(self) -> bool:
        """Whether somebody had to stand in line just now."""
        return asyncio.get_running_loop().time() - self._stood < JUST_NOW_SECONDS

    def enter(self, work: Callable[[], None]) -> None:
        """Do the work in this turn if there is room and nobody waits, else when its time comes."""
        if not self._under_way:
            self._begin_turn()
        if self._room > 0:
            self._room -= 1
            work()
        else:
            self._line.append(work)
            self._stood = asyncio.get_running_loop().time()

    def _begin_turn(self) -> None:
        self._under_way = True
        self._room = CLIENTS_BESIDE_DELIVERY if self._delivering() else CLIENTS_A_TURN
        asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._under_way = False
        for _ in range(len(self._line)):
            if self._under_way and self._room == 0:
                break
            self.enter(self._line.popleft())


class BoundedProtocol(H11Protocol):
    """A connection must bring a whole request head within HEADER_SECONDS, and the body behind it within
    BODY_SECONDS."""

    _due: float | None = None
    """When the head or the body must be there; None while a whole request is being answered."""
    _timer: asyncio.TimerHandle | None = None
    """One for the connection's life: to arm one for each request costs more than to look again."""

    def __init__(self, *args: Any, turnstile: Turnstile, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turnstile = turnstile
        self._waiting: list[bytes] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request head."""
        super().connection_made(Together(transport, self.loop))  # type: ignore[arg-type]
        if len(self.connections) > MAX_CONNECTIONS:
            self.transport.close()
            return
        self._expect()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock, and what nobody will hear the answer of."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait for a turn with it; a client that goes on sending meanwhile is not read."""
        self._waiting.append(data)
        if len(self._waiting) == 1:
            self._turnstile.enter(self._take)
        else:
            self.flow.pause_reading()

    def _take(self) -> None:
        waiting, self._waiting = self._waiting, []
        if len(waiting) > 1:
            self.flow.resume_reading()
        if waiting:
            super().data_received(b"".join(waiting))

    def handle_events(self) -> None:
        """The clock of the body starts with a whole head; it stops with a whole body."""
        before = self.cycle
        super().handle_events()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            return
        if not cycle.more_body:
            self._due = None
        elif cycle is not before:
            self._due = self.loop.time() + app.BODY_SECONDS

    def on_response_complete(self) -> None:
        """The next request of the connection has its own clock (uvicorn's keep-alive limit is shorter)."""
        self._expect()
        super().on_response_complete()

    def _expect(self) -> None:
        self._due = self.loop.time() + HEADER_SECONDS

    def _look(self) -> None:
        now = self.loop.time()
        due = now + HEADER_SECONDS if self._due is None else self._due
        if due <= now:
            if self.scope is not None:
                self.scope["state"][app.SLOW] = True
            self.transport.close()
        else:
            self._timer = self.loop.call_at(due, self._look)


class Server(uvicorn.Server):
    """A server whose signals are the service's own: SIGTERM drains and exits 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def build_server(app: Any, *, host: str, port: int, turnstile: Turnstile) -> Server:
    """A server, not started yet, whose clients come in through the turnstile."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=partial(BoundedProtocol, turnstile=turnstile),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        backlog=1024,
    )
    return Server(config)
