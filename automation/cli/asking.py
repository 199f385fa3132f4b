"""Reads from Notion for a command: within the budget, patient, and not for ever.

The service's governor keeps its count in the store; a command that reads a few objects keeps its own, and where both
together are too much, Notion says so and the command waits.
https://developers.notion.com/reference/request-limits
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

from automation import settings as settings_module
from automation.directory import converse
from automation.model.errors import (
    Deferred,
    NotionRejected,
    SendFailed,
    SettingsError,
    StepFailed,
)
from automation.model.request import Notion, Request, Response
from automation.notion import replies
from automation.outbound.client import NotionClient

T = TypeVar("T")

MAX_TRIES = 5
WINDOW_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 120.0
"""A person sits before the command: where Notion asks for more, it ends and says so."""
FIRST_PAUSE_SECONDS = 0.5
"""After an answer that was lost or made no sense; twice as long at each further one."""


@dataclass(slots=True, kw_only=True)
class Reader:
    """Sends reads, one after the other. `sleep` and `now` are the clock's, `say` tells why nothing happens."""

    client: NotionClient
    per_minute: int
    say: Callable[[str], object]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _sent: deque[float] = field(default_factory=deque)

    async def send(self, request: Request) -> Response:
        """The answer, asked for up to MAX_TRIES times. Raises NotionRejected, SettingsError or SendFailed."""
        if not isinstance(request, Notion):
            raise StepFailed(f"{type(request).__name__.lower()} is nothing to ask Notion")
        for number in range(MAX_TRIES - 1):
            try:
                return await self._once(request)
            except SendFailed as error:
                await self._wait(error, number)
        return await self._once(request)

    async def _wait(self, error: SendFailed, number: int) -> None:
        asked = error.seconds if isinstance(error, Deferred) else None
        seconds = FIRST_PAUSE_SECONDS * 2**number if asked is None else asked
        if seconds > LONGEST_WAIT_SECONDS:
            raise error
        self.say(f"{error}; once more in {seconds:g} s")
        await self.sleep(seconds)

    async def _once(self, request: Notion) -> Response:
        await self._turn()
        answer = await self.client.send(request)
        match replies.read(answer.status, answer.headers, answer.body):
            case replies.Ok(status=status, body=body):
                return Response(status=status, body=body)
            case replies.Throttled(retry_after=seconds, reason=reason):
                raise Deferred(f"Notion asks to wait {seconds:g} s ({reason})", seconds=seconds)
            case replies.Unauthorized(message=message):
                raise SettingsError("NOTION_TOKEN", f"Notion refuses it: {message}")
            case replies.Rejected() as no:
                raise NotionRejected(no.message, status=no.status, code=no.code, remedy=no.remedy)
            case replies.Conflict() | replies.Committed():
                raise Deferred(f"Notion answered {answer.status} to a read")
            case replies.Unclear(status=status, message=message):
                raise Deferred(f"Notion answered {status}: {message}")

    async def _turn(self) -> None:
        """Return when one more is within the budget of any 60 s."""
        while len(self._sent) >= self.per_minute:
            left = self._sent[0] + WINDOW_SECONDS - self.now()
            if left <= 0:
                self._sent.popleft()
                continue
            self.say(
                f"the budget of {self.per_minute} requests a minute is spent; on in {left:.0f} s"
            )
            await self.sleep(left)
        self._sent.append(self.now())


def ask(talk: Generator[Request, Response, T]) -> T:
    """Have a conversation with the Notion of this environment. Raises SettingsError without a token."""
    settings = settings_module.read(os.environ)
    token = settings.notion_token
    if token is None:
        raise SettingsError("NOTION_TOKEN", "is not set, and without it Notion cannot be asked")

    async def run() -> T:
        client = NotionClient(
            base_url=settings.notion_base_url, token=token.get_secret_value(), deadline=70.0
        )
        async with client:
            reader = Reader(client=client, per_minute=settings.requests_per_minute, say=say)
            return await converse(talk, reader.send)

    return asyncio.run(run())


def say(text: str) -> None:
    """Talk goes to stderr."""
    print(text, file=sys.stderr, flush=True)
