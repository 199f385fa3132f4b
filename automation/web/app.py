"""The ASGI application. It decides nothing: it reads a body within bounds and maps verdicts to answers."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from automation.intake import Accepted, Answered, Intake
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

BODY_SECONDS = 10.0
RETRY_AFTER_SECONDS = "5"

STATUS: Mapping[type[AutomationError], int] = {
    UnknownSource: 404,
    BadSignature: 401,
    TooLarge: 413,
    UnsupportedMedia: 415,
    BadShape: 400,
    StoreError: 503,
}
"""A sender learns only this much; the reason is in the log."""

HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?")

SAFE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
}


class SlowBody(DeliveryRefused):
    """The body did not arrive in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """What the door needs of the service."""

    intake: Intake
    metrics: Metrics
    now: Callable[[], Any]
    new_id: Callable[[], str]
    ready: Callable[[], Awaitable[Mapping[str, Any]]]
    hosts: frozenset[str]


def create_app(deps: Deps) -> Starlette:
    """The application."""
    routes = [
        Route("/hooks/{source}", _hook(deps), methods=["POST"]),
        Route("/healthz", _health, methods=["GET"]),
        Route("/readyz", _ready(deps), methods=["GET"]),
        Route("/metrics", _metrics(deps), methods=["GET"]),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return app


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A small JSON answer."""
    made = Response(json.dumps(body), status, media_type="application/json")
    made.headers.update({**SAFE_HEADERS, **(headers or {})})
    return made


def _hook(deps: Deps) -> Callable[[Request], Awaitable[Response]]:
    async def hook(request: Request) -> Response:
        source = str(request.path_params["source"])
        started = asyncio.get_running_loop().time()
        response, verdict = await _receive(deps, source, request)
        took = asyncio.get_running_loop().time() - started
        deps.metrics.delivery(source if verdict != "404" else "unknown", verdict, took)
        return response

    return hook


async def _receive(deps: Deps, source: str, request: Request) -> tuple[Response, str]:
    try:
        _check_host(deps, request)
        limit = deps.intake.limit(source)
        body = await _body(request, limit)
        reply = await deps.intake.receive(
            WebhookRequest(
                id=deps.new_id(),
                source=source,
                headers=_headers(request),
                body=body,
                received_at=deps.now(),
            )
        )
    except ClientDisconnect:
        return answer(400, {"error": "disconnected"}), "disconnected"
    except AutomationError as error:
        return _refusal(source, error)
    match reply:
        case Accepted(event_id=event_id, duplicate=False):
            return answer(200, {"event": event_id}), "accepted"
        case Accepted(event_id=event_id):
            return answer(200, {"event": event_id, "duplicate": True}), "duplicate"
        case Answered(body=body, content_type=content_type):
            made = Response(body, 200, media_type=content_type)
            made.headers.update(SAFE_HEADERS)
            return made, "answered"


def _refusal(source: str, error: AutomationError) -> tuple[Response, str]:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    reason = error.reason if isinstance(error, BadSignature) else type(error).__name__
    log.warning(
        "delivery.refused", source=source[:40], status=status, reason=reason, detail=str(error)
    )
    words = {401: "bad signature", 404: "no such source", 413: "too large", 415: "unsupported media type",
             503: "not stored, try again"}  # fmt: skip
    # The body may not have been read: without a close it would be read to its end and thrown away.
    headers = {"connection": "close"}
    if status == 503:
        headers["retry-after"] = RETRY_AFTER_SECONDS
    return answer(status, {"error": words.get(status, "bad request")}, headers), str(status)


def _headers(request: Request) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    )


def _check_host(deps: Deps, request: Request) -> None:
    """A malformed Host is refused, and one that is not ours where the setting names ours.

    Nothing is ever built from it: no redirect, no address.
    """
    found = HOST.fullmatch(request.headers.get("host", ""))
    name = "" if found is None else found[1].strip("[]").lower()
    if not name or (deps.hosts and name not in deps.hosts):
        raise BadShape("the Host is not ours; AUTOMATION_PUBLIC_HOSTS lists those that are")


async def _body(request: Request, limit: int) -> bytes:
    """The raw bytes, as many as the source may send, in time."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("the body is compressed")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and (len(declared) > 12 or int(declared) > limit):
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise TooLarge
                parts.append(part)
    except TimeoutError as error:
        raise SlowBody from error
    return b"".join(parts)


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
