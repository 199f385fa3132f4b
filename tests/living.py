"""A whole service and a local Notion, over real sockets, for tests that watch them live together."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from automation import settings
from automation.emulator import serve as local
from automation.emulator import showing
from automation.emulator.seed import describe
from automation.emulator.state import Emulator
from automation.model.run import Run, State
from automation.sources.discover import discover
from automation.timing import Timing
from automation.wiring import Parts, Service, build_service

SECRET = "a secret of these tests"
PATIENCE_SECONDS = 15.0
QUICK = Timing(settle=0.3, first_retry=0.05, longest_retry=0.2)
"""The waits of a retry are short here."""


async def eventually(
    told: Callable[[], Awaitable[Any]], *, seconds: float = PATIENCE_SECONDS, what: str = "it"
) -> Any:
    """The first true answer; asked again and again, and not for ever."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (answer := await told()):
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not come about"
        await asyncio.sleep(0.02)
    return answer


class LocalNotion:
    """An emulator that serves: where it is, and what came to it. It can go away and come back."""

    def __init__(self, limit: int) -> None:
        self.emulator: Emulator = local.build("demo", limit)
        with local.listen(0) as bound:
            self._port = int(bound.getsockname()[1])
        self.base_url = f"http://127.0.0.1:{self._port}"
        self.facts: Mapping[str, Any] = describe(self.emulator.workspace, self.base_url)

    async def come(self) -> None:
        """Serve."""
        self._socket = local.listen(self._port)
        self._server = local.server(self.emulator)
        self._serving = asyncio.create_task(self._server._serve(sockets=[self._socket]))

    async def go(self) -> None:
        """Stop serving; what is in it stays."""
        self._server.should_exit = True
        await self._serving
        self._socket.close()

    @property
    def settings(self) -> dict[str, str]:
        """What a service needs to find it."""
        return {"NOTION_BASE_URL": self.base_url, "NOTION_TOKEN": str(self.facts["token"])}

    async def faults(self, *faults: Mapping[str, Any]) -> None:
        """Inject faults, as anybody could over HTTP."""
        async with client_of(self.base_url) as client:
            answer = await client.post("/_emulator/faults", json=list(faults))
        assert answer.status_code == 200

    def requests(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """The log of what came, in order."""
        return [
            one
            for one in self.emulator.log.entries
            if method in {"", one["method"]} and one["path"].startswith(path)
        ]

    def titles(self, name: str = "Tasks") -> list[str]:
        """The titles of a data source's rows, in order of creation."""
        return [title(page) for page in showing.rows(self.emulator.workspace, name)]

    def lines(self, page: str = "Engineering log") -> list[str]:
        """The first words of each block of a page."""
        blocks = showing.children(self.emulator.workspace, self.facts["pages"][page])
        return [words(one) for one in blocks]


def client_of(base_url: str) -> httpx.AsyncClient:
    """A client of something on this machine: it loads no certificates, and lets go of a connection long
    before the server does."""
    limits = httpx.Limits(keepalive_expiry=2)
    return httpx.AsyncClient(
        base_url=base_url, trust_env=False, verify=False, timeout=20, limits=limits
    )


def title(page: Mapping[str, Any]) -> str:
    """A page's title."""
    found = next(one for one in page["properties"].values() if one["type"] == "title")
    return "".join(str(part["plain_text"]) for part in found["title"])


def words(block: Mapping[str, Any]) -> str:
    """A block's text."""
    return "".join(str(part["plain_text"]) for part in block[block["type"]].get("rich_text", []))


@asynccontextmanager
async def local_notion(*, limit: int = 0) -> AsyncIterator[LocalNotion]:
    """A seeded emulator on a free port; `limit` requests a minute, 0 is no limit."""
    notion = LocalNotion(limit)
    await notion.come()
    try:
        yield notion
    finally:
        await notion.go()


@dataclass(frozen=True)
class Live:
    """A service that runs: where it is, and what it did."""

    service: Service
    client: httpx.AsyncClient
    folder: Path

    async def deliver(self, name: str, body: bytes | Mapping[str, Any]) -> httpx.Response:
        """Post a delivery signed as its sender would."""
        return await self.ask("POST", f"/hooks/{name.partition('.')[0]}", **signed(name, body))

    async def issue(self, name: str, *, key: str = "") -> str:
        """Deliver an opened issue of that title; its event id."""
        answer = await self.deliver("github.issues.opened", issue(name, key=key))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["event"])

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Any request to the service."""
        return await self.client.request(method, path, **more)

    async def ready(self) -> Any:
        """What /readyz says."""
        return (await self.ask("GET", "/readyz")).json()

    def rule(self, text: str, name: str = "a.toml") -> Path:
        """Write a rule file as a careful editor does: whole, then renamed into its place."""
        return write(self.folder / "rules" / name, text)

    async def runs(self, state: State | None = None) -> list[Run]:
        """Its runs, oldest first."""
        return list(reversed(await self.service.store.runs(limit=1000, state=state)))

    async def settled(self, number: int, *, seconds: float = PATIENCE_SECONDS) -> list[Run]:
        """Its runs, when there are so many and all of them have ended."""

        async def ended() -> list[Run] | None:
            found = await self.runs()
            over = all(one.state in {State.DONE, State.PARKED} for one in found)
            return found if over and len(found) >= number else None

        found: list[Run] = await eventually(
            ended, seconds=seconds, what=f"the end of {number} runs"
        )
        return found


def signed(name: str, body: bytes | Mapping[str, Any]) -> dict[str, Any]:
    """Content and headers of a delivery, signed as its sender would; `name` is `source.type[.action]`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    source, _, event = name.partition(".")
    headers = discover()[source].sign(
        raw, secret=SECRET.encode(), now=datetime.now(UTC), event=event, delivery=os.urandom(8).hex()
    )  # fmt: skip
    return {"content": raw, "headers": dict(headers)}


def write(path: Path, text: str) -> Path:
    """Save atomically."""
    half = path.with_name(path.name + ".tmp")
    half.write_text(text, encoding="utf-8")
    return half.rename(path)


def issue(name: str, *, key: str = "") -> dict[str, Any]:
    """The body of a GitHub issue that was opened; `key` makes two of them the same issue."""
    address = f"https://github.com/acme/web/issues/{key or name}"
    return {
        "action": "opened",
        "issue": {"title": name, "html_url": address},
        "repository": {"full_name": "acme/web"},
        "sender": {"login": "ada"},
    }


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Settings for a service in this folder; its rules folder is made."""
    (folder / "rules").mkdir(exist_ok=True)
    secrets = {source.secret_variable: SECRET for source in discover().values()}
    return {
        **secrets,
        "AUTOMATION_RULES": str(folder / "rules"),
        "AUTOMATION_DATABASE": f"sqlite:///{folder / 'automation.db'}",
        "AUTOMATION_PORT": "0",
        "AUTOMATION_SETTLE_SECONDS": "0.3",
        "NOTION_PLAN": "business",
        **more,
    }


@asynccontextmanager
async def live(folder: Path, *rules: str, **more: str) -> AsyncIterator[Live]:
    """A running service with these rule texts; `more` are settings over the defaults of tests."""
    async with live_at(QUICK, folder, *rules, **more) as running:
        yield running


@asynccontextmanager
async def live_at(timing: Timing, folder: Path, *rules: str, **more: str) -> AsyncIterator[Live]:
    """The same at a pace of its own."""
    environ = environment(folder, **more)
    parts = Parts(timing=timing)
    for number, text in enumerate(rules):
        write(folder / "rules" / f"{'abcdefgh'[number]}.toml", text)
    service = await build_service(settings.read(environ), environ, parts=parts)
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop=stop))
    try:
        while not service.server.started:
            assert not running.done()
            await asyncio.sleep(0.01)
        port = service.server.servers[0].sockets[0].getsockname()[1]
        async with client_of(f"http://127.0.0.1:{port}") as client:
            yield Live(service, client, folder)
    finally:
        stop.set()
        await running
        await service.close()


TARGETS = """
[target.Tasks]
data_source = "Tasks"
key_property = "Automation key"
"""

CREATE = """
[[rule]]
id = "issue"
on = "github.issues"
[[rule.do]]
create = "Tasks"
set.Name = "{{ event.issue.title }}"
"""

UPSERT = """
[[rule]]
id = "issue"
on = "github.issues"
[[rule.do]]
upsert = "Tasks"
match.URL = "{{ event.issue.html_url }}"
set.Name = "{{ event.issue.title }}"
"""

APPEND = """
[[rule]]
id = "line"
on = "github.issues"
[[rule.do]]
append = "Engineering log"
body = "{{ event.issue.title }}"
"""
