"""A disk that is full, a file that cannot be written: deliveries are told to come again, and nothing is half kept."""

import resource
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automation.store.sqlite import SqliteStore
from tests.living import (
    CREATE,
    TARGETS,
    Live,
    LocalNotion,
    client_of,
    environment,
    eventually,
    issue,
    live,
    signed,
)
from tests.processes import Process

pytestmark = pytest.mark.anyio

Say = Callable[[str], Any]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Says something to the connection that writes, from outside."""
    connect, made = SqliteStore._connect, list[sqlite3.Connection]()

    def noted(self: SqliteStore) -> sqlite3.Connection:
        made.append(connect(self))
        return made[-1]

    monkeypatch.setattr(SqliteStore, "_connect", noted)
    return lambda text: made[0].execute(f"PRAGMA {text}").fetchone()


def fill(say: Say) -> None:
    say(f"max_page_count = {say('page_count')[0]}")


def empty(say: Say) -> None:
    say("max_page_count = 1000000")


def protect(say: Say) -> None:
    say("query_only = ON")


def unprotect(say: Say) -> None:
    say("query_only = OFF")


@pytest.mark.parametrize(
    ("trouble", "relief", "says"),
    [(fill, empty, "full"), (protect, unprotect, "readonly")],
    ids=["a full disk", "a file that cannot be written"],
)
async def test_deliveries_are_refused_while_they_cannot_be_kept_and_taken_again_after(
    tmp_path: Path,
    notion: LocalNotion,
    say: Say,
    trouble: Callable[[Say], None],
    relief: Callable[[Say], None],
    says: str,
) -> None:
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("before")
        await service.settled(1)
        trouble(say)
        late = issue("x" * 100_000)
        for _ in range(2):
            answer = await service.deliver("github.issues.opened", late)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert answer.json() == {"error": "not stored, try again"}
        ready = await service.ask("GET", "/readyz")
        assert ready.status_code == 503
        assert says in ready.json()["store"]
        assert (await service.ask("GET", "/metrics")).status_code == 200
        relief(say)
        assert (await service.deliver("github.issues.opened", late)).json().keys() == {"event"}
        await service.issue("after")
        await service.settled(3)
        await eventually(lambda: is_ready(service), what="readiness")
        assert len(await service.service.store.events(limit=10)) == 3
    assert [name[:6] for name in notion.titles()] == ["before", "xxxxxx", "after"]


async def is_ready(service: Live) -> bool:
    return (await service.ask("GET", "/readyz")).status_code == 200


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit(2), which is Linux's")
async def test_a_process_whose_disk_fills_up_keeps_what_it_acknowledged_and_recovers(
    tmp_path: Path,
) -> None:
    """No file of it may grow any more, its log included; then there is room again."""
    process = Process(tmp_path, "serve", environ=environment(tmp_path))
    acknowledged: set[str] = set()
    refused = 0
    try:
        async with client_of(process.address()) as client:

            async def send(number: int) -> int:
                body = issue(f"{number}-" + "x" * 10_000)
                answer = await client.post("/hooks/github", **signed("github.issues.opened", body))
                if answer.status_code == 200:
                    acknowledged.add(answer.json()["event"])
                return answer.status_code

            assert await send(0) == 200
            process.limit(resource.RLIMIT_FSIZE, largest_of(tmp_path) + 200_000)
            for number in range(1, 60):
                refused += await send(number) == 503
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["ready"]) == (503, False)
            process.limit(resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
            assert refused >= 20
            assert len(acknowledged) == 60 - refused
            for number in range(60):
                assert await send(number) == 200
        process.tell(signal.SIGTERM)
        assert process.ended() == 0
    finally:
        process.stop()
    store = SqliteStore(str(tmp_path / "automation.db"))
    await store.open()
    kept = {one.event.id for one in await store.events(limit=1000)}
    await store.close()
    assert kept == acknowledged
    assert len(kept) == 60
    assert "Traceback" not in process.err.read_text()


def largest_of(folder: Path) -> int:
    """How large the largest file of the database is."""
    return max(one.stat().st_size for one in folder.glob("automation.db*"))
