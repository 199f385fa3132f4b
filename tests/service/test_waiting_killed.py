"""A run that waits survives `kill -9`: real processes, one file, a local Notion over a socket."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import pytest

from automation.model.event import Event
from automation.model.run import Run, State
from automation.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio
PATIENCE_SECONDS = 60.0
SHORT_SECONDS = 4
"""Long enough to see the run wait on a busy machine."""
COMMAND = [sys.executable, "-c", "from automation.cli.app import main; main()"]
RULES = """
[[rule]]
id = "meeting"
on = "x.meeting"

[[rule.do]]
id = "transcript"
wait_for = "x.transcript"
same.uuid = "{{ event.uuid }}"
within = "{{within}}"

[[rule.do]]
create = "Meetings"
set.Name = "{{ transcript.text | or_else: 'nothing came' }}"
"""


@contextmanager
def local_notion() -> Iterator[dict[str, Any]]:
    """A local Notion in a process of its own: where it is."""
    command = [*COMMAND, "emulator", "--json", "--limit", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def service(folder: Path, notion: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """The service in a process of its own; killed at the end, if it still lives."""
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AUTOMATION_")},
        "NOTION_BASE_URL": notion["base_url"],
        "NOTION_TOKEN": notion["token"],
        "AUTOMATION_RULES": str(folder / "rules"),
        "AUTOMATION_DATABASE": f"sqlite:///{folder / 'a.db'}",
        "AUTOMATION_PORT": port,
    }
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*COMMAND, "serve"], env=environ, **quiet) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


async def reached(store: SqliteStore, state: State) -> Run:
    """The first run, when it stands there."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await store.runs(limit=9, rule="meeting")
            if found and found[-1].state is state:
                return found[-1]
            await asyncio.sleep(0.05)


def event(number: int, name: str, body: dict[str, str]) -> Event:
    return Event(
        id=f"{number:020x}",
        source="x",
        name=name,
        keys=(f"k{number}",),
        received_at=datetime.now(UTC),
        body=json.dumps(body).encode(),
    )


async def titles(notion: dict[str, Any]) -> list[str]:
    headers = {"Authorization": f"Bearer {notion['token']}", "Notion-Version": "2026-03-11"}
    async with httpx.AsyncClient(
        base_url=notion["base_url"], headers=headers, trust_env=False
    ) as client:
        source = notion["data_sources"]["Meetings"]
        answer = await client.post(f"/v1/data_sources/{source}/query", json={})
    pages = answer.json()["results"]
    return [page["properties"]["Name"]["title"][0]["plain_text"] for page in pages]


@pytest.mark.parametrize(
    ("within", "comes", "title"),
    [("1 hour", True, "the transcript"), (f"{SHORT_SECONDS} seconds", False, "nothing came")],
    ids=["its-event-comes-while-the-service-is-dead", "its-time-passes-while-the-service-is-dead"],
)
async def test_a_wait_survives_kill_9(tmp_path: Path, within: str, comes: bool, title: str) -> None:
    (tmp_path / "rules").mkdir()
    text = RULES.replace("{{within}}", within)
    (tmp_path / "rules" / "r.toml").write_text(text, encoding="utf-8")
    store = SqliteStore(str(tmp_path / "a.db"))
    await store.open()
    await store.append(event(1, "x.meeting", {"uuid": "u"}))
    with local_notion() as notion:
        with service(tmp_path, notion) as process:
            await reached(store, State.WAITING)
            os.kill(process.pid, signal.SIGKILL)
        if comes:
            await store.append(event(2, "x.transcript", {"uuid": "u", "text": "the transcript"}))
        else:
            await asyncio.sleep(SHORT_SECONDS)
        with service(tmp_path, notion):
            await reached(store, State.DONE)
        assert await titles(notion) == [title]
    await store.close()
