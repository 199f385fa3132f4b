"""Events, texts and ticks in SQL. Each function is one verb's work inside a transaction."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automation.model.errors import NotInStore
from automation.model.event import Encoding, Event
from automation.model.run import Plan, State
from automation.store.base import Appended, StoredEvent
from automation.store.codec import dump, micros, moment

COLUMNS = (
    "seq, id, source, name, keys, received_at, body, encoding, inner_path, names, problem, state,"
    " rules_hash, planned_at, matched"
)


INSERT = (
    "INSERT INTO events (id, source, name, keys, received_at, body, encoding, inner_path, names,"
    " problem, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_KEY = "INSERT INTO event_keys (source, key, event_id) VALUES (?, ?, ?)"


class NotAllNew(Exception):
    """Some events of a group are known."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An event as the tables hold it: made before it waits for the writer, whose time is everybody's."""

    event: tuple[Any, ...]
    keys: list[tuple[str, str, str]]

    @property
    def event_id(self) -> str:
        """The event's id."""
        return str(self.event[0])


def as_rows(event: Event) -> Rows:
    """The rows of an event."""
    row = (
        event.id,
        event.source,
        event.name,
        dump(event.keys),
        micros(event.received_at),
        event.body,
        event.encoding.value,
        dump(event.inner),
        dump(dict(event.names)),
        event.problem,
        "new" if event.problem is None else "parked",
    )
    return Rows(row, [(event.source, key, event.id) for key in dict.fromkeys(event.keys)])


def append_all(connection: sqlite3.Connection, group: Sequence[Rows]) -> list[Appended]:
    """`append` for a group that is committed together. Raises NotAllNew when some of it is known: then the
    group is done one by one, which costs more, and is rare."""
    if len(group) == 1:
        return [append(connection, group[0])]
    keys = [key for one in group for key in one.keys]
    added = connection.executemany(INSERT_KEY + " ON CONFLICT DO NOTHING", keys)
    if added.rowcount < len(keys):
        raise NotAllNew
    connection.executemany(INSERT, [one.event for one in group])
    return [Appended(event_id=one.event_id, duplicate=False) for one in group]


def append(connection: sqlite3.Connection, one: Rows) -> Appended:
    """See Store.append."""
    for source, key, _ in one.keys:
        first = known(connection, source, [key])
        if first is not None:
            return Appended(event_id=first, duplicate=True)
    connection.executemany(INSERT_KEY, one.keys)
    connection.execute(INSERT, one.event)
    return Appended(event_id=one.event_id, duplicate=False)


def _stored(row: Sequence[Any]) -> StoredEvent:
    return StoredEvent(
        seq=row[0],
        event=Event(
            id=row[1],
            source=row[2],
            name=row[3],
            keys=tuple(json.loads(row[4])),
            received_at=moment(row[5]),
            body=row[6],
            encoding=Encoding(row[7]),
            inner=tuple(json.loads(row[8])),
            names=json.loads(row[9]),
            problem=row[10],
        ),
        state=row[11],
        rules_hash=row[12],
        planned_at=None if row[13] is None else moment(row[13]),
        matched=row[14],
    )


def claim_events(connection: sqlite3.Connection, limit: int) -> list[Event]:
    """See Store.claim_events."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM events WHERE state = 'new' ORDER BY seq LIMIT ?",  # noqa: S608
        (limit,),
    )
    return [_stored(row).event for row in rows]


def park(connection: sqlite3.Connection, event_id: str, *, problem: str) -> None:
    """See Store.park_event."""
    connection.execute(
        "UPDATE events SET state = 'parked', problem = ? WHERE id = ? AND state = 'new'",
        (problem, event_id),
    )


def event(connection: sqlite3.Connection, prefix: str) -> StoredEvent | None:
    """See Store.event."""
    if len(prefix) < 4 or not prefix.isalnum():
        return None
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM events WHERE id >= ? AND id < ? LIMIT 2",  # noqa: S608
        (prefix, prefix + "{"),
    ).fetchall()
    return _stored(rows[0]) if len(rows) == 1 else None


def events(
    connection: sqlite3.Connection,
    *,
    limit: int,
    source: str | None,
    name: str | None,
    unmatched: bool,
    before_seq: int | None,
) -> list[StoredEvent]:
    """See Store.events."""
    wanted: list[tuple[str, tuple[Any, ...]]] = []
    if source is not None:
        wanted.append(("source = ?", (source,)))
    if name is not None:
        wanted.append(("(name = ? OR (name >= ? AND name < ?))", (name, name + ".", name + "/")))
    if unmatched:
        wanted.append(("state = 'planned' AND matched = 0", ()))
    if before_seq is not None:
        wanted.append(("seq < ?", (before_seq,)))
    where = " AND ".join(text for text, _ in wanted) or "1"
    values = [value for _, some in wanted for value in some]
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM events WHERE {where} ORDER BY seq DESC LIMIT ?",  # noqa: S608
        (*values, limit),
    )
    return [_stored(row) for row in rows]


def known(connection: sqlite3.Connection, source: str, keys: Sequence[str]) -> str | None:
    """See Store.known."""
    for key in keys:
        row = connection.execute(
            "SELECT event_id FROM event_keys WHERE source = ? AND key = ?", (source, key)
        ).fetchone()
        if row is not None:
            return str(row[0])
    return None


def save_plan(connection: sqlite3.Connection, plan: Plan) -> bool:
    """See Store.save_plan."""
    older = connection.execute(
        "SELECT 1 FROM events WHERE state = 'new' AND seq < (SELECT seq FROM events WHERE id = ?) LIMIT 1",
        (plan.event_id,),
    ).fetchone()
    if older is not None:
        return False
    done = connection.execute(
        "UPDATE events SET state = 'planned', rules_hash = ?, planned_at = ?, matched = ?"
        " WHERE id = ? AND state = 'new'",
        (plan.rules_hash, micros(plan.planned_at), len(plan.runs), plan.event_id),
    )
    if done.rowcount == 0:
        return False
    planned_at = micros(plan.planned_at)
    for run in plan.runs:
        state = State.PENDING if run.waiting_for is None else State.WAITING
        run_id = f"{plan.event_id}:{run.rule_id}"
        place = next_place(connection)
        connection.execute(
            "INSERT INTO runs (id, place, event_id, rule_id, rules_hash, planned_at, lane, state,"
            " next_at, waiting_for) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id,
                place,
                plan.event_id,
                run.rule_id,
                plan.rules_hash,
                planned_at,
                run.lane,
                state.value,
                planned_at,
                run.waiting_for,
            ),
        )
        if state is State.PENDING:
            join_lane(connection, run.lane, run_id, place, planned_at)
    return True


def next_place(connection: sqlite3.Connection) -> int:
    """The place behind every other run."""
    row = connection.execute("SELECT coalesce(max(place), 0) + 1 FROM runs").fetchone()
    return int(row[0])


def join_lane(
    connection: sqlite3.Connection, lane: str, run_id: str, place: int, ready_at: int
) -> None:
    """Make the run the lane's head if the lane is empty; else it waits behind the others."""
    connection.execute(
        "INSERT INTO lanes (lane, head, place, ready_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (lane, run_id, place, ready_at),
    )


def keep_text(connection: sqlite3.Connection, text: str) -> str:
    """See Store.keep_text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    connection.execute(
        "INSERT INTO texts (digest, text) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, text)
    )
    return digest


def text(connection: sqlite3.Connection, digest: str) -> str:
    """See Store.text."""
    row = connection.execute("SELECT text FROM texts WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        raise NotInStore(f"no text {digest[:12]} in the store")
    return str(row[0])


def recall(connection: sqlite3.Connection, key: str) -> Any:
    """See Store.recall."""
    row = connection.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
    return None if row is None else json.loads(row[0])


def remember(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """See Store.remember."""
    connection.execute(
        "INSERT INTO memory (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, dump(value)),
    )


def last_tick(connection: sqlite3.Connection, rule_id: str) -> datetime | None:
    """See Store.last_tick."""
    row = connection.execute("SELECT last FROM schedules WHERE rule_id = ?", (rule_id,)).fetchone()
    return None if row is None else moment(row[0])


def add_tick(
    connection: sqlite3.Connection, rule_id: str, at: datetime, tick: Event | None
) -> bool:
    """See Store.add_tick."""
    new = tick is not None and not append(connection, as_rows(tick)).duplicate
    connection.execute(
        "INSERT INTO schedules (rule_id, last) VALUES (?, ?)"
        " ON CONFLICT (rule_id) DO UPDATE SET last = max(last, excluded.last)",
        (rule_id, micros(at)),
    )
    return new
