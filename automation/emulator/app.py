"""The emulator over HTTP: Notion's API at 2026-03-11, its envelopes and its refusals.

Endpoints under `/_emulator` are its own: the request log, counts, and faults to inject.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from automation.emulator.endpoints import ENDPOINTS, Answer
from automation.emulator.errors import Refused
from automation.emulator.traffic import Fault, Log, Window
from automation.emulator.workspace import Workspace

VERSIONS = frozenset({"2026-03-11", "2025-09-03"})
MAX_BYTES = 500_000
ALLOWED: dict[str, frozenset[str]] = {
    "POST /pages": frozenset(
        {
            "parent",
            "properties",
            "children",
            "content",
            "icon",
            "cover",
            "template",
            "position",
            "markdown",
            "markdown_version",
            "allow_async",
        }
    ),
    "PATCH /pages/{id}": frozenset(
        {
            "properties",
            "icon",
            "cover",
            "in_trash",
            "is_archived",
            "is_locked",
            "template",
            "erase_content",
        }
    ),
    "PATCH /blocks/{id}/children": frozenset({"children", "position"}),
    "POST /data_sources/{id}/query": frozenset(
        {"filter", "sorts", "start_cursor", "page_size", "result_type", "is_archived", "in_trash"}
    ),
    "POST /search": frozenset({"query", "filter", "sort", "start_cursor", "page_size"}),
}


class Emulator:
    """The state of one emulator: the workspace and its traffic."""

    def __init__(self, workspace: Workspace, window: Window | None = None) -> None:
        self.workspace = workspace
        self.window = window or Window()
        self.log = Log()
        self.faults: list[Fault] = []

    def fault_for(self, method: str, path: str) -> Fault | None:
        """The first injected fault for the request, used up once."""
        for fault in self.faults:
            if fault.matches(method, path):
                fault.times -= 1
                return fault
        return None


def create_app(emulator: Emulator) -> Starlette:
    """The ASGI application."""
    routes = [
        Route(
            prefix + path.replace("{id}", "{id}"),
            _endpoint(emulator, f"{method} {path}", work),
            methods=[method],
        )
        for prefix in ("/v1", "/v1/v1")
        for method, path, work in ENDPOINTS
    ]
    routes += _own_routes(emulator)
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    app.router.default = _unknown
    return app


async def _unknown(scope: Any, receive: Any, send: Any) -> None:
    refused = Refused(400, "invalid_request_url", "Invalid request URL.")
    await _refusal(refused, str(uuid4()))(scope, receive, send)


def _refusal(refused: Refused, request_id: str) -> JSONResponse:
    headers = {"x-notion-request-id": request_id}
    if "retry_after" in refused.additional:
        headers["retry-after"] = str(refused.additional["retry_after"])
    return JSONResponse(refused.body(request_id), refused.status, headers)


Work = Callable[[Workspace, Answer], dict[str, Any]]


def _endpoint(
    emulator: Emulator, name: str, work: Work
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        request_id = str(uuid4())
        path = request.url.path.removeprefix("/v1")
        raw = await request.body()
        entry = emulator.log.add(
            method=request.method,
            path=path,
            time=emulator.workspace.now().isoformat(),
            status=None,
            body=None,
            object_id=None,
        )
        try:
            emulator.window.take(emulator.workspace.now())
            body = _checked(emulator.workspace, request, name, raw)
            entry["body"] = body
            fault = emulator.fault_for(request.method, path)
            answer = await _perform(emulator, request, body, work, fault, entry)
        except Refused as refused:
            entry["status"] = refused.status
            return _refusal(refused, request_id)
        entry["status"] = 200
        return JSONResponse(
            answer | {"request_id": request_id}, headers={"x-notion-request-id": request_id}
        )

    return endpoint


def _checked(workspace: Workspace, request: Request, name: str, raw: bytes) -> dict[str, Any]:
    if request.headers.get("authorization") != f"Bearer {workspace.token}":
        raise Refused(401, "unauthorized", "API token is invalid.")
    version = request.headers.get("notion-version")
    if version is None:
        raise Refused(
            400,
            "missing_version",
            "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`.",
        )
    if version not in VERSIONS:
        raise Refused(
            400,
            "validation_error",
            f"Notion-Version header failed validation: {version} is not a version.",
        )
    if len(raw) > MAX_BYTES:
        raise Refused(413, "validation_error", "Request body too large.")
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refused(400, "invalid_json", "Error parsing JSON body.") from None
    if not isinstance(body, dict):
        raise Refused(400, "validation_error", "body failed validation: body should be an object.")
    for key in body.keys() - ALLOWED.get(name, body.keys()):
        shown = json.dumps(body[key])[:40]
        raise Refused(
            400,
            "validation_error",
            f"body failed validation: body.{key} should be not present, instead was `{shown}`.",
        )
    return body


async def _perform(
    emulator: Emulator,
    request: Request,
    body: dict[str, Any],
    work: Work,
    fault: Fault | None,
    entry: dict[str, Any],
) -> dict[str, Any]:
    """Carry it out, unless a fault says otherwise; some faults strike after the commit."""
    kind = fault.kind if fault else ""
    if fault and kind == "slow":
        await asyncio.sleep(fault.seconds)
    if kind == "drop_before":
        raise ConnectionResetError
    if fault and kind in {"429", "529", "500", "502", "503", "504", "409", "401"}:
        raise _fault_answer(fault)
    question = Answer(
        id=request.path_params.get("id", ""), body=body, query=dict(request.query_params)
    )
    with emulator.workspace.lock:
        answer = work(emulator.workspace, question)
    entry["object_id"] = answer.get("id")
    entry["committed"] = True
    if kind == "drop_after":
        raise ConnectionResetError
    if kind in {"503_committed", "504_committed"}:
        raise _committed(kind, request, answer)
    return answer


def _fault_answer(fault: Fault) -> Refused:
    codes = {
        "429": "rate_limited",
        "529": "service_overload",
        "500": "internal_server_error",
        "502": "bad_gateway",
        "503": "service_unavailable",
        "504": "gateway_timeout",
        "409": "conflict_error",
        "401": "unauthorized",
    }
    extra: dict[str, Any] = {}
    if fault.kind in {"429", "529"}:
        extra = {
            "retry_after": str(fault.retry_after),
            "rate_limit_reason": "public_api_space_request_rate_limit",
        }
    return Refused(int(fault.kind), codes[fault.kind], f"Injected fault {fault.kind}.", **extra)


def _committed(kind: str, request: Request, answer: dict[str, Any]) -> Refused:
    """The write was saved, and still the answer is an error.

    https://developers.notion.com/reference/status-codes
    """
    if kind == "504_committed":
        return Refused(504, "gateway_timeout", "Gateway timeout.")
    extra: dict[str, Any] = {
        "committed_resource_id": answer.get("id") or request.path_params.get("id")
    }
    if answer.get("object") == "list":
        extra["committed_child_ids"] = [one["id"] for one in answer["results"]]
    return Refused(
        503,
        "service_unavailable",
        "The change was saved, but the response could not be built in time. Read the object again"
        " instead of repeating the write.",
        elapsed_ms="55012",
        deadline_ms="55000",
        **extra,
    )


# the emulator's own endpoints ---------------------------------------------------------------------


def _own_routes(emulator: Emulator) -> list[Route]:
    async def requests(request: Request) -> Response:
        since = int(request.query_params.get("since", "0"))
        return JSONResponse(emulator.log.entries[since:])

    async def state(request: Request) -> Response:
        space = emulator.workspace
        rows = {
            source["id"]: len(space.rows[source["id"]]) for source in space.data_sources.values()
        }
        return JSONResponse(
            {
                "pages": len(space.pages),
                "blocks": len(space.blocks),
                "rows": rows,
                "requests": len(emulator.log.entries),
            }
        )

    async def faults(request: Request) -> Response:
        given = await request.json()
        emulator.faults += [Fault(**one) for one in (given if isinstance(given, list) else [given])]
        return JSONResponse({"faults": len(emulator.faults)})

    return [
        Route("/_emulator/requests", requests),
        Route("/_emulator/state", state),
        Route("/_emulator/faults", faults, methods=["POST"]),
    ]
