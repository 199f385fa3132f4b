"""Finds the data sources and pages that rules name, and remembers them.

A target that cannot be found (not shared yet, no token, Notion away) is *missing*, with the reason
in words; its rules wait, and go on when it appears. The schema of a data source is read again when
it is older than `FRESH`, or when Notion's answer shows that it changed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from automation.clock import Clock
from automation.model.errors import SendFailed, StepFailed
from automation.model.request import Request, Response
from automation.model.target import Target, TargetName
from automation.notion.finding import locate

log = structlog.get_logger()

FRESH = timedelta(minutes=10)
LOOK_AGAIN = timedelta(seconds=30)

Send = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Found:
    target: Target
    at: datetime


@dataclass(frozen=True, slots=True)
class _Missing:
    reason: str
    at: datetime


class Directory:
    """What the names in the rules stand for."""

    def __init__(self, send: Send | None, clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._names: dict[str, TargetName] = {}
        self._known: dict[str, _Found | _Missing] = {}
        self._lock = asyncio.Lock()

    def expect(self, names: Mapping[str, TargetName]) -> None:
        """The targets the rules name now, by the text a rule writes."""
        changed = {text for text, name in names.items() if self._names.get(text, name) != name}
        self._names = {**self._names, **names}
        for text in changed:
            self._known.pop(text, None)

    def missing(self, texts: Collection[str]) -> Mapping[str, str]:
        """Those of the targets that are not found, with the reason."""
        return {
            text: found.reason
            for text in texts
            if isinstance(found := self._known.get(text), _Missing)
        }

    async def find(self, texts: Collection[str]) -> Mapping[str, Target]:
        """The targets, looked up where needed; those that cannot be found are left out."""
        found = self._fresh(texts)
        if len(found) == len(texts):
            return found
        async with self._lock:
            for text in texts:
                target = await self._one(text)
                if target is not None:
                    found[text] = target
        return found

    async def look_again(self) -> Collection[str]:
        """Look up what the rules name and is not known yet; returns what was found just now."""
        unknown = [text for text in self._names if not isinstance(self._known.get(text), _Found)]
        return (await self.find(unknown)).keys()

    def forget(self, texts: Collection[str]) -> None:
        """Read these again at the next use: Notion's answer showed that they changed."""
        for text in texts:
            self._known.pop(text, None)

    def _fresh(self, texts: Collection[str]) -> dict[str, Target]:
        now = self._clock.now()
        return {
            text: held.target
            for text in texts
            if isinstance(held := self._known.get(text), _Found) and now - held.at < FRESH
        }

    async def _one(self, text: str) -> Target | None:
        held = self._known.get(text)
        now = self._clock.now()
        if isinstance(held, _Found) and now - held.at < FRESH:
            return held.target
        if isinstance(held, _Missing) and now - held.at < LOOK_AGAIN:
            return None
        return await self._look(text, held, now)

    async def _look(
        self, text: str, held: _Found | _Missing | None, now: datetime
    ) -> Target | None:
        if self._send is None:
            self._known[text] = _Missing("there is no Notion token (set NOTION_TOKEN)", now)
            return None
        name = self._names.get(text) or TargetName(name=text, text=text)
        try:
            target = await converse(locate(name), self._send)
        except StepFailed as error:
            reason = ". ".join(part for part in (str(error), error.remedy) if part)
            return self._miss(text, held, reason, now)
        except SendFailed as error:
            # Notion is away, not the target: an old schema still serves.
            if isinstance(held, _Found):
                return held.target
            return self._miss(text, held, str(error), now)
        if not isinstance(held, _Found):
            log.info("target.found", target=text, kind=target.kind.value, id=target.id)
        self._known[text] = _Found(target, now)
        return target

    def _miss(
        self, text: str, held: _Found | _Missing | None, reason: str, now: datetime
    ) -> Target | None:
        """Remember that it is missing; said once for each reason, not at every look."""
        if not isinstance(held, _Missing) or held.reason != reason:
            log.warning("target.missing", target=text, reason=reason)
        self._known[text] = _Missing(reason, now)
        return None


async def converse(talk: Generator[Request, Response, Target], send: Send) -> Target:
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
        found: Target = end.value
        return found
