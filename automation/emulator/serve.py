"""The emulator as a server on this machine."""

import json
import socket
import sys
from contextlib import suppress
from typing import Any

import uvicorn

from automation.emulator.app import Emulator, create_app
from automation.emulator.seed import SEEDS, describe
from automation.emulator.traffic import Window
from automation.emulator.workspace import Workspace


def build(seed: str, limit: int) -> Emulator:
    """An emulator with a seeded workspace. `limit` requests a minute; 0 is no limit."""
    workspace = Workspace()
    SEEDS[seed](workspace)
    return Emulator(workspace, Window(limit=limit))


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes a free one."""
    return socket.create_server(("127.0.0.1", port), backlog=1024)


def server(emulator: Emulator) -> uvicorn.Server:
    """A server that serves it."""
    config = uvicorn.Config(
        create_app(emulator), log_level="critical", access_log=False, server_header=False,
        date_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    return uvicorn.Server(config)


def run(port: int, seed: str, limit: int, *, as_json: bool) -> None:
    """Serve until interrupted; the first line of stdout says where."""
    emulator = build(seed, limit)
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
        print(f"  {name:<16} {identity}")
    print("Stop it with Ctrl-C; what is in it is gone then.", file=sys.stderr, flush=True)
