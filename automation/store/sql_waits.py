"""Runs that wait for an event, in SQL: watches, their answers, and looking back.

Nothing is missed, in whatever order an event E and a watch W are committed, by however many processes:

* E before W: E's seq is at most W's `seq`, and whoever made W looks through everything up to it.
* W before E: whoever plans E reads the watches after E was committed, so it finds W, and the answer is
  kept in the transaction that marks E planned. A run that is only about to leave its lane meets the
  answer in the transaction in which it leaves.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from automation.model.request import Wait
from automation.model.run import Claim, Entry, Plan
from automation.store import sql_events, sql_journal, sql_runs
from automation.store.base import Arrival, Watch
from automation.store.codec import load_request, micros

WATCHES = (
    "SELECT w.run_id, r.event_id, w.key, j.request, w.seq, w.looked, w.answer, e.id FROM watches w"
    " JOIN runs r ON r.id = w.run_id"
    " JOIN journal_runs o ON o.run_id = w.run_id AND o.key = w.key"
    " JOIN journal j ON j.id = o.journal_id"
    " LEFT JOIN events e ON e.seq = w.answer"
)


def _watch(row: Sequence[Any]) -> Watch:
    wait = load_request(row[3])
    assert isinstance(wait, Wait)
    return Watch(
        run_id=row[0],
        event_id=row[1],
        key=row[2],
        wait=wait,
        seq=row[4],
        looked=bool(row[5]),
        answer=None if row[7] is None else Arrival(seq=row[6], event_id=row[7]),
    )


def watch(connection: sqlite3.Connection, claim: Claim, entries: Sequence[Entry]) -> Watch:
    """See Store.watch."""
    sql_journal.check(connection, claim)
    entry = entries[-1]
    assert isinstance(entry.request, Wait)
    found = _of_run(connection, claim.run.id, entry.key)
    if found is not None:
        return found
    sql_journal.record(connection, claim, entries)
    connection.execute(
        "INSERT OR REPLACE INTO watches (run_id, key, name, seq)"
        " VALUES (?, ?, ?, (SELECT coalesce(max(seq), 0) FROM events))",
        (claim.run.id, entry.key, entry.request.event),
    )
    made = _of_run(connection, claim.run.id, entry.key)
    assert made is not None
    return made


def _of_run(connection: sqlite3.Connection, run_id: str, key: str) -> Watch | None:
    row = connection.execute(
        f"{WATCHES} WHERE w.run_id = ? AND w.key = ?", (run_id, key)
    ).fetchone()
    return None if row is None else _watch(row)


def watches(connection: sqlite3.Connection, names: Collection[str]) -> list[Watch]:
    """See Store.watches."""
    marks = ", ".join("?" * len(names))
    rows = connection.execute(f"{WATCHES} WHERE w.name IN ({marks}) ORDER BY w.run_id", [*names])
    return [_watch(row) for row in rows]


def save_plan(connection: sqlite3.Connection, plan: Plan, answers: Collection[Watch]) -> bool:
    """See Store.save_plan."""
    if not sql_events.save_plan(connection, plan):
        return False
    for one in answers:
        _answer(connection, one, plan)
    return True


def _answer(connection: sqlite3.Connection, one: Watch, plan: Plan) -> None:
    kept = connection.execute(
        "UPDATE watches SET answer = e.seq FROM (SELECT seq FROM events WHERE id = ?) e"
        " WHERE run_id = ? AND key = ? AND (answer IS NULL OR answer > e.seq)",
        (plan.event_id, one.run_id, one.key),
    )
    if kept.rowcount == 0:
        return
    waiting = connection.execute(
        "SELECT lane FROM runs WHERE id = ? AND state = 'waiting' AND waiting_for = ?",
        (one.run_id, f"event:{one.wait.event}"),
    ).fetchone()
    if waiting is not None:
        sql_runs.rejoin(connection, one.run_id, waiting[0], micros(plan.planned_at))


# looking through what was stored before -----------------------------------------------------------


def arrivals(
    connection: sqlite3.Connection,
    name: str,
    *,
    after_seq: int,
    upto_seq: int,
    since: datetime,
    until: datetime,
    limit: int,
    newest_first: bool,
    unplanned: bool,
) -> list[Arrival]:
    """See Store.arrivals. Reads no column behind the body, so long bodies cost nothing."""
    bounds = (after_seq, upto_seq, micros(since), micros(until), limit)
    if unplanned:
        rows = _unplanned(connection, name, bounds)
    else:
        rows = [
            row
            for one in (name, *_names_below(connection, name))
            for row in _of_name(connection, one, bounds, newest_first=newest_first)
        ]
    rows.sort(reverse=newest_first)
    return [Arrival(seq=seq, event_id=event_id) for seq, event_id in rows[:limit]]


Bounds = tuple[int, int, int, int, int]
Rows = list[tuple[int, str]]


def _of_name(
    connection: sqlite3.Connection, name: str, bounds: Bounds, *, newest_first: bool
) -> Rows:
    after, upto, since, until, limit = bounds
    if newest_first:
        first, second, order = ("received_at <= ?", until), ("received_at >= ?", since), "DESC"
    else:
        first, second, order = ("received_at >= ?", since), ("received_at <= ?", until), "ASC"
    sql = (
        "SELECT seq, id FROM (SELECT seq, id, received_at FROM events"  # noqa: S608
        f" WHERE name = ? AND seq > ? AND seq <= ? AND {first[0]} ORDER BY seq {order} LIMIT ?)"
        f" WHERE {second[0]}"
    )
    return connection.execute(sql, (name, after, upto, first[1], limit, second[1])).fetchall()


def _names_below(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    """Each name below it once, by jumps through the index."""
    low, high = name + ".", name + "/"
    while True:
        row = connection.execute(
            "SELECT min(name) FROM events WHERE name > ? AND name < ?", (low, high)
        ).fetchone()
        if row[0] is None:
            return
        low = str(row[0])
        yield low


def _unplanned(connection: sqlite3.Connection, name: str, bounds: Bounds) -> Rows:
    after, upto, since, until, limit = bounds
    return connection.execute(
        "SELECT seq, id FROM events INDEXED BY events_new WHERE state = 'new'"
        " AND seq > ? AND seq <= ? AND received_at BETWEEN ? AND ?"
        " AND (name = ? OR (name > ? AND name < ?)) ORDER BY seq LIMIT ?",
        (after, upto, since, until, name, name + ".", name + "/", limit),
    ).fetchall()
