"""Real payloads and published signature vectors, read from AUTOMATION_TEST_DATA."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from automation.model.errors import BadSignature, UnsupportedMedia
from automation.model.event import Challenge, Event, Ignored, Received, WebhookRequest
from automation.sources.base import dotted
from automation.sources.discover import discover
from automation.store.sqlite import MEMORY, SqliteStore
from tests.world import data

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = b"a secret of this test"
SCHEMES = {"github-sha256": "github", "slack-v0": "slack", "zoom-v0": "zoom"}


def receive(
    source: str, headers: dict[str, str], body: bytes, secret: bytes, now: datetime
) -> Received:
    request = WebhookRequest(
        id=f"{abs(hash((source, body))):020x}",
        source=source,
        headers=tuple((name.lower(), value) for name, value in headers.items()),
        body=body,
        received_at=now,
    )
    return discover()[source].receive(request, [secret], now)


def deliver(source: str, event: str, body: bytes, **more: str) -> Received:
    headers = discover()[source].sign(body, secret=SECRET, now=NOW, event=event, delivery=event)
    return receive(source, {**headers, **more}, body, SECRET, NOW)


def github() -> Iterator[tuple[Path, str]]:
    """Every GitHub payload with the name it must get."""
    for path in sorted(data("webhooks", "github").glob("[a-z]*/*.json")):
        kind, action = path.parent.name, json.loads(path.read_bytes()).get("action")
        yield path, dotted("github", kind, action)


def test_every_github_delivery_is_named() -> None:
    for path, name in github():
        received = deliver("github", path.parent.name, path.read_bytes())
        if path.parent.name == "ping":
            assert isinstance(received, Ignored), path.name
        else:
            assert isinstance(received, Event), path.name
            assert (received.name, received.problem) == (name, None), path.name


def test_the_captured_form_delivery_is_a_ping() -> None:
    folder = data("webhooks", "github", "_form")
    given: dict[str, str] = json.loads((folder / "ping.headers.json").read_text())
    body = (folder / "ping.body").read_bytes().rstrip(b"\n")
    received = deliver("github", "ping", body, **{"Content-Type": given["content-type"]})
    assert isinstance(received, Ignored)


def test_every_slack_delivery_is_named() -> None:
    paths = [
        path
        for path in sorted(data("webhooks", "slack").iterdir())
        if path.suffix in {".json", ".form"}
    ]
    assert paths
    for path in paths:
        received = deliver("slack", "x", path.read_bytes().strip())
        if path.name.startswith("url_verification"):
            assert isinstance(received, Challenge)
        else:
            assert isinstance(received, Event), path.name
            assert received.problem is None, path.name
            assert received.name not in {"slack.unknown", "slack.unreadable"}, path.name


def test_every_zoom_delivery_is_named_as_its_event() -> None:
    folder = data("webhooks", "zoom")
    paths = [path for path in sorted(folder.rglob("*.json")) if path.name != "headers.json"]
    assert paths
    for path in paths:
        body = path.read_bytes()
        received = deliver("zoom", "x", body)
        name = json.loads(body)["event"]
        if name == "endpoint.url_validation":
            assert isinstance(received, Challenge)
        else:
            assert isinstance(received, Event), path.name
            assert (received.name, received.problem) == (f"zoom.{name}", None)


@pytest.mark.anyio
async def test_every_delivery_is_stored_once() -> None:
    store = SqliteStore(MEMORY)
    await store.open()
    for path, _ in github():
        received = deliver("github", path.parent.name, path.read_bytes())
        if isinstance(received, Event):
            first, again = await store.append(received), await store.append(received)
            assert (again.event_id, again.duplicate) == (first.event_id, True)
    await store.close()


def test_every_published_verdict_is_reproduced() -> None:
    vectors: list[dict[str, Any]] = json.loads(data("webhooks", "signatures.json").read_text())
    built = [one for one in vectors if one["scheme"] in SCHEMES]
    assert built
    for one in built:
        now = datetime.fromtimestamp(one.get("now") or NOW.timestamp(), UTC)
        try:
            receive(
                SCHEMES[one["scheme"]],
                one["headers"],
                one["body"].encode(),
                one["secret"].encode(),
                now,
            )
            verdict = "valid"
        except UnsupportedMedia:
            # The vector has no content type; its signature held.
            verdict = "valid"
        except BadSignature:
            verdict = "invalid"
        assert verdict == one["expected"], one["id"]
