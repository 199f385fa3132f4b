"""Drives runs: claims them, keeps their leases, and writes down how they ended.

It knows that there are rules and actions, never which. What follows a failure is decided by
`engine.backoff`; here it is only carried out.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from automation.clock import Clock
from automation.conduct import Conduct, Settle, Terms, Walk, Way
from automation.directory import Directory
from automation.effects import EffectKeys
from automation.engine import backoff
from automation.engine.backoff import Pace
from automation.engine.rules import Rule
from automation.engine.walk import walk
from automation.model.action import Action
from automation.model.errors import (
    AutomationError,
    GuardRefused,
    LeaseLost,
    NotionRejected,
    StepFailed,
    StoreError,
    StoreUnavailable,
)
from automation.model.event import Event, document
from automation.model.run import Claim, Outcome, Parked, RetryAt, Succeeded, Waiting
from automation.owners import is_dead
from automation.rulebook import RuleBook
from automation.sources.reading import read
from automation.store.base import Store
from automation.timing import Timing

log = structlog.get_logger()

LOOK_EVERY_SECONDS = 1.0
"""How often work of other processes is looked for; our own wakes us at once."""

STORE_AWAY_SECONDS = 1.0
"""How long an attempt waits for a store that cannot be written."""

WAKE_TOGETHER = 500
"""How many waiting runs go back to their lanes in one transaction: deliveries are stored between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What the dispatcher works with. `jitter` gives a number in [0, 1)."""

    store: Store
    clock: Clock
    rules: RuleBook
    directory: Directory
    actions: Mapping[str, Action]
    keys: EffectKeys
    way: Way
    jitter: Callable[[], float]
    owner: str
    timing: Timing
    concurrency: int = 16


class Dispatcher:
    """One process's share of the runs."""

    def __init__(self, shop: Workshop, wake: Callable[[], None]) -> None:
        self._shop = shop
        self._wake = wake
        self._lease = timedelta(seconds=shop.timing.lease)
        self._guard = timedelta(seconds=shop.timing.guard)
        self._held: dict[str, Claim] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.begun = 0
        """How many attempts were begun in all."""

    @property
    def busy(self) -> int:
        """How many runs are being driven now."""
        return len(self._held)

    async def drain(self, seconds: float) -> None:
        """Let the attempts in flight end, for so long; then break off what is left, and give everything
        back. What was broken off is taken up again from its journal."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._shop.store.release(self._shop.owner)

    async def work(self) -> float:
        """Claim what is free and due, up to the concurrency."""
        shop, now = self._shop, self._shop.clock.now()
        free = shop.concurrency - len(self._held)
        if free <= 0:
            return LOOK_EVERY_SECONDS
        claims = await shop.store.claim_runs(
            owner=shop.owner, now=now, lease_until=now + self._lease, limit=free
        )
        for claim in claims:
            self._begin(claim)
        return 0.0 if claims else await self._until_due()

    async def look_after_leases(self) -> float:
        """Lengthen our leases, and free those of processes that died."""
        now = self._shop.clock.now()
        low = [one for one in self._held.values() if one.lease_until - now < self._lease * 3 / 4]
        if low:
            await self._extend(low)
        if await self._bury() + await self._shop.store.release_expired(now):
            self._wake()
        return self._lease.total_seconds() / 24

    async def look_for_targets(self) -> float:
        """Wake the runs whose target was found meanwhile, or whose rule is in force again."""
        waits = [what.partition(":") for what in await self._shop.store.waits()]
        rules = [name for kind, _, name in waits if kind == "rule"]
        woken = await self._wake_all("rule", filter(self._shop.rules.in_force, rules))
        targets = [name for kind, _, name in waits if kind == "target"]
        found = set(await self._shop.directory.look_again(targets))
        woken += await self._wake_all("target", [name for name in targets if name in found])
        return 0.0 if woken else LOOK_EVERY_SECONDS

    async def _wake_all(self, kind: str, names: Iterable[str]) -> int:
        woken = 0
        for name in names:
            now = self._shop.clock.now()
            woken += await self._shop.store.wake(f"{kind}:{name}", now=now, limit=WAKE_TOGETHER)
        if woken:
            self._wake()
        return woken

    async def _until_due(self) -> float:
        due = await self._shop.store.next_due(self._shop.clock.now())
        if due is None:
            return LOOK_EVERY_SECONDS
        wait = (due - self._shop.clock.now()).total_seconds()
        return min(max(wait, 0.01), LOOK_EVERY_SECONDS)

    # one attempt ----------------------------------------------------------------------------------

    def _begin(self, claim: Claim) -> None:
        self._held[claim.run.id] = claim
        self.begun += 1
        task = asyncio.create_task(self._attempt(claim), name=claim.run.id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, claim: Claim) -> None:
        try:
            await self._end(claim, await self._outcome(claim))
        except LeaseLost:
            log.warning("run.lease_lost", run=claim.run.id)
        except StoreError as error:
            # The lease runs out, and the run is taken up again from its journal.
            log.error("run.not_closed", run=claim.run.id, error=str(error))  # noqa: TRY400
        finally:
            held = self._held.get(claim.run.id)
            if held is not None and held.fence == claim.fence:
                del self._held[claim.run.id]
            self._wake()

    async def _outcome(self, claim: Claim) -> Outcome:
        started = self._shop.clock.now()
        try:
            return await self._conduct(claim)
        except LeaseLost:
            raise
        except StepFailed as error:
            return await self._refused(claim, error, started)
        except AutomationError as error:
            return self._after(claim, error)
        except Exception as error:
            log.exception("run.poison", run=claim.run.id)
            return self._after(claim, error)

    async def _refused(self, claim: Claim, error: StepFailed, started: datetime) -> Outcome:
        """What cannot be done with what was known of its targets is tried once with what they are now."""
        of_schema = not isinstance(error, GuardRefused | NotionRejected) or (
            isinstance(error, NotionRejected) and error.code == "validation_error"
        )
        rule = await self._shop.rules.pinned(claim.run.rules_hash, claim.run.rule_id)
        if of_schema and self._shop.directory.outdated(rule.targets, since=started):
            return RetryAt(at=self._shop.clock.now(), reason=str(error))
        return self._after(claim, error)

    def _after(self, claim: Claim, error: Exception) -> Outcome:
        return backoff.decide(
            error,
            attempts=claim.run.attempts,
            now=self._shop.clock.now(),
            jitter=self._shop.jitter(),
            pace=Pace(first=self._shop.timing.first_retry, longest=self._shop.timing.longest_retry),
        )

    async def _conduct(self, claim: Claim) -> Outcome:
        shop, run = self._shop, claim.run
        if not shop.rules.in_force(run.rule_id):
            return Waiting(what=f"rule:{run.rule_id}", reason="its rule is disabled or gone")
        stored = await shop.store.event(run.event_id)
        if stored is None:
            return Parked(reason="its event is not in the store any more")
        rule = await shop.rules.pinned(run.rules_hash, run.rule_id)
        begun = await self._start(claim, rule, stored.event)
        if isinstance(begun, Waiting):
            return begun
        settle = Settle(
            seconds=shop.timing.settle, stale=shop.timing.stale, hold=lambda: self._hold(claim)
        )
        conduct = Conduct(
            claim=claim,
            store=shop.store,
            way=shop.way,
            clock=shop.clock,
            settle=settle,
            terms=Terms(guard=rule.guard, zone=rule.zone),
        )
        return await conduct.drive(begun)

    async def _start(self, claim: Claim, rule: Rule, event: Event) -> Walk | Waiting:
        shop = self._shop
        targets = await shop.directory.find(rule.targets)
        for text in rule.targets:
            if text not in targets:
                reason = shop.directory.missing([text]).get(text, "")
                return Waiting(what=f"target:{text}", reason=reason)
        return walk(
            rule,
            document=document(event, read(event)),
            actions=shop.actions,
            targets=targets,
            now=claim.run.planned_at,
            key_of=shop.keys.of(event, rule.id),
        )

    async def _end(self, claim: Claim, outcome: Outcome) -> None:
        """Write down how it ended, as soon as the store can; the lease is kept as long as it can be."""
        while True:
            try:
                await self._close(claim, outcome)
            except StoreUnavailable as error:
                log.warning("run.store_away", run=claim.run.id, error=str(error))
                await self._shop.clock.sleep(STORE_AWAY_SECONDS)
            else:
                return

    async def _close(self, claim: Claim, outcome: Outcome) -> None:
        store, now = self._shop.store, self._shop.clock.now()
        match outcome:
            case Succeeded(wrote=wrote):
                await store.finish(claim, wrote=wrote, now=now)
            case RetryAt(at=at, reason=reason):
                await store.retry(claim, at=at, reason=reason)
            case Parked(reason=reason, remedy=remedy):
                await store.park(claim, reason=reason, remedy=remedy, now=now)
            case Waiting(what=what, reason=reason, until=until):
                await store.wait(claim, what=what, reason=reason, until=until)
        log.info("run.ended", run=claim.run.id, outcome=type(outcome).__name__.lower())

    async def _bury(self) -> int:
        """Give back what processes of this machine held that have died."""
        store = self._shop.store
        dead = [owner for owner in await store.owners() if is_dead(owner)]
        return sum([await store.release(owner) for owner in dead])

    # leases ---------------------------------------------------------------------------------------

    async def _hold(self, claim: Claim) -> None:
        held = self._held.get(claim.run.id)
        if held is not None and held.lease_until - self._shop.clock.now() < self._guard:
            await self._extend([held])
            held = self._held.get(claim.run.id)
        if held is None:
            raise LeaseLost

    async def _extend(self, claims: Sequence[Claim]) -> None:
        kept = await self._shop.store.extend(claims, self._shop.clock.now() + self._lease)
        longer = {claim.run.id: claim for claim in kept}
        for run_id in {claim.run.id for claim in claims} & self._held.keys():
            if run_id in longer:
                self._held[run_id] = longer[run_id]
            else:
                del self._held[run_id]
