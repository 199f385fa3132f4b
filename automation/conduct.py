"""One attempt of one run: the conversation between its rule and Notion, with the journal between.

A request that leaves a second effect when repeated is committed to the journal before it is sent,
and its answer after. An attempt replays the answers up to the last write, and asks again only what
was read behind it. A write whose answer is missing is settled first: the server's own deadline is
waited out, Notion is asked whether it was done, and only then it is adopted or repeated.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from automation.clock import Clock
from automation.engine.walk import Asked, Finished
from automation.model.errors import Doubtful, NotionRejected, StepFailed
from automation.model.request import Notion, Recall, Remember, Repeat, Request, Response
from automation.model.run import Claim, Entry, Outcome, RetryAt, Succeeded
from automation.notion import settling
from automation.store.base import Store

Send = Callable[[Request], Awaitable[Response]]
Walk = Generator[Asked, Response, Finished]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """How long after sending a doubtful write Notion is asked about it, and how an attempt keeps its lease."""

    seconds: float
    hold: Callable[[], Awaitable[None]]
    """Make sure that the lease lasts for one more request. Raises LeaseLost."""


class Unsettled(Exception):
    """A doubtful write must wait before it can be settled."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.key)
        self.entry = entry


class Conduct:
    """Drives one claim."""

    def __init__(
        self, *, claim: Claim, store: Store, send: Send, clock: Clock, settle: Settle
    ) -> None:
        self._claim = claim
        self._store = store
        self._send = send
        self._clock = clock
        self._settle = settle
        self._known = {entry.key: entry for entry in replayable(claim.journal)}
        self._unwritten: list[Entry] = []

    async def drive(self, walk: Walk) -> Outcome:
        """Go to the end. Raises SendFailed, StepFailed, LeaseLost or StoreUnavailable."""
        try:
            asked = next(walk)
            while True:
                try:
                    response = await self._response(asked)
                except (StepFailed, NotionRejected) as error:
                    asked = walk.throw(error)
                else:
                    asked = walk.send(response)
        except StopIteration as end:
            finished: Finished = end.value
            return Succeeded(wrote=finished.wrote)
        except Unsettled as wait:
            at = wait.entry.sent_at + timedelta(seconds=self._settle.seconds)
            return RetryAt(at=at, reason="waiting to learn whether the last write was done")

    async def _response(self, asked: Asked) -> Response:
        entry = self._known.get(asked.key)
        if entry is None:
            return await self._live(asked.key, asked.request)
        if entry.request != asked.request:
            raise StepFailed(
                f"the request {asked.key} is not the one that was sent before",
                remedy="Run `automation replay` for this event to plan it again with today's rules.",
            )
        if entry.response is not None:
            return entry.response
        return await self._doubtful(entry)

    async def _live(self, key: str, request: Request) -> Response:
        if not writes(request):
            response = await self._carry_out(request)
            now = self._clock.now()
            self._unwritten.append(Entry(key=key, request=request, sent_at=now, response=response))
            return response
        await self._settle.hold()
        entry = Entry(key=key, request=request, sent_at=self._clock.now())
        await self._record(*self._unwritten, entry)
        self._unwritten.clear()
        return await self._perform(entry)

    async def _perform(self, entry: Entry) -> Response:
        try:
            response = await self._carry_out(entry.request)
        except Doubtful:
            raise
        except Exception:
            # Certainly not carried out: the next attempt may send it without settling.
            await self._store.forget(self._claim, entry.key)
            raise
        await self._record(replace(entry, response=response))
        return response

    async def _carry_out(self, request: Request) -> Response:
        match request:
            case Recall(key=key):
                return Response(status=200, body=await self._store.recall(key))
            case Remember(key=key, value=value):
                await self._store.remember(key, value)
                return Response(status=200)
            case _:
                return await self._send(request)

    async def _doubtful(self, entry: Entry) -> Response:
        request = entry.request
        if not isinstance(request, Notion) or request.repeat is not Repeat.DOUBLES:
            return await self._again(entry)
        if self._clock.now() < entry.sent_at + timedelta(seconds=self._settle.seconds):
            raise Unsettled(entry)
        adopted = await self._probe(request)
        if adopted is None:
            return await self._again(entry)
        await self._record(replace(entry, response=adopted))
        return adopted

    async def _again(self, entry: Entry) -> Response:
        await self._settle.hold()
        entry = replace(entry, sent_at=self._clock.now())
        await self._record(entry)
        return await self._perform(entry)

    async def _probe(self, request: Notion) -> Response | None:
        """The answer the lost one would have been, if the write was done."""
        if request.probe is None:
            return None
        talk = settling.settle(request.probe)
        try:
            question = next(talk)
            while True:
                question = talk.send(await self._send(question))
        except StopIteration as end:
            found: Response | None = end.value
            return found

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
    """The journal up to the last write; what was only read behind it is asked again."""
    last = max((at for at, entry in enumerate(journal) if writes(entry.request)), default=-1)
    return journal[: last + 1]
