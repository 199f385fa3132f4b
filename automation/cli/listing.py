"""`events` and `runs`: what the store holds, as a table or as JSON."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from automation import settings
from automation.model.errors import NotInStore, WrongUsage
from automation.model.run import Run, State
from automation.store.base import Store, StoredEvent
from automation.wiring import open_store

T = TypeVar("T")


def find_store(environ: Mapping[str, str]) -> str | None:
    """The database of this environment, if there is one already."""
    database = settings.read(environ).database
    there = database != "memory:" and Path(database.removeprefix("sqlite:///")).exists()
    return database if there else None


def with_store(work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with the store of this environment. Raises NotInStore if there is none yet."""
    database = find_store(os.environ)
    if database is None:
        path = settings.read(os.environ).database.removeprefix("sqlite:///")
        if path == "memory:":
            raise NotInStore("a database in memory can only be seen by the process that has it")
        raise NotInStore(f"there is no database {path} yet; `automation serve` makes it")

    async def run() -> T:
        store = open_store(database)
        await store.open()
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def list_events(*, limit: int, source: str, name: str, unmatched: bool, as_json: bool) -> int:
    """Newest first."""
    found = with_store(
        lambda store: store.events(
            limit=limit, source=source or None, name=name or None, unmatched=unmatched
        )
    )
    if as_json:
        print(json.dumps([event_json(one) for one in found], indent=2))
        return 0
    rows = [
        (one.event.id[:8], stamp(one.event.received_at), one.event.name, verdict(one))
        for one in found
    ]
    table(("event", "received", "name", "what came of it"), rows)
    return 0


def verdict(one: StoredEvent) -> str:
    """What came of an event, in words."""
    match one.state:
        case "new":
            return "to be planned"
        case "parked":
            return f"parked: {one.event.problem}"
        case _ if one.matched:
            return f"{one.matched} rule{'s' if one.matched > 1 else ''} fired"
        case _:
            return "no rule wanted it"


def event_json(one: StoredEvent) -> dict[str, Any]:
    """An event for machines; no payload."""
    return {
        "id": one.event.id,
        "source": one.event.source,
        "name": one.event.name,
        "received_at": one.event.received_at.isoformat(),
        "state": one.state,
        "matched": one.matched,
        "problem": one.event.problem,
        "bytes": len(one.event.body),
    }


def list_runs(*, limit: int, state: str, rule: str, event: str, as_json: bool) -> int:
    """Newest first."""
    if state and state not in set(State):
        raise WrongUsage(f"--state is one of {', '.join(State)}, not {state!r}")
    wanted = State(state) if state else None

    async def read(store: Store) -> Sequence[Run]:
        found = await store.event(event) if event else None
        return await store.runs(
            limit=limit,
            state=wanted,
            rule=rule or None,
            event=found.event.id if found else event or None,
        )

    found = with_store(read)
    if as_json:
        print(json.dumps([run_json(one) for one in found], indent=2))
        return 0
    rows = [
        (one.event_id[:8], one.rule_id, one.state.value, str(one.attempts), outcome(one))
        for one in found
    ]
    table(("event", "rule", "state", "tries", "what it did"), rows)
    return 0


def outcome(one: Run) -> str:
    """What a run wrote, or why not."""
    if one.wrote:
        return "; ".join(f"{wrote.what} {wrote.title or wrote.url}" for wrote in one.wrote)
    if one.waiting_for and not one.reason:
        return f"waits for the {one.waiting_for.replace(':', ' ', 1)}"
    return ". ".join(part for part in (one.reason, one.remedy) if part)


def run_json(one: Run) -> dict[str, Any]:
    """A run for machines."""
    return {
        "id": one.id,
        "event": one.event_id,
        "rule": one.rule_id,
        "state": one.state.value,
        "lane": one.lane,
        "attempts": one.attempts,
        "next_attempt_at": one.next_attempt_at.isoformat(),
        "reason": one.reason,
        "remedy": one.remedy,
        "finished_at": one.finished_at.isoformat() if one.finished_at else None,
        "wrote": [
            {"what": wrote.what, "page_id": wrote.page_id, "url": wrote.url, "title": wrote.title}
            for wrote in one.wrote
        ],
    }


def stamp(moment: datetime) -> str:
    """A time as people read it, in this machine's zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout, as wide as it needs to be when nobody looks."""
    if not rows:
        print("nothing yet", file=sys.stderr)
        return
    made = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=200, soft_wrap=True)
    console.print(made, markup=False, highlight=False)
