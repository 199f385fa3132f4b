"""The ASGI application. It decides nothing: it reads a body within bounds and maps verdicts to answers.

Deliveries have a door of plain ASGI: the way through the framework costs as much as verifying one.
Everything else is Starlette's.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from automation.intake import Accepted, Answered, Intake, Reply
from automation.model.errors import (
    AutomationError,
    BadShape,
    BadSignature,
    DeliveryRefused,
    StoreError,
    TooLarge,
    UnknownSource,
    UnsupportedMedia,
)
from automation.model.event import WebhookRequest
from automation.web.metrics import Metrics

log = structlog.get_logger()

HOOKS = "/hooks/"
BODY_SECONDS = 10.0
"""How long a body may take behind its head; `web.server` cuts off a connection that takes longer, and
says so under SLOW in the state of the request's scope."""
SLOW = "slow"
RETRY_AFTER_SECONDS = b"5"

STATUS: Mapping[type[AutomationError], int] = {
    UnknownSource: 404,
    BadSignature: 401,
    TooLarge: 413,
    UnsupportedMedia: 415,
    BadShape: 400,
    StoreError: 503,
}
"""A sender learns only this much; the reason is in the log."""

WORDS: Mapping[int, str] = {
    401: "bad signature",
    404: "no such source",
    413: "too large",
    415: "unsupported media type",
    503: "not stored, try again",
}

HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?")

SAFE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
}

Headers = tuple[tuple[str, str], ...]
Pairs = Sequence[tuple[bytes, bytes]]
_SAFE: Pairs = [(name.encode(), value.encode()) for name, value in SAFE_HEADERS.items()]


class SlowBody(DeliveryRefused):
    """The body did not arrive in time."""


class Disconnected(DeliveryRefused):
    """The sender went away in the middle of its body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """What the door needs of the service."""

    intake: Intake
    metrics: Metrics
    now: Callable[[], Any]
    new_id: Callable[[], str]
    ready: Callable[[], Awaitable[Mapping[str, Any]]]
    hosts: frozenset[str]


def create_app(deps: Deps) -> ASGIApp:
    """The application."""
    hooks = Hooks(deps)
    pages = Starlette(
        routes=[
            Route(HOOKS + "{source}", hooks, methods=["POST"]),
            Route("/healthz", _health, methods=["GET"]),
            Route("/readyz", _ready(deps), methods=["GET"]),
            Route("/metrics", _metrics(deps), methods=["GET"]),
        ]
    )
    pages.router.redirect_slashes = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        delivery = scope["method"] == "POST" and scope["path"].startswith(HOOKS)
        await (hooks if delivery else pages)(scope, receive, send)

    return app


# deliveries ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a sender hears, and the verdict it is counted under."""

    verdict: str
    body: bytes
    status: int = 200
    content_type: bytes = b"application/json"
    headers: Pairs = ()


class Hooks:
    """`POST /hooks/{source}`."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one delivery, and answer."""
        source = str(scope["path"]).removeprefix(HOOKS)
        clock = asyncio.get_running_loop().time
        started = clock()
        answer = await self._answer(source, scope, receive)
        known = source if answer.status != 404 else "unknown"
        self._deps.metrics.delivery(known, answer.verdict, clock() - started)
        await _send(send, answer)

    async def _answer(self, source: str, scope: Scope, receive: Receive) -> Answer:
        headers = _headers(scope)
        try:
            self._check_host(headers)
            limit = self._deps.intake.limit(source)
            body = await _body(headers, scope, receive, limit)
            reply = await self._deps.intake.receive(
                WebhookRequest(
                    id=self._deps.new_id(),
                    source=source,
                    headers=headers,
                    body=body,
                    received_at=self._deps.now(),
                )
            )
        except AutomationError as error:
            return _refusal(source, error)
        return _yes(reply)

    def _check_host(self, headers: Headers) -> None:
        """A malformed Host is refused, and one that is not ours where the setting names ours.

        Nothing is ever built from it: no redirect, no address.
        """
        found = HOST.fullmatch(_first(headers, "host"))
        name = "" if found is None else found[1].strip("[]").lower()
        if not name or (self._deps.hosts and name not in self._deps.hosts):
            raise BadShape("the Host is not ours; AUTOMATION_PUBLIC_HOSTS lists those that are")


def _yes(reply: Reply) -> Answer:
    match reply:
        case Accepted(event_id=event_id, duplicate=False):
            return Answer(verdict="accepted", body=_json({"event": event_id}))
        case Accepted(event_id=event_id):
            body = _json({"event": event_id, "duplicate": True})
            return Answer(verdict="duplicate", body=body)
        case Answered(body=body, content_type=content_type):
            return Answer(verdict="answered", body=body, content_type=content_type.encode())


def _refusal(source: str, error: AutomationError) -> Answer:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    reason = error.reason if isinstance(error, BadSignature) else type(error).__name__
    log.warning(
        "delivery.refused", source=source[:40], status=status, reason=reason, detail=str(error)
    )
    # The body may not have been read: without a close it would be read to its end and thrown away.
    headers = [(b"connection", b"close")]
    if status == 503:
        headers.append((b"retry-after", RETRY_AFTER_SECONDS))
    return Answer(
        verdict="disconnected" if isinstance(error, Disconnected) else str(status),
        body=_json({"error": WORDS.get(status, "bad request")}),
        status=status,
        headers=headers,
    )


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


async def _send(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-length", b"%d" % len(answer.body)),
        (b"content-type", answer.content_type),
        *_SAFE,
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


# what came over the wire --------------------------------------------------------------------------


def _headers(scope: Scope) -> Headers:
    return tuple(
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    )


def _first(headers: Headers, name: str, default: str = "") -> str:
    return next((value for key, value in headers if key == name), default)


async def _body(headers: Headers, scope: Scope, receive: Receive, limit: int) -> bytes:
    """The raw bytes, as many as the source may send."""
    if _first(headers, "content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("the body is compressed")
    declared = _first(headers, "content-length")
    if declared.isdigit() and (len(declared) > 12 or int(declared) > limit):
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise SlowBody if SLOW in scope.get("state", {}) else Disconnected
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


# everything else ----------------------------------------------------------------------------------


def answer(status: int, body: Any) -> Response:
    """A small JSON answer."""
    return Response(_json(body), status, headers=SAFE_HEADERS, media_type="application/json")


async def _health(request: Request) -> Response:
    return answer(200, {"ok": True})


def _ready(deps: Deps) -> Callable[[Request], Awaitable[Response]]:
    async def ready(request: Request) -> Response:
        state = await deps.ready()
        return answer(200 if state["ready"] else 503, state)

    return ready


def _metrics(deps: Deps) -> Callable[[Request], Awaitable[Response]]:
    async def metrics(request: Request) -> Response:
        text = await deps.metrics.render()
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4", headers=SAFE_HEADERS)

    return metrics
