"""`automation demo`: the whole job once. Signed deliveries and a tick go in; the report is read back
from Notion's side through its API, not from our own tables.
"""

import asyncio
import json
import logging
import secrets
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from automation import settings
from automation.cli.deliver import headers_for, sample
from automation.cli.files import recipes
from automation.cli.logs import set_up
from automation.cli.reading import Page, read_pages
from automation.emulator import serve as local
from automation.emulator.seed import describe
from automation.model.run import Run, State
from automation.outbound.client import NotionClient
from automation.outbound.post import post
from automation.scheduler import tick
from automation.settings import LogStyle
from automation.sources.discover import discover
from automation.store.base import StoredEvent
from automation.wiring import Service, build_service, event_ids

DELIVERIES = (
    "github.issues.opened",
    "github.push",
    "zoom.endpoint.url_validation",
    "zoom.meeting.ended",
    "slack.app_mention",
    "github.push",
    "github.issues.closed",
)
"""The second push is the same delivery again, as a sender repeats one."""

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came in, what fired, what stands in Notion now."""

    answers: Sequence[tuple[str, int, str]]
    events: Sequence[StoredEvent]
    runs: Sequence[Run]
    pages: Sequence[Page]
    requests: int

    @property
    def good(self) -> bool:
        """Whether everything was taken and done."""
        taken = all(status == 200 for _, status, _ in self.answers)
        return taken and bool(self.pages) and all(run.state is State.DONE for run in self.runs)


def run(*, as_json: bool) -> int:
    """Run it and print the report; 0 if everything was done."""
    set_up(LogStyle.TEXT, logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="automation-demo-") as folder:
        report = asyncio.run(_play(Path(folder)))
    if as_json:
        print(json.dumps(to_json(report), indent=2, ensure_ascii=False))
    else:
        print(render(report))
    return 0 if report.good else 1


async def _play(folder: Path) -> Report:
    emulator = local.build("demo", 180)
    with local.listen(0) as notion_socket, local.listen(0) as own_socket:
        base_url = f"http://127.0.0.1:{notion_socket.getsockname()[1]}"
        own_url = f"http://127.0.0.1:{own_socket.getsockname()[1]}"
        notion = local.server(emulator)
        serving = asyncio.create_task(notion._serve(sockets=[notion_socket]), name="emulator")  # noqa: SLF001
        facts = describe(emulator.workspace, base_url)
        say(f"a local Notion is at {base_url}, the service at {own_url}")
        environ = environment(folder, base_url, facts["token"])
        service = await build_service(settings.read(environ), environ)
        stop = asyncio.Event()
        running = asyncio.create_task(service.run(sockets=[own_socket], stop=stop), name="service")
        try:
            while not service.server.started and not running.done():  # noqa: ASYNC110  # no event for it
                await asyncio.sleep(0.01)
            return await _deliver(service, own_url, environ, facts)
        finally:
            stop.set()
            await running
            await service.close()
            notion.should_exit = True
            await serving


def environment(folder: Path, base_url: str, token: str) -> dict[str, str]:
    """The settings of the demo: fresh secrets, a database that is thrown away."""
    fixed = {
        "NOTION_BASE_URL": base_url,
        "NOTION_TOKEN": token,
        "AUTOMATION_RULES": str(recipes()),
        "AUTOMATION_DATABASE": f"sqlite:///{folder / 'demo.db'}",
    }
    made = {one.secret_variable: secrets.token_hex(20) for one in discover().values()}
    return {**fixed, **made}


async def _deliver(
    service: Service, own_url: str, environ: dict[str, str], facts: dict[str, Any]
) -> Report:
    answers = []
    bodies: dict[str, tuple[bytes, dict[str, str]]] = {}
    for name in DELIVERIES:
        if name not in bodies:
            bodies[name] = _signed(name, environ)
        body, headers = bodies[name]
        status, text = await asyncio.to_thread(
            post, f"{own_url}/hooks/{name.partition('.')[0]}", body, headers
        )
        answers.append((name, status, text))
        say(f"  sent {name:<30} {status} {text[:60]}")
    await _tick(service)
    await _settle(service)
    return await _report(service, answers, facts)


def _signed(name: str, environ: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    payload = sample(name)
    variable = discover()[payload.source].secret_variable
    secret = environ[variable].encode()
    return payload.body, dict(headers_for(payload, secret=secret, now=datetime.now(UTC)))


async def _tick(service: Service) -> None:
    """The weekday digest's tick, now instead of at nine."""
    now = datetime.now(UTC)
    new_id = event_ids()
    await service.store.append(tick("weekday-digest", now, event_id=new_id(), now=now))
    say("  tick schedule.weekday-digest           (now, instead of at nine)")


async def _settle(service: Service) -> None:
    """Until everything that came in has ended; what has not by then stands in the report."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _ended(service)


async def _ended(service: Service) -> None:
    while True:
        counts = await service.store.counts()
        open_runs = sum(counts.runs.get(state, 0) for state in ("pending", "running", "waiting"))
        if not counts.events.get("new") and not open_runs:
            return
        await asyncio.sleep(0.05)


async def _report(
    service: Service, answers: list[tuple[str, int, str]], facts: dict[str, Any]
) -> Report:
    base_url, token = facts["base_url"], facts["token"]
    async with NotionClient(base_url=base_url, token=token) as client:
        pages = await read_pages(client, facts)
    return Report(
        answers=answers,
        events=list(reversed(await service.store.events(limit=100))),
        runs=list(reversed(await service.store.runs(limit=100))),
        pages=pages,
        requests=service.governor.sent,
    )


# the report ---------------------------------------------------------------------------------------


def render(report: Report) -> str:
    """As a newcomer reads it."""
    lines = ["", "What came in, and which rule fired"]
    for stored in report.events:
        runs = [run for run in report.runs if run.event_id == stored.event.id]
        lines.append(f"  {stored.event.name}")
        lines += [f"    → {run.rule_id}: {done(run)}" for run in runs] or [
            "    → no rule wanted it"
        ]
    lines += ["", "What stands in Notion now (read back through its API)"]
    for page in report.pages:
        lines.append(f"  {page.where}: {page.title}")
        lines += [f"      {line}" for line in page.lines]
    repeated = sum('"duplicate": true' in text for _, _, text in report.answers)
    lines += [
        "",
        (
            f"{len(report.answers)} deliveries and 1 tick, {repeated} of them a repetition that"
            f" changed nothing; {report.requests} requests to Notion."
        ),
        "",
        "Next, for real:",
        "  1. automation init my-rules && cd my-rules && automation check .",
        "  2. make a connection in Notion, share your databases with it, export NOTION_TOKEN=ntn_…",
        "  3. export GITHUB_WEBHOOK_SECRET=…   (or Slack, Zoom: docs/connect.md)",
        "  4. AUTOMATION_RULES=. automation serve",
        "",
        "Or look around first, still without a token: automation serve --emulator",
    ]
    return "\n".join(lines)


def done(run: Run) -> str:
    """What a run did, in words."""
    if run.state is not State.DONE:
        return f"{run.state.value} ({run.reason})"
    made = [f"{one.what} “{one.title}”" for one in run.wrote if one.what != "unchanged"]
    return ", ".join(made) or "nothing to change"


def to_json(report: Report) -> dict[str, Any]:
    """For machines."""
    return {
        "answers": [
            {"name": name, "status": status, "body": text} for name, status, text in report.answers
        ],
        "events": [{"id": one.event.id, "name": one.event.name} for one in report.events],
        "runs": [{"rule": one.rule_id, "state": one.state.value} for one in report.runs],
        "pages": [
            {"where": one.where, "title": one.title, "lines": list(one.lines)}
            for one in report.pages
        ],
        "requests": report.requests,
        "good": report.good,
    }


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)
