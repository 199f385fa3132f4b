"""The store, as verbs. Each verb is one transaction.

No verb takes or returns SQL, rows, cursors or connections. Every implementation passes one contract
suite (tests/store/). A verb that cannot commit raises StoreUnavailable, and then nothing happened.
All times are aware UTC. `now` is an argument everywhere: the store reads no clock.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from automation.model.action import Wrote
from automation.model.event import Event
from automation.model.request import Wait
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
class Arrival:
    """A stored event, in short. `seq` grows in the order in which events are committed."""

    seq: int
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A run that wants to hear of an event: `key` is its entry in the journal, `wait` what it asks for.

    Every event up to `seq` was stored before the watch; every later one is compared with it when it
    is planned, and the first that answers is kept as `answer`. `looked`: those up to `seq` were
    looked through in vain.
    """

    run_id: str
    event_id: str
    key: str
    wait: Wait
    seq: int
    looked: bool = False
    answer: Arrival | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many writes a rule may make on one day of its own time zone."""

    rule_id: str
    day: date
    limit: int


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

    async def save_plan(self, plan: Plan, *, answers: Collection[Watch] = ()) -> bool:
        """Mark the event planned and add its runs at the tail of their lanes.

        False, and nothing happens, if it was planned before, or while an older event is still to be
        planned: lanes keep the order in which events were stored, whoever plans them.

        `answers` are the watches that this event answers, read after the event was: each keeps the
        earliest event that answered it, and a run that waits for it goes to the tail of its lane.
        """

    async def park_event(self, event_id: str, *, problem: str) -> None:
        """The event cannot be planned: it is kept as parked, with the reason, unless it was planned before."""

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
        """Readable events of this name and below it, with `after_seq` < seq <= `upto_seq`, oldest first,
        received from `since` to `until`.

        Looks at no more than `limit` of them, beginning with those that are on the right side of
        the bound it comes to first (`since`; `until` when the newest come first). `unplanned`: only
        those that no plan was saved for.
        """

    async def known(self, source: str, keys: Sequence[str]) -> str | None:
        """The id of the event that any of these delivery keys belongs to; None if it would be new."""

    # runs -------------------------------------------------------------------------------------

    async def claim_runs(
        self, *, owner: str, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Claim]:
        """Take heads of lanes that are due and free, oldest first, at most one run per lane.

        Counts the attempt durably before any work. The journal of each run comes with it. Waiting
        runs whose `until` has come go to the tail of their lanes first.
        """

    async def extend(self, claims: Sequence[Claim], lease_until: datetime) -> Sequence[Claim]:
        """Lengthen the leases; returns the claims still held, with the new lease."""

    async def record(
        self, claim: Claim, entries: Sequence[Entry], *, allowance: Allowance | None = None
    ) -> bool:
        """Write journal entries together (intents without response, or with it; the same key again
        replaces). Raises LeaseLost when the claim's fence is stale.

        With an allowance, the last entry is one of the rule's writes of that day, counted once
        however often it is tried: False, and nothing is written, when the others have used it up.
        The answer of a Wait ends its watch.
        """

    async def adopt(self, claim: Claim, entry: Entry) -> bool:
        """Record an answer that a probe found; False, and nothing changes, if what it made is another
        entry's. Raises LeaseLost.
        """

    async def forget(self, claim: Claim, key: str) -> None:
        """Take an intent back: its request was certainly not carried out, and does not count for any
        day. Raises LeaseLost."""

    async def finish(self, claim: Claim, *, wrote: Sequence[Wrote], now: datetime) -> None:
        """The run is done; its lane goes on. Raises LeaseLost."""

    async def retry(self, claim: Claim, *, at: datetime, reason: str) -> None:
        """Back to pending at its place in the lane, not before `at`. Raises LeaseLost."""

    async def park(self, claim: Claim, *, reason: str, remedy: str, now: datetime) -> None:
        """Out of the lane until `unpark`; the lane goes on. Raises LeaseLost."""

    async def wait(
        self, claim: Claim, *, what: str, reason: str, until: datetime | None = None
    ) -> None:
        """Out of the lane until `wake(what)`, or until `until`; the lane goes on. Raises LeaseLost.

        A run that watches for `event:<name>` says that it looked in vain, and waits until its watch
        is answered; if that happened meanwhile, it is at the tail of its lane at once.
        """

    async def watch(self, claim: Claim, entries: Sequence[Entry]) -> Watch:
        """Record the entries, the last of which is a Wait without an answer, and watch for its event from
        here on. A watch for that entry that is there already comes back as it is. Raises LeaseLost.
        """

    async def watches(self, names: Collection[str]) -> Sequence[Watch]:
        """Who watches for exactly one of these names."""

    async def waits(self) -> Sequence[str]:
        """Everything that runs wait for now, each once."""

    async def wake(self, what: str, *, now: datetime, limit: int | None = None) -> int:
        """Runs waiting for `what` (the oldest `limit` of them) go to pending at the tail of their lanes,
        in their order; how many."""

    async def unpark(self, run_ids: Sequence[str], *, now: datetime) -> int:
        """Parked runs go to pending at the tail of their lanes; how many."""

    async def owners(self) -> Sequence[str]:
        """Everybody who holds a run now."""

    async def release(self, owner: str) -> int:
        """Give back everything this owner holds (it stops in order, or is known to be dead)."""

    async def release_expired(self, now: datetime) -> int:
        """Give back every lease that is over."""

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next free lane head becomes due or a wait is over (may be in the past); None if neither."""

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
