"""The service's own parts around a store, with a Notion in the same process and a clock set by hand.

Several rigs on one file are several processes; a rig that is left and made anew is a restart.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx

from automation.actions.discover import discover
from automation.adoption import target_names
from automation.conduct import Way
from automation.directory import Directory
from automation.dispatcher import Dispatcher, Workshop
from automation.effects import EffectKeys
from automation.emulator import showing
from automation.emulator.app import create_app
from automation.emulator.richtext import words
from automation.emulator.seed import seed_demo
from automation.emulator.state import Emulator
from automation.emulator.traffic import Window
from automation.emulator.workspace import Workspace
from automation.exchange import Exchange
from automation.governor import Governor
from automation.model.event import Event
from automation.model.request import Request, Response
from automation.model.run import Run, State
from automation.outbound.client import NotionClient
from automation.planner import Planner
from automation.rulebook import RuleBook
from automation.store.base import Store
from automation.store.sqlite import SqliteStore
from automation.timing import Timing

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PATIENCE_SECONDS = 60.0
SETTLE = timedelta(seconds=Timing().settle)


class HandClock:
    """Stands still until it is moved; sleeping moves it."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class World:
    """What outlives a process: the clock, Notion, the database file and the rules folder."""

    def __init__(self, folder: Path, rules: str) -> None:
        self.clock = HandClock()
        self.emulator = Emulator(Workspace(now=self.clock.now), Window(limit=0))
        seed_demo(self.emulator.workspace)
        self.database = str(folder / "a.db")
        self.rules = folder / "rules"
        self.rules.mkdir(exist_ok=True)
        (self.rules / "rules.toml").write_text(rules, encoding="utf-8")
        self._events = 0

    def event(self, name: str, body: Mapping[str, Any], *, ago: timedelta = timedelta()) -> Event:
        """An event that a sender sent, received some time ago."""
        self._events += 1
        return Event(
            id=f"{self._events:020x}",
            source=name.partition(".")[0],
            name=name,
            keys=(f"k{self._events}",),
            received_at=self.clock.now() - ago,
            body=json.dumps(body).encode(),
        )

    # what stands in Notion ------------------------------------------------------------------------

    def rows(self, source: str, *properties: str) -> list[tuple[Any, ...]]:
        """The rows of a data source: title, then those properties."""
        return [
            (title(page), *(_shown(page["properties"][name]) for name in properties))
            for page in showing.rows(self.emulator.workspace, source)
        ]

    def lines(self, page: str) -> list[str]:
        """The texts of a page's blocks, one level."""
        space = self.emulator.workspace
        found = next(one for one in space.pages.values() if space.title(one) == page)
        blocks = showing.children(space, found.id)
        return [words(one[one["type"]].get("rich_text", [])) for one in blocks]

    def writes(self) -> list[tuple[str, str]]:
        """Method and first path segment of every request that changed something, in order."""
        return [
            (one["method"], one["path"].split("/")[1])
            for one in self.emulator.log.entries
            if one.get("committed") and one["method"] in {"POST", "PATCH", "DELETE"}
            and not one["path"].endswith("/query") and one["path"] != "/search"
        ]  # fmt: skip


def title(page: Mapping[str, Any]) -> str:
    """A page's title."""
    return words(
        next(one for one in page["properties"].values() if one["type"] == "title")["title"]
    )


def _shown(value: Mapping[str, Any]) -> Any:
    inner = value[value["type"]]
    if value["type"] in {"title", "rich_text"}:
        return words(inner)
    return inner["name"] if value["type"] in {"select", "status"} and inner else inner


class NotionWay(Way, Protocol):
    """The way to Notion, as all parts of a process use it."""

    async def send(self, request: Request) -> Response:
        """Permit and transmit."""


class Rig:
    """One process."""

    def __init__(
        self,
        world: World,
        store: Store,
        way: NotionWay,
        secret: bytes,
        name: str = "host/1/1",
        concurrency: int = 16,
    ) -> None:
        self.world = world
        self.store = store
        actions = discover()
        self.directory = Directory(way.send, world.clock)
        self.rules = RuleBook(
            world.rules,
            actions=actions,
            store=store,
            changed=lambda rules: self.directory.expect(target_names(rules)),
            published={},
        )
        self.rules.load()
        assert [one for one in self.rules.problems if one.severity == "error"] == []
        self.planner = Planner(
            store=store,
            clock=world.clock,
            rules=self.rules,
            directory=self.directory,
            wake_runs=lambda: None,
            crowded=lambda: False,
            begun=lambda: 0,
        )
        shop = Workshop(
            store=store,
            clock=world.clock,
            rules=self.rules,
            directory=self.directory,
            actions=actions,
            keys=EffectKeys(secret),
            way=way,
            jitter=lambda: 0.0,
            owner=name,
            timing=Timing(),
            concurrency=concurrency,
        )
        self.dispatcher = Dispatcher(shop, lambda: None)

    async def receive(self, name: str, body: Mapping[str, Any], **more: Any) -> Event:
        """Store an event, and no more."""
        event = self.world.event(name, body, **more)
        await self.store.append(event)
        return event

    async def plan(self) -> None:
        """Plan all that is stored."""
        while await self.planner.work() == 0.0:
            pass

    async def settle(self) -> None:
        """Plan and run until nothing is due now."""
        await self.plan()
        while await self.dispatcher.work() == 0.0:
            await self.drain()
        await self.drain()

    async def drain(self) -> None:
        """Wait for the attempts in flight. Raises what killed one of them."""
        for attempt in list(self.dispatcher._tasks):
            await attempt

    async def happen(self, name: str, body: Mapping[str, Any], **more: Any) -> Event:
        """An event comes, and what is due is done."""
        event = await self.receive(name, body, **more)
        await self.settle()
        return event

    async def runs(self) -> list[Run]:
        """Every run, oldest first."""
        return sorted(await self.store.runs(limit=1000), key=lambda run: run.event_id)

    async def states(self) -> list[State]:
        """Where every run stands, in the order of their events."""
        return [run.state for run in await self.runs()]


@asynccontextmanager
async def process(world: World, name: str = "host/1/1") -> AsyncIterator[Rig]:
    """A process on this world's file."""
    store = SqliteStore(world.database)
    await store.open()
    try:
        async with way_to_notion(world, store) as way:
            yield Rig(world, store, way, await store.install_secret(), name)
    finally:
        await store.close()


@asynccontextmanager
async def way_to_notion(world: World, store: Store) -> AsyncIterator[Exchange]:
    """Requests to the Notion in this process. What breaks off there is answered with a 500."""
    transport = httpx.ASGITransport(app=create_app(world.emulator), raise_app_exceptions=False)
    token = world.emulator.workspace.token
    async with NotionClient(
        base_url="http://127.0.0.1", token=token, transport=transport
    ) as client:
        timing = Timing()
        governor = Governor(store, world.clock, token_key="t", limit=1_000_000, timing=timing)
        yield Exchange(client, governor, closed_token_seconds=timing.closed_token)
