"""Plans, runs and how attempts end.

A run is one rule for one event, through all its attempts. `MOVES` is the only place that says which
state may follow which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from automation.model.action import Wrote
from automation.model.request import Request, Response


class State(StrEnum):
    """Where a run stands."""

    PENDING = "pending"
    """In its lane, to be claimed when it is at the head and due."""
    RUNNING = "running"
    WAITING = "waiting"
    """Out of its lane until something happens: its target appears, an event, an approval."""
    DONE = "done"
    PARKED = "parked"
    """Out of its lane until a person says retry."""


MOVES: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.RUNNING, State.WAITING, State.PARKED}),
    State.RUNNING: frozenset({State.PENDING, State.WAITING, State.DONE, State.PARKED}),
    State.WAITING: frozenset({State.PENDING, State.PARKED}),
    State.DONE: frozenset(),
    State.PARKED: frozenset({State.PENDING}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One rule that matched: `lane` is the order it must keep.

    `waiting_for` is set when it cannot start yet, e.g. `target:Tasks`.
    """

    rule_id: str
    lane: str
    waiting_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one event asks for; nothing done yet.

    `rules_hash` names the rule set it was planned with (texts are kept by content), `planned_at` is
    the `now` of every condition and template of its runs.
    """

    event_id: str
    rules_hash: str
    planned_at: datetime
    runs: tuple[PlannedRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the store has it. `id` is `<event id>:<rule id>`; `seq` is its place in time."""

    id: str
    event_id: str
    rule_id: str
    rules_hash: str
    planned_at: datetime
    lane: str
    seq: int
    state: State
    attempts: int
    next_attempt_at: datetime
    reason: str = ""
    remedy: str = ""
    finished_at: datetime | None = None
    wrote: tuple[Wrote, ...] = ()
    waiting_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request of a run in the journal.

    `key` is `<step id>/<element key>/<ordinal>`. `response` is None while the answer is not known:
    then the request may have been carried out. `made` is the id of the page, or of the first block,
    that it left: no two entries have the same.
    """

    key: str
    request: Request
    sent_at: datetime
    response: Response | None = None
    made: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run taken for a while. `fence` grows with every claim of the lane; a stale one cannot write."""

    run: Run
    owner: str
    fence: int
    lease_until: datetime
    journal: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """Everything the rule asked for is done."""

    wrote: tuple[Wrote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """Not done, through nobody's fault: try again then, keeping the place in the lane."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """It needs a person. `remedy` says what would help."""

    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """It goes on by itself when `what` happens, e.g. `target:Tasks`, or at `until` though it did not."""

    what: str
    reason: str = ""
    until: datetime | None = None


Outcome = Succeeded | RetryAt | Parked | Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much stands in the store, by state."""

    events: Mapping[str, int] = field(default_factory=dict)
    runs: Mapping[str, int] = field(default_factory=dict)
    oldest_pending: datetime | None = None
