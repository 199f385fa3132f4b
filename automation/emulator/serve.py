"""The emulator as a server on this machine."""

import json
import socket
import sys
from contextlib import suppress
from typing import Any

import uvicorn

from automation.emulator.app import create_app
from automation.emulator.seed import SEEDS, describe
from automation.emulator.state import Emulator
from automation.emulator.traffic import Window
from automation.emulator.workspace import Workspace


def build(seed: str, limit: int, *, search_lag: float = 0.0) -> Emulator:
    """An emulator with a seeded workspace. `limit` requests a minute; 0 is no limit."""
    workspace = Workspace()
    SEEDS[seed](workspace)
    workspace.search_lag = search_lag
    return Emulator(workspace, Window(limit=limit))


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes a free one."""
    # asyncio turns Nagle's algorithm off only where the protocol is named: without it each answer,
    # sent as head and body, waits 40 ms for an acknowledgement.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
        # Who reads where it is may connect at once, and waits until it serves.
        made.listen(1024)
    except OSError:
        made.close()
        raise
    return made


def server(emulator: Emulator) -> uvicorn.Server:
    """A server that serves it."""
    config = uvicorn.Config(
        create_app(emulator), log_level="critical", access_log=False, server_header=False,
        date_header=False, http="h11", timeout_graceful_shutdown=1,
    )  # fmt: skip
    made = uvicorn.Server(config)
    emulator.cut = lambda client: _cut(made, client)
    return made


def _cut(server: uvicorn.Server, client: tuple[str, int]) -> None:
    """Close a client's connection at once, whatever it waits for."""
    for connection in list(server.server_state.connections):
        if getattr(connection, "client", None) == client:
            connection.transport.abort()


def run(
    port: int, seed: str, limit: int, *, search_lag: float = 0.0, as_json: bool = False
) -> None:
    """Serve until interrupted; the first line of stdout says where."""
    emulator = build(seed, limit, search_lag=search_lag)
    with listen(port) as bound:
        base_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        _announce(describe(emulator.workspace, base_url), as_json=as_json)
        with suppress(KeyboardInterrupt):
            server(emulator).run(sockets=[bound])


def _announce(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts), flush=True)
        return
    print(f"A local Notion is at {facts['base_url']}")
    print(f"  NOTION_BASE_URL={facts['base_url']} NOTION_TOKEN={facts['token']}")
    for name, identity in {**facts["data_sources"], **facts["pages"]}.items():
        print(f"  {name:<16} {identity}", flush=True)
    print("Stop it with Ctrl-C; what is in it is gone then.", file=sys.stderr, flush=True)
