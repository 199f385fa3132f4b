"""A process may die at any moment: whatever was interrupted, every effect is there, and once.

The moments are those around each commit and each request: before it, and after it before anything else
is known. What stands in Notion is counted, not what our own tables say.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.emulator import pages, showing
from automation.emulator.faults import Fault
from automation.exchange import Exchange
from automation.model.request import Request, Response
from automation.model.run import State
from automation.rulebook import target_texts
from automation.store.base import Store
from automation.store.sqlite import MEMORY, SqliteStore
from tests.service.rig import SETTLE, Rig, World, way_to_notion

SECOND = timedelta(seconds=1)
RULES = """
[target.Keyed]
data_source = "Tasks"
key_property = "Automation key"

[[rule]]
id = "big"
on = "x.big"

[[rule.do]]
id = "found"
find = "Commits"
where.Name = ["a", "b"]
order = "Name"

[[rule.do]]
for_each = "{{ found }}"
as = "commit"
key = "{{ commit.id }}"

  [[rule.do.do]]
  id = "task"
  create = "Keyed"
  set.Name = "the same name"
  body = "- one\\n  - two\\n    - three\\n      - four"

  [[rule.do.do]]
  update = "{{ commit.id }}"
  set.Branch = "{{ task.title }}"

[[rule.do]]
id = "more"
wait_for = "x.more"
same.id = "{{ event.id }}"

[[rule.do]]
upsert = "Meetings"
match."Meeting UUID" = "{{ more.id }}"
newer_than = "{{ event.at }}"
set.Name = "{{ more.text }}"

[[rule.do]]
append = "Engineering log"
body = "{% for n in event.lines %}line {{ n }}\\n\\n{% endfor %}"

[[rule]]
id = "tick"
on = "x.tick"

[[rule.do]]
append = "Engineering log"
body = "tick\\n\\ntick"

[[rule.do]]
create = "Commits"
set.Name = "plain"

[[rule.do]]
create = "Engineering log"
set.title = "under the log"
"""
LINES = 340
FEW_LINES = 120
"""Still two requests, and a story is over sooner."""
EVERY = 9
"""Of the moments, every so many-th is tried; four make up a request, so each kind is met. With 1, all."""


def events(lines: int) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Three that ask for the very same blocks and pages, and two that belong together."""
    big = {"id": "i", "at": "2026-11-24T12:00:00Z", "lines": list(range(lines))}
    more = {"id": "i", "text": "Found"}
    return ("x.tick", {}), ("x.big", big), ("x.tick", {}), ("x.more", more), ("x.tick", {})


CHANGING = frozenset(
    {
        "claim_runs", "save_plan", "watch", "record", "adopt", "forget", "remember", "wait", "retry",
        "finish", "park",
    }
)  # fmt: skip


PATIENCE = 200
"""How often a life may look for work; each time, half of the time to settle has passed."""


class Killed(BaseException):
    """The process is no more."""


class Fate:
    """When the process dies: at which of the moments it passes; never, for None."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.passed = 0

    def moment(self) -> None:
        self.passed += 1
        if self.at is not None and self.passed >= self.at:
            raise Killed

    def around(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The work with a moment before and one after it."""

        async def mortal(*given: Any, **more: Any) -> Any:
            self.moment()
            result = await work(*given, **more)
            self.moment()
            return result

        return mortal


class MortalStore:
    """A store in which the process may die around every commit."""

    def __init__(self, store: Store, fate: Fate) -> None:
        self._store = store
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        return self._fate.around(verb) if name in CHANGING else verb


class MortalWay:
    """A way to Notion on which the process may die around every request."""

    def __init__(self, way: Exchange, fate: Fate) -> None:
        self._way = way
        self._fate = fate

    async def permit(self) -> None:
        await self._way.permit()

    async def transmit(self, request: Request) -> Response:
        response: Response = await self._fate.around(self._way.transmit)(request)
        return response

    async def send(self, request: Request) -> Response:
        await self.permit()
        return await self.transmit(request)


async def live(world: World, store: Store, fate: Fate) -> None:
    """One process's life: do what is due, waiting out what must be waited out. Raises Killed."""
    async with way_to_notion(world, store) as way:
        mine = cast("Store", MortalStore(store, fate))
        rig = Rig(world, mine, MortalWay(way, fate), await store.install_secret(), concurrency=1)
        await _find_targets(rig)
        try:
            for _ in range(PATIENCE):
                if await _all_done(store):
                    return
                await rig.plan()
                await _work(rig)
                world.clock.moment += SETTLE / 2
            raise AssertionError(await store.runs(limit=9))
        finally:
            # A new process finds its predecessor dead, and gives back what it held.
            await store.release("host/1/1")


async def _find_targets(rig: Rig) -> None:
    """Faults are for the work: where the targets are is known before."""
    notion = rig.world.emulator
    faults, notion.faults = notion.faults, []
    await rig.directory.find(target_texts(rig.rules.current))
    notion.faults = faults


async def _work(rig: Rig) -> None:
    while await rig.dispatcher.work() == 0.0:
        await rig.drain()


async def _all_done(store: Store) -> bool:
    counts = await store.counts()
    assert not counts.runs.get(State.PARKED)
    return set(counts.events) == {"planned"} and set(counts.runs) == {State.DONE}


async def story(
    folder: Path, deaths: list[int], faults: list[Fault], lines: int
) -> tuple[World, int]:
    """All events, and as many lives as it takes; how many moments the last life passed."""
    world = World(folder, RULES)
    space = world.emulator.workspace
    source = next(one for one in space.data_sources.values() if one.find("SHA"))
    for name in ("a", "b"):
        title = {"Name": {"title": [{"type": "text", "text": {"content": name}}]}}
        parent = {"type": "data_source_id", "data_source_id": source.id}
        pages.create(space, {"parent": parent, "properties": title})
    world.emulator.faults = faults
    store = SqliteStore(MEMORY)
    await store.open()
    try:
        for name, body in events(lines):
            await store.append(world.event(name, body))
        for at in deaths:
            try:
                await live(world, store, Fate(at))
            except Killed:
                world.clock.moment += SECOND
        last = Fate(None)
        await live(world, store, last)
    finally:
        await store.close()
    return world, last.passed


def check_each_effect_once(world: World, wanted: int) -> None:
    lines = world.lines("Engineering log")
    long = [line for line in lines if line.startswith("line ")]
    ticks = [line for line in lines if line == "tick"]
    assert long == [f"line {number}" for number in range(wanted)]
    assert len(ticks) == 6
    assert len(lines) == wanted + 6 + 3
    assert world.rows("Commits", "Branch") == [
        ("a", "the same name"),
        ("b", "the same name"),
        *[("plain", "")] * 3,
    ]
    assert world.rows("Tasks") == [("the same name",)] * 2
    assert world.rows("Meetings", "Meeting UUID") == [("Found", "i")]
    space = world.emulator.workspace
    titles = [page for page in space.pages.values() if space.source_of(page) is None]
    assert len(titles) == 2 + 3
    assert _nested(world) == ["one", "two", "three", "four"] * 2


def _nested(world: World) -> list[str]:
    """Every block below the tasks, depth first."""
    space = world.emulator.workspace
    found: list[str] = []

    def visit(parent: str) -> None:
        for one in showing.children(space, parent):
            found.append(one[one["type"]]["rich_text"][0]["plain_text"])
            visit(one["id"])

    for page in showing.rows(space, "Tasks"):
        visit(page["id"])
    return found


def play(deaths: list[int], faults: list[Fault] | None = None, lines: int = FEW_LINES) -> int:
    """The story, checked; how many moments its last life passed."""
    with TemporaryDirectory() as folder:
        world, passed = asyncio.run(story(Path(folder), deaths, faults or [], lines))
    check_each_effect_once(world, lines)
    return passed


def test_without_an_interruption_each_effect_is_there_once() -> None:
    assert play([], lines=LINES) > 100


@pytest.mark.parametrize("moment", [85, 95, 105, 115])
def test_a_death_amid_340_blocks_repeats_none_of_them(moment: int) -> None:
    play([moment], lines=LINES)


def test_a_death_at_each_moment_in_turn_loses_and_doubles_nothing() -> None:
    for moment in range(1, play([]) + 1, EVERY):
        play([moment])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 120), min_size=2, max_size=8))
def test_many_deaths_lose_and_double_nothing(deaths: list[int]) -> None:
    play(deaths)


FAULTS = st.builds(
    Fault,
    kind=st.sampled_from(
        ["drop_before", "drop_after", "503_committed", "504_committed", "500", "429", "409"]
    ),
    method=st.sampled_from(["POST", "PATCH", ""]),
    path=st.sampled_from(["/pages", "/blocks", "/data_sources", ""]),
    times=st.integers(1, 3),
)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 120), max_size=3), st.lists(FAULTS, max_size=5))
def test_lost_answers_and_deaths_together_lose_and_double_nothing(
    deaths: list[int], faults: list[Fault]
) -> None:
    play(deaths, faults)


@pytest.mark.parametrize("kind", ["drop_after", "503_committed", "504_committed"])
@pytest.mark.parametrize("path", ["/pages", "/blocks"])
def test_an_answer_that_is_lost_every_other_time_doubles_nothing(kind: str, path: str) -> None:
    play([], [Fault(kind=kind, method=method, path=path, times=3) for method in ("POST", "PATCH")])
