"""A database of the first version is brought up to date with everything in it, or left as it was."""

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from automation.model.action import Wrote
from automation.model.event import Encoding, Event
from automation.model.request import ByChildren, Notion, Repeat, Response
from automation.model.run import Entry, State
from automation.store.codec import dump, dump_request, dump_response, micros
from automation.store.sqlite import SqliteStore, migrations

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = b"s" * 32
EVENT = Event(
    id="a" * 20,
    source="github",
    name="github.push",
    keys=("k1", "k2"),
    received_at=NOW,
    body=b"\x00\xff",
    encoding=Encoding.FORM,
    inner=("x",),
    names={"repo": "acme/web"},
)
APPEND = Entry(
    key="s//0",
    request=Notion(
        method="PATCH",
        path="/blocks/p/children",
        body={"children": [{"type": "divider", "divider": {}}]},
        repeat=Repeat.DOUBLES,
        probe=ByChildren(parent_id="p", after=None, count=1),
    ),
    sent_at=NOW,
    response=Response(status=200, body={"results": [{"id": "b"}]}),
)
WROTE = Wrote(what="created", page_id="p", url="u", title="t")
PLACES = {"done": 1, "pending": 2, "waiting": 3, "parked": 4}


def make_first_version(path: Path) -> None:
    """A file as the first version left it: a row in every table, a run in every state."""
    connection = sqlite3.connect(path)
    connection.executescript(migrations()[0])
    connection.execute("PRAGMA user_version = 1")
    rows: dict[str, list[tuple[object, ...]]] = {
        "meta": [("install_secret", SECRET), ("fence", 7)],
        "events": [
            (1, EVENT.id, EVENT.source, EVENT.name, dump(EVENT.keys), micros(NOW), EVENT.body,
             EVENT.encoding.value, dump(EVENT.inner), dump(dict(EVENT.names)), None, "planned", "h",
             micros(NOW), 4),
        ],
        "event_keys": [(EVENT.source, key, EVENT.id) for key in EVENT.keys],
        "texts": [("d", "rules")],
        "runs": [
            (f"{EVENT.id}:{state}", place, EVENT.id, state, "h", micros(NOW), f"lane-{state}", state,
             1, micros(NOW), "target:Tasks" if state == "waiting" else None, "why", "do", None,
             dump([{"what": "created", "page_id": "p", "url": "u", "title": "t"}]))
            for state, place in PLACES.items()
        ],
        "lanes": [("lane-pending", f"{EVENT.id}:pending", 2, micros(NOW), None, None, 6)],
        "journal": [
            (1, dump_request(APPEND.request), micros(NOW), dump_response(APPEND.response))
        ],
        "journal_runs": [(f"{EVENT.id}:pending", APPEND.key, 1)],
        "schedules": [("daily", micros(NOW))],
        "memory": [("newest:x", "[1]")],
        "permits": [(1, "t", micros(NOW), micros(NOW + timedelta(seconds=60)), 10)],
        "pauses": [("u", micros(NOW + timedelta(seconds=9)), "429")],
    }  # fmt: skip
    for table, values in rows.items():
        marks = ", ".join("?" * len(values[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    connection.commit()
    connection.close()


async def check_everything_is_there(path: Path) -> None:
    store = SqliteStore(str(path))
    await store.open()
    stored = await store.event(EVENT.id)
    assert stored is not None
    assert (stored.event, stored.state, stored.matched) == (EVENT, "planned", 4)
    for key in EVENT.keys:
        again = Event(
            id="b" * 20, source="github", name="x.y", keys=(key,), received_at=NOW, body=b""
        )
        assert (await store.append(again)).event_id == EVENT.id
    runs = {one.state: one for one in await store.runs(limit=9)}
    assert {state.value: one.seq for state, one in runs.items()} == PLACES
    assert runs[State.DONE].wrote == (WROTE,)
    assert (runs[State.PARKED].reason, runs[State.PARKED].remedy) == ("why", "do")
    assert await store.install_secret() == SECRET
    assert await store.text("d") == "rules"
    assert await store.recall("newest:x") == [1]
    assert await store.last_tick("daily") == NOW
    for token in ("t", "u"):
        permits = await store.take_permits(
            token, now=NOW, want=1, limit=10, window_seconds=60, valid_seconds=1
        )
        assert permits.granted == 0
    [taken] = await store.claim_runs(
        owner="me", now=NOW, lease_until=NOW + timedelta(seconds=60), limit=9
    )
    assert (taken.run.id, taken.fence, taken.journal) == (f"{EVENT.id}:pending", 8, (APPEND,))
    assert await store.wake("target:Tasks", now=NOW) == 1
    assert await store.unpark([f"{EVENT.id}:parked"], now=NOW) == 1
    await store.close()


async def test_the_first_version_is_brought_up_to_date_with_everything_in_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    make_first_version(path)
    await check_everything_is_there(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(migrations()),)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


async def test_an_old_file_and_a_new_one_have_the_same_tables(tmp_path: Path) -> None:
    make_first_version(tmp_path / "old.db")
    shapes = []
    for name in ("old.db", "new.db"):
        store = SqliteStore(str(tmp_path / name))
        await store.open()
        await store.close()
        connection = sqlite3.connect(tmp_path / name)
        shapes.append(
            connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2")
            .fetchall()
        )  # fmt: skip
        connection.close()
    assert shapes[0] == shapes[1]


KILL = """
import asyncio, json, os, shutil, sys
from automation.store.sqlite import SqliteStore

folder, statements = sys.argv[1], 0

class Dying(SqliteStore):
    def _connect(self):
        connection = super()._connect()
        connection.set_trace_callback(self.step)
        return connection

    def step(self, statement):
        global statements
        statements += 1
        if statements == self.last:
            os._exit(9)

async def open_and_close(path, last):
    store = Dying(path)
    store.last = last
    await store.open()
    await store.close()

codes = []
while not codes or codes[-1] == 9:
    path = f"{folder}/{len(codes)}.db"
    shutil.copyfile(f"{folder}/first.db", path)
    child = os.fork()
    if child == 0:
        asyncio.run(open_and_close(path, len(codes) + 1))
        os._exit(0)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(codes))
"""


def killed_before_each_statement(folder: Path) -> list[int]:
    """The exit codes of as many processes as there are statements, and one more."""
    done = subprocess.run(
        [sys.executable, "-c", KILL, str(folder)], capture_output=True, text=True, check=True
    )
    codes: list[int] = json.loads(done.stdout)
    return codes


async def test_a_process_that_dies_while_it_migrates_leaves_the_old_or_the_new(
    tmp_path: Path,
) -> None:
    """Killed before each of the statements in turn, from opening the file to closing it."""
    make_first_version(tmp_path / "first.db")
    codes = killed_before_each_statement(tmp_path)
    assert codes == [9] * (len(codes) - 1) + [0]
    assert len(codes) > migrations()[1].count(";")
    versions = set()
    for number in range(len(codes)):
        connection = sqlite3.connect(tmp_path / f"{number}.db")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
        connection.close()
        assert ("watches" in tables) is (version > 1)
        versions.add(version)
        await check_everything_is_there(tmp_path / f"{number}.db")
    assert versions == {1, len(migrations())}


OPEN = """
import asyncio, sys
from automation.store.sqlite import SqliteStore

async def main():
    store = SqliteStore(sys.argv[1])
    await store.open()
    print(len(await store.runs(limit=9)))
    await store.close()

asyncio.run(main())
"""


def opened_at_once(path: Path) -> list[str]:
    """What two processes say that open the file at the same time."""
    command = [sys.executable, "-c", OPEN, str(path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return [one.communicate(timeout=60)[0].strip() for one in both]


async def test_two_processes_that_open_an_old_file_at_once_both_can_use_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make_first_version(path)
    assert opened_at_once(path) == ["4", "4"]
    await check_everything_is_there(path)
