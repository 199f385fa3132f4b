"""A fault proxy between a real service and the emulator: it loses, delays, resets and invents answers.

One request at a time per connection, as HTTP/1.1 without pipelining has it. Bounded: it stops when it
is told to, and every connection has a deadline.
"""

import asyncio
import json
import socket
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import h11

STORM = (429, 500, 503, 504, 529)
MAX_BODY = 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Chances per request. `lost` is what share of answers never arrives, one way or another."""

    drop_before: float = 0.0
    """The connection ends before the request reaches Notion."""
    drop_after: float = 0.0
    """It is carried out, and the connection ends without an answer."""
    reset: float = 0.0
    """It is carried out, and the connection is reset in the middle of the answer."""
    slow: float = 0.0
    slow_seconds: float = 1.0
    storm: float = 0.0
    """Refused with one of STORM, not carried out."""
    retry_after: int = 1


class Proxy:
    """Listens on a port of its own."""

    def __init__(self, *, upstream: int, faults: Faults, random: Random) -> None:
        self.upstream = upstream
        self.faults = faults
        self.counts: Counter[str] = Counter()
        self._random = random
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Begin; returns the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """End."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, h11.RemoteProtocolError):
                await self._converse(reader, writer)
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while (raw := await _message(reader, h11.SERVER)) is not None:
                fate = self._fate()
                self.counts[fate] += 1
                if fate == "drop_before":
                    return
                if fate == "storm":
                    writer.write(self._refusal())
                    continue
                if fate == "slow":
                    await asyncio.sleep(self.faults.slow_seconds)
                if upstream is None:
                    upstream = await asyncio.open_connection("127.0.0.1", self.upstream)
                upstream[1].write(raw)
                answer = await _message(upstream[0], h11.CLIENT)
                if answer is None or fate == "drop_after":
                    return
                if fate == "reset":
                    writer.write(answer[: len(answer) // 2])
                    _reset(writer)
                    return
                writer.write(answer)
                await writer.drain()
        finally:
            if upstream is not None:
                upstream[1].close()

    def _fate(self) -> str:
        chance = self._random.random()
        for name in ("drop_before", "drop_after", "reset", "slow", "storm"):
            chance -= getattr(self.faults, name)
            if chance < 0:
                return name
        return "passed"

    def _refusal(self) -> bytes:
        status = self._random.choice(STORM)
        body: dict[str, object] = {
            "object": "error",
            "status": status,
            "code": "storm",
            "message": "storm",
        }
        wait = ""
        if status in {429, 529}:
            body["additional_data"] = {"retry_after": str(self.faults.retry_after)}
            wait = f"retry-after: {self.faults.retry_after}\r\n"
        text = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} Storm\r\ncontent-type: application/json\r\n{wait}content-length: {len(text)}\r\n\r\n"
        return head.encode() + text


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST."""
    own: socket.socket = writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _message(reader: asyncio.StreamReader, role: type[h11.Sentinel]) -> bytes | None:
    """The bytes of one whole message; None when the other side closed between messages."""
    parser = h11.Connection(h11.SERVER if role is h11.SERVER else h11.CLIENT, MAX_BODY)
    if role is not h11.SERVER:
        parser.send(
            h11.Request(method="POST", target="/", headers=[("host", "x"), ("content-length", "0")])
        )
        parser.send(h11.EndOfMessage())
    taken = b""
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(65536)
            if not data and not taken:
                return None
            taken += data
            parser.receive_data(data)
        elif isinstance(event, h11.EndOfMessage):
            return taken
        elif isinstance(event, h11.ConnectionClosed):
            return None


Make = Callable[[], Faults]
