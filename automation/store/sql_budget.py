"""The request budget in SQL: blocks of permits, and pauses."""

import sqlite3
from datetime import datetime, timedelta

from automation.store.base import Budget, Permits
from automation.store.codec import micros, moment


def take(
    connection: sqlite3.Connection,
    token: str,
    *,
    now: datetime,
    want: int,
    limit: int,
    window_seconds: float,
    valid_seconds: float,
) -> Permits:
    """See Store.take_permits. A block counts from when it is taken until the window behind its validity."""
    paused = connection.execute(
        "SELECT until, reason FROM pauses WHERE token = ? AND until > ?", (token, micros(now))
    ).fetchone()
    if paused is not None:
        until = moment(paused[0])
        return Permits(granted=0, valid_until=now, not_before=until, reason=str(paused[1]))
    connection.execute("DELETE FROM permits WHERE token = ? AND until <= ?", (token, micros(now)))
    # A block that lasts longer than one taken now was taken by a clock that has been put back since.
    longest = micros(now + timedelta(seconds=valid_seconds + window_seconds))
    connection.execute(
        "UPDATE permits SET until = ? WHERE token = ? AND until > ?", (longest, token, longest)
    )
    used, first = connection.execute(
        "SELECT coalesce(sum(count), 0), min(until) FROM permits WHERE token = ?", (token,)
    ).fetchone()
    granted = max(0, min(want, limit - used))
    if granted == 0:
        return Permits(
            granted=0, valid_until=now, not_before=moment(first), reason="the budget is spent"
        )
    until = now + timedelta(seconds=valid_seconds + window_seconds)
    connection.execute(
        "INSERT INTO permits (token, taken_at, until, count) VALUES (?, ?, ?, ?)",
        (token, micros(now), micros(until), granted),
    )
    valid = now + timedelta(seconds=valid_seconds)
    return Permits(granted=granted, valid_until=valid, not_before=now)


def budgets(connection: sqlite3.Connection, now: datetime) -> list[Budget]:
    """See Store.budgets."""
    counted = dict(
        connection.execute(
            "SELECT token, sum(count) FROM permits WHERE until > ? GROUP BY token", (micros(now),)
        )
    )
    paused = {
        token: (moment(until), str(reason))
        for token, until, reason in connection.execute(
            "SELECT token, until, reason FROM pauses WHERE until > ?", (micros(now),)
        )
    }
    return [
        Budget(
            token=token,
            counted=counted.get(token, 0),
            paused_until=paused[token][0] if token in paused else None,
            reason=paused[token][1] if token in paused else "",
        )
        for token in sorted(counted.keys() | paused.keys())
    ]


def give_back(
    connection: sqlite3.Connection, token: str, *, taken_at: datetime, count: int
) -> None:
    """See Store.give_back."""
    connection.execute(
        "UPDATE permits SET count = max(0, count - ?) WHERE token = ? AND taken_at = ?",
        (count, token, micros(taken_at)),
    )


def pause(connection: sqlite3.Connection, token: str, *, until: datetime, reason: str) -> None:
    """See Store.pause."""
    connection.execute(
        "INSERT INTO pauses (token, until, reason) VALUES (?, ?, ?) ON CONFLICT (token)"
        " DO UPDATE SET until = excluded.until, reason = excluded.reason WHERE excluded.until > until",
        (token, micros(until), reason),
    )
