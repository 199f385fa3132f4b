"""The emulator over HTTP: from bytes to a verdict, in the order Notion has.

Budget, token, version, path, body, then the work; the answer with its `request_id` last.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from automation.emulator import faults, own, versions
from automation.emulator.endpoints import ENDPOINTS, Ask, Endpoint
from automation.emulator.errors import Refused, failed, invalid
from automation.emulator.faults import Fault
from automation.emulator.state import Emulator

Object = dict[str, Any]
Answering = Callable[[Request], Awaitable[Response]]

MAX_BYTES = 500_000
JSON_TYPE = "application/json; charset=utf-8"


def create_app(emulator: Emulator) -> Starlette:
    """The ASGI application."""
    routes = [
        Route(f"/v1{one.path}", _answering(emulator, one), methods=[one.method])
        for one in ENDPOINTS
    ]
    app = Starlette(routes=routes + own.routes(emulator))
    app.router.redirect_slashes = False
    app.router.default = _unknown
    return app


async def _unknown(scope: Any, receive: Any, send: Any) -> None:
    refused = Refused(400, "invalid_request_url", "Invalid request URL.")
    await _refusal(refused, str(uuid4()))(scope, receive, send)


def _json(body: Object, status: int, headers: dict[str, str]) -> Response:
    """Compact, as Notion sends it; half a surrogate pair is escaped as JavaScript does."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    try:
        content = text.encode()
    except UnicodeEncodeError:
        content = json.dumps(body, separators=(",", ":")).encode()
    return Response(content, status, headers, JSON_TYPE)


def _refusal(refused: Refused, request_id: str) -> Response:
    headers = {"x-notion-request-id": request_id}
    if "retry_after" in refused.additional:
        headers["retry-after"] = str(refused.additional["retry_after"])
    return _json(refused.body(request_id), refused.status, headers)


def _answering(emulator: Emulator, endpoint: Endpoint) -> Answering:
    async def answer(request: Request) -> Response:
        request_id = str(uuid4())
        path = request.url.path.removeprefix("/v1")
        raw = await request.body()
        now = emulator.workspace.now()
        entry = emulator.log.add(
            method=request.method,
            path=path,
            time=now.isoformat(),
            status=None,
            body=None,
            object_id=None,
        )
        try:
            emulator.window.take(now)
            version = _admitted(emulator, request)
            body = _body(request.method, version, raw)
            entry["body"] = body
            fault = emulator.fault_for(request.method, path)
            if fault is not None and fault.kind in faults.PAGES:
                entry["status"] = faults.PAGES[fault.kind]
                return HTMLResponse(faults.html(entry["status"]), entry["status"])
            answered = await _perform(emulator, endpoint, request, body, fault, entry)
        except Refused as refused:
            entry["status"] = refused.status
            return _refusal(refused, request_id)
        entry["status"] = 200
        answered = versions.answered(version, answered) | {"request_id": request_id}
        return _json(answered, 200, {"x-notion-request-id": request_id})

    return answer


def _admitted(emulator: Emulator, request: Request) -> str:
    """The token is ours, and the version is known."""
    if request.headers.get("authorization") != f"Bearer {emulator.workspace.token}":
        raise Refused(401, "unauthorized", "API token is invalid.")
    return versions.check(request.headers.get("notion-version"))


def _body(method: str, version: str, raw: bytes) -> Object:
    if len(raw) > MAX_BYTES:
        raise Refused(413, "validation_error", "Request body too large.")
    if not raw or method in {"GET", "DELETE"}:
        return {}
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(400, "invalid_json", "Error parsing JSON body.") from None
    if not isinstance(body, dict):
        raise invalid("body failed validation: body should be an object.")
    return versions.understood(version, method, body)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


async def _perform(
    emulator: Emulator,
    endpoint: Endpoint,
    request: Request,
    body: Object,
    fault: Fault | None,
    entry: Object,
) -> Object:
    """Carry it out, unless a fault says otherwise; some faults strike after the commit."""
    kind = fault.kind if fault else ""
    if fault and kind == "slow":
        await asyncio.sleep(fault.seconds)
    if kind == "drop_before":
        await _drop(emulator, request)
    refused = faults.answer(fault) if fault else None
    if refused is not None:
        raise refused
    ask = _ask(emulator, endpoint, request, body)
    with emulator.workspace.lock:
        answered = endpoint.work(emulator.workspace, ask)
    entry["object_id"] = answered.get("id")
    entry["committed"] = True
    if fault and kind == "slow_after":
        await asyncio.sleep(fault.seconds)
    if kind == "drop_after":
        await _drop(emulator, request)
    if kind in faults.COMMITTED:
        raise faults.committed(kind, request.method, body, answered, ask.id)
    return answered


def _ask(emulator: Emulator, endpoint: Endpoint, request: Request, body: Object) -> Ask:
    path = dict(request.path_params)
    identity = emulator.workspace.path_id(path["id"], endpoint.named) if "id" in path else ""
    problems = endpoint.body(body, "body", ()) if endpoint.body else []
    if problems:
        raise failed(problems)
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).append(value)
    return Ask(id=identity, path=path, body=body, query=query)


async def _drop(emulator: Emulator, request: Request) -> NoReturn:
    """Cut the connection; without a server there is none to cut, and the error says it."""
    if emulator.cut is not None and request.client is not None:
        emulator.cut((request.client.host, request.client.port))
        await asyncio.sleep(0)
    raise ConnectionResetError
