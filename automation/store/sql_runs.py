"""Runs and lanes in SQL. Each function is one verb's work inside a transaction."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from automation.model.action import Wrote
from automation.model.run import Claim, Counts, Run, State
from automation.store.codec import dump_wrote, load_wrote, micros, moment
from automation.store.sql_events import join_lane, next_place
from automation.store.sql_journal import check, held, journal

COLUMNS = (
    "id, event_id, rule_id, rules_hash, planned_at, lane, place, state, attempts, next_at, reason,"
    " remedy, finished_at, wrote, waiting_for"
)


def _run(row: Sequence[Any]) -> Run:
    return Run(
        id=row[0],
        event_id=row[1],
        rule_id=row[2],
        rules_hash=row[3],
        planned_at=moment(row[4]),
        lane=row[5],
        seq=row[6],
        state=State(row[7]),
        attempts=row[8],
        next_attempt_at=moment(row[9]),
        reason=row[10],
        remedy=row[11],
        finished_at=None if row[12] is None else moment(row[12]),
        wrote=load_wrote(row[13]),
        waiting_for=row[14],
    )


def claim_runs(
    connection: sqlite3.Connection,
    *,
    owner: str,
    now: datetime,
    lease_until: datetime,
    limit: int,
) -> list[Claim]:
    """See Store.claim_runs."""
    _end_waits(connection, now)
    lanes = connection.execute(
        "SELECT lane, head FROM lanes WHERE owner IS NULL AND ready_at <= ?"
        " ORDER BY ready_at, place LIMIT ?",
        (micros(now), limit),
    ).fetchall()
    return [_claim(connection, lane, head, owner, lease_until) for lane, head in lanes]


MOST_WAITS_AT_ONCE = 256


def _end_waits(connection: sqlite3.Connection, now: datetime) -> None:
    """What waited long enough goes on; a crowd of them in portions, so that no commit takes long."""
    over = connection.execute(
        "SELECT id, lane FROM runs WHERE state = 'waiting' AND wait_until <= ?"
        " ORDER BY wait_until, place LIMIT ?",
        (micros(now), MOST_WAITS_AT_ONCE),
    ).fetchall()
    for run_id, lane in over:
        rejoin(connection, run_id, lane, micros(now))


def _claim(
    connection: sqlite3.Connection, lane: str, head: str, owner: str, lease_until: datetime
) -> Claim:
    fence = _next_fence(connection)
    connection.execute(
        "UPDATE lanes SET owner = ?, lease_until = ?, fence = ? WHERE lane = ?",
        (owner, micros(lease_until), fence, lane),
    )
    connection.execute(
        "UPDATE runs SET state = 'running', attempts = attempts + 1 WHERE id = ?", (head,)
    )
    found = run(connection, head)
    assert found is not None
    entries = journal(connection, head) if found.attempts > 1 else []
    return Claim(
        run=found, owner=owner, fence=fence, lease_until=lease_until, journal=tuple(entries)
    )


def _next_fence(connection: sqlite3.Connection) -> int:
    row = connection.execute(
        "INSERT INTO meta (name, value) VALUES ('fence', 1)"
        " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
    ).fetchone()
    return int(row[0])


def extend(
    connection: sqlite3.Connection, claims: Sequence[Claim], lease_until: datetime
) -> list[Claim]:
    """See Store.extend."""
    kept = []
    for claim in claims:
        done = connection.execute(
            "UPDATE lanes SET lease_until = ? WHERE lane = ? AND head = ? AND owner = ? AND fence = ?",
            (micros(lease_until), *held(claim)),
        )
        if done.rowcount:
            kept.append(replace(claim, lease_until=lease_until))
    return kept


# how an attempt ends ------------------------------------------------------------------------------


def finish(
    connection: sqlite3.Connection, claim: Claim, *, wrote: Sequence[Wrote], now: datetime
) -> None:
    """See Store.finish."""
    check(connection, claim)
    connection.execute(
        "UPDATE runs SET state = 'done', reason = '', remedy = '', finished_at = ?, wrote = ? WHERE id = ?",
        (micros(now), dump_wrote(wrote), claim.run.id),
    )
    connection.execute("DELETE FROM watches WHERE run_id = ?", (claim.run.id,))
    _go_on(connection, claim.run.lane)


def retry(connection: sqlite3.Connection, claim: Claim, *, at: datetime, reason: str) -> None:
    """See Store.retry."""
    check(connection, claim)
    connection.execute(
        "UPDATE runs SET state = 'pending', next_at = ?, reason = ? WHERE id = ?",
        (micros(at), reason, claim.run.id),
    )
    connection.execute(
        "UPDATE lanes SET owner = NULL, lease_until = NULL, ready_at = ? WHERE lane = ?",
        (micros(at), claim.run.lane),
    )


def park(
    connection: sqlite3.Connection, claim: Claim, *, reason: str, remedy: str, now: datetime
) -> None:
    """See Store.park."""
    check(connection, claim)
    connection.execute(
        "UPDATE runs SET state = 'parked', reason = ?, remedy = ?, finished_at = ? WHERE id = ?",
        (reason, remedy, micros(now), claim.run.id),
    )
    _go_on(connection, claim.run.lane)


def wait(
    connection: sqlite3.Connection,
    claim: Claim,
    *,
    what: str,
    reason: str,
    until: datetime | None,
) -> None:
    """See Store.wait."""
    check(connection, claim)
    run = claim.run
    connection.execute(
        "UPDATE runs SET state = 'waiting', waiting_for = ?, wait_until = ?, reason = ? WHERE id = ?",
        (what, None if until is None else micros(until), reason, run.id),
    )
    _go_on(connection, run.lane)
    watch = connection.execute(
        "UPDATE watches SET looked = 1 WHERE run_id = ? AND 'event:' || name = ? RETURNING answer",
        (run.id, what),
    ).fetchone()
    if watch is not None and watch[0] is not None:
        rejoin(connection, run.id, run.lane, micros(run.next_attempt_at))


def _go_on(connection: sqlite3.Connection, lane: str) -> None:
    """The next run of the lane becomes its head; an empty lane vanishes."""
    row = connection.execute(
        "SELECT id, place, next_at FROM runs WHERE lane = ? AND state IN ('pending', 'running')"
        " ORDER BY place LIMIT 1",
        (lane,),
    ).fetchone()
    if row is None:
        connection.execute("DELETE FROM lanes WHERE lane = ?", (lane,))
        return
    connection.execute(
        "UPDATE lanes SET head = ?, place = ?, ready_at = ?, owner = NULL, lease_until = NULL"
        " WHERE lane = ?",
        (*row, lane),
    )


def rejoin(connection: sqlite3.Connection, run_id: str, lane: str, ready_at: int) -> None:
    """The run goes to the tail of its lane, ready from then on (microseconds)."""
    place = next_place(connection)
    connection.execute(
        "UPDATE runs SET state = 'pending', place = ?, next_at = ?, waiting_for = NULL,"
        " wait_until = NULL, reason = '', remedy = '', finished_at = NULL WHERE id = ?",
        (place, ready_at, run_id),
    )
    join_lane(connection, lane, run_id, place, ready_at)


def waits(connection: sqlite3.Connection) -> list[str]:
    """See Store.waits. Leaps from one to the next in the index, however many runs wait for each."""
    rows = connection.execute(
        "WITH RECURSIVE each (what) AS ("
        " SELECT min(waiting_for) FROM runs WHERE state = 'waiting' UNION ALL"
        " SELECT (SELECT min(waiting_for) FROM runs WHERE state = 'waiting' AND waiting_for > what)"
        " FROM each WHERE what IS NOT NULL) SELECT what FROM each WHERE what IS NOT NULL"
    )
    return [str(row[0]) for row in rows]


def wake(connection: sqlite3.Connection, what: str, *, now: datetime, limit: int | None) -> int:
    """See Store.wake."""
    rows = connection.execute(
        "SELECT id, lane FROM runs WHERE state = 'waiting' AND waiting_for = ? ORDER BY place LIMIT ?",
        (what, -1 if limit is None else limit),
    ).fetchall()
    for run_id, lane in rows:
        rejoin(connection, run_id, lane, micros(now))
    return len(rows)


def unpark(connection: sqlite3.Connection, run_ids: Sequence[str], *, now: datetime) -> int:
    """See Store.unpark."""
    moved = 0
    for run_id in run_ids:
        row = connection.execute(
            "SELECT lane FROM runs WHERE id = ? AND state = 'parked'", (run_id,)
        ).fetchone()
        if row is not None:
            rejoin(connection, run_id, row[0], micros(now))
            moved += 1
    return moved


def release(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> int:
    """Give back the lanes that meet a condition of ours."""
    rows = connection.execute(f"SELECT lane, head FROM lanes WHERE {where}", values).fetchall()  # noqa: S608
    for lane, head in rows:
        connection.execute("UPDATE runs SET state = 'pending' WHERE id = ?", (head,))
        connection.execute(
            "UPDATE lanes SET owner = NULL, lease_until = NULL WHERE lane = ?", (lane,)
        )
    return len(rows)


def owners(connection: sqlite3.Connection) -> list[str]:
    """See Store.owners."""
    rows = connection.execute("SELECT DISTINCT owner FROM lanes WHERE owner IS NOT NULL")
    return [str(row[0]) for row in rows]


def next_due(connection: sqlite3.Connection) -> datetime | None:
    """See Store.next_due."""
    lane = connection.execute("SELECT min(ready_at) FROM lanes WHERE owner IS NULL").fetchone()[0]
    wait = connection.execute(
        "SELECT min(wait_until) FROM runs WHERE state = 'waiting' AND wait_until IS NOT NULL"
    ).fetchone()[0]
    return min((moment(one) for one in (lane, wait) if one is not None), default=None)


def run(connection: sqlite3.Connection, run_id: str) -> Run | None:
    """See Store.run."""
    row = connection.execute(f"SELECT {COLUMNS} FROM runs WHERE id = ?", (run_id,)).fetchone()  # noqa: S608
    return None if row is None else _run(row)


def runs(
    connection: sqlite3.Connection,
    *,
    limit: int,
    state: State | None,
    rule: str | None,
    event: str | None,
    before_seq: int | None,
) -> list[Run]:
    """See Store.runs."""
    wanted = {
        "state = ?": None if state is None else state.value,
        "rule_id = ?": rule,
        "event_id = ?": event,
        "place < ?": before_seq,
    }
    given = {text: value for text, value in wanted.items() if value is not None}
    where = " AND ".join(given) or "1"
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM runs WHERE {where} ORDER BY place DESC LIMIT ?",  # noqa: S608
        (*given.values(), limit),
    )
    return [_run(row) for row in rows]


def counts(connection: sqlite3.Connection) -> Counts:
    """See Store.counts."""
    oldest = connection.execute(
        "SELECT min(planned_at) FROM runs WHERE state = 'pending'"
    ).fetchone()[0]
    return Counts(
        events=dict(connection.execute("SELECT state, count(*) FROM events GROUP BY state")),
        runs=dict(connection.execute("SELECT state, count(*) FROM runs GROUP BY state")),
        oldest_pending=None if oldest is None else moment(oldest),
    )
