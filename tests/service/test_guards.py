"""A rule's guard, through the service: what it refuses is parked with a remedy, and is not lost."""

from datetime import timedelta
from pathlib import Path

import pytest

from automation.cli.listing import outcome
from automation.emulator import showing
from automation.emulator.faults import Fault
from automation.model.action import Wrote
from automation.model.run import State
from tests.service.rig import DAY, HOUR, Rig, World, process

pytestmark = pytest.mark.anyio
DONE, PARKED, PENDING = State.DONE, State.PARKED, State.PENDING

PER_DAY = """
[defaults]
timezone = "Europe/Paris"

[[rule]]
id = "r"
on = "x.y"
guard = { per_day = 2 }

[[rule.do]]
create = "Tasks"
set.Name = "{{ event.name }}"
body = "{{ event.body | or_else: '' }}"
"""


def titles(world: World) -> list[str]:
    return [title for (title,) in world.rows("Tasks")]


async def test_what_is_beyond_a_day_is_parked_and_can_be_retried_the_next_day(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, PER_DAY)
    async with process(world) as rig:
        for name in "abc":
            await rig.happen("x.y", {"name": name})
        runs = await rig.runs()
        assert [one.state for one in runs] == [DONE, DONE, PARKED]
        assert (runs[2].reason, runs[2].remedy) == (
            "guard.per_day is 2, and rule `r` has written as often on 2026-11-24 (Europe/Paris)",
            "Retry the run on another day, or raise it and replay the event.",
        )
        world.clock.moment += DAY
        await rig.store.unpark([runs[2].id], now=world.clock.now())
        await rig.settle()
        assert await rig.states() == [DONE, DONE, DONE]
    assert titles(world) == ["a", "b", "c"]


async def test_the_day_begins_at_midnight_where_the_rule_is(tmp_path: Path) -> None:
    """Midnight in Paris is 23:00 UTC in winter."""
    world = World(tmp_path, PER_DAY)
    async with process(world) as rig:
        for name in "ab":
            await rig.happen("x.y", {"name": name})
        world.clock.moment = world.clock.moment.replace(hour=22, minute=59)
        await rig.happen("x.y", {"name": "c"})
        world.clock.moment += timedelta(minutes=1)
        await rig.happen("x.y", {"name": "d"})
    assert titles(world) == ["a", "b", "d"]


async def test_a_step_is_one_write_however_many_requests_it_takes(tmp_path: Path) -> None:
    world = World(tmp_path, PER_DAY)
    body = "\n\n".join(f"line {number}" for number in range(250))
    async with process(world) as rig:
        for name in "abc":
            await rig.happen("x.y", {"name": name, "body": body})
        assert await rig.states() == [DONE, DONE, PARKED]


@pytest.mark.parametrize("kind", ["429", "500", "drop_after", "503_committed", "drop_before"])
async def test_a_write_counts_once_however_often_it_is_tried(tmp_path: Path, kind: str) -> None:
    """The first write meets a fault and is tried again, by a new process; the second still has room."""
    world = World(tmp_path, PER_DAY)
    world.emulator.faults.append(Fault(kind=kind, method="POST", path="/pages", times=2))
    async with process(world) as rig:
        await rig.happen("x.y", {"name": "a"})
    for _ in range(4):
        world.clock.moment += timedelta(minutes=5)
        async with process(world) as rig:
            await rig.settle()
    world.emulator.faults.clear()
    async with process(world) as rig:
        for name in "bc":
            await rig.happen("x.y", {"name": name})
        assert await rig.states() == [DONE, DONE, PARKED]
    assert titles(world) == ["a", "b"]


async def test_a_write_that_notion_refuses_takes_no_place(tmp_path: Path) -> None:
    world = World(tmp_path, PER_DAY)
    async with process(world) as rig:
        await rig.happen("x.y", {"name": "a" * 2001, "body": "x" * 10})
        for name in "bc":
            await rig.happen("x.y", {"name": name})
        states = await rig.states()
    assert states.count(DONE) + states.count(PARKED) == 3
    assert len(titles(world)) == 2


async def test_a_write_that_was_begun_yesterday_is_finished_today(tmp_path: Path) -> None:
    """It counts for the day it was begun, and needs no place today."""
    world = World(tmp_path, PER_DAY)
    world.clock.moment = world.clock.moment.replace(hour=22, minute=59, second=30)
    world.emulator.faults.append(Fault(kind="drop_before", method="POST", path="/pages"))
    async with process(world) as rig:
        await rig.happen("x.y", {"name": "a"})
        assert await rig.states() == [PENDING]
        world.clock.moment += timedelta(minutes=1)
        for name in "bcd":
            await rig.happen("x.y", {"name": name})
        world.clock.moment += timedelta(minutes=5)
        await rig.settle()
        assert await rig.states() == [DONE, DONE, DONE, PARKED]
    assert sorted(titles(world)) == ["a", "b", "c"]


async def test_two_processes_share_a_day(tmp_path: Path) -> None:
    world = World(tmp_path, PER_DAY)
    async with process(world) as one, process(world, "host/2/2") as two:
        for name in "abcdef":
            await one.receive("x.y", {"name": name})
        await one.plan()
        await one.dispatcher.work()
        await two.dispatcher.work()
        await one.settle()
        await two.settle()
        states = await one.states()
    assert sorted(states) == [DONE] * 2 + [PARKED] * 4
    assert len(titles(world)) == 2


# per run ------------------------------------------------------------------------------------------

RUN = """
[[rule]]
id = "r"
on = "x.y"
guard = {{ {guard} }}

[[rule.do]]
for_each = "{{{{ event.names }}}}"
as = "name"
upsert = "Tasks"
match.Name = "{{{{ name }}}}"
set.Notes = "{{{{ event.notes | or_else: 'n' }}}}"
on_failure = "continue"
"""


async def settled(world: World, event: dict[str, object]) -> list[tuple[State, str, str]]:
    async with process(world) as rig:
        await rig.happen("x.y", event)
        return [(one.state, one.reason, one.remedy) for one in await rig.runs()]


async def test_a_run_that_writes_too_much_parks_with_what_it_wrote_standing(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, RUN.format(guard="max_writes = 2"))
    assert await settled(world, {"names": ["a", "b", "c"]}) == [
        (
            PARKED,
            "guard.max_writes is 2, and this would be one more",
            "Raise it, or narrow the rule; what was written stays.",
        )
    ]
    assert titles(world) == ["a", "b"]


async def test_a_retried_run_does_not_count_what_it_finds_done(tmp_path: Path) -> None:
    """Two of three are there as they should be: only the third is a write."""
    world = World(tmp_path, RUN.format(guard="max_writes = 2"))
    async with process(world) as rig:
        await rig.happen("x.y", {"names": ["a", "b"]})
        await rig.happen("x.y", {"names": ["a", "b", "c"]})
        assert await rig.states() == [DONE, DONE]
    assert titles(world) == ["a", "b", "c"]


async def test_a_property_that_is_not_allowed_parks_the_run_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    """The values an upsert matches by are set when the page is made: they count."""
    world = World(tmp_path, RUN.format(guard='only_set = ["Notes"]'))
    assert await settled(world, {"names": ["a"]}) == [
        (
            PARKED,
            "the guard does not let step `upsert-1` set `Name`",
            "Add it to guard.only_set, or take it out of `match`.",
        )
    ]
    assert world.writes() == []


async def test_properties_that_are_allowed_are_written(tmp_path: Path) -> None:
    world = World(tmp_path, RUN.format(guard='only_set = ["Name", "Notes"]'))
    await settled(world, {"names": ["a"], "notes": "x"})
    assert world.rows("Tasks", "Notes") == [("a", "x")]


# dry runs -----------------------------------------------------------------------------------------

DRY = """
[[rule]]
id = "r"
on = "x.y"
guard = { dry_run = true, per_day = 1, max_writes = 20 }

[[rule.do]]
id = "task"
upsert = "Tasks"
match.Name = "{{ event.name }}"
set.Notes = "new"
body = "{{ event.body | or_else: '' }}"

[[rule.do]]
append = "Engineering log"
under = "Today"
body = "See {{ task.title }}"

[[rule.do]]
append = "{{ task.id }}"
body = "- more"

[[rule.do]]
update = "{{ task.id }}"
within = "Tasks"
set.Status = "Done"
"""
FIRST = """
[[rule]]
id = "first"
on = "x.first"

[[rule.do]]
create = "Tasks"
set.Name = "{{ event.name }}"
set.Notes = "old"
"""


async def dry(rig: Rig, event: dict[str, object]) -> list[Wrote]:
    happened = await rig.happen("x.y", event)
    [run] = await rig.store.runs(limit=9, event=happened.id)
    assert (run.state, run.reason) == (DONE, "")
    return list(run.wrote)


async def test_a_dry_run_writes_nothing_and_keeps_what_it_would_have_written(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, DRY)
    async with process(world) as rig:
        body = "\n\n".join(f"line {number}" for number in range(150))
        wrote = await dry(rig, {"name": "A", "body": body})
        [run] = await rig.runs()
        assert await rig.store.journal(run.id) == []
    log = "Engineering log"
    assert [(one.what, one.page_id != "", one.title) for one in wrote] == [
        ("would create", False, "A"),
        ("would append", True, log),
        ("would append", False, "A"),
        ("would update", False, "A"),
    ]
    assert outcome(run) == (
        "would create A; would append Engineering log; would append A; would update A"
    )
    assert world.writes() == []
    assert titles(world) == []
    assert world.lines(log) == []


async def test_a_dry_run_reads_notion_as_it_is(tmp_path: Path) -> None:
    world = World(tmp_path, DRY + FIRST)
    async with process(world) as rig:
        await rig.happen("x.first", {"name": "A"})
        [page] = showing.rows(world.emulator.workspace, "Tasks")
        before = world.writes()
        wrote = await dry(rig, {"name": "A"})
    assert (wrote[0].what, wrote[0].page_id, wrote[0].url) == (
        "would update",
        page["id"],
        page["url"],
    )
    assert wrote[3] == Wrote(what="would update", page_id=page["id"], url=page["url"], title="A")
    assert world.writes() == before
    assert world.rows("Tasks", "Notes") == [("A", "old")]


async def test_dry_runs_use_up_no_day(tmp_path: Path) -> None:
    world = World(tmp_path, DRY)
    async with process(world) as rig:
        for name in "AB":
            await dry(rig, {"name": name})


DRY_WAIT = """
[[rule]]
id = "r"
on = "x.y"
guard = { dry_run = true }

[[rule.do]]
id = "task"
create = "Tasks"
set.Name = "{{ event.name }}"

[[rule.do]]
id = "more"
wait_for = "x.more"
same.name = "{{ task.title }}"

[[rule.do]]
append = "{{ task.id }}"
body = "{{ more.text }}"
"""


async def test_a_dry_run_waits_like_any_other(tmp_path: Path) -> None:
    """It imagines its page again after the wait, and under the same id."""
    world = World(tmp_path, DRY_WAIT)
    async with process(world) as rig:
        event = await rig.happen("x.y", {"name": "A"})
        assert await rig.states() == [State.WAITING]
    world.clock.moment += HOUR
    async with process(world) as rig:
        await rig.happen("x.more", {"name": "A", "text": "t"})
        [run] = await rig.store.runs(limit=9, event=event.id)
    assert [one.what for one in run.wrote] == ["would create", "would append"]
    assert world.writes() == []


async def test_a_verb_that_is_not_built_parks_the_run_with_a_remedy(tmp_path: Path) -> None:
    """The verb is taken away from the service, as one that a later version brings is not there yet."""
    world = World(tmp_path, FIRST)
    async with process(world) as rig:
        rig.dispatcher._shop.actions.pop("create")  # type: ignore[attr-defined]
        await rig.happen("x.first", {"name": "A"})
        [run] = await rig.runs()
    assert (run.state, run.reason) == (PARKED, "`create` is not built into this version yet")
    assert run.remedy.startswith("Take step `create-1` out of the rule")
    assert world.writes() == []
