"""The composition root: the only file that names concrete classes and puts them together."""

import asyncio
import hashlib
import random
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from automation.actions.discover import discover as discover_actions
from automation.clock import Clock, SystemClock
from automation.directory import Directory
from automation.dispatcher import Dispatcher, Workshop
from automation.effects import EffectKeys
from automation.engine.rules import RuleSet
from automation.engine.template import compile_text
from automation.exchange import Exchange
from automation.governor import Governor
from automation.intake import Intake, OpenSource, SourceBook
from automation.loop import Loop
from automation.model.action import Action
from automation.model.errors import StepFailed
from automation.model.request import Request, Response
from automation.model.target import TargetName
from automation.outbound.client import NotionClient
from automation.owners import me
from automation.planner import Planner
from automation.rulebook import RuleBook
from automation.scheduler import Scheduler
from automation.settings import Settings, secrets_for
from automation.sources.declared import Declared
from automation.sources.discover import discover as discover_sources
from automation.store.base import Store
from automation.store.sqlite import MEMORY, SqliteStore
from automation.web.app import Deps, create_app
from automation.web.metrics import Metrics
from automation.web.server import Server, Turnstile, build_server

log = structlog.get_logger()

DRAIN_SECONDS = 8.0


def new_id() -> str:
    """An event's id: 80 random bits in hex."""
    return next(_ids)


def _fresh_ids() -> Iterator[str]:
    """Randomness is fetched for many at once: asking the kernel for each costs a switch of threads."""
    while True:
        block = secrets.token_bytes(10 * 256)
        for at in range(0, len(block), 10):
            yield block[at : at + 10].hex()


_ids = _fresh_ids()


def open_store(database: str) -> Store:
    """The store a setting names."""
    if database == "memory:":
        return SqliteStore(MEMORY)
    return SqliteStore(database.removeprefix("sqlite:///"))


def actions() -> Mapping[str, Action]:
    """Every verb of the rules language that is built."""
    return discover_actions()


def book_of(environ: Mapping[str, str]) -> SourceBook:
    """The built-in sources with the secrets of this environment."""
    return SourceBook(
        {
            name: OpenSource(source=source, secrets=secrets_for(source.secret_variable, environ))
            for name, source in discover_sources().items()
        }
    )


def declared_sources(rules: RuleSet, environ: Mapping[str, str]) -> Mapping[str, OpenSource]:
    """The senders that the rules files declare."""

    def render(text: str, roots: Mapping[str, Any]) -> str:
        value = compile_text(text).render(roots)
        return "" if value is None else str(value)

    return {
        name: OpenSource(
            source=Declared(name, sender, render),
            secrets=secrets_for(sender.secret_env, environ),
        )
        for name, sender in rules.senders.items()
    }


def target_names(rules: RuleSet) -> dict[str, TargetName]:
    """How each target is to be found, by the text the rules write."""
    texts = {text for rule in rules.rules.values() for text in rule.targets}
    return {text: rules.targets.get(text, TargetName(name=text, text=text)) for text in texts}


async def no_token(request: Request) -> Response:
    """Stands where the way to Notion would be."""
    raise StepFailed("there is no Notion token", remedy="Set NOTION_TOKEN.")


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
        watch = asyncio.create_task(self.rules.watch(), name="watch")
        serving = asyncio.create_task(self.server.serve(sockets=sockets), name="http")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        await self._wind_down(tasks, watch, serving)
        stopping.cancel()

    async def _wind_down(
        self,
        tasks: list[asyncio.Task[None]],
        watch: asyncio.Task[None],
        serving: asyncio.Task[None],
    ) -> None:
        self.server.should_exit = True
        for loop in self.loops:
            loop.stop()
        watch.cancel()
        self.scheduler.stop()
        await serving
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*tasks)
                await self.dispatcher.drain()
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await watch

    async def close(self) -> None:
        """Let go of files and connections."""
        await self.stack.aclose()


class Builder:
    """Puts one service together."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        clock: Clock | None,
        requests_per_minute: int | None,
    ) -> None:
        self.settings = settings
        self.environ = environ
        self.clock = clock or SystemClock()
        self.requests_per_minute = requests_per_minute or settings.notion_plan.requests_per_minute
        self.owner = me()

    async def build(self) -> Service:
        """Open the store, read the rules, and connect the parts."""
        stack = AsyncExitStack()
        store = open_store(self.settings.database)
        await store.open()
        stack.push_async_callback(store.close)
        token = self.settings.notion_token
        governor = Governor(
            store,
            self.clock,
            token_key=token_key(token.get_secret_value() if token else ""),
            limit=self.requests_per_minute,
        )
        send = await self._way_to_notion(stack, governor)
        return await self._connect(stack, store, governor, send)

    async def _way_to_notion(
        self, stack: AsyncExitStack, governor: Governor
    ) -> Callable[[Request], Awaitable[Response]] | None:
        token = self.settings.notion_token
        if token is None:
            return None
        client = NotionClient(
            base_url=self.settings.notion_base_url, token=token.get_secret_value()
        )
        await stack.enter_async_context(client)
        return Exchange(client, governor).send

    async def _connect(
        self,
        stack: AsyncExitStack,
        store: Store,
        governor: Governor,
        send: Callable[[Request], Awaitable[Response]] | None,
    ) -> Service:
        verbs = actions()
        book = book_of(self.environ)
        directory = Directory(send, self.clock)
        runs = Loop("runs", lambda: dispatcher.work())
        plans = Loop("plans", lambda: planner.work())
        turnstile = Turnstile()
        scheduler = Scheduler(store=store, clock=self.clock, wake=plans.wake, new_id=new_id)
        adopt = Adoption(book, directory, scheduler, self.environ)
        rules = RuleBook(Path(self.settings.rules), actions=verbs, store=store, changed=adopt.use)
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
            send=send or no_token,
            jitter=random.random,
            owner=self.owner,
            settle_seconds=self.settings.settle_seconds,
        )
        dispatcher = Dispatcher(shop, runs.wake)
        rules.load()
        metrics = Metrics(store.counts, lambda: self.clock.now().timestamp())
        metrics.requests_sent = lambda: governor.sent
        intake = Intake(book=book, store=store, clock=self.clock, wake=plans.wake)
        app = create_app(
            Deps(
                intake=intake,
                metrics=metrics,
                now=self.clock.now,
                new_id=new_id,
                ready=readiness(rules, directory, store, governor),
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


class Adoption:
    """What changes when the rules change: declared senders, expected targets, schedules."""

    def __init__(
        self,
        book: SourceBook,
        directory: Directory,
        scheduler: Scheduler,
        environ: Mapping[str, str],
    ) -> None:
        self._book = book
        self._directory = directory
        self._scheduler = scheduler
        self._environ = environ

    def use(self, rules: RuleSet) -> None:
        """These rules are in force now."""
        self._book.declare(declared_sources(rules, self._environ))
        self._directory.expect(target_names(rules))
        self._scheduler.use(rules)


def readiness(
    rules: RuleBook, directory: Directory, store: Store, governor: Governor
) -> Callable[[], Awaitable[Mapping[str, Any]]]:
    """What /readyz says."""

    async def ready() -> Mapping[str, Any]:
        counts = await store.counts()
        missing = directory.missing(rules.target_texts())
        waiting = [
            {"rule": rule.id, "target": text, "reason": missing[text]}
            for rule in rules.current.rules.values()
            for text in rule.targets
            if text in missing
        ]
        return {
            "ready": True,
            "rules": len(rules.current.rules),
            "broken": [
                problem.to_json() for problem in rules.problems if problem.severity == "error"
            ],
            "waiting": waiting,
            "events": counts.events,
            "runs": counts.runs,
            "notion": {
                "sent": governor.sent,
                "queued": governor.waiting,
                "paused_until": governor.paused_until.isoformat()
                if governor.paused_until
                else None,
            },
        }

    return ready


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
    clock: Clock | None = None,
    requests_per_minute: int | None = None,
) -> Service:
    """A service for these settings. Raises SettingsError, RuleError or StoreError.

    `requests_per_minute` stands in for the plan's budget where a bench wants to see past it.
    """
    return await Builder(settings, environ, clock, requests_per_minute).build()
