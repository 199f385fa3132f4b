"""Finds the data sources and pages that rules name, and remembers them.

A target that cannot be found (not shared yet, no token) is *missing*, with the reason in words; its
rules wait, and go on when it appears. While Notion is away nothing is known of a target that was never
found: its runs are tried again in their lanes, like any other request. The schema of a data source is
read again when it is older than `FRESH`, or when Notion's answer shows that it changed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from automation.clock import Clock
from automation.model.errors import Deferred, SendFailed, StepFailed
from automation.model.request import Request, Response
from automation.model.target import Target, TargetName
from automation.notion.finding import locate

log = structlog.get_logger()

FRESH = timedelta(minutes=10)
LOOK_AGAIN = timedelta(seconds=30)
"""How long a missing target is believed to be missing."""
ASK_AGAIN = timedelta(seconds=2)
"""How long nobody asks for a target after Notion could not be asked."""

T = TypeVar("T")
Send = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Found:
    target: Target
    at: datetime


@dataclass(frozen=True, slots=True)
class _Missing:
    """Looked for, and not there."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Notion could not be asked."""

    reason: str
    at: datetime


_Held = _Found | _Missing | _Unknown


class Directory:
    """What the names in the rules stand for."""

    def __init__(self, send: Send | None, clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._names: dict[str, TargetName] = {}
        self._known: dict[str, _Held] = {}
        self._lock = asyncio.Lock()

    def expect(self, names: Mapping[str, TargetName]) -> None:
        """The targets the rules name now, by the text a rule writes."""
        changed = {text for text, name in names.items() if self._names.get(text, name) != name}
        self._names = {**self._names, **names}
        for text in changed:
            self._known.pop(text, None)

    def missing(self, texts: Collection[str]) -> Mapping[str, str]:
        """Those of the targets that are not there, with the reason."""
        return {
            text: found.reason
            for text in texts
            if isinstance(found := self._known.get(text), _Missing)
        }

    def unknown(self, texts: Collection[str]) -> Mapping[str, str]:
        """Those of the targets of which nothing is known because Notion is away, with the reason."""
        return {
            text: found.reason
            for text in texts
            if isinstance(found := self._known.get(text), _Unknown)
        }

    async def find(self, texts: Collection[str]) -> Mapping[str, Target]:
        """The targets, looked up where needed; missing ones are left out. Raises Deferred while Notion
        cannot be asked for one that was never found."""
        found = self._fresh(texts)
        if len(found) == len(texts):
            return found
        async with self._lock:
            for text in texts:
                target = await self._one(text)
                if target is not None:
                    found[text] = target
        away = self.unknown(texts)
        if away:
            raise Deferred("; ".join(away.values()))
        return found

    async def look_again(self, others: Collection[str] = ()) -> Collection[str]:
        """Look up what the rules name, and others, and are not known yet; all of both that are found."""
        wanted = [*self._names, *others]
        async with self._lock:
            for text in wanted:
                if not isinstance(self._known.get(text), _Found):
                    await self._one(text)
        return [text for text in wanted if isinstance(self._known.get(text), _Found)]

    def outdated(self, texts: Collection[str], *, since: datetime) -> bool:
        """Whether something of them was read before `since`; it is read again at the next use."""
        old = [
            text
            for text in texts
            if isinstance(held := self._known.get(text), _Found) and held.at < since
        ]
        for text in old:
            del self._known[text]
        return bool(old)

    def _fresh(self, texts: Collection[str]) -> dict[str, Target]:
        now = self._clock.now()
        return {
            text: held.target
            for text in texts
            if isinstance(held := self._known.get(text), _Found) and now - held.at < FRESH
        }

    async def _one(self, text: str) -> Target | None:
        held, now = self._known.get(text), self._clock.now()
        match held:
            case _Found(target=target, at=at) if now - at < FRESH:
                return target
            case _Missing(at=at) if now - at < LOOK_AGAIN:
                return None
            case _Unknown(at=at) if now - at < ASK_AGAIN:
                return None
        return await self._look(text, held, now)

    async def _look(self, text: str, held: _Held | None, now: datetime) -> Target | None:
        if self._send is None:
            self._known[text] = _Missing("there is no Notion token (set NOTION_TOKEN)", now)
            return None
        name = self._names.get(text) or TargetName(name=text, text=text)
        try:
            target = await converse(locate(name), self._send)
        except StepFailed as error:
            reason = ". ".join(part for part in (str(error), error.remedy) if part)
            self._miss(text, held, _Missing(reason, now))
            return None
        except SendFailed as error:
            # Notion is away, not the target: an old schema still serves.
            if isinstance(held, _Found):
                self._known[text] = _Found(held.target, now - FRESH + ASK_AGAIN)
                return held.target
            self._miss(text, held, _Unknown(str(error), now))
            return None
        if not isinstance(held, _Found):
            log.info("target.found", target=text, kind=target.kind.value, id=target.id)
        self._known[text] = _Found(target, now)
        return target

    def _miss(self, text: str, held: _Held | None, found: _Missing | _Unknown) -> None:
        """Remember it; said once for each reason, not at every look."""
        if isinstance(held, _Found | None) or held.reason != found.reason:
            log.warning("target.missing", target=text, reason=found.reason)
        self._known[text] = found


async def converse(talk: Generator[Request, Response, T], send: Send) -> T:
    """Drive a conversation of reads to its end."""
    try:
        request = next(talk)
        while True:
            try:
                response = await send(request)
            except (StepFailed, SendFailed) as error:
                request = talk.throw(error)
            else:
                request = talk.send(response)
    except StopIteration as end:
        found: T = end.value
        return found
