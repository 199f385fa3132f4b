"""`wait_for`, through the service: a run that pauses until another event, however the two come."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from automation.emulator.faults import Fault
from automation.model.run import Plan, State
from tests.service.rig import DAY, HOUR, Rig, World, process

pytestmark = pytest.mark.anyio

RULES = """
[[rule]]
id = "meeting"
on = "zoom.meeting.ended"

[[rule.do]]
id = "transcript"
wait_for = "zoom.recording"
same.uuid = "{{ event.uuid }}"
within = "2 hours"
look_back = "3 hours"

[[rule.do]]
create = "Meetings"
set.Name = "{{ event.topic }}: {{ transcript.text | or_else: 'no transcript' }}"

[[rule.do]]
if.transcript.exists = true
append = "Engineering log"
body = "{{ transcript.raw.text }} of {{ transcript.uuid }}"

[[rule]]
id = "recording"
on = "zoom.recording"

[[rule.do]]
create = "Commits"
set.Name = "{{ event.text }}"
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, RULES)


def meeting(uuid: str = "u", topic: str = "Weekly") -> dict[str, str]:
    return {"uuid": uuid, "topic": topic}


def recording(uuid: str = "u", text: str = "Hello") -> dict[str, str]:
    return {"uuid": uuid, "text": text}


DONE, WAITING = State.DONE, State.WAITING


async def test_the_event_that_comes_later_is_waited_for(world: World) -> None:
    async with process(world) as rig:
        await rig.happen("zoom.meeting.ended", meeting())
        [run] = await rig.runs()
        assert (run.state, run.reason) == (
            WAITING,
            "it waits for zoom.recording until 2026-11-24 14:00:00 UTC",
        )
        assert world.rows("Meetings") == []
        world.clock.moment += HOUR
        await rig.happen("zoom.recording", recording())
        assert await rig.states() == [DONE, DONE]
    assert world.rows("Meetings") == [("Weekly: Hello",)]
    assert world.lines("Engineering log") == ["Hello of u"]
    assert world.rows("Commits") == [("Hello",)]


async def test_the_event_that_came_before_is_found(world: World) -> None:
    async with process(world) as rig:
        await rig.happen("zoom.recording", recording())
        world.clock.moment += HOUR
        await rig.happen("zoom.meeting.ended", meeting())
        assert await rig.states() == [DONE, DONE]
    assert world.rows("Meetings") == [("Weekly: Hello",)]
    assert world.rows("Commits") == [("Hello",)]


async def test_the_newest_of_those_before_is_taken(world: World) -> None:
    async with process(world) as rig:
        for text in ("first", "second"):
            await rig.happen("zoom.recording", recording(text=text))
            world.clock.moment += timedelta(minutes=1)
        await rig.happen("zoom.meeting.ended", meeting())
    assert world.rows("Meetings") == [("Weekly: second",)]


async def test_the_next_of_those_after_is_taken(world: World) -> None:
    """Both come before the run goes on, and are planned together."""
    async with process(world) as rig:
        await rig.happen("zoom.meeting.ended", meeting())
        for text in ("first", "second"):
            world.clock.moment += timedelta(minutes=1)
            await rig.receive("zoom.recording", recording(text=text))
        await rig.settle()
    assert world.rows("Meetings") == [("Weekly: first",)]


async def test_the_next_is_the_one_stored_first_whoever_plans(world: World) -> None:
    """Another process would plan the second one first; it is refused until the first one is planned."""
    async with process(world) as rig, process(world, "host/2/2") as other:
        await rig.happen("zoom.meeting.ended", meeting())
        world.clock.moment += timedelta(minutes=1)
        await rig.receive("zoom.recording", recording(text="first"))
        second = await rig.receive("zoom.recording", recording(text="second"))
        plan = Plan(event_id=second.id, rules_hash="", planned_at=world.clock.now(), runs=())
        assert not await other.store.save_plan(plan)
        await rig.settle()
    assert world.rows("Meetings") == [("Weekly: first",)]


async def test_before_wins_over_after(world: World) -> None:
    async with process(world) as rig:
        await rig.receive("zoom.recording", recording(text="before"), ago=HOUR)
        await rig.receive("zoom.meeting.ended", meeting())
        await rig.plan()
        world.clock.moment += timedelta(minutes=1)
        await rig.receive("zoom.recording", recording(text="after"))
        await rig.settle()
    assert world.rows("Meetings") == [("Weekly: before",)]


async def test_what_came_between_planning_and_the_step_is_the_next(world: World) -> None:
    """The run was planned, and got to its step much later: the first one after planning counts."""
    async with process(world) as rig:
        await rig.receive("zoom.meeting.ended", meeting())
        await rig.plan()
        for text in ("first", "second"):
            world.clock.moment += timedelta(minutes=1)
            await rig.receive("zoom.recording", recording(text=text))
            await rig.plan()
        await rig.settle()
    assert world.rows("Meetings") == [("Weekly: first",)]


async def test_an_event_older_than_the_look_back_is_not_found(world: World) -> None:
    async with process(world) as rig:
        await rig.receive("zoom.recording", recording(text="old"), ago=3 * HOUR + DAY)
        await rig.receive("zoom.recording", recording(uuid="v"), ago=3 * HOUR)
        await rig.happen("zoom.meeting.ended", meeting())
        await rig.happen("zoom.meeting.ended", meeting("v"))
        assert (await rig.states())[2:] == [WAITING, DONE]


async def test_when_nothing_comes_the_step_is_nothing_and_the_rule_goes_on(world: World) -> None:
    async with process(world) as rig:
        await rig.happen("zoom.meeting.ended", meeting())
        world.clock.moment += 2 * HOUR - timedelta(seconds=1)
        await rig.settle()
        assert await rig.states() == [WAITING]
        world.clock.moment += timedelta(seconds=1)
        await rig.settle()
        assert await rig.states() == [DONE]
    assert world.rows("Meetings") == [("Weekly: no transcript",)]
    assert world.lines("Engineering log") == []


async def test_an_event_that_comes_too_late_changes_nothing(world: World) -> None:
    async with process(world) as rig:
        await rig.happen("zoom.meeting.ended", meeting())
        world.clock.moment += 2 * HOUR + timedelta(seconds=1)
        await rig.happen("zoom.recording", recording())
        assert await rig.states() == [DONE, DONE]
    assert world.rows("Meetings") == [("Weekly: no transcript",)]


async def test_a_time_that_passed_while_the_service_was_down_ends_the_wait(world: World) -> None:
    async with process(world) as rig:
        await rig.happen("zoom.meeting.ended", meeting())
    world.clock.moment += 3 * DAY
    async with process(world) as rig:
        await rig.settle()
        assert await rig.states() == [DONE]
    assert world.rows("Meetings") == [("Weekly: no transcript",)]


async def test_an_event_stored_in_time_counts_though_nobody_planned_it(world: World) -> None:
    """It was accepted a moment before the service died; after the restart the wait is over as well."""
    async with process(world) as rig:
        await rig.happen("zoom.meeting.ended", meeting())
        world.clock.moment += HOUR
        await rig.receive("zoom.recording", recording())
    world.clock.moment += DAY
    async with process(world) as rig:
        await rig.dispatcher.work()
        await rig.drain()
        assert (await rig.states())[0] is DONE
    assert world.rows("Meetings") == [("Weekly: Hello",)]


async def test_a_wait_survives_restarts(world: World) -> None:
    async with process(world) as rig:
        await rig.happen("zoom.meeting.ended", meeting())
    async with process(world) as rig:
        await rig.settle()
        assert await rig.states() == [WAITING]
    async with process(world) as rig:
        await rig.happen("zoom.recording", recording())
        assert await rig.states() == [DONE, DONE]
    assert world.rows("Meetings") == [("Weekly: Hello",)]


async def test_two_runs_wait_for_one_event(world: World) -> None:
    async with process(world) as rig:
        for topic in ("A", "B"):
            await rig.happen("zoom.meeting.ended", meeting(topic=topic))
        await rig.happen("zoom.recording", recording())
        assert await rig.states() == [DONE, DONE, DONE]
    assert sorted(world.rows("Meetings")) == [("A: Hello",), ("B: Hello",)]


async def test_each_run_gets_the_event_of_its_own(world: World) -> None:
    async with process(world) as rig:
        for uuid in ("u", "v", "w"):
            await rig.happen("zoom.meeting.ended", meeting(uuid, uuid))
        for uuid in ("w", "u"):
            await rig.happen("zoom.recording", recording(uuid, f"of {uuid}"))
        assert (await rig.states())[:3] == [DONE, WAITING, DONE]
    assert sorted(world.rows("Meetings")) == [("u: of u",), ("w: of w",)]


async def test_a_run_goes_on_with_the_event_it_found_whatever_came_since(world: World) -> None:
    """It found its event, and Notion was away when it wrote: the retry does not look again."""
    async with process(world) as rig:
        await rig.happen("zoom.recording", recording(text="found"), ago=HOUR)
        world.emulator.faults += [Fault(kind="409", method="POST", path="/pages")]
        await rig.happen("zoom.meeting.ended", meeting())
        assert await rig.states() == [DONE, State.PENDING]
    async with process(world) as rig:
        await rig.receive("zoom.recording", recording(text="newer"), ago=HOUR)
        world.clock.moment += timedelta(minutes=1)
        await rig.settle()
    assert world.rows("Meetings") == [("Weekly: found",)]


# what is the same ---------------------------------------------------------------------------------

SAME = """
[[rule]]
id = "r"
on = "acme.order"

[[rule.do]]
id = "paid"
wait_for = "{name}"
same.{path} = {value}

[[rule.do]]
create = "Tasks"
set.Name = "{{{{ paid.note | or_else: 'nothing' }}}}"
"""


@pytest.mark.parametrize(
    ("name", "path", "value", "order", "came", "body", "answers"),
    [
        ("acme.paid", "id", '"{{ event.id }}"', {"id": 7}, "acme.paid", {"id": 7}, True),
        ("acme.paid", "id", '"{{ event.id }}"', {"id": 7}, "acme.paid", {"id": 7.0}, True),
        ("acme.paid", "id", '"{{ event.id }}"', {"id": 7}, "acme.paid", {"id": "7"}, False),
        ("acme.paid", "id", '"{{ event.id }}"', {"id": True}, "acme.paid", {"id": 1}, False),
        ("acme.paid", "id", '"{{ event.id }}"', {"id": "a"}, "acme.paid", {"id": "A"}, False),
        ("acme.paid", "id", '"{{ event.id }}"', {"id": "a"}, "acme.paid", {"id": None}, False),
        ("acme.paid", "id", '"{{ event.id }}"', {"id": "a"}, "acme.paid", {}, False),
        ("acme.paid", "id", '"#{{ event.id }}"', {"id": 7}, "acme.paid", {"id": "#7"}, True),
        ("acme.paid", "open", "false", {}, "acme.paid", {"open": False}, True),
        ("acme.paid", "open", "false", {}, "acme.paid", {}, False),
        ("acme.paid", "ids", '"{{ event.id }}"', {"id": 7}, "acme.paid", {"ids": [6, 7]}, True),
        ("acme.paid", "ids", '"{{ event.id }}"', {"id": 7}, "acme.paid", {"ids": []}, False),
        ("acme.paid", "l.id", '"{{ event.id }}"', {"id": 7}, "acme.paid",
         {"l": [{"id": 6}, {"id": 7}]}, True),
        ("acme.paid", '"a.b"', "1", {}, "acme.paid", {"a.b": 1}, True),
        ("acme.paid", '"a.b"', "1", {}, "acme.paid", {"a": {"b": 1}}, False),
        ("acme.paid", "raw.id", '"{{ event.id }}"', {"id": 7}, "acme.paid", {"id": 7}, True),
        ("acme.paid", "day", "2026-11-24", {}, "acme.paid", {"day": "2026-11-24"}, True),
        ("acme.paid", "day", "2026-11-24", {}, "acme.paid", {"day": "2026-11-24T00:00:00Z"}, True),
        ("acme.paid", "day", "2026-11-24T01:00:00+01:00", {}, "acme.paid",
         {"day": "2026-11-24T00:00:00Z"}, True),
        ("acme.paid", "day", "2026-11-24", {}, "acme.paid", {"day": "2026-11-25"}, False),
        ("acme", "id", '"{{ event.id }}"', {"id": 7}, "acme.paid.twice", {"id": 7}, True),
        ("acme.pai", "id", '"{{ event.id }}"', {"id": 7}, "acme.paid", {"id": 7}, False),
        ("acme.paid.twice", "id", '"{{ event.id }}"', {"id": 7}, "acme.paid", {"id": 7}, False),
        ("acme", "id", '"{{ event.id }}"', {"id": 7}, "acmes.paid", {"id": 7}, False),
    ],
    ids=[
        "number", "whole-and-decimal", "number-and-text", "true-and-one", "case", "null", "missing",
        "made-text", "false", "false-and-missing", "element", "empty-list", "through-a-list",
        "quoted", "quoted-is-no-path", "raw", "day", "day-and-moment", "moment", "another-day",
        "shorter-name", "part-of-a-word", "longer-name", "another-source",
    ],
)  # fmt: skip
@pytest.mark.parametrize("first", ["order", "answer"])
async def test_values_are_the_same_as_in_a_condition(
    tmp_path: Path,
    first: str,
    name: str,
    path: str,
    value: str,
    order: dict[str, object],
    came: str,
    body: dict[str, object],
    answers: bool,
) -> None:
    world = World(tmp_path, SAME.format(name=name, path=path, value=value))
    async with process(world) as rig:
        steps: list[tuple[str, dict[str, object]]] = [
            ("acme.order", order),
            (came, {**body, "note": "yes"}),
        ]
        for step in steps if first == "order" else reversed(steps):
            await rig.happen(*step)
        world.clock.moment += 2 * DAY
        await rig.settle()
    assert world.rows("Tasks") == [("yes" if answers else "nothing",)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"id": None}, "step `paid`: `same`: `id` needs one value, and there is nothing"),
        ({"id": []}, "step `paid`: `same`: `id` needs one value, and there is a list"),
        ({"id": {}}, "step `paid`: `same`: `id` needs one value, and there is nothing"),
    ],
    ids=["null", "list", "table"],
)
async def test_what_cannot_be_compared_parks_the_run(
    tmp_path: Path, body: dict[str, object], reason: str
) -> None:
    rules = SAME.format(name="acme.paid", path="id", value='"{{ event.id }}"')
    world = World(tmp_path, rules)
    async with process(world) as rig:
        await rig.happen("acme.order", body)
        assert [(one.state, one.reason) for one in await rig.runs()] == [(State.PARKED, reason)]


async def test_a_run_does_not_wait_for_its_own_event(tmp_path: Path) -> None:
    rules = SAME.format(name="acme.order", path="id", value='"{{ event.id }}"')
    world = World(tmp_path, rules)
    async with process(world) as rig:
        await rig.happen("acme.order", {"id": 7, "note": "one"})
        assert await rig.states() == [WAITING]
        await rig.happen("acme.order", {"id": 7, "note": "two"})
        assert await rig.states() == [DONE, DONE]
    assert sorted(world.rows("Tasks")) == [("one",), ("two",)]


async def test_a_look_back_ends_after_a_thousand_events(tmp_path: Path) -> None:
    rules = SAME.format(name="acme.paid", path="id", value='"{{ event.id }}"')
    world = World(tmp_path, rules)
    async with process(world) as rig:
        for id_ in ("far", "near", *["other"] * 999):
            await rig.receive("acme.paid", {"id": id_, "note": id_}, ago=HOUR)
        for id_ in ("far", "near"):
            await rig.happen("acme.order", {"id": id_})
        assert await rig.states() == [WAITING, DONE]
    assert world.rows("Tasks") == [("near",)]


# lanes --------------------------------------------------------------------------------------------

LANES = """
[[rule]]
id = "log"
on = "acme.order"
lane = "one"

[[rule.do]]
if.event.wait = true
wait_for = "acme.paid"
same.id = "{{ event.id }}"

[[rule.do]]
append = "Engineering log"
body = "{{ event.id }}"
"""


async def test_a_waiting_run_holds_no_lane_and_comes_back_at_its_tail(tmp_path: Path) -> None:
    world = World(tmp_path, LANES)
    async with process(world) as rig:
        await rig.happen("acme.order", {"id": "1", "wait": True})
        await rig.happen("acme.order", {"id": "2", "wait": False})
        await rig.receive("acme.order", {"id": "3", "wait": False})
        await rig.receive("acme.paid", {"id": "1"})
        await rig.receive("acme.order", {"id": "4", "wait": False})
        await rig.settle()
    assert world.lines("Engineering log") == ["2", "3", "1", "4"]


# several processes --------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["watch", "arrivals", "wait"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_event_that_comes_while_the_run_looks_is_not_missed(
    world: World, moment: str, when: str
) -> None:
    """Another process stores and plans it just before or after each of the run's own steps."""
    async with process(world) as rig, process(world, "host/2/2") as other:
        real: Callable[..., object] = getattr(rig.store, moment)
        came = False

        async def meanwhile(*given: object, **more: object) -> object:
            nonlocal came
            if when == "before" and not came:
                came = True
                await _comes(other)
            result = await real(*given, **more)  # type: ignore[misc]
            if when == "after" and not came:
                came = True
                await _comes(other)
            return result

        setattr(rig.store, moment, meanwhile)
        await rig.happen("zoom.meeting.ended", meeting())
        assert came
        await other.settle()
        assert await rig.states() == [DONE, DONE]
    assert world.rows("Meetings") == [("Weekly: Hello",)]


async def test_events_and_waits_of_two_processes_at_once_all_meet(world: World) -> None:
    """Thirty meetings and their recordings, planned and run by whichever process gets there first."""
    async with process(world) as one, process(world, "host/2/2") as two:

        async def busy(rig: Rig, *events: tuple[str, dict[str, str]]) -> None:
            for event in events:
                await rig.happen(*event)

        uuids = [f"u{number}" for number in range(30)]
        await asyncio.gather(
            busy(one, *[("zoom.meeting.ended", meeting(uuid, uuid)) for uuid in uuids]),
            busy(two, *[("zoom.recording", recording(uuid, uuid)) for uuid in uuids]),
        )
        await one.settle()
        await two.settle()
        assert set(await one.states()) == {DONE}
    assert sorted(world.rows("Meetings")) == sorted((f"{uuid}: {uuid}",) for uuid in uuids)


async def _comes(rig: Rig) -> None:
    rig.world.clock.moment += timedelta(seconds=1)
    await rig.receive("zoom.recording", recording())
    await rig.plan()
