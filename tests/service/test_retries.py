"""What goes wrong between us and Notion, injected on the wire: nothing is lost, and nothing waits that need not."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from automation.actions.create import Create
from automation.emulator import databases
from automation.engine.plan import plan
from automation.model.action import Call, Conversation
from automation.model.errors import StoreUnavailable
from automation.model.run import State
from automation.store.sqlite import SqliteStore
from tests.living import (
    APPEND,
    CREATE,
    QUICK,
    TARGETS,
    UPSERT,
    LocalNotion,
    eventually,
    live,
    live_at,
    local_notion,
)

pytestmark = pytest.mark.anyio

BEFORE = ["429", "529", "500", "502", "502_html", "503", "504", "524_html", "409", "drop_before"]
"""Refused, or cut off, and nothing was done."""
AFTER = ["500_committed", "503_committed", "504_committed", "drop_after"]
"""Done, and the answer does not say so."""


def moments(entries: list[dict[str, Any]]) -> list[float]:
    """When the requests came, in seconds."""
    return [datetime.fromisoformat(one["time"]).timestamp() for one in entries]


@pytest.mark.parametrize("kind", BEFORE + AFTER)
async def test_a_fault_costs_no_page_and_makes_none_twice(
    tmp_path: Path, notion: LocalNotion, kind: str
) -> None:
    await notion.faults({"kind": kind, "method": "POST", "path": "/pages", "retry_after": 0})
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")
        [run] = await service.settled(1)
        assert (run.state, run.reason) == ("done", "")
    assert notion.titles() == ["one"]


async def test_a_storm_of_faults_costs_no_line_and_keeps_their_order(
    tmp_path: Path, notion: LocalNotion
) -> None:
    """Eight lines for one page, and what can go wrong with the requests for it does."""
    for kind in BEFORE[2:] + AFTER:
        await notion.faults({"kind": kind, "method": "PATCH", "path": "/blocks"})
    await notion.faults({"kind": "503", "method": "GET", "path": "/blocks", "times": 3})
    async with live(tmp_path, APPEND, **notion.settings) as service:
        names = [f"line {number}" for number in range(8)]
        for name in names:
            await service.issue(name)
        runs = await service.settled(8, seconds=40)
    assert Counter(run.state for run in runs) == {State.DONE: 8}
    assert notion.lines() == names


@pytest.mark.parametrize("kind", ["429", "529"])
async def test_retry_after_stops_everybody_and_parks_nobody(
    tmp_path: Path, notion: LocalNotion, kind: str
) -> None:
    fault = {"kind": kind, "method": "POST", "path": "/pages", "retry_after": 2}
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")
        await service.settled(1)
        await notion.faults(fault)
        await service.issue("two")

        async def paused() -> bool:
            return bool((await service.ready())["notion"]["paused_until"])

        await eventually(paused, what="the pause")
        for name in ("three", "four", "five"):
            await service.issue(name)
        runs = await service.settled(5)
    times = moments(notion.requests())
    assert max(later - sooner for sooner, later in pairwise(times)) >= 1.9
    assert {run.state for run in runs} == {State.DONE}
    assert sorted(notion.titles()) == ["five", "four", "one", "three", "two"]


async def test_a_refused_token_closes_the_gate_and_one_request_at_a_time_probes(
    tmp_path: Path, notion: LocalNotion
) -> None:
    closed = replace(QUICK, closed_token=0.4)
    async with live_at(closed, tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("first")
        await service.settled(1)
        await notion.faults({"kind": "401", "times": 4})
        names = [f"n{number}" for number in range(10)]
        await service.issue(names[0])

        async def refused() -> bool:
            return bool((await service.ready())["notion"]["paused_because"])

        assert await eventually(refused, what="the closed gate")
        for name in names[1:]:
            await service.issue(name)
        runs = await service.settled(11)
    assert {run.state for run in runs} == {State.DONE}
    assert sorted(notion.titles()) == sorted(["first", *names])
    probes = moments([one for one in notion.requests() if one["status"] == 401])
    assert len(probes) == 4
    assert all(b - a > 0.35 for a, b in pairwise(probes))


async def test_a_notion_that_is_away_from_the_start_costs_nothing_but_time(
    tmp_path: Path, notion: LocalNotion
) -> None:
    """Deliveries are taken, their runs say why they wait, and keep their order when it comes back."""
    await notion.go()
    async with live(tmp_path, APPEND, **notion.settings) as service:
        names = [f"line {number}" for number in range(5)]
        for name in names:
            await service.issue(name)

        async def said() -> bool:
            pending = await service.runs(State.PENDING)
            return len(pending) == 5 and "cannot reach Notion" in pending[0].reason

        await eventually(said, what="the reason")
        ready = await service.ready()
        assert ready["ready"]
        assert "cannot reach Notion" in ready["waiting"][0]["reason"]
        await notion.come()
        await service.settled(5)
    assert notion.lines() == names


async def test_a_notion_that_goes_away_and_comes_back_is_found_again(
    tmp_path: Path, notion: LocalNotion
) -> None:
    async with live(tmp_path, TARGETS, UPSERT, **notion.settings) as service:
        await service.issue("first")
        await service.settled(1)
        await notion.go()
        for number in range(6):
            await service.issue(f"n{number}", key=str(number % 2))

        async def trying() -> bool:
            return any(run.attempts > 1 for run in await service.runs())

        await eventually(trying, what="a second try")
        await notion.come()
        runs = await service.settled(7)
    assert {run.state for run in runs} == {State.DONE}
    assert sorted(notion.titles()) == ["first", "n4", "n5"]


async def test_slow_answers_are_waited_for(tmp_path: Path, notion: LocalNotion) -> None:
    await notion.faults({"kind": "slow", "seconds": 0.6, "times": 3})
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")
        [run] = await service.settled(1)
        assert (run.state, run.attempts) == (State.DONE, 1)
    assert notion.titles() == ["one"]


TO_A_PAGE = """
[[rule]]
id = "to-a-page"
on = "github.issues"
when.issue.title.starts_with = "page "
[[rule.do]]
append = "{{ event.issue.title | split: ' ' | last }}"
body = "a line"
"""


async def test_what_notion_refuses_for_good_parks_once_with_a_remedy_and_the_others_go_on(
    tmp_path: Path, notion: LocalNotion
) -> None:
    nowhere = "0123456789ab4def8123456789abcdef"
    async with live(tmp_path, TARGETS, CREATE, TO_A_PAGE, **notion.settings) as service:
        await service.issue(f"page {nowhere}")
        await service.issue("one")
        runs = await service.settled(3)
        [parked] = [run for run in runs if run.state is State.PARKED]
        assert (parked.rule_id, parked.attempts) == ("to-a-page", 1)
        assert "Could not find" in parked.reason
        assert "not shared with the connection" in parked.remedy
        assert [run.state for run in runs].count(State.DONE) == 2
    assert len(notion.requests("PATCH", "/blocks")) == 1


async def test_a_schema_that_changed_in_notion_is_read_again_before_anything_parks(
    tmp_path: Path, notion: LocalNotion
) -> None:
    """Somebody adds the property that a rule was written for, after the service has read the data source."""
    with_size = CREATE.replace("set.Name", 'set.Size = "{{ event.issue.title | size }}"\nset.Name')
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("before")
        await service.settled(1)
        source = notion.facts["data_sources"]["Tasks"]
        change = {"properties": {"Size": {"number": {"format": "number"}}}}
        databases.update_source(notion.emulator.workspace, source, change)
        service.rule(with_size, "b.toml")
        await eventually(lambda: reads_size(service), what="the new rule")
        await service.issue("after")
        runs = await service.settled(2)
        assert [(run.state, run.reason) for run in runs] == [(State.DONE, "")] * 2
    assert notion.titles() == ["before", "after"]


async def reads_size(service: Any) -> bool:
    return "Size" in service.service.rules.current.text


async def test_a_lane_keeps_its_order_while_its_head_waits_and_other_lanes_go_on(
    tmp_path: Path, notion: LocalNotion
) -> None:
    async with live(tmp_path, TARGETS, UPSERT, **notion.settings) as service:
        await notion.faults({"kind": "503", "method": "POST", "path": "/data_sources", "times": 3})
        for number in range(4):
            await service.issue(f"v{number}", key="same")
        await service.issue("other")
        runs = await service.settled(5)
    assert {run.state for run in runs} == {State.DONE}
    assert sorted(notion.titles()) == ["other", "v3"]
    same = [run for run in runs if "same" in run.lane]
    assert [run.finished_at for run in same] == sorted(
        run.finished_at for run in same if run.finished_at
    )


async def test_an_attempt_that_crashes_is_tried_three_times_and_parked(
    tmp_path: Path, notion: LocalNotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Create.steps

    def crash(self: Create, call: Call) -> Conversation:
        if "poison" in str(call.params):
            raise KeyError("a fault of ours")
        return steps(self, call)

    monkeypatch.setattr(Create, "steps", crash)
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("poison")
        await service.issue("one")
        poison, one = await service.settled(2)
    assert (one.state, one.attempts) == (State.DONE, 1)
    assert (poison.state, poison.attempts) == (State.PARKED, 3)
    assert poison.reason == "it failed 3 times: KeyError: 'a fault of ours'"
    assert notion.titles() == ["one"]


async def test_an_event_that_cannot_be_planned_is_parked_with_the_reason_and_blocks_nobody(
    tmp_path: Path, notion: LocalNotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(event: Any, *rest: Any, **more: Any) -> Any:
        if b"poison" in event.body:
            raise ZeroDivisionError("a fault of ours")
        return plan(event, *rest, **more)

    monkeypatch.setattr("automation.planner.plan", crash)
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        poison = await service.issue("poison")
        await service.issue("one")
        [run] = await service.settled(1)
        assert run.state is State.DONE
        found = await service.service.store.event(poison)
        assert found is not None
        assert (found.state, found.event.problem) == (
            "parked",
            "it cannot be planned: ZeroDivisionError: a fault of ours",
        )


async def test_an_attempt_ends_when_the_store_is_back(
    tmp_path: Path, notion: LocalNotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is made, the store is away: the run is done as soon as it can be written, and once."""
    finish, tries = SqliteStore.finish, []

    async def away(self: SqliteStore, *given: Any, **more: Any) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise StoreUnavailable
        await finish(self, *given, **more)

    monkeypatch.setattr(SqliteStore, "finish", away)
    monkeypatch.setattr("automation.dispatcher.STORE_AWAY_SECONDS", 0.05)
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")
        [run] = await service.settled(1)
        assert (run.state, run.attempts) == (State.DONE, 1)
    assert notion.titles() == ["one"]


@pytest.mark.parametrize("verb", ["record", "take_permits", "event"])
async def test_a_store_that_is_away_in_the_middle_of_an_attempt_parks_nothing(
    tmp_path: Path, notion: LocalNotion, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Five times in a row, which is more than a crash may have."""
    work, tries = getattr(SqliteStore, verb), []

    async def away(self: SqliteStore, *given: Any, **more: Any) -> Any:
        tries.append(1)
        if len(tries) <= 5:
            raise StoreUnavailable
        return await work(self, *given, **more)

    monkeypatch.setattr(SqliteStore, verb, away)
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")
        [run] = await service.settled(1)
        assert run.state is State.DONE
    assert notion.titles() == ["one"]


async def test_a_thousand_requests_a_minute_are_not_sent_where_the_plan_allows_fewer(
    tmp_path: Path,
) -> None:
    """The emulator refuses the sixth request of a minute; the service never gets there."""
    async with local_notion(limit=5) as notion:
        settings = {**notion.settings, "NOTION_REQUESTS_PER_MINUTE": "5"}
        async with live(tmp_path, TARGETS, CREATE, **settings) as service:
            for number in range(8):
                await service.issue(f"n{number}")

            async def spent() -> bool:
                ready = await service.ready()
                return bool(ready["notion"]["paused_because"] == "the budget is spent")

            await eventually(spent, what="the end of the budget")
            await asyncio.sleep(0.1)
        assert [one["status"] for one in notion.requests()] == [200] * 5


async def test_an_attempt_that_is_broken_off_goes_back_to_its_lane_and_is_settled_later(
    tmp_path: Path, notion: LocalNotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notion is slower than the end of the service waits; the page it makes after all is the page."""
    monkeypatch.setattr("automation.wiring.DRAIN_SECONDS", 0.2)
    await notion.faults({"kind": "slow", "method": "POST", "path": "/pages", "seconds": 1.0})
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")

        async def under_way() -> bool:
            return bool(notion.requests("POST", "/pages"))

        await eventually(under_way, what="the request")
    store = SqliteStore(str(tmp_path / "automation.db"))
    await store.open()
    [run] = await store.runs(limit=10)
    assert (run.state, await store.owners()) == (State.PENDING, [])
    await store.close()
    later = replace(QUICK, settle=2.0)
    async with live_at(later, tmp_path, **notion.settings) as service:
        [run] = await service.settled(1)
        assert run.state is State.DONE
    assert notion.titles() == ["one"]
