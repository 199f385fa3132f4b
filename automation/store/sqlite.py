"""The store on one SQLite file, or in memory: WAL, synchronous=FULL, one writer, grouped commits.

A 2xx follows the fsync: `append` returns after the commit is on disk. Reads go through a connection
of their own, in a thread of their own, so they never wait for a sync nor hold up the loop.
Longer than other files on purpose: one short method for each verb of the seam.
https://www.sqlite.org/wal.html
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TypeVar

from automation.model.action import Wrote
from automation.model.errors import StoreError, StoreUnavailable
from automation.model.event import Event
from automation.model.run import Claim, Counts, Entry, Plan, Run, State
from automation.model.values import Json
from automation.store import sql_budget, sql_events, sql_journal, sql_runs, sql_usage, sql_waits
from automation.store.base import (
    Allowance,
    Appended,
    Arrival,
    Budget,
    Permits,
    StoredEvent,
    Usage,
    Watch,
)
from automation.store.codec import micros
from automation.store.writer import Writer

T = TypeVar("T")
MEMORY = ":memory:"
BUSY_SECONDS = 2.0
"""How long another process may hold the file before a sender is asked to come again: Slack and Zoom wait
for 3 s. https://docs.slack.dev/apis/events-api/"""
JOURNAL_BYTES = 64 * 1024 * 1024


class SqliteStore:
    """Implements Store. See there for what each verb promises."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._writer = Writer(self._connect)
        self._reads = ThreadPoolExecutor(1, thread_name_prefix="store-reader")
        self._reader: sqlite3.Connection | None = None

    # opening and closing --------------------------------------------------------------------------

    async def open(self) -> None:
        try:
            await asyncio.to_thread(self._prepare)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"the database {self._path} cannot be used: {error}") from error
        self._writer.start()
        try:
            await self._writer.run(migrate)
        except StoreUnavailable as error:
            raise StoreUnavailable(f"the database {self._path} cannot be used: {error}") from error

    async def close(self) -> None:
        await self._writer.stop()
        if self._reader is not None:
            await asyncio.get_running_loop().run_in_executor(self._reads, self._reader.close)
        self._reads.shutdown()

    def _prepare(self) -> None:
        """Make the file ours alone before anything is in it."""
        if self._path != MEMORY:
            path = Path(self._path)
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.touch(mode=0o600)
                connection = sqlite3.connect(self._path)
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                connection.execute("VACUUM")
                connection.close()
            # A file that is no database is found here; in the writer's thread nobody would hear of it.
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as probe:
                probe.execute("PRAGMA schema_version")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256,
            check_same_thread=False,
        )  # fmt: skip
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
        return connection

    async def _write(self, verb: Callable[[sqlite3.Connection], T]) -> T:
        return await self._writer.run(verb)

    async def _read(self, verb: Callable[[sqlite3.Connection], T]) -> T:
        if self._path == MEMORY:
            return await self._writer.run(verb)
        return await asyncio.get_running_loop().run_in_executor(self._reads, self._in_reader, verb)

    def _in_reader(self, verb: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._reader is None:
                self._reader = self._connect()
                self._reader.execute("PRAGMA query_only = ON")
            return verb(self._reader)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the store cannot be read: {error}") from error

    # events ---------------------------------------------------------------------------------------

    async def append(self, event: Event) -> Appended:
        return await self._writer.run_in_bulk(sql_events.append_all, sql_events.as_rows(event))

    async def claim_events(self, limit: int) -> Sequence[Event]:
        return await self._read(partial(sql_events.claim_events, limit=limit))

    async def save_plan(self, plan: Plan, *, answers: Collection[Watch] = ()) -> bool:
        return await self._write(partial(sql_waits.save_plan, plan=plan, answers=answers))

    async def park_event(self, event_id: str, *, problem: str) -> None:
        await self._write(partial(sql_events.park, event_id=event_id, problem=problem))

    async def event(self, prefix: str) -> StoredEvent | None:
        return await self._read(partial(sql_events.event, prefix=prefix))

    async def events(
        self,
        *,
        limit: int,
        source: str | None = None,
        name: str | None = None,
        unmatched: bool = False,
        before_seq: int | None = None,
    ) -> Sequence[StoredEvent]:
        return await self._read(
            partial(
                sql_events.events,
                limit=limit,
                source=source,
                name=name,
                unmatched=unmatched,
                before_seq=before_seq,
            )
        )

    async def arrivals(
        self,
        name: str,
        *,
        after_seq: int,
        upto_seq: int,
        since: datetime,
        until: datetime,
        limit: int,
        newest_first: bool = False,
        unplanned: bool = False,
    ) -> Sequence[Arrival]:
        return await self._read(
            partial(
                sql_waits.arrivals,
                name=name,
                after_seq=after_seq,
                upto_seq=upto_seq,
                since=since,
                until=until,
                limit=limit,
                newest_first=newest_first,
                unplanned=unplanned,
            )
        )

    async def known(self, source: str, keys: Sequence[str]) -> str | None:
        return await self._read(partial(sql_events.known, source=source, keys=keys))

    # runs -----------------------------------------------------------------------------------------

    async def claim_runs(
        self, *, owner: str, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Claim]:
        due = await self._read(sql_runs.next_due)
        if due is None or due > now:
            return []
        return await self._write(
            partial(sql_runs.claim_runs, owner=owner, now=now, lease_until=lease_until, limit=limit)
        )

    async def extend(self, claims: Sequence[Claim], lease_until: datetime) -> Sequence[Claim]:
        return await self._write(partial(sql_runs.extend, claims=claims, lease_until=lease_until))

    async def record(
        self, claim: Claim, entries: Sequence[Entry], *, allowance: Allowance | None = None
    ) -> bool:
        return await self._write(
            partial(sql_journal.record, claim=claim, entries=entries, allowance=allowance)
        )

    async def adopt(self, claim: Claim, entry: Entry) -> bool:
        return await self._write(partial(sql_journal.adopt, claim=claim, entry=entry))

    async def forget(self, claim: Claim, key: str) -> None:
        await self._write(partial(sql_journal.forget, claim=claim, key=key))

    async def finish(self, claim: Claim, *, wrote: Sequence[Wrote], now: datetime) -> None:
        await self._write(partial(sql_runs.finish, claim=claim, wrote=wrote, now=now))

    async def retry(self, claim: Claim, *, at: datetime, reason: str) -> None:
        await self._write(partial(sql_runs.retry, claim=claim, at=at, reason=reason))

    async def park(self, claim: Claim, *, reason: str, remedy: str, now: datetime) -> None:
        await self._write(
            partial(sql_runs.park, claim=claim, reason=reason, remedy=remedy, now=now)
        )

    async def wait(
        self, claim: Claim, *, what: str, reason: str, until: datetime | None = None
    ) -> None:
        await self._write(
            partial(sql_runs.wait, claim=claim, what=what, reason=reason, until=until)
        )

    async def watch(self, claim: Claim, entries: Sequence[Entry]) -> Watch:
        return await self._write(partial(sql_waits.watch, claim=claim, entries=entries))

    async def watches(self, names: Collection[str]) -> Sequence[Watch]:
        return await self._read(partial(sql_waits.watches, names=names))

    async def waits(self) -> Sequence[str]:
        return await self._read(sql_runs.waits)

    async def wake(self, what: str, *, now: datetime, limit: int | None = None) -> int:
        return await self._write(partial(sql_runs.wake, what=what, now=now, limit=limit))

    async def unpark(self, run_ids: Sequence[str], *, now: datetime) -> int:
        return await self._write(partial(sql_runs.unpark, run_ids=run_ids, now=now))

    async def owners(self) -> Sequence[str]:
        return await self._read(sql_runs.owners)

    async def release(self, owner: str) -> int:
        return await self._write(partial(sql_runs.release, where="owner = ?", values=(owner,)))

    async def release_expired(self, now: datetime) -> int:
        where, values = "owner IS NOT NULL AND lease_until < ?", (micros(now),)
        held = await self._read(partial(_any_held, where=where, values=values))
        return (
            await self._write(partial(sql_runs.release, where=where, values=values)) if held else 0
        )

    async def next_due(self, now: datetime) -> datetime | None:
        return await self._read(sql_runs.next_due)

    async def run(self, run_id: str) -> Run | None:
        return await self._read(partial(sql_runs.run, run_id=run_id))

    async def runs(
        self,
        *,
        limit: int,
        state: State | None = None,
        rule: str | None = None,
        event: str | None = None,
        before_seq: int | None = None,
    ) -> Sequence[Run]:
        return await self._read(
            partial(
                sql_runs.runs,
                limit=limit,
                state=state,
                rule=rule,
                event=event,
                before_seq=before_seq,
            )
        )

    async def journal(self, run_id: str) -> Sequence[Entry]:
        return await self._read(partial(sql_journal.journal, run_id=run_id))

    async def usage(self) -> Mapping[str, Usage]:
        return await self._read(sql_usage.usage)

    # texts, schedules, budget ---------------------------------------------------------------------

    async def keep_text(self, text: str) -> str:
        return await self._write(partial(sql_events.keep_text, text=text))

    async def text(self, digest: str) -> str:
        return await self._read(partial(sql_events.text, digest=digest))

    async def recall(self, key: str) -> Json:
        return await self._read(partial(sql_events.recall, key=key))

    async def remember(self, key: str, value: Json) -> None:
        await self._write(partial(sql_events.remember, key=key, value=value))

    async def last_tick(self, rule_id: str) -> datetime | None:
        return await self._read(partial(sql_events.last_tick, rule_id=rule_id))

    async def add_tick(self, rule_id: str, at: datetime, event: Event | None) -> bool:
        return await self._write(partial(sql_events.add_tick, rule_id=rule_id, at=at, tick=event))

    async def take_permits(
        self,
        token: str,
        *,
        now: datetime,
        want: int,
        limit: int,
        window_seconds: float,
        valid_seconds: float,
    ) -> Permits:
        return await self._write(
            partial(
                sql_budget.take,
                token=token,
                now=now,
                want=want,
                limit=limit,
                window_seconds=window_seconds,
                valid_seconds=valid_seconds,
            )
        )

    async def give_back(self, token: str, *, taken_at: datetime, count: int) -> None:
        await self._write(
            partial(sql_budget.give_back, token=token, taken_at=taken_at, count=count)
        )

    async def pause(self, token: str, *, until: datetime, reason: str) -> None:
        await self._write(partial(sql_budget.pause, token=token, until=until, reason=reason))

    async def budgets(self, now: datetime) -> Sequence[Budget]:
        return await self._read(partial(sql_budget.budgets, now=now))

    # the store itself -----------------------------------------------------------------------------

    async def install_secret(self) -> bytes:
        return await self._read(_install_secret)

    async def counts(self) -> Counts:
        return await self._read(sql_runs.counts)


def _any_held(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> bool:
    sql = f"SELECT 1 FROM lanes WHERE {where} LIMIT 1"  # noqa: S608  # our own conditions
    row = connection.execute(sql, values).fetchone()
    return row is not None


def _install_secret(connection: sqlite3.Connection) -> bytes:
    row = connection.execute("SELECT value FROM meta WHERE name = 'install_secret'").fetchone()
    return bytes(row[0])


def migrations() -> list[str]:
    """The texts of all migrations, in order."""
    folder = resources.files("automation.store") / "migrations"
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date inside the writer's transaction. Raises StoreError for a newer file."""
    texts = migrations()
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(texts):
        raise StoreError(
            f"the database is of version {version}, this program knows {len(texts)}: use a newer program"
        )
    for text in texts[version:]:
        for statement in _statements(text):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(texts)}")
    connection.execute(
        "INSERT INTO meta (name, value) VALUES ('install_secret', ?) ON CONFLICT DO NOTHING",
        (secrets.token_bytes(32),),
    )


def _statements(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [one for one in "\n".join(lines).split(";") if one.strip()]
