"""Commands as a person calls them, and a store with something in it."""

import asyncio
import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from automation.cli.app import main
from automation.cli.deliver import as_event, find
from automation.engine.plan import plan
from automation.model.event import Event, document
from automation.sources.reading import read
from automation.store.base import Store
from automation.store.sqlite import SqliteStore
from tests.engine.some import rule_set
from tests.processes import clean

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.out)


def called(folder: Path, *words: str, environ: Mapping[str, str]) -> Said:
    """A command run in this process, in a folder and an environment of its own."""
    out, err = io.StringIO(), io.StringIO()
    kept = sys.argv, dict(os.environ)
    sys.argv = ["automation", *words]
    os.environ.clear()
    os.environ.update(clean(environ))
    try:
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            main()
    except SystemExit as end:
        return Said(int(end.code or 0), out.getvalue(), err.getvalue())
    finally:
        sys.argv = kept[0]
        os.environ.clear()
        os.environ.update(kept[1])
    raise AssertionError("a command ends by leaving")


class Desk:
    """A folder to work in, with a rules folder and a database that is not there yet."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch
        self.database = folder / "automation.db"
        (folder / "rules").mkdir()
        monkeypatch.chdir(folder)
        for name in ("NOTION_TOKEN", "AUTOMATION_RULES", "AUTOMATION_DATABASE"):
            monkeypatch.delenv(name, raising=False)

    def rules(self, text: str, name: str = "a.toml", folder: str = "rules") -> Path:
        """Write a rules file."""
        path = self.folder / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def call(self, *arguments: str) -> Said:
        """Run a command."""
        out, err = io.StringIO(), io.StringIO()
        self._patch.setattr("sys.argv", ["automation", *arguments])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
        return Said(code, out.getvalue(), err.getvalue())

    def store(self, work: Callable[[Store], Coroutine[Any, Any, Any]]) -> Any:
        """Do something with the database, making it if need be."""

        async def run() -> Any:
            store = SqliteStore(str(self.database))
            await store.open()
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(run())

    def planned(self, *events: Event, files: Mapping[str, str] | None = None) -> None:
        """Keep events and plan them with the rules as they are in the folder now."""
        texts = files or {
            str(path.relative_to(self.folder)): path.read_text(encoding="utf-8")
            for path in (self.folder / "rules").rglob("*.toml")
        }
        rules = rule_set(texts)

        async def work(store: Store) -> None:
            await store.keep_text(rules.text)
            for event in events:
                await store.append(event)
                seen = document(event, read(event))
                await store.save_plan(plan(event, seen, rules, now=event.received_at))

        self.store(work)


def sample(name: str, now: datetime = NOW) -> Event:
    """A sample payload as the event it would be."""
    return as_event(find(name, ""), now)


def made(number: int, name: str = "github.push", /, **fields: Any) -> Event:
    """An event of our own."""
    return Event(
        id=f"{number:020x}",
        source=name.partition(".")[0],
        name=name,
        keys=(f"k{number}",),
        received_at=NOW,
        body=json.dumps(fields).encode(),
    )
