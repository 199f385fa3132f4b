"""kill -9 in the middle of the work: what was acknowledged is done, whatever was under way."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from automation.store.sqlite import SqliteStore
from tests.living import APPEND, CREATE, TARGETS, client_of, environment, eventually, issue, signed
from tests.processes import EmulatorProcess, Process

pytestmark = pytest.mark.anyio

NUMBER = 1_000
AT_ONCE = 24

MEETING = """
[[rule]]
id = "meeting"
on = "zoom.meeting.ended"
[[rule.do]]
upsert = "Meetings"
match."Meeting UUID" = "{{ event.uuid }}"
set.Name = "{{ event.topic }}"
"""
MENTION = APPEND.replace("github.issues", "slack.app_mention").replace(
    "event.issue.title", "event.text"
)
MEETINGS = TARGETS.replace("Tasks", "Meetings")


@dataclass(frozen=True)
class Delivery:
    """One event: what it is called, and its body."""

    name: str
    source_event: str
    body: bytes


def deliveries() -> Iterator[Delivery]:
    """Issues that become pages, meetings that become rows found again by a key, mentions that become lines."""
    for number in range(NUMBER):
        name = f"event-{number}"
        match number % 10:
            case 0:
                event = {"type": "app_mention", "user": "U1", "text": name, "channel": "C1"}
                body: Any = {"type": "event_callback", "event_id": f"Ev{number}", "event": event}
                yield Delivery(name, "slack.app_mention", encoded(body))
            case 1 | 2:
                meeting = {"uuid": f"uuid-{number}", "topic": name, "id": number}
                body = {
                    "event": "meeting.ended",
                    "event_ts": number,
                    "payload": {"object": meeting},
                }
                yield Delivery(name, "zoom.meeting.ended", encoded(body))
            case _:
                yield Delivery(name, "github.issues.opened", encoded(issue(name)))


def encoded(body: Mapping[str, Any]) -> bytes:
    return httpx.Request("POST", "http://x", json=body).content


async def deliver_all(address: str) -> set[str]:
    """Post them, many at once; the ids of the events that were acknowledged."""
    waiting = list(deliveries())
    acknowledged: set[str] = set()

    async def sender(client: httpx.AsyncClient) -> None:
        while waiting:
            one = waiting.pop()
            source = one.source_event.partition(".")[0]
            answer = await client.post(f"/hooks/{source}", **signed(one.source_event, one.body))
            assert answer.status_code == 200
            acknowledged.add(answer.json()["event"])

    async with client_of(address) as client:
        await asyncio.gather(*(sender(client) for _ in range(AT_ONCE)))
    return acknowledged


async def unfinished(database: Path) -> int:
    """How many events are not planned, or have a run that has not ended, by the store itself."""
    store = SqliteStore(str(database))
    await store.open()
    counts = await store.counts()
    await store.close()
    return sum(counts.events.get(state, 0) for state in ("new",)) + sum(
        counts.runs.get(state, 0) for state in ("pending", "running", "waiting")
    )


async def stored(database: Path) -> set[str]:
    store = SqliteStore(str(database))
    await store.open()
    found = {one.event.id for one in await store.events(limit=2 * NUMBER)}
    await store.close()
    return found


async def drained(address: str) -> bool:
    async with client_of(address) as client:
        ready = (await client.get("/readyz")).json()
    return not ready["events"].get("new") and set(ready["runs"]) <= {"done"}


async def standing(notion: httpx.AsyncClient, facts: Mapping[str, Any]) -> Counter[str]:
    """The names that stand in Notion, read through its API: titles of rows, and lines of the log."""
    found: Counter[str] = Counter()
    for name in ("Tasks", "Meetings"):
        async for row in listed(
            notion, "POST", f"/v1/data_sources/{facts['data_sources'][name]}/query"
        ):
            found["".join(part["plain_text"] for part in row["properties"]["Name"]["title"])] += 1
    log = facts["pages"]["Engineering log"]
    async for block in listed(notion, "GET", f"/v1/blocks/{log}/children"):
        found["".join(part["plain_text"] for part in block["paragraph"]["rich_text"])] += 1
    return found


async def listed(client: httpx.AsyncClient, method: str, path: str) -> AsyncIterator[Any]:
    cursor: str | None = None
    while True:
        more = {"start_cursor": cursor} if cursor else {}
        asked = {"json": more} if method == "POST" else {"params": more}
        answer = (await client.request(method, path, **asked)).json()  # type: ignore[arg-type]
        for one in answer["results"]:
            yield one
        cursor = answer["next_cursor"]
        if not cursor:
            return


def effects(requests: list[dict[str, Any]]) -> Counter[str]:
    """How often each event's effect was carried out, by the emulator's own log of requests."""
    made: Counter[str] = Counter()
    for one in requests:
        if one["object_id"] is None and one["status"] != 200:
            continue
        body = one["body"] or {}
        if (one["method"], one["path"]) == ("POST", "/pages"):
            made[body["properties"]["Name"]["title"][0]["text"]["content"]] += 1
        elif one["method"] == "PATCH" and one["path"].endswith("/children"):
            for block in body["children"]:
                made[block["paragraph"]["rich_text"][0]["text"]["content"]] += 1
    return made


async def test_kill_9_loses_nothing_that_was_acknowledged(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    for name, text in {"a": TARGETS + CREATE, "b": MEETINGS + MEETING, "c": MENTION}.items():
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / f"{name}.toml").write_text(text)
    started, database = time.monotonic(), tmp_path / "automation.db"
    emulator = EmulatorProcess(tmp_path)
    settings = environment(tmp_path, **emulator.settings, AUTOMATION_SETTLE_SECONDS="2")
    # The first process has no budget for more than half of the work, however fast this machine is.
    first = Process(
        tmp_path, "serve", environ=settings | {"NOTION_REQUESTS_PER_MINUTE": str(NUMBER // 2)}
    )
    try:
        async with client_of(emulator.facts["base_url"]) as notion:
            # Notion is slow for a while: so the service is still at work when the last event is stored.
            await notion.post(
                "/_emulator/faults", json={"kind": "slow", "seconds": 0.4, "times": 250}
            )
            acknowledged = await deliver_all(first.address())
            first.kill()
            left = await unfinished(database)
            assert len(acknowledged) == NUMBER
            assert left >= 200
            second = Process(tmp_path, "serve", environ=settings)
            address = second.address()
            await eventually(lambda: drained(address), seconds=60, what="the end of the work")
            second.tell(15)
            assert second.ended() == 0
            notion.headers.update(
                {
                    "Authorization": f"Bearer {emulator.facts['token']}",
                    "Notion-Version": "2026-03-11",
                }
            )
            there = await standing(notion, emulator.facts)
            done = effects((await notion.get("/_emulator/requests")).json())
    finally:
        for process in (first, emulator):
            process.stop()
    names = {one.name for one in deliveries()}
    assert await stored(database) == acknowledged
    assert names - there.keys() == set()
    assert done.keys() == names
    doubled = sum(times - 1 for times in done.values())
    assert doubled == there.total() - NUMBER
    figure(
        f"kill -9 with {left} of {NUMBER} acknowledged events unfinished: 0 missing, {doubled} doubled"
        f" ({time.monotonic() - started:.1f} s)"
    )
