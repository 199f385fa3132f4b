"""One attempt of one run: the conversation between its rule and Notion, with the journal between.

A request that leaves a second effect when repeated is committed to the journal before it is sent,
and its answer after. An attempt replays the answers up to the last write or wait, and asks again only
what was read behind it. A write whose answer is missing is settled first: the server's own deadline is
waited out, Notion is asked whether it was done, and only then it is adopted or repeated.

A wait for another event is committed like a write, and the run leaves its lane until it is answered.
A dry run asks and waits like any other; its writes are only imagined, and never journalled.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from automation import watching
from automation.clock import Clock
from automation.engine import waiting
from automation.engine.rules import Guard
from automation.engine.walk import Asked, Finished
from automation.model.errors import Deferred, GuardRefused, NotSent, StepFailed, StoreError
from automation.model.request import Notion, Recall, Remember, Repeat, Request, Response, Wait
from automation.model.run import Claim, Entry, Outcome, RetryAt, Succeeded, Waiting
from automation.notion import settling
from automation.notion.rehearsal import Rehearsal
from automation.store.base import Allowance, Store

Walk = Generator[Asked, Response, Finished]

CLOCKS_APART = timedelta(minutes=5)
"""How far Notion's clock may be behind ours when the effect of a doubtful write is looked for."""


class Way(Protocol):
    """The way to the other side."""

    async def permit(self) -> None:
        """Return when the budget allows one request."""

    async def transmit(self, request: Request) -> Response:
        """Send it once and at once. Raises NotSent, Deferred, Doubtful or NotionRejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """How long after sending a doubtful write Notion is asked about it, and how an attempt keeps its lease."""

    seconds: float
    stale: float
    """A write that is not on its way this long after it was decided is not sent any more: its process
    stood still, and another may have taken the run over."""
    hold: Callable[[], Awaitable[None]]
    """Make sure that the lease lasts for one more request. Raises LeaseLost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the rule allows its runs: its guard, and the zone that its days are in."""

    guard: Guard
    zone: ZoneInfo


class Unsettled(Exception):
    """A doubtful write must wait before it can be settled."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.key)
        self.entry = entry


class Awaiting(Exception):
    """The event that a step waits for has not come yet."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.event)
        self.wait = wait


class Conduct:
    """Drives one claim."""

    def __init__(
        self,
        *,
        claim: Claim,
        store: Store,
        way: Way,
        clock: Clock,
        settle: Settle,
        terms: Terms,
    ) -> None:
        self._claim = claim
        self._store = store
        self._way = way
        self._clock = clock
        self._settle = settle
        self._terms = terms
        self._rehearsal = Rehearsal() if terms.guard.dry_run else None
        self._known = {entry.key: entry for entry in replayable(claim.journal)}
        self._unwritten: list[Entry] = []

    async def drive(self, walk: Walk) -> Outcome:
        """Go to the end. Raises SendFailed, StepFailed, LeaseLost or StoreUnavailable."""
        try:
            asked = next(walk)
            while True:
                try:
                    response = await self._response(asked)
                except StepFailed as error:
                    asked = walk.throw(error)
                else:
                    asked = walk.send(response)
        except StopIteration as end:
            finished: Finished = end.value
            return Succeeded(wrote=finished.wrote)
        except Unsettled as doubt:
            at = doubt.entry.sent_at + timedelta(seconds=self._settle.seconds)
            return RetryAt(at=at, reason="waiting to learn whether the last write was done")
        except Awaiting as pause:
            return self._pause(pause.wait)

    def _pause(self, wait: Wait) -> Waiting:
        until = waiting.until(wait)
        shown = until.astimezone(self._terms.zone).strftime("%Y-%m-%d %H:%M:%S %Z")
        return Waiting(
            what=f"event:{wait.event}",
            reason=f"it waits for {wait.event} until {shown}",
            until=until,
        )

    async def _response(self, asked: Asked) -> Response:
        entry = self._known.get(asked.key)
        if entry is not None and entry.request != asked.request:
            raise StepFailed(
                f"the request {asked.key} is not the one that was sent before",
                remedy="Look at what the run has written; to have the rest, let the sender deliver the event anew.",
            )
        if isinstance(asked.request, Wait):
            return await self._event(asked.key, asked.request, entry)
        if entry is None:
            return await self._live(asked)
        if entry.response is None:
            return await self._doubtful(entry)
        if self._rehearsal is not None:
            self._rehearsal.note(entry.response)
        return entry.response

    # a request for the first time -----------------------------------------------------------------

    async def _live(self, asked: Asked) -> Response:
        if self._rehearsal is not None:
            return await self._rehearsed(self._rehearsal, asked)
        if not writes(asked.request):
            return await self._read(asked)
        await self._clear_the_way(asked.request)
        entry = Entry(key=asked.key, request=asked.request, sent_at=self._clock.now())
        await self._intend(entry, counts=asked.counts)
        self._unwritten.clear()
        return await self._perform(entry)

    async def _read(self, asked: Asked) -> Response:
        if isinstance(asked.request, Notion):
            await self._way.permit()
        response = await self._carry_out(asked.request)
        now = self._clock.now()
        self._unwritten.append(
            Entry(key=asked.key, request=asked.request, sent_at=now, response=response)
        )
        return response

    async def _rehearsed(self, rehearsal: Rehearsal, asked: Asked) -> Response:
        if isinstance(asked.request, Remember):
            return Response(status=200)
        if isinstance(asked.request, Notion):
            imagined = rehearsal.answer(asked.key, asked.request)
            if imagined is not None:
                return imagined
        response = await self._read(asked)
        rehearsal.note(response)
        return response

    async def _intend(self, entry: Entry, *, counts: bool) -> None:
        """Commit the intent, and with it what was read before. Raises GuardRefused past `guard.per_day`."""
        limit, now = self._terms.guard.per_day, self._clock.now()
        if limit is None or not counts:
            await self._record(*self._unwritten, entry)
            return
        day = now.astimezone(self._terms.zone).date()
        allowance = Allowance(rule_id=self._claim.run.rule_id, day=day, limit=limit)
        entries = (*self._unwritten, entry)
        if not await self._store.record(self._claim, entries, allowance=allowance):
            raise GuardRefused(
                f"guard.per_day is {limit}, and rule `{self._claim.run.rule_id}` has written as often"
                f" on {day} ({self._terms.zone.key})",
                remedy="Retry the run on another day, or raise it and replay the event.",
            )

    async def _clear_the_way(self, request: Request) -> None:
        """Everything that may take its time, before a write is decided: the budget, then the lease."""
        if isinstance(request, Notion):
            await self._way.permit()
        await self._settle.hold()

    async def _perform(self, entry: Entry) -> Response:
        try:
            response = await self._carry_out(self._fresh(entry))
        except (NotSent, Deferred, StepFailed, StoreError):
            # Certainly not carried out: the next attempt may send it without settling.
            await self._store.forget(self._claim, entry.key)
            raise
        request = entry.request
        made = settling.made(request, response) if isinstance(request, Notion) else None
        await self._record(replace(entry, response=response, made=made))
        return response

    def _fresh(self, entry: Entry) -> Request:
        """The request, if it was decided just now. Raises NotSent."""
        if self._clock.now() - entry.sent_at > timedelta(seconds=self._settle.stale):
            raise NotSent("the process stood still before the request was on its way")
        return entry.request

    async def _carry_out(self, request: Request) -> Response:
        match request:
            case Recall(key=key):
                return Response(status=200, body=await self._store.recall(key))
            case Remember(key=key, value=value):
                await self._store.remember(key, value)
                return Response(status=200)
            case Notion():
                return await self._way.transmit(request)
            case _:
                raise StepFailed(f"{type(request).__name__.lower()} is not available yet")

    # a request that may have been carried out -----------------------------------------------------

    async def _doubtful(self, entry: Entry) -> Response:
        request = entry.request
        if not isinstance(request, Notion):
            return await self._again(entry)
        # Also what is safe to repeat: carried out late, it would undo what the lane writes next.
        if self._clock.now() < entry.sent_at + timedelta(seconds=self._settle.seconds):
            raise Unsettled(entry)
        if request.repeat is not Repeat.DOUBLES:
            return await self._again(entry)
        for candidate in await self._candidates(request, entry):
            found = replace(entry, response=candidate.response, made=candidate.made)
            if await self._store.adopt(self._claim, found):
                return candidate.response
            if candidate.shared:
                await self._record(replace(found, made=None))
                return candidate.response
        return await self._again(entry)

    async def _again(self, entry: Entry) -> Response:
        await self._clear_the_way(entry.request)
        entry = replace(entry, sent_at=self._clock.now())
        await self._record(entry)
        return await self._perform(entry)

    async def _candidates(self, request: Notion, entry: Entry) -> Sequence[settling.Candidate]:
        """What the lost answer may have been, if the write was done."""
        talk = settling.settle(
            request, since=entry.sent_at - CLOCKS_APART, skip=self._made_with(request)
        )
        try:
            question = next(talk)
            while True:
                await self._way.permit()
                question = talk.send(await self._way.transmit(question))
        except StopIteration as end:
            found: Sequence[settling.Candidate] = end.value
            return found

    def _made_with(self, request: Notion) -> int:
        """How many first blocks this run made together with the page that the request appends to."""
        for entry in self._claim.journal:
            made = entry.request
            if isinstance(made, Notion) and request.path == f"/blocks/{entry.made}/children":
                return len((made.body or {}).get("children", ())) if made.path == "/pages" else 0
        return 0

    # an event -------------------------------------------------------------------------------------

    async def _event(self, key: str, wait: Wait, entry: Entry | None) -> Response:
        """The event that the step waits for. Raises Awaiting."""
        if entry is not None and entry.response is not None:
            return await watching.told(self._store, entry.response)
        now = self._clock.now()
        intent = Entry(key=key, request=wait, sent_at=now)
        entries = (*self._unwritten, intent)
        answer = await watching.answer(
            self._store, self._claim.run, lambda: self._store.watch(self._claim, entries), now
        )
        if answer is None:
            raise Awaiting(wait)
        await self._record(replace(intent, response=answer))
        self._unwritten.clear()
        return await watching.told(self._store, answer)

    async def _record(self, *entries: Entry) -> None:
        await self._store.record(self._claim, entries)


def writes(request: Request) -> bool:
    """Whether it must stand in the journal before it is sent."""
    match request:
        case Notion(repeat=repeat):
            return repeat is not Repeat.READ
        case Recall():
            return False
        case _:
            return True


def replayable(journal: Sequence[Entry]) -> Sequence[Entry]:
    """The journal up to the last write or wait; what was only read behind it is asked again."""
    last = max((at for at, entry in enumerate(journal) if writes(entry.request)), default=-1)
    return journal[: last + 1]
