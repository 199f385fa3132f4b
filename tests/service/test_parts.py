"""The small parts: intake, owners, loops."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from automation import owners
from automation.intake import TROUBLE, Accepted, Intake, OpenSource, SourceBook
from automation.loop import Loop
from automation.model.errors import StoreUnavailable, UnknownSource
from automation.model.event import Event, WebhookRequest
from automation.sources.discover import discover as sources
from automation.store.base import Appended
from automation.store.sqlite import SqliteStore
from tests.clocks import NOW, VirtualClock
from tests.living import signed

pytestmark = pytest.mark.anyio

# intake ---------------------------------------------------------------------------------------------


class Shelf(SqliteStore):
    """A store that only keeps, and sometimes does not."""

    def __init__(self) -> None:
        self.kept: list[Event] = []
        self.full = False

    async def append(self, event: Event) -> Appended:
        if self.full:
            raise StoreUnavailable("the disk is full")
        self.kept.append(event)
        return Appended(event_id=event.id, duplicate=len(self.kept) > 1)


def intake(shelf: Shelf, clock: VirtualClock, woken: list[int]) -> Intake:
    github = OpenSource(source=sources()["github"], secrets=(b"s",))
    closed = OpenSource(source=sources()["slack"], secrets=())
    book = SourceBook({"github": github, "slack": closed})
    return Intake(book=book, store=shelf, clock=clock, wake=lambda: woken.append(1))


def delivery(source: str = "github", body: bytes = b"{}") -> WebhookRequest:
    made = signed("github.push", body, secret="s")
    headers = tuple((name.lower(), value) for name, value in made["headers"].items())
    return WebhookRequest(id="e1", source=source, headers=headers, body=body, received_at=NOW)


async def test_a_delivery_is_answered_after_it_is_kept_and_wakes_the_planner() -> None:
    shelf, woken = Shelf(), list[int]()
    door = intake(shelf, VirtualClock(), woken)
    assert await door.receive(delivery()) == Accepted(event_id="e1", duplicate=False)
    assert await door.receive(delivery()) == Accepted(event_id="e1", duplicate=True)
    assert (len(shelf.kept), len(woken)) == (2, 2)


@pytest.mark.parametrize("name", ["slack", "nobody", "", "../github"])
async def test_an_unknown_or_closed_source_takes_nothing(name: str) -> None:
    shelf = Shelf()
    door = intake(shelf, VirtualClock(), [])
    with pytest.raises(UnknownSource):
        door.limit(name)
    with pytest.raises(UnknownSource):
        await door.receive(delivery(name))
    assert shelf.kept == []


async def test_a_large_body_is_verified_beside_the_loop_and_kept_as_it_is() -> None:
    shelf = Shelf()
    body = b'{"x":"' + b"a" * 1_000_000 + b'"}'
    await intake(shelf, VirtualClock(), []).receive(delivery(body=body))
    assert shelf.kept[0].body == body


async def test_what_could_not_be_kept_is_told_for_a_while() -> None:
    shelf, clock = Shelf(), VirtualClock()
    door = intake(shelf, clock, [])
    assert door.trouble(clock.now()) == ""
    shelf.full = True
    with pytest.raises(StoreUnavailable):
        await door.receive(delivery())
    assert door.trouble(clock.now()) == "the disk is full"
    clock.put(TROUBLE * 2)
    assert door.trouble(clock.now()) == ""
    clock.put(-TROUBLE * 2)
    shelf.full = False
    await door.receive(delivery())
    assert door.trouble(clock.now()) == ""


def test_a_declared_source_cannot_take_the_place_of_a_built_one() -> None:
    built = OpenSource(source=sources()["github"], secrets=(b"s",))
    other = OpenSource(source=sources()["zoom"], secrets=(b"t",))
    book = SourceBook({"github": built})
    book.declare({"github": other, "acme": other})
    assert (book.open("github"), book.open("acme")) == (built, other)
    book.declare({})
    with pytest.raises(UnknownSource):
        book.open("acme")


# owners ---------------------------------------------------------------------------------------------


def test_this_process_is_alive() -> None:
    assert not owners.is_dead(owners.me())


def test_a_process_that_ended_is_dead() -> None:
    code = "from automation import owners; print(owners.me())"
    root = Path(owners.__file__).parent.parent
    said = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=root
    )
    assert owners.is_dead(said.stdout.strip())


def test_a_number_that_belongs_to_another_process_now_is_not_the_owner() -> None:
    place, number, started = owners.me().rsplit("/", 2)
    assert owners.is_dead(f"{place}/{number}/{int(started) - 1}")


@pytest.mark.parametrize(
    "place", ["another-host.12345678.4026531836", f"{socket.gethostname()}.00000000.1", "simulated"]
)
def test_of_another_place_nothing_is_certain(place: str) -> None:
    """Another machine, a container that shares the host's name: their leases run out by themselves."""
    assert not owners.is_dead(f"{place}/999999999/1")


def test_an_owner_whose_start_is_not_known_is_not_judged() -> None:
    place = owners.me().rsplit("/", 2)[0]
    assert not owners.is_dead(f"{place}/{os.getpid()}/")


# loops ----------------------------------------------------------------------------------------------


async def test_a_loop_rests_until_it_is_woken() -> None:
    done = asyncio.Queue[int]()

    async def work() -> float:
        done.put_nowait(1)
        return 1000.0

    loop = Loop("test", work)
    running = asyncio.create_task(loop.run())
    await done.get()
    assert done.empty()
    loop.wake()
    await asyncio.wait_for(done.get(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("error", [ZeroDivisionError(), StoreUnavailable()])
async def test_a_loop_survives_its_work(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automation.loop.AFTER_ERROR_SECONDS", 0.01)
    tries = asyncio.Queue[int]()

    async def work() -> float:
        tries.put_nowait(1)
        raise error

    running = asyncio.create_task(Loop("test", work).run())
    for _ in range(3):
        await asyncio.wait_for(tries.get(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_loop_ends_when_it_is_cancelled_in_the_moment_it_is_woken() -> None:
    """Two hundred times: a wake that swallowed the cancellation would leave it running for ever."""
    for _ in range(200):

        async def work() -> float:
            return 1000.0

        loop = Loop("test", work)
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        loop.wake()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.timeout(1):
                await running
