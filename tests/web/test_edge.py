"""The HTTP door over real sockets: verdicts, bounds, and clients that are slow, silent or lie."""

import asyncio
import contextlib
import json
import os
import resource
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from automation import settings
from automation.cli.files import samples
from automation.sources.discover import discover
from automation.web import app as web_app
from automation.web import server as web_server
from automation.wiring import Service, build_service

pytestmark = pytest.mark.anyio
SECRET = "a secret of these tests"


@dataclass(frozen=True)
class Door:
    """A running service and where it listens."""

    service: Service
    port: int

    async def raw(self, data: bytes, *, wait: float = 20.0) -> bytes:
        """Everything the server answers to these bytes, until it closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(wait):
                return await reader.read()
        finally:
            writer.close()

    async def post(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Status and body of one POST."""
        given = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": str(len(body))}
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in (given | headers).items()]
        head = "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")
        return parse(await self.raw(head + body))

    async def deliver(self, name: str, body: bytes, **more: str) -> tuple[int, bytes]:
        """A signed delivery."""
        source, _, event = name.partition(".")
        now = datetime.now(UTC)
        made = discover()[source].sign(
            body, secret=SECRET.encode(), now=now, event=event, delivery=os.urandom(8).hex()
        )
        return await self.post(f"/hooks/{source}", body, **{**made, **more})

    async def events(self) -> int:
        """How many events are in the store."""
        return len(await self.service.store.events(limit=1000))


def parse(answer: bytes) -> tuple[int, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(web_server, "HEADER_SECONDS", 1.0)
    monkeypatch.setattr(web_app, "BODY_SECONDS", 1.0)
    rules = tmp_path / "rules"
    rules.mkdir()
    environ = {
        "AUTOMATION_RULES": str(rules),
        "AUTOMATION_DATABASE": f"sqlite:///{tmp_path / 'a.db'}",
        "AUTOMATION_PORT": "0",
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "ZOOM_WEBHOOK_SECRET_TOKEN": SECRET,
        "SLACK_SIGNING_SECRET": "",
    }
    service = await build_service(settings.read(environ), environ)
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop=stop))
    while not service.server.started:  # noqa: ASYNC110  # uvicorn tells nobody
        await asyncio.sleep(0.01)
    port = service.server.servers[0].sockets[0].getsockname()[1]
    yield Door(service, port)
    stop.set()
    await running
    await service.close()


def sample(name: str) -> bytes:
    return dict(samples())[name].read_bytes().rstrip(b"\n")


async def test_a_signed_delivery_is_answered_with_its_event(door: Door) -> None:
    status, body = await door.deliver("github.push", sample("github.push"))
    assert status == 200
    event = await door.service.store.event(json.loads(body)["event"])
    assert event is not None
    assert event.event.body == sample("github.push")


async def test_the_same_delivery_again_is_a_duplicate(door: Door) -> None:
    first = await door.deliver("github.push", sample("github.push"))
    again = await door.deliver("github.push", sample("github.push"))
    assert json.loads(again[1]) == {"event": json.loads(first[1])["event"], "duplicate": True}
    assert await door.events() == 1


async def test_the_zoom_handshake_is_answered(door: Door) -> None:
    body = sample("zoom.endpoint.url_validation")
    status, answer = await door.deliver("zoom.endpoint.url_validation", body)
    assert status == 200
    assert json.loads(answer)["plainToken"] == json.loads(body)["payload"]["plainToken"]
    assert await door.events() == 0


async def test_a_bad_signature_is_401_and_says_no_more(door: Door) -> None:
    status, body = await door.deliver(
        "github.push", b"{}", **{"X-Hub-Signature-256": "sha256=" + "0" * 64}
    )
    assert (status, json.loads(body)) == (401, {"error": "bad signature"})
    assert (await door.post("/hooks/github", b"{}"))[0] == 401
    assert await door.events() == 0


@pytest.mark.parametrize(
    "path", ["/hooks/slack", "/hooks/nobody", "/hooks/", "/hooks", "/", "/hooks/github/"]
)
async def test_an_unknown_or_closed_source_is_404(door: Door, path: str) -> None:
    """Slack has an empty secret here, which is no secret."""
    assert (await door.post(path, b"{}"))[0] == 404


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
async def test_another_content_type_is_415(door: Door, kind: str) -> None:
    assert (await door.deliver("github.push", b"{}", **{"Content-Type": kind}))[0] == 415


async def test_a_compressed_body_is_415(door: Door) -> None:
    assert (await door.deliver("github.push", b"{}", **{"Content-Encoding": "gzip"}))[0] == 415


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe{}", b'{"a":1,"a":2}', b'{"a":NaN}', b"[1]", b"not json", b""],
    ids=["not utf-8", "duplicate keys", "NaN", "a list", "text", "empty"],
)
async def test_a_signed_body_that_cannot_be_read_is_kept_and_parked(
    door: Door, body: bytes
) -> None:
    status, answer = await door.deliver("github.push", body)
    assert status == 200
    event = await door.service.store.event(json.loads(answer)["event"])
    assert event is not None
    assert (event.state, event.event.body, bool(event.event.problem)) == ("parked", body, True)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\udc00\\ud800"}',
        '{"a": "\U0001f600"}'.encode(),
    ],
    ids=["NUL", "lone surrogate", "reversed pair", "emoji"],
)
async def test_a_body_with_odd_characters_is_an_event(door: Door, body: bytes) -> None:
    status, answer = await door.deliver("github.push", body)
    event = await door.service.store.event(json.loads(answer)["event"])
    assert event is not None
    assert (status, event.event.body, event.event.name) == (200, body, "github.push")


@pytest.mark.parametrize(
    "body",
    [b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"a":[' + b"[]," * 8_000_000 + b"1]}"],
    ids=["deep", "25 MB of []"],
)
async def test_a_body_of_too_many_nodes_or_too_deep_is_400(door: Door, body: bytes) -> None:
    assert (await door.deliver("github.push", body))[0] == 400
    assert await door.events() == 0


async def test_a_declared_size_over_the_cap_is_413_before_it_is_read(door: Door) -> None:
    head = b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000\r\n\r\n"
    assert parse(await door.raw(head))[0] == 413


async def test_an_endless_chunked_body_is_413_at_the_cap_and_costs_no_memory(door: Door) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    sent = 0
    answer = b""
    with contextlib.suppress(ConnectionError):
        while sent < 500:
            writer.write(chunk)
            await writer.drain()
            sent += 1
    with contextlib.suppress(ConnectionError):
        answer = await reader.read()
    writer.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert answer == b"" or parse(answer)[0] == 413
    assert sent < 500
    assert grown < 150_000  # kilobytes: the cap of 25 MB, and what the allocator holds of it


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"POST /hooks/github HT",
        b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    ],
    ids=["silent", "in the request line", "in a header"],
)
async def test_a_client_that_does_not_finish_its_head_is_cut_off(door: Door, start: bytes) -> None:
    assert await door.raw(start, wait=5) == b""


async def test_a_client_that_does_not_finish_its_body_is_cut_off(door: Door) -> None:
    head = b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"
    answer = await door.raw(head, wait=8)
    assert answer == b"" or parse(answer)[0] == 400


async def test_slow_clients_delay_nobody(door: Door) -> None:
    """200 connections that never finish, and a delivery among them."""
    slow = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(200)]
    for _, writer in slow:
        writer.write(b"POST /hooks/github HTTP/1.1\r\nX: ")
    started = asyncio.get_running_loop().time()
    assert (await door.deliver("github.push", sample("github.push")))[0] == 200
    assert asyncio.get_running_loop().time() - started < 1.0
    for reader, writer in slow:
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()


@pytest.mark.parametrize("host", ["a/hook?x=#", "evil.example\\x", "", "a b"])
async def test_a_malformed_host_is_refused(door: Door, host: str) -> None:
    status, body = await door.deliver("github.push", b"{}", Host=host)
    assert status == 400
    assert host.encode() == b"" or host.encode() not in body


async def test_nothing_is_built_from_the_host(door: Door) -> None:
    """No redirect, whatever the path and the Host say."""
    answer = await door.raw(
        b"POST /hooks/github/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    assert parse(answer)[0] == 404
    assert b"evil" not in answer
    assert b"location" not in answer.lower()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "TRACE", "FOO"])
async def test_other_methods_are_405(door: Door, method: str) -> None:
    head = f"{method} /hooks/github HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert parse(await door.raw(head.encode()))[0] == 405


async def test_a_head_of_a_megabyte_is_refused(door: Door) -> None:
    head = b"POST /hooks/github HTTP/1.1\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n"
    try:
        answer = await door.raw(head)
    except ConnectionError:
        return
    assert answer == b"" or parse(answer)[0] == 400


async def test_answers_say_nothing_of_the_server(door: Door) -> None:
    answer = await door.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head = answer.lower().partition(b"\r\n\r\n")[0]
    assert b"server:" not in head
    assert b"x-content-type-options: nosniff" in head


async def test_health_readiness_and_metrics(door: Door) -> None:
    await door.deliver("github.push", sample("github.push"))

    async def get(path: str) -> bytes:
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        status, body = parse(await door.raw(head.encode()))
        assert status == 200
        return body

    assert json.loads(await get("/healthz")) == {"ok": True}
    ready = json.loads(await get("/readyz"))
    assert (ready["ready"], ready["rules"], ready["broken"], ready["waiting"]) == (True, 0, [], [])
    metrics = (await get("/metrics")).decode()
    assert 'automation_deliveries_total{source="github",verdict="accepted"} 1.0' in metrics
    assert "automation_ack_seconds_count" in metrics
