"""The promises of the store's verbs, over every implementation."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from automation.model.action import Wrote
from automation.model.errors import LeaseLost, NotInStore, StoreError, StoreUnavailable
from automation.model.event import Encoding, Event
from automation.model.request import ByProperty, Notion, Repeat, Response
from automation.model.run import Claim, Entry, Plan, PlannedRun, State
from automation.store.base import Appended, Budget, Store, Usage
from automation.store.sqlite import MEMORY, SqliteStore

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = SqliteStore(MEMORY if request.param == "memory" else str(tmp_path / "a.db"))
    await made.open()
    yield made
    await made.close()


def event(number: int, *keys: str, name: str = "github.push") -> Event:
    return Event(
        id=f"{number:020x}",
        source=name.partition(".")[0],
        name=name,
        keys=keys or (f"k{number}",),
        received_at=NOW,
        body=b'{"n": \xff\x00}',
        encoding=Encoding.FORM,
        inner=("a", "b"),
        names={"repo": "acme/web"},
    )


def plan(number: int, *lanes: str, waiting: str | None = None) -> Plan:
    runs = tuple(
        PlannedRun(rule_id=f"r{at}", lane=lane, waiting_for=waiting)
        for at, lane in enumerate(lanes)
    )
    return Plan(event_id=f"{number:020x}", rules_hash="h", planned_at=NOW, runs=runs)


async def planned(store: Store, number: int, *lanes: str, waiting: str | None = None) -> None:
    await store.append(event(number))
    assert await store.save_plan(plan(number, *lanes, waiting=waiting))


async def claim(
    store: Store, *, owner: str = "me", now: datetime = NOW, limit: int = 10
) -> list[Claim]:
    lease = now + 60 * SECOND
    return list(await store.claim_runs(owner=owner, now=now, lease_until=lease, limit=limit))


async def test_an_event_comes_back_as_it_was(store: Store) -> None:
    await store.append(event(1))
    found = await store.event("0000")
    assert found is not None
    assert (found.event, found.state, found.matched) == (event(1), "new", 0)


async def test_a_delivery_is_kept_once_for_any_of_its_keys(store: Store) -> None:
    first = await store.append(event(1, "a", "b"))
    assert first == Appended(event_id=event(1).id, duplicate=False)
    assert await store.append(event(2, "c", "b")) == Appended(event_id=event(1).id, duplicate=True)
    assert await store.append(event(3, "c")) == Appended(event_id=event(3).id, duplicate=False)
    assert len(await store.events(limit=10)) == 2


async def test_the_same_key_of_another_source_is_another_event(store: Store) -> None:
    await store.append(event(1, "a"))
    assert not (await store.append(event(2, "a", name="slack.message"))).duplicate


async def test_twenty_deliveries_of_one_key_at_once_are_one_event(store: Store) -> None:
    kept = await asyncio.gather(*(store.append(event(n, "same")) for n in range(20)))
    assert sum(not one.duplicate for one in kept) == 1
    assert len({one.event_id for one in kept}) == 1


async def test_an_unreadable_event_is_parked_and_never_planned(store: Store) -> None:
    await store.append(replace(event(1), problem="not JSON"))
    assert await store.claim_events(10) == []
    found = await store.event(event(1).id)
    assert found is not None
    assert (found.state, found.event.problem) == ("parked", "not JSON")


async def test_a_delivery_is_known_by_any_of_its_keys(store: Store) -> None:
    await store.append(event(1, "a", "b"))
    assert await store.known("github", ["x", "b"]) == event(1).id
    assert await store.known("github", ["x"]) is None
    assert await store.known("slack", ["a", "b"]) is None


async def test_an_event_is_planned_once(store: Store) -> None:
    await store.append(event(1))
    assert [one.id for one in await store.claim_events(10)] == [event(1).id]
    assert await store.save_plan(plan(1, "x"))
    assert not await store.save_plan(plan(1, "x", "y"))
    assert await store.claim_events(10) == []
    assert len(await store.runs(limit=10)) == 1


async def test_events_are_found_by_name_and_everything_below_it(store: Store) -> None:
    for number, name in enumerate(["github.issues.opened", "github.issues", "github.issuesx"]):
        await store.append(event(number, name=name))
    found = await store.events(limit=10, name="github.issues")
    assert [one.event.name for one in found] == ["github.issues", "github.issues.opened"]


async def test_events_that_no_rule_wanted_can_be_listed(store: Store) -> None:
    await planned(store, 1)
    await planned(store, 2, "x")
    await store.append(event(3))
    assert [one.event.id for one in await store.events(limit=9, unmatched=True)] == [event(1).id]


async def test_a_lane_gives_one_run_at_a_time_in_order(store: Store) -> None:
    await planned(store, 1, "a")
    await planned(store, 2, "a")
    await planned(store, 3, "b")
    first = await claim(store)
    assert [one.run.event_id for one in first] == [event(1).id, event(3).id]
    assert await claim(store) == []
    await store.finish(first[0], wrote=[], now=NOW)
    assert [one.run.event_id for one in await claim(store)] == [event(2).id]


async def test_an_attempt_is_counted_before_any_work(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    found = await store.run(taken.run.id)
    assert found is not None
    assert (found.state, found.attempts) == (State.RUNNING, 1)


async def test_a_retried_run_keeps_its_place_and_is_not_due_before_its_time(store: Store) -> None:
    await planned(store, 1, "a")
    await planned(store, 2, "a")
    [taken] = await claim(store)
    await store.retry(taken, at=NOW + 5 * SECOND, reason="Notion is away")
    assert await claim(store) == []
    assert await store.next_due(NOW) == NOW + 5 * SECOND
    [again] = await claim(store, now=NOW + 5 * SECOND)
    assert (again.run.event_id, again.run.attempts) == (event(1).id, 2)


async def test_a_parked_run_lets_its_lane_go_on_and_rejoins_at_the_tail(store: Store) -> None:
    for number in (1, 2, 3):
        await planned(store, number, "a")
    [taken] = await claim(store)
    await store.park(taken, reason="no option", remedy="add it", now=NOW)
    parked = await store.runs(limit=5, state=State.PARKED)
    assert [(one.reason, one.remedy) for one in parked] == [("no option", "add it")]
    assert await store.unpark([taken.run.id, "unknown"], now=NOW) == 1
    order = []
    for _ in range(3):
        [one] = await claim(store)
        order.append(one.run.event_id)
        await store.finish(one, wrote=[], now=NOW)
    assert order == [event(2).id, event(3).id, event(1).id]


async def test_a_waiting_run_holds_no_lane_and_wakes_in_order(store: Store) -> None:
    await planned(store, 1, "a", waiting="target:Tasks")
    await planned(store, 2, "a")
    [two] = await claim(store)
    assert two.run.event_id == event(2).id
    await store.wait(two, what="target:Tasks", reason="not shared")
    assert await claim(store) == []
    assert await store.wake("target:Tasks", now=NOW) == 2
    [one] = await claim(store)
    assert one.run.event_id == event(1).id


async def test_a_stale_claim_can_write_nothing(store: Store) -> None:
    """The lease ran out and another took the run: the first one wakes up and must not write."""
    await planned(store, 1, "a")
    [old] = await claim(store)
    assert await store.release_expired(NOW + 61 * SECOND) == 1
    [new] = await claim(store, owner="you", now=NOW + 62 * SECOND)
    entry = Entry(key="s//0", request=Notion(method="GET", path="/x"), sent_at=NOW)
    for write in (
        store.record(old, [entry]),
        store.forget(old, "s//0"),
        store.finish(old, wrote=[], now=NOW),
        store.retry(old, at=NOW, reason=""),
        store.park(old, reason="", remedy="", now=NOW),
        store.wait(old, what="x", reason=""),
    ):
        with pytest.raises(LeaseLost):
            await write
    assert await store.extend([old, new], NOW + 99 * SECOND) == [
        replace(new, lease_until=NOW + 99 * SECOND)
    ]


async def test_the_journal_comes_back_with_the_next_claim(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    probe = ByProperty(data_source_id="d", property="Key", type="rich_text", value="k")
    request = Notion(
        method="POST", path="/pages", body={"a": [1, None, "é"]}, query=(("x", "1"),),
        repeat=Repeat.DOUBLES, probe=probe,
    )  # fmt: skip
    read = Entry(
        key="s//0",
        request=Notion(method="GET", path="/a"),
        sent_at=NOW,
        response=Response(status=200),
    )
    intent = Entry(key="s//1", request=request, sent_at=NOW + SECOND)
    await store.record(taken, [read, intent])
    answered = replace(intent, response=Response(status=200, body={"id": "p"}))
    await store.record(taken, [answered])
    await store.retry(taken, at=NOW, reason="")
    [again] = await claim(store)
    assert again.journal == (read, answered)
    await store.forget(again, "s//1")
    assert await store.journal(taken.run.id) == [read]


async def test_what_a_run_wrote_is_kept(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    wrote = (Wrote(what="created", page_id="p", url="u", title="t"),)
    await store.finish(taken, wrote=wrote, now=NOW)
    found = await store.run(taken.run.id)
    assert found is not None
    assert (found.state, found.wrote, found.finished_at) == (State.DONE, wrote, NOW)


async def test_the_use_of_every_rule_is_counted(store: Store) -> None:
    assert await store.usage() == {}
    await planned(store, 1, "a", "b")
    await planned(store, 2, "c", waiting="target:Tasks")
    await store.append(event(3))
    later = replace(plan(3, "d"), planned_at=NOW + SECOND)
    assert await store.save_plan(later)
    (first,) = await claim(store, limit=1)
    await store.finish(first, wrote=[], now=NOW)
    assert await store.usage() == {
        "r0": Usage(
            fired=3,
            last_fired_at=NOW + SECOND,
            runs={"done": 1, "pending": 1, "waiting": 1},
            waiting_for={"target:Tasks": 1},
        ),
        "r1": Usage(fired=1, last_fired_at=NOW, runs={"pending": 1}),
    }


async def test_what_a_run_waits_for_is_told_until_it_wakes(store: Store) -> None:
    await planned(store, 1, "a", waiting="target:Tasks")
    assert [one.waiting_for for one in await store.runs(limit=9)] == ["target:Tasks"]
    await store.wake("target:Tasks", now=NOW)
    assert [one.waiting_for for one in await store.runs(limit=9)] == [None]


async def test_an_owner_gives_everything_back(store: Store) -> None:
    await planned(store, 1, "a", "b")
    await claim(store)
    assert await store.owners() == ["me"]
    assert await store.release("me") == 2
    assert await store.owners() == []
    assert len(await claim(store, owner="you")) == 2


async def test_texts_are_kept_by_content(store: Store) -> None:
    digest = await store.keep_text("rules")
    assert await store.keep_text("rules") == digest
    assert await store.text(digest) == "rules"
    with pytest.raises(NotInStore):
        await store.text("0" * 64)


async def test_a_tick_is_inserted_once_and_the_last_one_remembered(store: Store) -> None:
    assert await store.last_tick("r") is None
    tick = event(1, "r:2026", name="schedule.r")
    assert await store.add_tick("r", NOW, tick)
    assert not await store.add_tick("r", NOW - SECOND, replace(tick, id="f" * 20))
    assert await store.last_tick("r") == NOW


async def test_values_are_remembered_by_key(store: Store) -> None:
    assert await store.recall("x") is None
    await store.remember("x", ["datetime", "2026"])
    await store.remember("x", ["datetime", "2027"])
    assert await store.recall("x") == ["datetime", "2027"]


async def take(store: Store, now: datetime, want: int) -> int:
    permits = await store.take_permits(
        "t", now=now, want=want, limit=10, window_seconds=60, valid_seconds=1
    )
    return permits.granted


async def test_no_window_ever_holds_more_than_the_limit(store: Store) -> None:
    assert await take(store, NOW, 7) == 7
    assert await take(store, NOW + 30 * SECOND, 7) == 3
    assert await take(store, NOW + 60 * SECOND, 1) == 0
    assert await take(store, NOW + 61 * SECOND, 9) == 7
    assert await take(store, NOW + 91 * SECOND, 9) == 3


async def test_a_paused_token_sends_nothing_until_then(store: Store) -> None:
    await store.pause("t", until=NOW + 9 * SECOND, reason="429")
    await store.pause("t", until=NOW + 5 * SECOND, reason="an earlier one")
    assert await take(store, NOW + 8 * SECOND, 1) == 0
    assert await take(store, NOW + 9 * SECOND, 1) == 1


async def test_what_is_taken_of_each_budget_is_told(store: Store) -> None:
    await store.take_permits(
        "a", now=NOW, want=4, limit=10, window_seconds=60, valid_seconds=1
    )  # fmt: skip
    await store.pause("b", until=NOW + 5 * SECOND, reason="wait")
    assert await store.budgets(NOW) == [
        Budget(token="a", counted=4),
        Budget(token="b", counted=0, paused_until=NOW + 5 * SECOND, reason="wait"),
    ]
    assert await store.budgets(NOW + 61 * SECOND) == []


async def test_permits_that_were_not_used_come_back(store: Store) -> None:
    assert await take(store, NOW, 10) == 10
    await store.give_back("t", taken_at=NOW, count=4)
    assert await take(store, NOW + SECOND, 10) == 4


async def test_a_failing_verb_does_not_hurt_its_neighbours(store: Store) -> None:
    """All three are committed together; the one in the middle is about a lease it does not hold."""
    await planned(store, 1, "a")
    [taken] = await claim(store)
    stale = replace(taken, fence=taken.fence + 7)
    results = await asyncio.gather(
        store.append(event(5)),
        store.finish(stale, wrote=[], now=NOW),
        store.append(event(6)),
        return_exceptions=True,
    )
    assert isinstance(results[1], LeaseLost)
    assert await store.event(event(5).id) is not None
    assert await store.event(event(6).id) is not None


async def test_a_lane_of_many_is_claimed_without_reading_them_all(tmp_path: Path) -> None:
    """Claiming the head of a lane of 20,000 runs one query over the lane's row, not over its runs."""
    path = str(tmp_path / "a.db")
    store = SqliteStore(path)
    await store.open()
    await planned(store, 1, "a")
    await store.close()
    connection = sqlite3.connect(path)
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO runs SELECT 'r' || i, i, event_id, rule_id, rules_hash, planned_at, lane, state,"
        " 0, next_at, NULL, '', '', NULL, '[]', NULL FROM n, runs WHERE place = 1"
    )
    connection.commit()
    plans = " ".join(
        str(row)
        for row in connection.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM runs WHERE lane = 'a' AND state IN ('pending', 'running')"
            " ORDER BY place LIMIT 1"
        )
    )
    assert "runs_lane" in plans
    assert "TEMP B-TREE" not in plans
    connection.close()


async def test_the_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "a.db"))
    await store.open()
    await store.append(event(1))
    modes = {one.name: oct(one.stat().st_mode & 0o777) for one in os.scandir(tmp_path)}
    await store.close()
    assert modes == {"a.db": "0o600", "a.db-wal": "0o600", "a.db-shm": "0o600"}


async def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    store = SqliteStore(str(path))
    with pytest.raises(StoreError, match="use a newer program"):
        await store.open()
    await store.close()


async def test_a_full_disk_keeps_nothing_and_the_store_recovers(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "a.db"))
    await store.open()
    pages = await store._write(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await store._write(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone())
    big = replace(event(1), body=os.urandom(100_000))
    with pytest.raises(StoreUnavailable):
        await store.append(big)
    assert await store.event(big.id) is None
    await store._write(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
    assert not (await store.append(big)).duplicate
    await store.close()


async def test_two_processes_share_a_file_without_taking_the_same_run(tmp_path: Path) -> None:
    one, two = SqliteStore(str(tmp_path / "a.db")), SqliteStore(str(tmp_path / "a.db"))
    await one.open()
    await two.open()
    for number in range(20):
        await planned(one if number % 2 else two, number, f"lane{number}")
    taken = await asyncio.gather(claim(one, limit=20), claim(two, owner="you", limit=20))
    ids = [each.run.id for some in taken for each in some]
    assert len(ids) == len(set(ids)) == 20
    await one.close()
    await two.close()
