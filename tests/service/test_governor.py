"""The request budget: never more than Notion allows in any window, and not less than it allows."""

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from automation.governor import Governor, Stop
from automation.model.errors import Deferred, StoreUnavailable
from automation.store import sql_budget
from automation.store.base import Permits
from automation.store.sqlite import SqliteStore, migrations
from automation.timing import Timing
from tests.clocks import NOW, VirtualClock

pytestmark = pytest.mark.anyio
LIMIT = 180
MINUTE = 60.0
"""Notion counts in windows of this length, of unknown phase."""


class Budget(SqliteStore):
    """The real tables of a store and nothing else of it; answers at once, so that time can stand still."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        for text in migrations():
            self.connection.executescript(text)
        self.away = False

    async def take_permits(self, token: str, **terms: Any) -> Permits:
        if self.away:
            raise StoreUnavailable
        return sql_budget.take(self.connection, token, **terms)

    async def pause(self, token: str, *, until: datetime, reason: str) -> None:
        sql_budget.pause(self.connection, token, until=until, reason=reason)


class Sends:
    """When each request was sent, in seconds from the start."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.at: list[float] = []
        self.who: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, governor: Governor, who: str = "", *, bulk: bool = False) -> asyncio.Task[None]:
        """A request that sends as soon as it may."""
        task = asyncio.create_task(self._send(governor, who, bulk))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send(self, governor: Governor, who: str, bulk: bool) -> None:
        await governor.permit(bulk=bulk)
        self.at.append((self._clock.now() - NOW).total_seconds())
        self.who.append(who)


def most_in_any(window: float, times: Sequence[float]) -> int:
    """By brute force and another way than the governor's: the largest number of sends in [t, t + window)."""
    return max(sum(1 for one in times if start <= one < start + window) for start in times)


def governor(store: SqliteStore, clock: VirtualClock, *, limit: int = LIMIT) -> Governor:
    return Governor(store, clock, token_key="t", limit=limit, timing=Timing())


@pytest.mark.parametrize("limit", [1, 7, 180, 600])
@pytest.mark.parametrize("seed", [1, 2])
async def test_no_minute_holds_more_than_the_limit_whatever_arrives(limit: int, seed: int) -> None:
    """Bursts, trickles and silences over an hour, to two processes that share a store."""
    chance, clock, store = random.Random(seed), VirtualClock(), Budget()
    pair = [governor(store, clock, limit=limit), governor(store, clock, limit=limit)]
    sends, asked = Sends(clock), 0
    for _ in range(60):
        for _ in range(chance.choice([0, 1, 3, limit // 3, min(limit, 200)])):
            sends.ask(chance.choice(pair))
            asked += 1
        await clock.pass_time(chance.choice([0.0, 0.2, 1.5, 20.0, 61.0]))
    await clock.pass_time(asked / limit * 70 + 200)
    assert len(sends.at) == asked
    assert most_in_any(MINUTE, sends.at) <= limit


async def test_the_budget_is_used_to_the_last_request() -> None:
    """A burst takes the whole budget at once, and each window after it the whole budget again."""
    clock, store = VirtualClock(), Budget()
    one, sends = governor(store, clock), Sends(clock)
    for _ in range(LIMIT * 5):
        sends.ask(one)
    await clock.pass_time(1)
    assert len(sends.at) == LIMIT
    await clock.pass_time(4 * (Timing().window + 1))
    assert len(sends.at) == LIMIT * 5


async def test_a_token_has_its_own_budget() -> None:
    clock, store = VirtualClock(), Budget()
    sends = Sends(clock)
    for token in ("a", "b"):
        one = Governor(store, clock, token_key=token, limit=3, timing=Timing())
        for _ in range(4):
            sends.ask(one, token)
    await clock.pass_time(1)
    assert sorted(sends.who) == ["a"] * 3 + ["b"] * 3


async def test_what_was_spent_is_known_after_a_restart(tmp_path: Path) -> None:
    """The count is in the store's file: a process that dies and comes back has no new budget."""
    path, clock = str(tmp_path / "a.db"), VirtualClock()
    for spent in (0, 3):
        store = SqliteStore(path)
        await store.open()
        one = governor(store, clock, limit=3)
        for _ in range(3 - spent):
            await one.permit()
        late = asyncio.create_task(one.permit())
        await asyncio.wait([late], timeout=0.2)
        assert not late.done()
        assert one.stop == Stop(until=NOW + timedelta(seconds=62), reason="the budget is spent")
        one.close()
        with pytest.raises(Deferred):
            await late
        await store.close()


async def test_nobody_sends_while_notion_asks_to_wait() -> None:
    """Also not those who were granted a place in the block before, nor another process."""
    clock, store = VirtualClock(), Budget()
    one, other, sends = governor(store, clock), governor(store, clock), Sends(clock)
    for _ in range(3):
        sends.ask(one)
    await clock.settle()
    await one.pause(30, reason="rate_limited")
    for each in (one, other):
        sends.ask(each)
    await clock.pass_time(29.9)
    assert sends.at == [0.0, 0.0, 0.0]
    assert one.stop == Stop(until=NOW + timedelta(seconds=30), reason="rate_limited")
    assert other.stop == one.stop
    await clock.pass_time(1)
    assert [round(at) for at in sends.at[3:]] == [30, 30]
    assert one.stop is None


@pytest.mark.parametrize("given_up", [False, True], ids=["waited for", "given up"])
async def test_a_pause_that_comes_while_permits_are_on_their_way_holds(given_up: bool) -> None:
    """Also for the next request, where the one they were for is given up."""
    clock, store = VirtualClock(), Budget()
    one, sends = governor(store, clock), Sends(clock)
    taking = asyncio.Event()
    take = store.take_permits

    async def slowly(token: str, **terms: Any) -> Permits:
        found = await take(token, **terms)
        await taking.wait()
        return found

    store.take_permits = slowly  # type: ignore[method-assign]
    first = sends.ask(one)
    await clock.settle()
    if given_up:
        first.cancel()
    await one.pause(10, reason="rate_limited")
    taking.set()
    await clock.settle()
    sends.ask(one)
    await clock.pass_time(9)
    assert sends.at == []
    await clock.pass_time(2)
    assert len(sends.at) == (1 if given_up else 2)


async def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock, store = VirtualClock(), Budget()
    one, sends = governor(store, clock), Sends(clock)
    await one.pause(50, reason="the token is refused")
    await one.pause(1, reason="rate_limited")
    sends.ask(one)
    await clock.pass_time(49)
    assert sends.at == []
    assert one.stop == Stop(until=NOW + timedelta(seconds=50), reason="the token is refused")
    await clock.pass_time(2)
    assert len(sends.at) == 1


@pytest.mark.parametrize("seconds", [1e9, 1e300, float("inf")])
async def test_no_answer_can_stop_us_for_good(seconds: float) -> None:
    clock = VirtualClock()
    one = governor(Budget(), clock)
    await one.pause(seconds, reason="rate_limited")
    assert one.stop == Stop(until=NOW + timedelta(hours=1), reason="rate_limited")


async def test_a_clock_that_is_put_back_delays_nobody_for_long() -> None:
    clock, store = VirtualClock(), Budget()
    one, sends = governor(store, clock, limit=2), Sends(clock)
    for _ in range(4):
        sends.ask(one)
    await clock.settle()
    assert len(sends.at) == 2
    clock.put(-timedelta(days=1))
    late = governor(store, clock, limit=2)
    sends.ask(late)
    await clock.pass_time(2 * (Timing().window + 2))
    assert len(sends.at) == 5


async def test_the_interactive_pass_the_bulk_and_keep_their_order() -> None:
    clock, store = VirtualClock(), Budget()
    one, sends = governor(store, clock, limit=2), Sends(clock)
    sends.ask(one, "first")
    sends.ask(one, "second")
    await clock.settle()
    for who in ("bulk 1", "a", "bulk 2", "b"):
        sends.ask(one, who, bulk=who.startswith("bulk"))
    await clock.pass_time(2 * (Timing().window + 2))
    assert sends.who == ["first", "second", "a", "b", "bulk 1", "bulk 2"]


async def test_a_request_that_is_given_up_takes_no_permit() -> None:
    clock, store = VirtualClock(), Budget()
    one, sends = governor(store, clock, limit=1), Sends(clock)
    sends.ask(one)
    await clock.settle()
    gone = sends.ask(one)
    sends.ask(one, "stays")
    await clock.settle()
    gone.cancel()
    await clock.pass_time(Timing().window + 2)
    assert sends.who == ["", "stays"]


async def test_where_the_count_cannot_be_kept_nothing_is_sent() -> None:
    clock, store = VirtualClock(), Budget()
    one, sends = governor(store, clock), Sends(clock)
    store.away = True
    with pytest.raises(StoreUnavailable):
        await one.permit()
    store.away = False
    await one.permit()
    assert sends.at == []
    assert one.sent == 1


async def test_a_service_that_stops_grants_nothing_more() -> None:
    """Whoever waits for a turn hears at once that nothing was sent."""
    clock, store = VirtualClock(), Budget()
    one = governor(store, clock, limit=1)
    await one.permit()
    waiting = asyncio.create_task(one.permit())
    await clock.settle()
    one.close()
    with pytest.raises(Deferred) as told:
        await waiting
    assert (told.value.seconds, str(told.value)) == (0, "the service is stopping")
    with pytest.raises(Deferred):
        await one.permit()
