"""The composition root: the only file that names concrete classes and puts them together."""

import asyncio
import hashlib
import random
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import structlog

from automation.actions.discover import discover as discover_actions
from automation.adoption import Adoption
from automation.clock import Clock, SystemClock
from automation.directory import Directory
from automation.dispatcher import Dispatcher, Workshop
from automation.effects import EffectKeys
from automation.exchange import Exchange
from automation.governor import Governor
from automation.intake import Intake, OpenSource, SourceBook
from automation.loop import Loop
from automation.model.action import Action
from automation.model.errors import RuleError, SettingsError, StepFailed, StoreError
from automation.model.fields import Schema
from automation.model.request import Request, Response
from automation.outbound.client import NotionClient
from automation.owners import me
from automation.planner import Planner
from automation.readiness import Readiness, counts_of
from automation.rulebook import RuleBook
from automation.scheduler import Scheduler
from automation.settings import Settings, secrets_for
from automation.sources.catalogue import Published
from automation.sources.discover import discover as discover_sources
from automation.store.base import Store
from automation.store.sqlite import MEMORY, SqliteStore
from automation.timing import Timing
from automation.web.app import Deps, create_app
from automation.web.metrics import Metrics
from automation.web.server import Server, Turnstile, build_server

log = structlog.get_logger()

DRAIN_SECONDS = 8.0


def event_ids() -> Callable[[], str]:
    """Makes ids of events: 80 random bits in hex."""
    return partial(next, _fresh_ids())


def _fresh_ids() -> Iterator[str]:
    """Randomness is fetched for many at once: asking the kernel for each costs a switch of threads."""
    while True:
        block = secrets.token_bytes(10 * 256)
        for at in range(0, len(block), 10):
            yield block[at : at + 10].hex()


def open_store(database: str) -> Store:
    """The store a setting names."""
    if database == "memory:":
        return SqliteStore(MEMORY)
    return SqliteStore(database.removeprefix("sqlite:///"))


def actions() -> Mapping[str, Action]:
    """Every verb of the rules language that is built."""
    return discover_actions()


def published() -> Mapping[str, Schema]:
    """The fields that the built-in sources are known to send, read when they are asked for."""
    return Published()


def book_of(environ: Mapping[str, str]) -> SourceBook:
    """The built-in sources with the secrets of this environment."""
    return SourceBook(
        {
            name: OpenSource(source=source, secrets=secrets_for(source.secret_variable, environ))
            for name, source in discover_sources().items()
        }
    )


class NoWay:
    """Stands where the way to Notion would be."""

    async def permit(self) -> None:
        """There is nothing to spend."""

    async def transmit(self, request: Request) -> Response:
        """Refuse."""
        raise StepFailed("there is no Notion token", remedy="Set NOTION_TOKEN.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What may stand in place of the usual parts: for a bench that wants to see past the plan's budget,
    and for a proof that makes everything faster and dies at chosen places."""

    clock: Clock = field(default_factory=SystemClock)
    timing: Timing | None = None
    requests_per_minute: int | None = None
    store: Callable[[str], Store] = open_store
    client: Callable[..., NotionClient] = NotionClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A whole service, built and not started."""

    settings: Settings
    store: Store
    book: SourceBook
    rules: RuleBook
    directory: Directory
    scheduler: Scheduler
    dispatcher: Dispatcher
    loops: tuple[Loop, ...]
    server: Server
    governor: Governor
    metrics: Metrics
    stack: AsyncExitStack

    async def run(self, *, sockets: list[socket.socket] | None = None, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then take nothing new, let what is in flight end, and let go."""
        self.scheduler.start()
        tasks = [asyncio.create_task(loop.run(), name=loop.name) for loop in self.loops]
        tasks.append(asyncio.create_task(self.rules.watch(), name="watch"))
        serving = asyncio.create_task(self.server.serve(sockets=sockets), name="http")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await self._wind_down(tasks, serving)

    async def _wind_down(
        self, tasks: list[asyncio.Task[None]], serving: asyncio.Task[None]
    ) -> None:
        self.server.should_exit = True
        self.scheduler.stop()
        # Nothing new is claimed, and nothing more is sent; what is on its way to Notion may arrive.
        for task in tasks:
            task.cancel()
        self.governor.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        ended = asyncio.gather(
            serving, self.dispatcher.drain(DRAIN_SECONDS), return_exceptions=True
        )
        for error in await ended:
            if isinstance(error, StoreError):
                log.warning("service.not_given_back", error=str(error))
            elif isinstance(error, BaseException):
                raise error

    async def close(self) -> None:
        """Let go of files and connections."""
        await self.stack.aclose()


class Builder:
    """Puts one service together."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        parts: Parts,
    ) -> None:
        self.settings = settings
        self.environ = environ
        self.parts = parts
        self.clock = parts.clock
        self.timing = parts.timing or Timing(settle=settings.settle_seconds)
        self.owner = me()

    async def build(self) -> Service:
        """Open the store, read the rules, and connect the parts."""
        async with AsyncExitStack() as stack:
            store = self.parts.store(self.settings.database)
            stack.push_async_callback(store.close)
            await store.open()
            token = self.settings.notion_token
            governor = Governor(
                store,
                self.clock,
                token_key=token_key(token.get_secret_value() if token else ""),
                limit=self.parts.requests_per_minute or self.settings.requests_per_minute,
                timing=self.timing,
            )
            exchange = await self._way_to_notion(stack, governor)
            service = await self._connect(stack, store, governor, exchange)
            return replace(service, stack=stack.pop_all())

    async def _way_to_notion(self, stack: AsyncExitStack, governor: Governor) -> Exchange | None:
        token = self.settings.notion_token
        if token is None:
            return None
        client = self.parts.client(
            base_url=self.settings.notion_base_url,
            token=token.get_secret_value(),
            deadline=self.timing.deadline,
        )
        await stack.enter_async_context(client)
        return Exchange(client, governor, closed_token_seconds=self.timing.closed_token)

    async def _connect(
        self,
        stack: AsyncExitStack,
        store: Store,
        governor: Governor,
        exchange: Exchange | None,
    ) -> Service:
        verbs = actions()
        book = book_of(self.environ)
        directory = Directory(exchange.send if exchange else None, self.clock)
        runs = Loop("runs", lambda: dispatcher.work())
        plans = Loop("plans", lambda: planner.work())
        # A run that only waits for the budget leaves the loop to the clients.
        turnstile = Turnstile(lambda: dispatcher.busy > governor.waiting)
        new_id = event_ids()
        scheduler = Scheduler(store=store, clock=self.clock, wake=plans.wake, new_id=new_id)
        adopt = Adoption(book, directory, scheduler, self.environ)
        rules = RuleBook(
            Path(self.settings.rules),
            actions=verbs,
            store=store,
            changed=adopt.use,
            published=published(),
        )
        planner = Planner(
            store=store,
            clock=self.clock,
            rules=rules,
            directory=directory,
            wake_runs=runs.wake,
            crowded=lambda: turnstile.crowded,
            begun=lambda: dispatcher.begun,
        )
        shop = Workshop(
            store=store,
            clock=self.clock,
            rules=rules,
            directory=directory,
            actions=verbs,
            keys=EffectKeys(await store.install_secret()),
            way=exchange or NoWay(),
            jitter=random.random,
            owner=self.owner,
            timing=self.timing,
        )
        dispatcher = Dispatcher(shop, runs.wake)
        await self._read(rules)
        metrics = Metrics(partial(counts_of, store), lambda: self.clock.now().timestamp())
        metrics.requests_sent = lambda: governor.sent
        intake = Intake(book=book, store=store, clock=self.clock, wake=plans.wake)
        app = create_app(
            Deps(
                intake=intake,
                metrics=metrics,
                now=self.clock.now,
                new_id=new_id,
                ready=Readiness(
                    intake=intake,
                    rules=rules,
                    directory=directory,
                    store=store,
                    governor=governor,
                    clock=self.clock,
                ).tell,
                hosts=hosts_of(self.settings),
            )
        )
        return Service(
            settings=self.settings,
            store=store,
            book=book,
            rules=rules,
            directory=directory,
            scheduler=scheduler,
            dispatcher=dispatcher,
            loops=(
                plans,
                runs,
                Loop("leases", dispatcher.look_after_leases),
                Loop("targets", dispatcher.look_for_targets),
            ),
            server=build_server(
                app, host=self.settings.host, port=self.settings.port, turnstile=turnstile
            ),
            governor=governor,
            metrics=metrics,
            stack=stack,
        )

    async def _read(self, rules: RuleBook) -> None:
        await rules.remember()
        await rules.learn()
        try:
            rules.load()
        except RuleError as error:
            raise SettingsError("AUTOMATION_RULES", str(error)) from error
        await rules.keep()


def hosts_of(settings: Settings) -> frozenset[str]:
    """The Host names requests may carry: any, unless the setting names them; then this machine's own too."""
    named = {name.strip().lower() for name in settings.public_hosts.split(",") if name.strip()}
    return frozenset(named | {"127.0.0.1", "localhost", "::1"}) if named else frozenset()


def token_key(token: str) -> str:
    """A name for a token that does not tell it."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


async def build_service(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    parts: Parts | None = None,
) -> Service:
    """A service for these settings. Raises SettingsError, RuleError or StoreError."""
    return await Builder(settings, environ, parts or Parts()).build()
