"""One simulated process: the service's own planner, dispatcher, governor and exchange, which can be
killed or stopped at every point where it touches the world.

A killed process does nothing more: no handler, no `finally` of it reaches the store or the wire.
What it had on the wire goes on without it. A stopped one (SIGSTOP) goes on later as if nothing had
happened.
"""

import asyncio
import contextvars
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import httpx

from automation.actions.discover import discover
from automation.adoption import target_names
from automation.directory import Directory
from automation.dispatcher import Dispatcher, Workshop
from automation.effects import EffectKeys
from automation.engine.rules import RuleSet
from automation.exchange import Exchange
from automation.governor import Governor
from automation.loop import Loop
from automation.model.errors import StoreError, StoreUnavailable
from automation.model.event import Event
from automation.outbound.client import NotionClient
from automation.planner import Planner
from automation.rulebook import RuleBook
from automation.store.sqlite import MEMORY, SqliteStore
from automation.timing import Timing
from proof.virtual import VirtualClock

T = TypeVar("T")
TIMING = Timing()

_MACHINE: "contextvars.ContextVar[Machine | None]" = contextvars.ContextVar("machine", default=None)


def own_tasks(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], **more: Any
) -> "asyncio.Task[T]":
    """A task factory: every task that a machine starts belongs to it and dies with it."""
    task = asyncio.Task(work, loop=loop, **more)
    machine = (more.get("context") or contextvars.copy_context()).get(_MACHINE)
    if machine is not None:
        machine.tasks.add(task)
        task.add_done_callback(machine.tasks.discard)
    return task


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazards:
    """Chances at each point where a process touches the store or the wire."""

    kill: float = 0.0
    stop: float = 0.0
    longest_stop: float = 400.0
    refuse: float = 0.0
    """The store cannot be written: nothing happens, and it says so."""


class Machine:
    """A process."""

    def __init__(
        self, name: str, random: Random, hazards: Hazards, killed: Callable[[str], None]
    ) -> None:
        self.name = name
        self.tasks: set[asyncio.Task[Any]] = set()
        self.died = asyncio.Event()
        self._random = random
        self.hazards = hazards
        self._killed = killed
        self._stopped_until = 0.0

    async def reach(self, label: str) -> None:
        """A point where the process may be killed or stopped."""
        await self._standstill()
        chance = self._random.random()
        if chance < self.hazards.kill:
            self.kill(label)
        elif chance < self.hazards.kill + self.hazards.stop:
            now = asyncio.get_running_loop().time()
            self._stopped_until = now + self._random.uniform(1.0, self.hazards.longest_stop)
        await self._standstill()

    def refuses(self) -> bool:
        """Whether the store cannot be written this time."""
        return self._random.random() < self.hazards.refuse

    async def _standstill(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.died.is_set() and loop.time() < self._stopped_until:
            await asyncio.sleep(self._stopped_until - loop.time())
        if self.died.is_set():
            await loop.create_future()

    def kill(self, label: str) -> None:
        """kill -9."""
        self.died.set()
        self._killed(label)
        for task in self.tasks - {asyncio.current_task()}:
            task.cancel()

    def start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Begin a task of this process."""
        context = contextvars.copy_context()
        context.run(_MACHINE.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    async def until_dead(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of work done in this process; None if the process dies first."""
        task, died = self.start(work), asyncio.ensure_future(self.died.wait())
        await asyncio.wait([task, died], return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if task.done() and not task.cancelled():
            return task.result()
        task.cancel()
        return None


class MachineStore(SqliteStore):
    """The store on a connection that outlives the process; each verb is a point to die at."""

    def __init__(self, connection: sqlite3.Connection, machine: Machine) -> None:
        super().__init__(MEMORY)
        self._writer = _Inline(connection, machine)  # type: ignore[assignment]  # the same two verbs
        self._connection = connection
        self._machine = machine

    async def _read(self, verb: Callable[[sqlite3.Connection], T]) -> T:
        await self._machine.reach("read")
        return verb(self._connection)


class _Inline:
    """The writer without its thread."""

    def __init__(self, connection: sqlite3.Connection, machine: Machine) -> None:
        self._connection = connection
        self._machine = machine

    async def run(self, verb: Callable[[sqlite3.Connection], T]) -> T:
        name = (
            verb.func.__name__ if isinstance(verb, partial) else getattr(verb, "__name__", "verb")
        )
        return await self._commit(name, verb)

    async def run_in_bulk(self, bulk: Callable[..., Sequence[T]], item: object) -> T:
        return (await self._commit("append", lambda connection: bulk(connection, [item])))[0]

    async def _commit(self, name: str, verb: Callable[[sqlite3.Connection], T]) -> T:
        await self._machine.reach(f"{name}-")
        if self._machine.refuses():
            raise StoreUnavailable("the disk is full")
        result = transact(self._connection, verb)
        await self._machine.reach(f"{name}+")
        return result


def transact(connection: sqlite3.Connection, verb: Callable[[sqlite3.Connection], T]) -> T:
    """One verb, one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = verb(connection)
    except (StoreError, sqlite3.Error):
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return result


Carry = Callable[[httpx.Request, bytes], Awaitable[httpx.Response]]


class MachineTransport(httpx.AsyncBaseTransport):
    """The process's end of the wire; what is on it goes on when the process dies."""

    def __init__(self, machine: Machine, carry: Carry) -> None:
        self._machine = machine
        self._carry = carry

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        await self._machine.reach("send-")
        loop = asyncio.get_running_loop()
        on_the_wire = loop.create_task(
            _carry_on(self._carry, request, content), context=contextvars.Context()
        )
        response = await asyncio.shield(on_the_wire)
        await self._machine.reach("send+")
        return response


async def _carry_on(carry: Carry, request: httpx.Request, content: bytes) -> httpx.Response:
    return await carry(request, content)


class SimulatedService:
    """What `wiring` builds, without sockets, files to watch, and threads."""

    def __init__(self, machine: Machine, *, connection: sqlite3.Connection, clock: VirtualClock,
                 rules: Path, carry: Carry, random: Random, budget: int) -> None:  # fmt: skip
        self.store = MachineStore(connection, machine)
        self._machine = machine
        client = NotionClient(
            base_url="http://notion",
            token="ntn_emulator",
            transport=MachineTransport(machine, carry),
        )
        self.governor = Governor(self.store, clock, token_key="t", limit=budget, timing=TIMING)
        exchange = Exchange(client, self.governor, closed_token_seconds=TIMING.closed_token)
        verbs = discover()
        directory = Directory(exchange.send, clock)

        def use(found: RuleSet) -> None:
            directory.expect(target_names(found))

        book = RuleBook(rules, actions=verbs, store=self.store, changed=use, published={})
        book.load()
        runs = Loop("runs", lambda: dispatcher.work())
        self._planner = Planner(
            store=self.store,
            clock=clock,
            rules=book,
            directory=directory,
            wake_runs=runs.wake,
            crowded=lambda: False,
            begun=lambda: 0,
        )
        self.plans = Loop("plans", self._planner.work)
        self._shop = partial(
            Workshop, store=self.store, clock=clock, rules=book, directory=directory, actions=verbs,
            way=exchange, jitter=random.random, owner=f"simulated/0/{machine.name}",
            timing=TIMING,
        )  # fmt: skip
        self._runs = runs
        dispatcher: Dispatcher

        def make(secret: bytes) -> Dispatcher:
            nonlocal dispatcher
            dispatcher = Dispatcher(self._shop(keys=EffectKeys(secret)), runs.wake)
            return dispatcher

        self._make = make

    async def serve(self) -> None:
        """Work until killed."""
        dispatcher = self._make(await self.store.install_secret())
        loops = (
            self.plans,
            self._runs,
            Loop("leases", dispatcher.look_after_leases),
            Loop("targets", dispatcher.look_for_targets),
        )
        await asyncio.gather(*(loop.run() for loop in loops))

    async def take(self, event: Event) -> bool:
        """A delivery: True once it is acknowledged."""
        try:
            await self.store.append(event)
        except StoreUnavailable:
            return False
        self.plans.wake()
        return True
