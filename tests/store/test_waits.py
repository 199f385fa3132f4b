"""The store's promises to runs that wait for an event, over every implementation.

What is asked in words: whatever the order in which an event and a watch are stored, and by whichever
process, the event is found; and what a wait was answered is answered for good.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from automation.model.errors import LeaseLost
from automation.model.event import Event
from automation.model.request import Notion, Response, Same, Wait
from automation.model.run import Claim, Entry, Plan, State
from automation.store.base import Arrival, Store, Watch
from automation.store.sqlite import MEMORY, SqliteStore
from tests.store.test_contract import NOW, SECOND, claim, event, planned

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
NAME = "zoom.recording"


@pytest.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = SqliteStore(MEMORY if request.param == "memory" else str(tmp_path / "a.db"))
    await made.open()
    yield made
    await made.close()


def wait(name: str = NAME) -> Wait:
    return Wait(
        event=name,
        same=(
            Same(path=("uuid",), value="x"),
            Same(path=("at", "day"), value=NOW.isoformat(), moment=True),
        ),
        since=(NOW - 24 * HOUR).isoformat(),
        until=(NOW + HOUR).isoformat(),
        zone="Europe/Paris",
    )


def intent(key: str = "w//0", name: str = NAME) -> Entry:
    return Entry(key=key, request=wait(name), sent_at=NOW)


READ = Entry(
    key="f//0",
    request=Notion(method="GET", path="/pages/p"),
    sent_at=NOW,
    response=Response(status=200, body={"id": "p"}),
)


async def plan_alone(store: Store, number: int, answers: Sequence[Watch] = ()) -> bool:
    return await store.save_plan(
        Plan(event_id=event(number).id, rules_hash="h", planned_at=NOW, runs=()), answers=answers
    )


async def arrive(store: Store, number: int, name: str = NAME, at: datetime = NOW) -> Event:
    made = replace(event(number, name=name), received_at=at)
    await store.append(made)
    return made


async def leave(store: Store, taken: Claim, *, name: str = NAME) -> None:
    await store.wait(taken, what=f"event:{name}", reason="it waits", until=NOW + HOUR)


async def state_of(store: Store, taken: Claim) -> State:
    found = await store.run(taken.run.id)
    assert found is not None
    return found.state


async def test_a_watch_is_kept_with_what_was_read_before_it(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [READ, intent()])
    assert made == Watch(run_id=taken.run.id, event_id=event(1).id, key="w//0", wait=wait(), seq=1)
    assert await store.journal(taken.run.id) == [READ, intent()]
    assert await store.watches(["github", NAME]) == [made]
    assert await store.watches(["zoom", "zoom.recording.completed"]) == []


async def test_a_watch_is_registered_once(store: Store) -> None:
    """A second attempt gets the first one's watch, so that what came meanwhile was compared with it."""
    await planned(store, 1, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [intent()])
    await arrive(store, 2)
    await plan_alone(store, 2, [made])
    answered = replace(made, answer=Arrival(seq=2, event_id=event(2).id))
    assert await store.watch(taken, [intent()]) == answered


async def test_a_later_wait_of_the_same_run_is_a_watch_of_its_own(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [intent()])
    await arrive(store, 2)
    await plan_alone(store, 2, [made])
    await store.record(taken, [replace(intent(), response=Response(status=408))])
    assert await store.watches([NAME]) == []
    second = await store.watch(taken, [intent("v//0")])
    assert (second.key, second.seq, second.answer) == ("v//0", 2, None)


async def test_an_answer_wakes_the_run_at_the_tail_of_its_lane(store: Store) -> None:
    await planned(store, 1, "a")
    await planned(store, 2, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [intent()])
    await leave(store, taken)
    assert await state_of(store, taken) is State.WAITING
    await arrive(store, 3)
    assert await plan_alone(store, 3, [made])
    order = []
    for _ in range(2):
        [one] = await claim(store)
        order.append(one.run.event_id)
        await store.finish(one, wrote=[], now=NOW)
    assert order == [event(2).id, event(1).id]


async def test_a_waiting_run_lets_its_lane_go_on(store: Store) -> None:
    await planned(store, 1, "a")
    await planned(store, 2, "a")
    [taken] = await claim(store)
    await store.watch(taken, [intent()])
    await leave(store, taken)
    assert [one.run.event_id for one in await claim(store)] == [event(2).id]


async def test_an_answer_that_came_while_the_run_looked_keeps_it_from_waiting(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [intent()])
    await arrive(store, 2)
    await plan_alone(store, 2, [made])
    await leave(store, taken)
    [again] = await claim(store)
    assert again.run.id == taken.run.id
    found = await store.watch(again, [intent()])
    assert (found.looked, found.answer) == (True, Arrival(seq=2, event_id=event(2).id))


async def test_the_earliest_event_answers_in_whatever_order_they_are_planned(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [intent()])
    await arrive(store, 2)
    await arrive(store, 3)
    for number in (3, 2):
        await plan_alone(store, number, [made])
    [found] = await store.watches([NAME])
    assert found.answer == Arrival(seq=2, event_id=event(2).id)


async def test_an_event_planned_before_answers_nobody_again(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    await arrive(store, 2)
    await plan_alone(store, 2)
    made = await store.watch(taken, [intent()])
    assert not await plan_alone(store, 2, [made])
    assert await store.watches([NAME]) == [made]


async def test_two_runs_are_answered_by_one_event(store: Store) -> None:
    await planned(store, 1, "a", "b")
    taken = await claim(store)
    made = [await store.watch(one, [intent()]) for one in taken]
    for one in taken:
        await leave(store, one)
    await arrive(store, 2)
    await plan_alone(store, 2, made)
    assert {one.run.id for one in await claim(store)} == {one.run.id for one in taken}


async def test_an_answer_does_not_move_a_run_that_waits_for_something_else(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [intent()])
    await store.wait(taken, what="rule:r0", reason="its rule is disabled")
    await arrive(store, 2)
    await plan_alone(store, 2, [made])
    assert await state_of(store, taken) is State.WAITING
    assert await store.wake("rule:r0", now=NOW) == 1
    [again] = await claim(store)
    assert (await store.watch(again, [intent()])).answer is not None


async def test_a_run_that_parks_does_not_come_back_because_it_was_answered(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [intent()])
    await store.park(taken, reason="x", remedy="", now=NOW)
    await arrive(store, 2)
    await plan_alone(store, 2, [made])
    assert await state_of(store, taken) is State.PARKED


async def test_a_wait_is_over_when_its_time_is(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    await store.watch(taken, [intent()])
    await leave(store, taken)
    assert await store.next_due(NOW) == NOW + HOUR
    assert await claim(store, now=NOW + HOUR - SECOND) == []
    [again] = await claim(store, now=NOW + HOUR)
    assert again.run.id == taken.run.id
    assert (await store.watch(again, [intent()])).looked


async def test_a_wait_that_was_answered_does_not_end_again(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    made = await store.watch(taken, [intent()])
    await leave(store, taken)
    await arrive(store, 2)
    await plan_alone(store, 2, [made])
    [again] = await claim(store)
    await store.finish(again, wrote=[], now=NOW)
    assert await store.next_due(NOW) is None
    assert await claim(store, now=NOW + 2 * HOUR) == []


async def test_a_crowd_of_waits_that_end_at_once_all_end(store: Store) -> None:
    for number in range(300):
        await planned(store, number, f"lane{number}")
    for taken in await claim(store, limit=300):
        await store.wait(taken, what="approval", reason="", until=NOW + SECOND)
    later = NOW + 2 * SECOND
    found = [await claim(store, now=later, limit=300) for _ in range(2)]
    assert sum(map(len, found)) == 300


async def test_a_wait_without_an_end_has_none(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    await store.wait(taken, what="target:Tasks", reason="")
    assert await store.next_due(NOW) is None
    assert await claim(store, now=NOW + 10_000 * HOUR) == []


async def test_a_done_run_watches_for_nothing(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    await store.watch(taken, [intent()])
    await store.finish(taken, wrote=[], now=NOW)
    assert await store.watches([NAME]) == []


async def test_a_stale_claim_cannot_watch_or_adopt(store: Store) -> None:
    await planned(store, 1, "a")
    [taken] = await claim(store)
    await store.release("me")
    for write in (store.watch(taken, [intent()]), store.adopt(taken, READ)):
        with pytest.raises(LeaseLost):
            await write
    assert await store.watches([NAME]) == []


# looking through what is stored -------------------------------------------------------------------


async def seqs(store: Store, name: str = NAME, **bounds: object) -> list[int]:
    given: dict[str, object] = {
        "after_seq": 0,
        "upto_seq": 99,
        "since": NOW - HOUR,
        "until": NOW + HOUR,
        "limit": 99,
    }
    found = await store.arrivals(name, **{**given, **bounds})  # type: ignore[arg-type]
    return [one.seq for one in found]


async def test_arrivals_are_found_by_name_and_below_it_in_order(store: Store) -> None:
    names = [NAME, f"{NAME}.completed", f"{NAME}s", "zoom", f"{NAME}.completed.x", NAME]
    for number, name in enumerate(names):
        await arrive(store, number, name)
    assert await seqs(store) == [1, 2, 5, 6]
    assert await seqs(store, newest_first=True) == [6, 5, 2, 1]
    assert await seqs(store, name=f"{NAME}.completed") == [2, 5]
    assert await seqs(store, after_seq=1, upto_seq=5) == [2, 5]
    assert await seqs(store, limit=2) == [1, 2]
    assert await seqs(store, limit=2, newest_first=True) == [6, 5]


async def test_arrivals_keep_to_their_times(store: Store) -> None:
    for number, minutes in enumerate((-61, -60, 0, 60, 61)):
        await arrive(store, number, at=NOW + timedelta(minutes=minutes))
    assert await seqs(store) == [2, 3, 4]
    assert await seqs(store, newest_first=True) == [4, 3, 2]


async def test_a_look_back_begins_at_its_bound_and_ends_at_its_limit(store: Store) -> None:
    """Three that came after the bound do not use up the limit; older ones than the limit are not seen."""
    for number in range(10):
        await arrive(store, number, at=NOW + timedelta(minutes=number - 6))
    assert await seqs(store, until=NOW, limit=3, newest_first=True) == [7, 6, 5]


async def test_what_is_not_planned_yet_can_be_listed(store: Store) -> None:
    for number, name in enumerate((NAME, NAME, "zoom.other", f"{NAME}.x")):
        await arrive(store, number, name)
    await plan_alone(store, 0)
    assert await seqs(store, unplanned=True) == [2, 4]
    assert await seqs(store, unplanned=True, after_seq=2) == [4]


async def test_looking_back_uses_the_index_of_names(tmp_path: Path) -> None:
    made = SqliteStore(str(tmp_path / "a.db"))
    await made.open()
    statements: list[str] = []
    await made._read(lambda db: db.set_trace_callback(statements.append))
    for newest_first, unplanned in ((False, False), (True, False), (False, True)):
        await seqs(made, newest_first=newest_first, unplanned=unplanned)
    await made._read(lambda db: db.set_trace_callback(None))
    looked = [one for one in statements if "FROM events" in one]
    plans = [
        " ".join(
            str(row[3])
            for row in await made._read(
                lambda db, one=one: db.execute("EXPLAIN QUERY PLAN " + one).fetchall()  # type: ignore[misc]
            )
        )
        for one in looked
    ]
    await made.close()
    assert len(plans) >= 5
    assert all("USING" in one and "INDEX events_" in one for one in plans)
    assert not any("TEMP B-TREE" in one for one in plans)


# the race -----------------------------------------------------------------------------------------


async def test_no_event_slips_past_a_watch_in_another_process(tmp_path: Path) -> None:
    """One store registers watches and looks back; another stores events and plans them, all at once and
    in every order: each watch finds the event that is meant for it, and is not left waiting."""
    one, two = SqliteStore(str(tmp_path / "a.db")), SqliteStore(str(tmp_path / "a.db"))
    await one.open()
    await two.open()
    chance = random.Random(7)  # a fixed seed: the interleaving is what varies
    pairs = 150
    for number in range(pairs):
        await planned(one, number, f"lane{number}")
    taken = await claim(one, limit=pairs)
    found: dict[str, str] = {}

    async def waits(number: int) -> None:
        await asyncio.sleep(chance.random() / 20)
        mine = await one.watch(taken[number], [intent(name=f"n{number}")])
        bounds = {"since": NOW - HOUR, "until": NOW + HOUR, "limit": 9}
        for seen in await one.arrivals(f"n{number}", after_seq=0, upto_seq=mine.seq, **bounds):  # type: ignore[arg-type]
            found[mine.run_id] = seen.event_id
            return
        await asyncio.sleep(chance.random() / 10)
        await leave(one, taken[number], name=f"n{number}")

    async def comes(number: int) -> None:
        await asyncio.sleep(chance.random() / 20)
        await arrive(two, 1000 + number, name=f"n{number}")
        await asyncio.sleep(chance.random() / 200)
        watches = await two.watches([f"n{number}"])
        await asyncio.sleep(chance.random() / 200)
        # An older event that is not planned yet is planned first, by whoever comes to it.
        while not await plan_alone(two, 1000 + number, watches):
            await asyncio.sleep(0.001)
            watches = await two.watches([f"n{number}"])

    await asyncio.gather(*(one(n) for n in range(pairs) for one in (waits, comes)))
    for again in await claim(two, owner="you", limit=pairs):
        mine = (await two.watches([f"n{int(again.run.event_id, 16)}"]))[0]
        assert mine.answer is not None
        found[again.run.id] = mine.answer.event_id
    await one.close()
    await two.close()
    assert found == {each.run.id: event(1000 + int(each.run.event_id, 16)).id for each in taken}
