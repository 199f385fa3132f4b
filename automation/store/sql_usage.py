"""How the rules were used, in SQL."""

import sqlite3

from automation.store.base import Usage
from automation.store.codec import moment


def usage(connection: sqlite3.Connection) -> dict[str, Usage]:
    """See Store.usage."""
    found: dict[str, Usage] = {}
    rows = connection.execute(
        "SELECT rule_id, state, CASE state WHEN 'waiting' THEN waiting_for END, count(*),"
        " max(planned_at) FROM runs GROUP BY 1, 2, 3"
    )
    for rule_id, state, waiting_for, count, last in rows:
        one = found.get(rule_id, Usage())
        waiting = {**one.waiting_for, waiting_for: count} if waiting_for else one.waiting_for
        found[rule_id] = Usage(
            fired=one.fired + count,
            last_fired_at=max(moment(last), one.last_fired_at or moment(last)),
            runs={**one.runs, state: one.runs.get(state, 0) + count},
            waiting_for=waiting,
        )
    return found
