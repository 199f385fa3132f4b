"""The store, as verbs. Each verb is one transaction.

No verb takes or returns SQL, rows, cursors or connections. Every implementation passes one contract
suite (tests/store/). A verb that cannot commit raises StoreUnavailable, and then nothing happened.
All times are aware UTC. `now` is an argument everywhere: the store reads no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from automation.model.action import Wrote
from automation.model.event import Event
from automation.model.run import Claim, Counts, Entry, Plan, Run, State
from automation.model.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """`event_id` is the stored event's; for a duplicate, that of the first delivery."""

    event_id: str
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event and where it stands: `new`, `planned`, or `parked` (signed but unreadable).

    `rules_hash` and `planned_at` are None until it was planned.
    """

    event: Event
    seq: int
    state: str
    rules_hash: str | None
    planned_at: datetime | None
    matched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Permits:
    """Leave to send: `granted` requests until `valid_until`; none before `not_before` when granted is 0."""

    granted: int
    valid_until: datetime
    not_before: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How a rule was used: how often it fired and when last, its runs by state, and what they wait for."""

    fired: int = 0
    last_fired_at: datetime | None = None
    runs: Mapping[str, int] = field(default_factory=dict)
    waiting_for: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What of a token's budget is taken now, and until when Notion asked it to wait."""

    token: str
    counted: int
    paused_until: datetime | None = None
    reason: str = ""


class Store(Protocol):
    """Keeps promises."""

    async def open(self) -> None:
        """Make ready; bring the schema up to date. Raises StoreUnavailable."""

    async def close(self) -> None:
        """Finish what was begun and let go of the files."""

    # events -----------------------------------------------------------------------------------

    async def append(self, event: Event) -> Appended:
        """Keep the event, once for any of its keys (per source); returns after it is on disk.

        An event with a `problem` is kept as parked. A duplicate changes nothing.
        """

    async def claim_events(self, limit: int) -> Sequence[Event]:
        """The oldest events not planned yet, in order of arrival. May give the same event to two callers:
        `save_plan` decides."""

    async def save_plan(self, plan: Plan) -> bool:
        """Mark the event planned and add its runs at the tail of their lanes. False if it was planned before."""

    async def event(self, prefix: str) -> StoredEvent | None:
        """The event whose id starts with this (at least 4 characters), None if there is none or several."""

    async def events(
        self,
        *,
        limit: int,
        source: str | None = None,
        name: str | None = None,
        unmatched: bool = False,
        before_seq: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Newest first. `name` covers everything below it. `unmatched`: planned, and no rule wanted it."""

    async def known(self, source: str, keys: Sequence[str]) -> str | None:
        """The id of the event that any of these delivery keys belongs to; None if it would be new."""

    # runs -------------------------------------------------------------------------------------

    async def claim_runs(
        self, *, owner: str, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Claim]:
        """Take heads of lanes that are due and free, oldest first, at most one run per lane.

        Counts the attempt durably before any work. The journal of each run comes with it.
        """

    async def extend(self, claims: Sequence[Claim], lease_until: datetime) -> Sequence[Claim]:
        """Lengthen the leases; returns the claims still held, with the new lease."""

    async def record(self, claim: Claim, entries: Sequence[Entry]) -> None:
        """Write journal entries together (intents without response, or with it; the same key again
        replaces). Raises LeaseLost when the claim's fence is stale.
        """

    async def forget(self, claim: Claim, key: str) -> None:
        """Take an intent back: its request was certainly not carried out. Raises LeaseLost."""

    async def finish(self, claim: Claim, *, wrote: Sequence[Wrote], now: datetime) -> None:
        """The run is done; its lane goes on. Raises LeaseLost."""

    async def retry(self, claim: Claim, *, at: datetime, reason: str) -> None:
        """Back to pending at its place in the lane, not before `at`. Raises LeaseLost."""

    async def park(self, claim: Claim, *, reason: str, remedy: str, now: datetime) -> None:
        """Out of the lane until `unpark`; the lane goes on. Raises LeaseLost."""

    async def wait(self, claim: Claim, *, what: str, reason: str) -> None:
        """Out of the lane until `wake(what)`; the lane goes on. Raises LeaseLost."""

    async def wake(self, what: str, *, now: datetime) -> int:
        """Runs waiting for `what` go to pending at the tail of their lanes, in their order; how many."""

    async def unpark(self, run_ids: Sequence[str], *, now: datetime) -> int:
        """Parked runs go to pending at the tail of their lanes; how many."""

    async def owners(self) -> Sequence[str]:
        """Everybody who holds a run now."""

    async def release(self, owner: str) -> int:
        """Give back everything this owner holds (it stops in order, or is known to be dead)."""

    async def release_expired(self, now: datetime) -> int:
        """Give back every lease that is over."""

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next free lane head becomes due (may be in the past); None if nothing waits."""

    async def run(self, run_id: str) -> Run | None:
        """One run."""

    async def runs(
        self,
        *,
        limit: int,
        state: State | None = None,
        rule: str | None = None,
        event: str | None = None,
        before_seq: int | None = None,
    ) -> Sequence[Run]:
        """Newest first."""

    async def journal(self, run_id: str) -> Sequence[Entry]:
        """The run's entries in the order they were first written."""

    async def usage(self) -> Mapping[str, Usage]:
        """How every rule that ever fired was used, by its id."""

    # texts by content -------------------------------------------------------------------------

    async def keep_text(self, text: str) -> str:
        """Keep a text by content; returns its sha256 in hex. Idempotent."""

    async def text(self, digest: str) -> str:
        """A kept text. Raises NotInStore."""

    # memory -----------------------------------------------------------------------------------

    async def recall(self, key: str) -> Json:
        """What was last remembered under the key; None if nothing was."""

    async def remember(self, key: str, value: Json) -> None:
        """Keep the value under the key."""

    # schedules --------------------------------------------------------------------------------

    async def last_tick(self, rule_id: str) -> datetime | None:
        """When the rule's schedule last fired (planned time, UTC)."""

    async def add_tick(self, rule_id: str, at: datetime, event: Event | None) -> bool:
        """In one transaction: keep the tick's event (if given and not known) and remember `at` as last.

        True if the event is new. `event=None` only remembers (a new schedule, a skipped tick).
        """

    # budget -----------------------------------------------------------------------------------

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
        """Leave for at most `want` sends under this token, so that no window of `window_seconds` ever holds
        more than `limit`; none while the token is paused."""

    async def give_back(self, token: str, *, taken_at: datetime, count: int) -> None:
        """Permits of the block taken at `taken_at` that were not used."""

    async def pause(self, token: str, *, until: datetime, reason: str) -> None:
        """No permits for this token before `until`; a later pause wins over an earlier one."""

    async def budgets(self, now: datetime) -> Sequence[Budget]:
        """Of every token: the permits that still count now, and its pause."""

    # the store itself -------------------------------------------------------------------------

    async def install_secret(self) -> bytes:
        """32 random bytes made when the store was; the key of effect keys."""

    async def counts(self) -> Counts:
        """How many events and runs stand where."""
