"""The bare skeleton: what any durable receiver of signed webhooks must do, and nothing else.

HMAC over the body, JSON, one grouped SQLite commit (WAL, synchronous=FULL), 200. The same server,
framework and settings as the service; no strictness, no sources, no rules, no bounds, no metrics.
"""

import argparse
import asyncio
import hmac
import json
import queue
import sqlite3
import threading

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Row = tuple[str, bytes]


class Keeper:
    """One thread; whatever waits is committed together, then everybody in the group is told."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[tuple[Row, asyncio.Future[None]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    async def keep(self, row: Row) -> None:
        """Return when the row is on disk."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((row, kept))
        await kept

    def _work(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE events (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
        while True:
            group = [self._queue.get()]
            while not self._queue.empty():
                group.append(self._queue.get())
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO events VALUES (?, ?) ON CONFLICT DO NOTHING",
                [row for row, _ in group],
            )
            connection.execute("COMMIT")
            kept = [one for _, one in group]
            kept[0].get_loop().call_soon_threadsafe(_tell, kept)


def _tell(kept: list[asyncio.Future[None]]) -> None:
    for one in kept:
        if not one.done():
            one.set_result(None)


def create_app(keeper: Keeper, secret: bytes) -> Starlette:
    """The application: one route."""

    async def hook(request: Request) -> Response:
        body = await request.body()
        signature = "sha256=" + hmac.digest(secret, body, "sha256").hex()
        if not hmac.compare_digest(signature, request.headers.get("x-hub-signature-256", "")):
            return JSONResponse({"error": "bad signature"}, 401)
        json.loads(body)
        delivery = request.headers["x-github-delivery"]
        await keeper.keep((delivery, body))
        return JSONResponse({"event": delivery})

    return Starlette(routes=[Route("/hooks/github", hook, methods=["POST"])])


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--secret", required=True)
    given = parser.parse_args()
    app = create_app(Keeper(given.database), given.secret.encode())
    uvicorn.run(
        app, host="127.0.0.1", port=given.port, http="h11", ws="none", lifespan="off",
        log_config=None, access_log=False, server_header=False, date_header=False,
        proxy_headers=False, backlog=1024,
    )  # fmt: skip


if __name__ == "__main__":
    main()
