"""Signed deliveries over HTTP, sent until acknowledged, as a patient sender does."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

SECRET = "a secret of the proof, long enough"
SOURCE = "proof"
DEADLINE_SECONDS = 10.0


@dataclass(slots=True)
class Senders:
    """Sends every lane's events in order: the next only after the one before is acknowledged.

    `ports` gives the ports of the processes that should be up now. `acked` are the moments of the
    answers by event number, on the monotonic clock.
    """

    ports: Callable[[], Sequence[int]]
    random: Random
    repeat: float = 0.1
    acked: dict[int, float] = field(default_factory=dict)
    attempts: int = 0

    async def send(self, kind: str, event: Mapping[str, Any]) -> None:
        """One event, and now and then once more."""
        body = json.dumps({"kind": kind, **event}).encode()
        for _ in range(1 + (self.random.random() < self.repeat)):
            while not await self._try(body):
                await asyncio.sleep(self.random.uniform(0.01, 0.1))
            self.acked.setdefault(int(event["n"]), asyncio.get_running_loop().time())

    async def _try(self, body: bytes) -> bool:
        self.attempts += 1
        port = self.random.choice(self.ports())
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return b" 200 " in (await _post(port, body))[:13]
        except (OSError, TimeoutError):
            return False


async def _post(port: int, body: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        digest = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
        head = (
            f"POST /hooks/{SOURCE} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"x-proof-signature: {digest}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()
