"""How processes end, and what the next one finds: SIGTERM, Ctrl-C, two at once on one file."""

import asyncio
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from automation.model.run import Run, State
from automation.store.base import Store
from automation.store.sqlite import SqliteStore
from tests.living import (
    CREATE,
    TARGETS,
    client_of,
    environment,
    eventually,
    issue,
    signed,
)
from tests.processes import EmulatorProcess, Process

pytestmark = pytest.mark.anyio


class Town:
    """An emulator, a folder, and the services that work there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.emulator = EmulatorProcess(folder)
        self.settings = environment(folder, **self.emulator.settings)
        (folder / "rules" / "a.toml").write_text(TARGETS + CREATE)
        self._processes: list[Process] = [self.emulator]

    def serve(self, **more: str) -> Process:
        made = Process(self.folder, "serve", environ=self.settings | more)
        self._processes.append(made)
        return made

    def close(self) -> None:
        for one in self._processes:
            one.stop()

    async def slow(self, seconds: float, times: int) -> None:
        async with client_of(self.emulator.facts["base_url"]) as client:
            fault = {"kind": "slow", "seconds": seconds, "times": times, "path": "/pages"}
            await client.post("/_emulator/faults", json=fault)

    async def made(self) -> Counter[str]:
        """How often each page was made, by the emulator's own log."""
        async with client_of(self.emulator.facts["base_url"]) as client:
            log = (await client.get("/_emulator/requests")).json()
        return Counter(
            one["body"]["properties"]["Name"]["title"][0]["text"]["content"]
            for one in log
            if one["path"] == "/pages" and one["object_id"]
        )

    async def runs(self, state: State | None = None) -> list[Run]:
        async def read(store: Store) -> list[Run]:
            return list(await store.runs(limit=1000, state=state))

        store = SqliteStore(str(self.folder / "automation.db"))
        await store.open()
        try:
            return await read(store)
        finally:
            await store.close()

    async def all_done(self, number: int) -> list[Run] | None:
        found = await self.runs()
        over = {run.state for run in found} == {State.DONE}
        return found if over and len(found) == number else None


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.close()


async def deliver(address: str, names: list[str]) -> list[str]:
    """Post issues all at once; the names of those that were acknowledged."""

    async def one(client: httpx.AsyncClient, name: str) -> str | None:
        try:
            answer = await client.post(
                "/hooks/github", **signed("github.issues.opened", issue(name))
            )
        except httpx.HTTPError:
            return None
        return name if answer.status_code == 200 else None

    async with client_of(address) as client:
        return [
            name for name in await asyncio.gather(*(one(client, name) for name in names)) if name
        ]


def names(start: int, number: int) -> list[str]:
    return [f"n{start + at}" for at in range(number)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
async def test_a_signal_lets_what_is_under_way_end_and_exits_0(town: Town, number: int) -> None:
    """Sixteen requests are at Notion when it comes; they arrive, nothing else is begun, nothing is lost."""
    process = town.serve()
    await town.slow(1.0, 16)
    sent = names(0, 40)
    assert await deliver(process.address(), sent) == sent
    await eventually(lambda: town.runs(State.RUNNING), what="work under way")
    process.tell(number)
    assert process.ended() == 0
    assert "stopping" in process.err.read_text()
    assert "Traceback" not in process.err.read_text()
    states = Counter(run.state for run in await town.runs())
    assert states[State.RUNNING] == 0
    assert states[State.PARKED] == 0
    after = town.serve()
    await eventually(lambda: town.all_done(40), what="the rest of the work")
    after.tell(signal.SIGTERM)
    assert after.ended() == 0
    assert await town.made() == Counter(sent)


async def test_a_second_signal_ends_it_at_once(town: Town) -> None:
    process = town.serve()
    await town.slow(20.0, 16)
    await deliver(process.address(), ["one"])
    await eventually(lambda: town.runs(State.RUNNING), what="work under way")
    process.tell(signal.SIGTERM)
    await asyncio.sleep(0.5)
    process.tell(signal.SIGTERM)
    assert process.ended() == -signal.SIGTERM


async def test_every_delivery_that_was_acknowledged_while_it_stopped_is_done_later(
    town: Town,
) -> None:
    process = town.serve()
    address = process.address()
    sending = asyncio.create_task(deliver(address, names(0, 200)))
    await eventually(town.runs, what="the first plan")
    process.tell(signal.SIGTERM)
    acknowledged = await sending
    assert process.ended() == 0
    after = town.serve()
    after.address()
    await eventually(lambda: town.all_done(len(acknowledged)), what="all of it")
    assert await town.made() == Counter(acknowledged)


async def test_a_process_that_died_is_followed_at_once(town: Town) -> None:
    """Its leases would last for two minutes; the next one takes over at its start."""
    process = town.serve()
    await deliver(process.address(), names(0, 3))
    await eventually(lambda: town.all_done(3), what="the first work")
    await town.slow(3.0, 1)
    await deliver(process.address(), ["three"])
    await eventually(lambda: town.runs(State.RUNNING), what="work under way")
    process.kill()
    held = await town.runs(State.RUNNING)
    assert [run.event_id for run in held] != []
    town.serve()
    await eventually(lambda: town.all_done(4), seconds=20, what="the work of the dead")
    assert set(await town.made()) == {*names(0, 3), "three"}


async def test_two_processes_on_one_file_share_the_work_and_one_outlives_the_other(
    town: Town,
) -> None:
    first, second = town.serve(), town.serve()
    await town.slow(0.2, 60)
    halves = await asyncio.gather(
        deliver(first.address(), names(0, 40)), deliver(second.address(), names(40, 40))
    )
    assert [len(half) for half in halves] == [40, 40]
    await eventually(lambda: town.runs(State.DONE), what="the first of the work")
    first.kill()
    runs = await eventually(lambda: town.all_done(80), seconds=40, what="all of the work")
    second.tell(signal.SIGTERM)
    assert second.ended() == 0
    assert {run.state for run in runs} == {State.DONE}
    made = await town.made()
    assert made.keys() == set(names(0, 80))
    # What both of them did is done once; only what died with the first may have been done twice.
    assert made.total() - 80 <= 16


async def test_a_database_that_is_held_by_another_for_a_while_is_waited_for(town: Town) -> None:
    """Somebody runs a long statement in the file: deliveries are told to come again, and then taken."""
    process = town.serve()
    address = process.address()
    await deliver(address, ["first"])
    await eventually(lambda: town.all_done(1), what="the first work")
    holder = sqlite3.connect(town.folder / "automation.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    async with client_of(address) as client:
        answer = await client.post("/hooks/github", **signed("github.issues.opened", issue("two")))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert "locked" in ready.json()["store"]
    holder.execute("ROLLBACK")
    holder.close()
    assert await deliver(address, ["two"]) == ["two"]
    await eventually(lambda: town.all_done(2), what="the work after it")
    assert await town.made() == Counter(["first", "two"])
