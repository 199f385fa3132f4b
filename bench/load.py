"""The load, in a process of its own: clients that keep their connection, or arrivals by the clock.

`python -m bench.load flat-out --clients 50 --seconds 6 …` : each client sends the next delivery as
soon as the last one is acknowledged, for so long or so many in all. `… steady --rate 200 …` :
deliveries are due at fixed moments, whatever the server does; their time counts from that moment, so
that a stall is not hidden by senders who wait. Prints one JSON line.
"""

import argparse
import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from bench.pushes import Pushes

PATIENCE_SECONDS = 10.0


@dataclass(slots=True)
class Tally:
    """What came of the deliveries: seconds to each acknowledgement, and everything that was not one."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, seconds: float, status: int, body: bytes) -> None:
        """One answer."""
        if status != 200:
            self.refused += 1
            return
        self.seconds.append(seconds)
        self.ids.append(json.loads(body)["event"])


class Client(asyncio.Protocol):
    """One connection. `answered` is called with each whole answer."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._begun = 0.0
        self._had = b""
        self.transport: asyncio.Transport | None = None
        self.free = asyncio.Event()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to send."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.free.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server let go."""
        self.lost = True
        self.free.set()

    def send(self, request: bytes, begun: float) -> None:
        """Send one delivery, timed from `begun`."""
        assert self.transport is not None
        self._begun = begun
        self.free.clear()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take answers apart; one is whole when its Content-Length is."""
        self._had += data
        head, found, body = self._had.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._tally.add(time.perf_counter() - self._begun, int(head[9:12]), body)
        self._had = b""
        self.answered()

    def answered(self) -> None:
        """The connection is free for the next."""
        self.free.set()


def _length(head: bytes) -> int:
    name = b"content-length: "
    at = head.lower().index(name) + len(name)
    return int(head[at:].split(b"\r\n", 1)[0])


class Greedy(Client):
    """Sends the next delivery as soon as one is acknowledged, until the time is over."""

    def __init__(self, tally: Tally, pushes: Pushes, until: float, most: int) -> None:
        super().__init__(tally)
        self._pushes = pushes
        self._until = until
        self._most = most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        self.answered()

    def answered(self) -> None:
        """Go on, or stop."""
        if time.perf_counter() < self._until and self._pushes.made < self._most:
            request = self._pushes.request()
            self.send(request, time.perf_counter())
        else:
            self.free.set()


async def flat_out(port: int, pushes: Pushes, *, clients: int, seconds: float, most: int) -> Tally:
    """So many clients, each as fast as it is answered; `most` deliveries in all."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    until = time.perf_counter() + seconds
    made = [
        await loop.create_connection(lambda: Greedy(tally, pushes, until, most), "127.0.0.1", port)
        for _ in range(clients)
    ]
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        for _, client in made:
            await client.free.wait()
    for transport, _ in made:
        transport.close()
    return tally


async def steady(port: int, pushes: Pushes, *, rate: float, seconds: float) -> Tally:
    """Deliveries due at fixed moments, over as many kept connections as it takes."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    clients: deque[Client] = deque()
    pending: set[asyncio.Task[None]] = set()

    async def deliver(due: float) -> None:
        client = next((one for one in clients if one.free.is_set() and not one.lost), None)
        if client is None:
            _, client = await loop.create_connection(lambda: Client(tally), "127.0.0.1", port)
            clients.append(client)
        client.send(pushes.request(), due)
        await client.free.wait()

    begun = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        await asyncio.sleep(due - time.perf_counter())
        task = asyncio.create_task(deliver(due))
        pending.add(task)
        task.add_done_callback(pending.discard)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*pending)
    for client in clients:
        if client.transport is not None:
            client.transport.close()
    return tally


def main() -> None:
    """Load one server and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=["flat-out", "steady"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--most", type=int, default=10**9)
    given = parser.parse_args()
    pushes = Pushes(given.secret)
    begun = time.perf_counter()
    if given.how == "flat-out":
        work = flat_out(
            given.port, pushes, clients=given.clients, seconds=given.seconds, most=given.most
        )
    else:
        work = steady(given.port, pushes, rate=given.rate, seconds=given.seconds)
    tally = asyncio.run(work)
    took = time.perf_counter() - begun
    print(json.dumps({"body_bytes": len(pushes.delivery()[1]), **_facts(tally, took)}))


def _facts(tally: Tally, took: float) -> dict[str, Any]:
    return {
        "took": took,
        "acked": len(tally.seconds),
        "refused": tally.refused,
        "distinct": len(set(tally.ids)),
        "ms": [round(one * 1000, 3) for one in tally.seconds],
    }


if __name__ == "__main__":
    main()
