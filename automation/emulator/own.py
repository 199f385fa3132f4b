"""The emulator's own endpoints, under `/_emulator`: for tests, not part of Notion. No token needed.

GET    /_emulator/requests?since=N   every request so far: method, path, time, status, body,
                                     object_id, committed
DELETE /_emulator/requests           forget them
GET    /_emulator/state              counts of pages, blocks, requests; rows by data source
GET    /_emulator/faults             the faults that wait; see `faults` for the kinds
POST   /_emulator/faults             add one, or a list
DELETE /_emulator/faults             forget them
PATCH  /_emulator/settings           requests_per_minute, window_seconds, search_lag, query_cap
"""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from automation.emulator.faults import Fault
from automation.emulator.state import Emulator


def routes(emulator: Emulator) -> list[Route]:
    """The routes."""

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            emulator.log.entries.clear()
        since = int(request.query_params.get("since", "0"))
        return JSONResponse(emulator.log.entries[since:])

    async def state(request: Request) -> Response:
        return JSONResponse(_counts(emulator))

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            emulator.faults.clear()
        if request.method == "POST":
            given = await request.json()
            try:
                made = [Fault(**one) for one in (given if isinstance(given, list) else [given])]
            except (TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, 400)
            emulator.faults += made
        waiting = [asdict(one) for one in emulator.faults if one.times > 0]
        return JSONResponse({"faults": len(waiting), "waiting": waiting})

    async def settings(request: Request) -> Response:
        return _set(emulator, await request.json())

    return [
        Route("/_emulator/requests", requests, methods=["GET", "DELETE"]),
        Route("/_emulator/state", state),
        Route("/_emulator/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/_emulator/settings", settings, methods=["PATCH"]),
    ]


def _counts(emulator: Emulator) -> dict[str, Any]:
    space = emulator.workspace
    return {
        "pages": len(space.pages),
        "blocks": len(space.blocks),
        "rows": {one.id: len(one.rows) for one in space.data_sources.values()},
        "requests": len(emulator.log.entries),
    }


def _set(emulator: Emulator, given: dict[str, Any]) -> Response:
    homes = {
        "requests_per_minute": (emulator.window, "limit", int),
        "window_seconds": (emulator.window, "seconds", float),
        "search_lag": (emulator.workspace, "search_lag", float),
        "query_cap": (emulator.workspace, "query_cap", int),
    }
    unknown = given.keys() - homes.keys()
    if unknown:
        return JSONResponse({"error": f"there is no setting {', '.join(sorted(unknown))}"}, 400)
    for name, value in given.items():
        home, attribute, kind = homes[name]
        setattr(home, attribute, kind(value))
    return JSONResponse(
        {name: getattr(home, attribute) for name, (home, attribute, _) in homes.items()}
    )
