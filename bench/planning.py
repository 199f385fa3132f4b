"""How long `automation plan` takes over many recorded events.

A database is filled with pushes of 18 KB, issues, messages and meetings, all planned with the recipes;
then a folder in which rules were changed, added and taken away is planned over all of them.

`python -m bench.planning [how many]` prints what it took.
"""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from automation.cli.deliver import as_event, find
from automation.cli.files import recipes, rule_files
from automation.engine.load import load
from automation.engine.plan import plan
from automation.model.event import Event, document
from automation.sources.reading import read
from automation.store.sqlite import SqliteStore
from automation.wiring import actions
from bench.matching import push

MANY = 100_000
KINDS = (
    "push",
    "github.issues.opened",
    "github.issues.closed",
    "slack.message",
    "zoom.meeting.ended",
)

PROGRAM = """
import resource, sys
from automation.cli.app import app
try:
    app(sys.argv[1:])
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
"""
"""The command, and behind it the processor time and the most memory it used (kilobytes, on Linux)."""

ONE_MORE = """
[[rule]]
id = "issues-of-one-repository"
on = "github.issues"
when.repo = "acme/web"

[[rule.do]]
upsert = "Tasks"
match.URL = "{{ event.issue.html_url }}"
set.Name = "{{ event.issue.title }}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What it took: filling is not part of it. On a busy machine processor time says more than seconds."""

    events: int
    megabytes: float
    seconds: float
    processor_seconds: float
    peak_megabytes: float
    report: Any


def measure(events: int = MANY) -> Took:
    """Fill a database, plan over it in a process of its own, and take the time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(_fill(folder / "automation.db", events))
        size = sum(path.stat().st_size for path in folder.glob("automation.db*"))
        _propose(folder / "proposed")
        given = ["--rules", str(folder / "proposed"), "--current", str(recipes()), "--since", "30d"]
        command = [sys.executable, "-c", PROGRAM, "plan", *given, "--json"]
        begun = time.perf_counter()
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            env={**os.environ, "AUTOMATION_DATABASE": f"sqlite:///{folder / 'automation.db'}"},
        )
        seconds = time.perf_counter() - begun
    processor, peak = done.stderr.split()[-2:]
    return Took(
        events=events,
        megabytes=size / 1e6,
        seconds=seconds,
        processor_seconds=float(processor),
        peak_megabytes=int(peak) / 1e3,
        report=json.loads(done.stdout),
    )


async def _fill(path: Path, events: int) -> None:
    """Events of five kinds, planned at once with the recipes."""
    store = SqliteStore(str(path))
    await store.open()
    rules = load(rule_files([str(recipes())], ""), actions=actions()).rules
    await store.keep_text(rules.text)
    now = datetime.now(UTC)
    models = [push() if kind == "push" else as_event(find(kind, ""), now) for kind in KINDS]
    plans = [plan(one, document(one, read(one)), rules, now=now) for one in models]

    async def keep(number: int) -> None:
        at = now - timedelta(seconds=number)
        model = number % len(models)
        event = _another(models[model], at)
        await store.append(event)
        await store.save_plan(replace(plans[model], event_id=event.id, planned_at=at))

    for start in range(0, events, 500):
        await asyncio.gather(*(keep(number) for number in range(start, min(start + 500, events))))
    await store.close()


def _another(model: Event, at: datetime) -> Event:
    event_id = secrets.token_hex(10)
    return replace(model, id=event_id, keys=(event_id,), received_at=at)


def _propose(folder: Path) -> None:
    """The recipes with one rule changed, one taken away and one added."""
    shutil.copytree(recipes(), folder)
    commits = folder / "github-push-to-commits.toml"
    text = commits.read_text(encoding="utf-8")
    commits.write_text(text.replace("event.branch", "event.ref"), encoding="utf-8")
    (folder / "zoom-meeting-to-page.toml").unlink()
    (folder / "issues.toml").write_text(ONE_MORE, encoding="utf-8")


def main() -> None:
    """Measure and print."""
    took = measure(int(sys.argv[1]) if len(sys.argv) > 1 else MANY)
    print(
        f"{took.events:,} events, {took.megabytes:,.0f} MB: {took.seconds:.1f} s, of which {took.processor_seconds:.1f} s of work, {took.peak_megabytes:.0f} MB of memory"
    )
    for rule in took.report["rules"]:
        print(
            " ",
            rule["kind"],
            rule["rule"],
            {
                key: rule[key]
                for key in ("starts", "stops", "both", "differs", "exact", "pages", "requests")
            },
        )


if __name__ == "__main__":
    main()
