"""`automation plan`: proposed rules over recorded events. Nothing is written, nobody is asked."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from automation import settings
from automation.cli.explain import load_all
from automation.cli.files import rule_files
from automation.cli.listing import with_store
from automation.cli.report import Report, as_json, as_markdown, as_text
from automation.cli.tracing import show, stdout
from automation.engine.changes import KnownPage, against_known
from automation.engine.diff import Comparison, Example, RuleDifference, Seen
from automation.engine.rules import RuleSet
from automation.model.errors import RuleError, SettingsError
from automation.model.event import Event, document
from automation.model.run import Entry
from automation.notion.values import plain_page
from automation.sources.reading import read
from automation.store.base import Store, StoredEvent
from automation.wiring import actions

Form = Literal["text", "json", "markdown"]
PAGE = 500
"""How many events are read at once."""

_SPAN = re.compile(r"(\d{1,5}) ?(m|h|d|w|minutes?|hours?|days?|weeks?)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is compared, over which events."""

    before: RuleSet
    after: RuleSet
    since: datetime


def plan_rules(*, proposed: str, current: str, since: str, form: Form) -> int:
    """Print what the proposed rules would do otherwise. 1 if a rule of either folder does not load."""
    now = datetime.now(UTC)
    try:
        question = Question(
            before=load_all(rule_files(None, current)),
            after=load_all(rule_files([proposed], "")),
            since=moment(since, now),
        )
    except RuleError as error:
        print(error, file=sys.stderr)
        return 1
    compared = with_store(lambda store: _compare(store, question))
    report = Report(
        current=current,
        proposed=proposed,
        since=question.since,
        comparison=compared,
        requests_per_minute=settings.read(os.environ).requests_per_minute,
    )
    match form:
        case "json":
            print(json.dumps(as_json(report), indent=2, ensure_ascii=False, default=str))
        case "markdown":
            print(as_markdown(report))
        case "text":
            console = stdout()
            show(list(as_text(report, console.width)), console)
    return 0


def moment(text: str, now: datetime) -> datetime:
    """`7d`, `12 hours`, or an ISO date or time. Raises SettingsError."""
    found = _SPAN.fullmatch(text.strip())
    if found is not None:
        return now - timedelta(**{_UNITS[found[2][0]]: int(found[1])})
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError("--since", f"is a span such as 7d, or a date, not {text!r}") from error
    return given if given.tzinfo else given.astimezone()


# the events ---------------------------------------------------------------------------------------


async def _compare(store: Store, question: Question) -> Comparison:
    comparison = Comparison(question.before, question.after, actions=actions())
    for name in comparison.names():
        async for page in _pages(store, name, question.since):
            for one in page:
                comparison.add(_seen(one))
    for rule in comparison.rules.values():
        rule.examples[:] = [await _with_known(store, rule, one) for one in rule.examples]
    return comparison


async def _pages(store: Store, name: str, since: datetime) -> AsyncIterator[Sequence[StoredEvent]]:
    """The readable events of the name and below, newest first, one page ahead."""

    async def fetch(before: int | None) -> Sequence[StoredEvent]:
        return await store.events(limit=PAGE, name=name, before_seq=before)

    coming = asyncio.create_task(fetch(None))
    while page := await coming:
        coming = asyncio.create_task(fetch(page[-1].seq))
        await asyncio.sleep(0)  # let it begin: its thread reads while this page is compared
        recent = [one for one in page if one.event.received_at >= since]
        yield [one for one in recent if not one.event.problem]
        if len(recent) < len(page):
            await coming
            return


def _seen(one: StoredEvent) -> Seen:
    event = one.event
    return Seen(
        id=event.id,
        name=event.name,
        now=one.planned_at or event.received_at,
        read=lambda: _document(event),
    )


def _document(event: Event) -> Mapping[str, Any]:
    return document(event, read(event))


# what is known of pages ---------------------------------------------------------------------------


async def _with_known(store: Store, rule: RuleDifference, one: Example) -> Example:
    """The example's changes beside what the runs of its event saw of the pages."""
    version = rule.after or rule.before
    assert version is not None
    pages = await _known(store, one.event)
    changes = tuple(against_known(change, pages, version.zone) for change in one.changes)
    return replace(one, changes=changes)


async def _known(store: Store, event_id: str) -> list[KnownPage]:
    """Pages in the journals of the event's runs, the newest state of each first."""
    found: list[KnownPage] = []
    for run in await store.runs(limit=1_000, event=event_id):
        for entry in await store.journal(run.id):
            found += _pages_of(entry)
    return list(reversed(found))


def _pages_of(entry: Entry) -> list[KnownPage]:
    body = entry.response.body if entry.response is not None else None
    if not isinstance(body, Mapping):
        return []
    results = body.get("results") if body.get("object") == "list" else [body]
    return [
        KnownPage(
            id=str(one["id"]),
            url=str(one.get("url") or ""),
            properties=plain_page(one)["properties"],
        )
        for one in results or ()
        if isinstance(one, Mapping) and one.get("object") == "page" and "properties" in one
    ]
