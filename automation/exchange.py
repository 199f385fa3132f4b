"""One request to Notion, from permit to verdict. Repeats nothing, decides nothing about runs.

What comes back is a `Response`, or one of: NotionRejected (no, for good), Deferred and NotSent
(certainly not carried out), Doubtful (perhaps carried out).

A 401 closes the gate: from then on one request at a time goes through, one a minute, until the token
works again. Nothing of what waits before the gate was sent.
"""

import asyncio

from automation.governor import LONGEST_PAUSE_SECONDS, Governor
from automation.model.errors import (
    Deferred,
    Doubtful,
    NotionRejected,
    SendFailed,
    StepFailed,
    StoreError,
)
from automation.model.request import Notion, Repeat, Request, Response
from automation.model.values import JsonObject
from automation.notion import replies, wire
from automation.notion.values import as_read
from automation.outbound.client import NotionClient


class Exchange:
    """The way to Notion for one token."""

    def __init__(
        self, client: NotionClient, governor: Governor, *, closed_token_seconds: float
    ) -> None:
        self._client = client
        self._governor = governor
        self._refused = False
        self._gate = asyncio.Lock()
        self._closed_token_seconds = closed_token_seconds

    async def send(self, request: Request) -> Response:
        """Send it once, when the budget allows."""
        await self.permit()
        return await self.transmit(request)

    async def permit(self) -> None:
        """Return when one request may be transmitted."""
        await self._governor.permit()

    async def transmit(self, request: Request) -> Response:
        """Send it once and at once: the caller has its permit."""
        if not self._refused:
            return await self._ask(_notion(request))
        async with self._gate:
            # Whoever comes first is the probe; the others behind it learn from its answer.
            return await self._ask(_notion(request))

    async def _ask(self, request: Notion) -> Response:
        left = self._governor.pause_left()
        if left > 0:
            # It was asked to wait after this request had its permit.
            raise Deferred("Notion asked to wait", seconds=left)
        answer = await self._client.send(request)
        reply = replies.read(answer.status, answer.headers, answer.body)
        self._refused = isinstance(reply, replies.Unauthorized)
        return await self._verdict(request, reply)

    async def _verdict(self, request: Notion, reply: replies.Reply) -> Response:
        match reply:
            case replies.Ok(status=status, body=body):
                return Response(status=status, body=body)
            case replies.Throttled(retry_after=asked, reason=reason):
                seconds = min(asked, LONGEST_PAUSE_SECONDS)
                await self._governor.pause(seconds, reason=reason)
                raise Deferred(f"Notion asked to wait: {reason}", seconds=seconds)
            case replies.Unauthorized(message=message):
                closed = self._closed_token_seconds
                await self._governor.pause(closed, reason="the token is refused")
                raise Deferred(f"Notion refused the token: {message}", seconds=closed)
            case replies.Conflict(message=message):
                raise Deferred(f"Notion had a conflict: {message}")
            case replies.Committed() if request.repeat is Repeat.READ:
                return self._unclear(request, 503, "it saved something, and was only asked to read")
            case replies.Committed():
                return await self._committed(request, reply)
            case replies.Rejected() as no:
                raise NotionRejected(no.message, status=no.status, code=no.code, remedy=no.remedy)
            case replies.Unclear(status=status, message=message):
                return self._unclear(request, status, message)

    def _unclear(self, request: Notion, status: int, message: str) -> Response:
        text = f"Notion answered {status}: {message}"
        if request.repeat is Repeat.READ:
            raise Deferred(text)
        raise Doubtful(text)

    async def _committed(self, request: Notion, reply: replies.Committed) -> Response:
        """Saved, but answered 503: read the object instead of repeating the write.

        https://developers.notion.com/reference/status-codes
        """
        if reply.child_ids:
            results = [{"object": "block", "id": child} for child in reply.child_ids]
            return Response(status=200, body={"object": "list", "results": results})
        if request.path.endswith("/children"):
            raise Doubtful("Notion saved the blocks, and did not say which they are")
        try:
            # Not by `send`: this may be the probe, which holds the gate.
            await self.permit()
            return await self._ask(wire.retrieve_page(reply.resource_id))
        except (SendFailed, StepFailed, StoreError) as error:
            if request.repeat is Repeat.SAFE:
                raise Doubtful(f"Notion saved the change, and cannot show it: {error}") from error
            # The page is there, whatever became of reading it, and is as it was sent.
            return Response(status=200, body=_as_sent(reply.resource_id, request))


def _as_sent(page_id: str, request: Notion) -> JsonObject:
    url = f"https://www.notion.so/{page_id.replace('-', '')}"
    properties = as_read((request.body or {}).get("properties", {}))
    return {"object": "page", "id": page_id, "url": url, "properties": properties}


def _notion(request: Request) -> Notion:
    if not isinstance(request, Notion):
        raise StepFailed(f"{type(request).__name__.lower()} is not available yet")
    return request
