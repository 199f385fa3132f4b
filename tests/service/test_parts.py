"""The small parts: intake, owners, loops, the directory of targets, the memory of rule sets."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from automation import owners
from automation.actions.discover import discover as actions
from automation.directory import ASK_AGAIN, FRESH, LOOK_AGAIN, Directory
from automation.intake import TROUBLE, Accepted, Intake, OpenSource, SourceBook
from automation.loop import Loop
from automation.model.errors import Deferred, NotSent, RuleError, StoreUnavailable, UnknownSource
from automation.model.event import Event, WebhookRequest
from automation.model.request import Notion, Request, Response
from automation.model.target import TargetName
from automation.rulebook import SETS_AT_HAND, RuleBook
from automation.sources.discover import discover as sources
from automation.store.base import Appended
from automation.store.sqlite import MEMORY, SqliteStore
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


# the directory --------------------------------------------------------------------------------------


class Search:
    """Notion as far as a directory sees it: data sources by title, or nothing at all."""

    def __init__(self, *titles: str) -> None:
        self.titles = set(titles)
        self.away = False
        self.asked = 0

    async def send(self, request: Request) -> Response:
        assert isinstance(request, Notion)
        self.asked += 1
        if self.away:
            raise NotSent("cannot reach Notion")
        kind = (request.body or {})["filter"]["value"]
        found = [source(title) for title in self.titles] if kind == "data_source" else []
        return Response(status=200, body={"results": found, "next_cursor": None})


def source(title: str) -> Mapping[str, Any]:
    text = [{"plain_text": title, "type": "text", "text": {"content": title}}]
    return {"id": f"id of {title}", "title": text, "properties": {"at": title}, "in_trash": False}


def directory(search: Search | None, clock: VirtualClock) -> Directory:
    made = Directory(search.send if search else None, clock)
    made.expect({name: TargetName(name=name, text=name) for name in ("Tasks", "Log")})
    return made


async def test_a_target_is_found_once_and_read_again_when_it_is_old() -> None:
    search, clock = Search("Tasks"), VirtualClock()
    found = directory(search, clock)
    assert (await found.find(["Tasks"]))["Tasks"].id == "id of Tasks"
    await found.find(["Tasks"])
    assert search.asked == 1
    clock.put(FRESH)
    await found.find(["Tasks"])
    assert search.asked == 2


async def test_a_missing_target_is_looked_for_again_after_a_while() -> None:
    search, clock = Search("Tasks"), VirtualClock()
    found = directory(search, clock)
    assert list(await found.find(["Tasks", "Log"])) == ["Tasks"]
    assert "there is no `Log` in Notion" in found.missing(["Tasks", "Log"])["Log"]
    search.titles.add("Log")
    assert await found.look_again() == ["Tasks"]
    clock.put(LOOK_AGAIN)
    assert await found.look_again() == ["Tasks", "Log"]
    assert found.missing(["Tasks", "Log"]) == {}


async def test_while_notion_is_away_nothing_is_called_missing() -> None:
    """What was found before still serves; of the other nothing is known, and its runs are tried again."""
    search, clock = Search("Tasks", "Log"), VirtualClock()
    found = directory(search, clock)
    await found.find(["Tasks"])
    search.away = True
    clock.put(FRESH)
    assert list(await found.find(["Tasks"])) == ["Tasks"]
    with pytest.raises(Deferred, match="cannot reach Notion"):
        await found.find(["Tasks", "Log"])
    assert found.missing(["Log"]) == {}
    assert found.unknown(["Log"]) == {"Log": "cannot reach Notion"}
    asked = search.asked
    with pytest.raises(Deferred):
        await found.find(["Log"])
    assert search.asked == asked
    search.away = False
    clock.put(ASK_AGAIN)
    assert list(await found.find(["Log"])) == ["Log"]


async def test_many_who_ask_at_once_ask_notion_once() -> None:
    search, clock = Search("Tasks"), VirtualClock()
    found = directory(search, clock)
    await asyncio.gather(*(found.find(["Tasks"]) for _ in range(20)))
    assert search.asked == 1


async def test_without_a_token_everything_is_missing_and_says_why() -> None:
    found = directory(None, VirtualClock())
    assert await found.find(["Tasks"]) == {}
    assert found.missing(["Tasks"]) == {"Tasks": "there is no Notion token (set NOTION_TOKEN)"}


async def test_a_target_that_is_named_anew_is_looked_up_anew() -> None:
    search, clock = Search("Tasks", "Chores"), VirtualClock()
    found = directory(search, clock)
    await found.find(["Tasks"])
    found.expect({"Tasks": TargetName(name="Tasks", text="Chores")})
    assert (await found.find(["Tasks"]))["Tasks"].id == "id of Chores"


async def test_what_was_read_before_a_moment_is_outdated_once() -> None:
    search, clock = Search("Tasks"), VirtualClock()
    found = directory(search, clock)
    await found.find(["Tasks"])
    assert not found.outdated(["Tasks"], since=clock.now())
    clock.put(timedelta(seconds=1))
    assert found.outdated(["Tasks", "Log"], since=clock.now())
    assert not found.outdated(["Tasks"], since=clock.now())
    await found.find(["Tasks"])
    assert search.asked == 2


# the memory of rule sets ----------------------------------------------------------------------------


def book(folder: Path, store: SqliteStore, told: Callable[[Any], None]) -> RuleBook:
    return RuleBook(folder, actions=actions(), store=store, changed=told, published={})


async def test_an_old_rule_set_is_found_in_the_store_and_few_are_kept_at_hand(
    tmp_path: Path,
) -> None:
    store, told = SqliteStore(MEMORY), list[Any]()
    await store.open()
    rules = book(tmp_path, store, told.append)
    digests = []
    for number in range(SETS_AT_HAND * 2):
        text = f'[[rule]]\nid = "r{number}"\non = "x.y"\n[[rule.do]]\ncreate = "Tasks"\n'
        (tmp_path / "a.toml").write_text(text)
        assert rules.load()
        assert not rules.load()
        digests.append((await rules.keep()).hash)
    assert len(told) == SETS_AT_HAND * 2
    assert len(rules._sets) == SETS_AT_HAND
    assert (await rules.pinned(digests[0], "r0")).id == "r0"
    with pytest.raises(RuleError, match="is not in the rule set"):
        await rules.pinned(digests[0], "r1")
    await store.close()


async def test_without_a_folder_there_are_no_rules_and_the_reason_is_said(tmp_path: Path) -> None:
    store = SqliteStore(MEMORY)
    await store.open()
    rules = book(tmp_path / "none", store, lambda _: None)
    with pytest.raises(RuleError, match="there is no rules folder"):
        rules.load()
    await rules.reload()
    assert [one.path for one in rules.problems] == [str(tmp_path / "none")]
    await store.close()
