"""The journal in SQL: what runs asked and heard, and how much of it counts for a day."""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta

from automation.model.errors import LeaseLost
from automation.model.request import Wait
from automation.model.run import Claim, Entry
from automation.store.base import Allowance
from automation.store.codec import (
    dump_request,
    dump_response,
    load_request,
    load_response,
    micros,
    moment,
)

DAYS_KEPT = timedelta(days=7)


def held(claim: Claim) -> tuple[str, str, str, int]:
    """What a lane's row says while the claim holds it: lane, head, owner, fence."""
    return claim.run.lane, claim.run.id, claim.owner, claim.fence


def check(connection: sqlite3.Connection, claim: Claim) -> None:
    """Raises LeaseLost when the claim is not the one that holds its lane now."""
    row = connection.execute(
        "SELECT 1 FROM lanes WHERE lane = ? AND head = ? AND owner = ? AND fence = ?", held(claim)
    ).fetchone()
    if row is None:
        raise LeaseLost


def record(
    connection: sqlite3.Connection,
    claim: Claim,
    entries: Sequence[Entry],
    *,
    allowance: Allowance | None = None,
) -> bool:
    """See Store.record."""
    check(connection, claim)
    if allowance is not None and not _count(connection, claim.run.id, entries[-1].key, allowance):
        return False
    for entry in entries:
        _put(connection, claim.run.id, entry)
        if isinstance(entry.request, Wait) and entry.response is not None:
            connection.execute("DELETE FROM watches WHERE run_id = ?", (claim.run.id,))
    return True


def _put(connection: sqlite3.Connection, run_id: str, entry: Entry) -> None:
    values = (
        dump_request(entry.request),
        micros(entry.sent_at),
        dump_response(entry.response),
        entry.made,
    )
    row = connection.execute(
        "SELECT journal_id FROM journal_runs WHERE run_id = ? AND key = ?", (run_id, entry.key)
    ).fetchone()
    if row is not None:
        connection.execute(
            "UPDATE journal SET request = ?, sent_at = ?, response = ?, made = ? WHERE id = ?",
            (*values, row[0]),
        )
        return
    made = connection.execute(
        "INSERT INTO journal (request, sent_at, response, made) VALUES (?, ?, ?, ?)", values
    )
    connection.execute(
        "INSERT INTO journal_runs (run_id, key, journal_id) VALUES (?, ?, ?)",
        (run_id, entry.key, made.lastrowid),
    )


def _count(connection: sqlite3.Connection, run_id: str, key: str, allowance: Allowance) -> bool:
    """Count a write once, in the day it is first meant; false when that day has no more."""
    rule, day = allowance.rule_id, allowance.day.isoformat()
    known = connection.execute(
        "SELECT 1 FROM daily_writes WHERE run_id = ? AND key = ?", (run_id, key)
    ).fetchone()
    if known is not None:
        return True
    used = connection.execute(
        "SELECT count(*) FROM daily_writes WHERE rule_id = ? AND day = ?", (rule, day)
    ).fetchone()
    if used[0] >= allowance.limit:
        return False
    connection.execute(
        "DELETE FROM daily_writes WHERE rule_id = ? AND day < ?",
        (rule, (allowance.day - DAYS_KEPT).isoformat()),
    )
    connection.execute(
        "INSERT INTO daily_writes (run_id, key, rule_id, day) VALUES (?, ?, ?, ?)",
        (run_id, key, rule, day),
    )
    return True


def adopt(connection: sqlite3.Connection, claim: Claim, entry: Entry) -> bool:
    """See Store.adopt."""
    check(connection, claim)
    taken = connection.execute("SELECT 1 FROM journal WHERE made = ?", (entry.made,)).fetchone()
    if taken is not None:
        return False
    _put(connection, claim.run.id, entry)
    return True


def forget(connection: sqlite3.Connection, claim: Claim, key: str) -> None:
    """See Store.forget."""
    check(connection, claim)
    row = connection.execute(
        "DELETE FROM journal_runs WHERE run_id = ? AND key = ? RETURNING journal_id",
        (claim.run.id, key),
    ).fetchone()
    connection.execute("DELETE FROM daily_writes WHERE run_id = ? AND key = ?", (claim.run.id, key))
    if row is not None:
        connection.execute(
            "DELETE FROM journal WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM journal_runs WHERE journal_id = ?1)",
            row,
        )


def journal(connection: sqlite3.Connection, run_id: str) -> list[Entry]:
    """See Store.journal."""
    rows = connection.execute(
        "SELECT key, request, sent_at, response, made FROM journal_runs JOIN journal ON id = journal_id"
        " WHERE run_id = ? ORDER BY id",
        (run_id,),
    )
    return [
        Entry(
            key=key,
            request=load_request(request),
            sent_at=moment(sent_at),
            response=load_response(response),
            made=made,
        )
        for key, request, sent_at, response, made in rows
    ]
