"""What the journal promises beyond keeping entries: days that are used up, and effects that are claimed."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from automation.model.errors import LeaseLost
from automation.model.request import ByTitle, Notion, Repeat, Response
from automation.model.run import Claim, Entry
from automation.store.base import Allowance, Store
from automation.store.sqlite import MEMORY, SqliteStore
from tests.store.test_contract import NOW, claim, planned

pytestmark = pytest.mark.anyio
TODAY = Allowance(rule_id="r0", day=date(2026, 11, 24), limit=2)


@pytest.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = SqliteStore(MEMORY if request.param == "memory" else str(tmp_path / "a.db"))
    await made.open()
    yield made
    await made.close()


def write(key: str) -> Entry:
    probe = ByTitle(parent_id="d", title="A", property="Name")
    request = Notion(method="POST", path="/pages", repeat=Repeat.DOUBLES, probe=probe)
    return Entry(key=key, request=request, sent_at=NOW)


async def one_claim(store: Store) -> Claim:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    return taken


async def test_a_day_takes_as_many_writes_as_are_allowed(store: Store) -> None:
    taken = await one_claim(store)
    kept = [await store.record(taken, [write(f"s/{n}/0")], allowance=TODAY) for n in range(3)]
    assert kept == [True, True, False]
    assert [one.key for one in await store.journal(taken.run.id)] == ["s/0/0", "s/1/0"]


async def test_nothing_is_written_when_the_day_is_used_up(store: Store) -> None:
    """Not even what was read before the write that is one too many."""
    taken = await one_claim(store)
    none = replace(TODAY, limit=0)
    assert not await store.record(taken, [write("s//0"), write("s//1")], allowance=none)
    assert await store.journal(taken.run.id) == []


async def test_a_write_counts_once_however_often_it_is_tried(store: Store) -> None:
    taken = await one_claim(store)
    for _ in range(5):
        assert await store.record(taken, [write("s//0")], allowance=TODAY)
    assert await store.record(taken, [write("t//0")], allowance=TODAY)
    assert not await store.record(taken, [write("u//0")], allowance=TODAY)


async def test_a_write_of_yesterday_does_not_count_today(store: Store) -> None:
    taken = await one_claim(store)
    yesterday = replace(TODAY, day=TODAY.day - timedelta(days=1))
    for n in range(2):
        assert await store.record(taken, [write(f"s/{n}/0")], allowance=yesterday)
    assert not await store.record(taken, [write("t//0")], allowance=yesterday)
    assert await store.record(taken, [write("t//0")], allowance=TODAY)
    assert await store.record(taken, [write("s/0/0")], allowance=replace(TODAY, limit=1))


async def test_another_rule_has_days_of_its_own(store: Store) -> None:
    taken = await one_claim(store)
    assert await store.record(taken, [write("s//0")], allowance=replace(TODAY, limit=1))
    other = replace(TODAY, rule_id="r1", limit=1)
    assert await store.record(taken, [write("t//0")], allowance=other)


async def test_a_write_that_was_not_carried_out_gives_its_place_back(store: Store) -> None:
    taken = await one_claim(store)
    one = replace(TODAY, limit=1)
    assert await store.record(taken, [write("s//0")], allowance=one)
    await store.forget(taken, "s//0")
    assert await store.record(taken, [write("t//0")], allowance=one)
    assert not await store.record(taken, [write("s//0")], allowance=one)


async def test_old_days_are_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteStore(str(path))
    await store.open()
    taken = await one_claim(store)
    for days in range(30):
        day = replace(TODAY, day=TODAY.day + timedelta(days=days))
        await store.record(taken, [write(f"s/{days}/0")], allowance=day)
    await store.close()
    connection = sqlite3.connect(path)
    left = connection.execute("SELECT count(*) FROM daily_writes").fetchone()[0]
    connection.close()
    assert left == 8


async def test_two_processes_share_the_days(tmp_path: Path) -> None:
    one, two = SqliteStore(str(tmp_path / "a.db")), SqliteStore(str(tmp_path / "a.db"))
    await one.open()
    await two.open()
    await planned(one, 1, "a", "b")
    [first, second] = await claim(one)
    kept = [
        await store.record(taken, [write(f"s/{n}/0")], allowance=replace(TODAY, limit=3))
        for n in range(3)
        for store, taken in ((one, first), (two, second))
    ]
    await one.close()
    await two.close()
    assert kept == [True, True, True, False, False, False]


def answered(key: str, made: str | None) -> Entry:
    body = {"object": "page", "id": made}
    return replace(write(key), response=Response(status=200, body=body), made=made)


async def test_what_a_request_made_comes_back_with_it(store: Store) -> None:
    taken = await one_claim(store)
    await store.record(taken, [answered("s//0", "p1")])
    assert await store.journal(taken.run.id) == [answered("s//0", "p1")]


async def test_an_effect_is_adopted_by_one_entry_only(store: Store) -> None:
    taken = await one_claim(store)
    await store.record(taken, [answered("s//0", "p1"), write("t//0"), write("u//0")])
    assert not await store.adopt(taken, answered("t//0", "p1"))
    assert await store.adopt(taken, answered("t//0", "p2"))
    assert not await store.adopt(taken, answered("u//0", "p2"))
    kept = await store.journal(taken.run.id)
    assert kept == [answered("s//0", "p1"), answered("t//0", "p2"), write("u//0")]


async def test_an_effect_that_several_may_share_is_adopted_by_all(store: Store) -> None:
    taken = await one_claim(store)
    for key in ("s//0", "t//0"):
        await store.record(taken, [write(key)])
        assert await store.adopt(taken, answered(key, None))


async def test_a_request_that_was_taken_back_leaves_no_row(tmp_path: Path) -> None:
    """A long outage takes many requests back; they would fill the disk."""
    path = tmp_path / "a.db"
    store = SqliteStore(str(path))
    await store.open()
    taken = await one_claim(store)
    await store.record(taken, [write("s//0")])
    await store.forget(taken, "s//0")
    await store.forget(taken, "s//0")
    await store.close()
    connection = sqlite3.connect(path)
    left = connection.execute("SELECT count(*) FROM journal").fetchone()[0]
    connection.close()
    assert left == 0


async def test_a_stale_claim_adopts_nothing(store: Store) -> None:
    taken = await one_claim(store)
    await store.record(taken, [write("s//0")])
    await store.release("me")
    with pytest.raises(LeaseLost):
        await store.adopt(taken, answered("s//0", "p1"))
