"""Many clients and one loop: who is let in when, what is cut off, and that answers stay whole."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from automation import settings
from automation.web import app as web_app
from automation.web import server as web_server
from automation.web.server import Turnstile
from automation.wiring import build_service

pytestmark = pytest.mark.anyio
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"


async def next_turn() -> None:
    await asyncio.sleep(0)


async def test_a_turn_lets_so_many_in_and_the_others_follow_in_their_order() -> None:
    turnstile, done = Turnstile(), list[int]()
    many = web_server.CLIENTS_A_TURN * 2 + 1
    for number in range(many):
        turnstile.enter(partial(done.append, number))
    seen = [len(done)]
    for _ in range(3):
        await next_turn()
        seen.append(len(done))
    assert done == list(range(many))
    assert seen == [many // 2, many - 1, many, many]


async def test_who_comes_while_others_wait_is_behind_them() -> None:
    turnstile, done = Turnstile(), list[str]()
    for _ in range(web_server.CLIENTS_A_TURN):
        turnstile.enter(lambda: None)
    turnstile.enter(lambda: done.append("waited"))
    asyncio.get_running_loop().call_soon(lambda: turnstile.enter(lambda: done.append("late")))
    await next_turn()
    await next_turn()
    assert done == ["waited", "late"]


async def test_other_work_has_its_turn_between_clients() -> None:
    turnstile, order = Turnstile(), list[str]()
    room = ["client"] * web_server.CLIENTS_A_TURN
    for name in room * 3:
        turnstile.enter(partial(order.append, name))
    asyncio.get_running_loop().call_soon(order.append, "other")
    for _ in range(3):
        await next_turn()
    assert order == [*room, *room, "other", *room]


async def test_beside_a_delivery_clients_come_in_one_by_one() -> None:
    delivering = True
    turnstile, done = Turnstile(lambda: delivering), list[int]()
    for number in range(20):
        turnstile.enter(partial(done.append, number))
    await next_turn()
    assert done == [0, 1]
    delivering = False
    await next_turn()
    assert done == list(range(2 + web_server.CLIENTS_A_TURN))


@pytest.fixture
async def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A running service whose clocks are short."""
    monkeypatch.setattr(web_server, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(web_app, "BODY_SECONDS", 0.5)
    rules = tmp_path / "rules"
    rules.mkdir()
    environ = {
        "AUTOMATION_RULES": str(rules),
        "AUTOMATION_DATABASE": f"sqlite:///{tmp_path / 'a.db'}",
        "AUTOMATION_PORT": "0",
        "GITHUB_WEBHOOK_SECRET": "a secret of these tests",
    }
    service = await build_service(settings.read(environ), environ)
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop=stop))
    while not service.server.started:  # noqa: ASYNC110  # uvicorn tells nobody
        await asyncio.sleep(0.01)
    yield service.server.servers[0].sockets[0].getsockname()[1]
    stop.set()
    await running
    await service.close()


async def answer(reader: asyncio.StreamReader) -> bytes:
    """One whole answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"content-length")
    )
    return head + await reader.readexactly(length)


@pytest.mark.parametrize(
    "slow", [b"POST /hooks/github HT", HEAD + b"{"], ids=["in the head", "in the body"]
)
async def test_the_second_request_of_a_connection_has_its_own_clock(port: int, slow: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEALTH)
    assert b'{"ok": true}' in await answer(reader)
    writer.write(slow)
    async with asyncio.timeout(4):  # uvicorn's own limit for a silent connection is longer
        assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_answers_quickly_is_never_cut_off(port: int) -> None:
    """Longer in all than a head may take, each request in time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(8):
        writer.write(HEALTH)
        assert b'{"ok": true}' in await answer(reader)
        await asyncio.sleep(0.15)
    writer.close()


async def test_requests_sent_at_once_are_answered_one_after_another(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEALTH * 20)
    for _ in range(20):
        assert b'{"ok": true}' in await answer(reader)
    writer.close()


async def test_an_answer_is_one_packet(port: int) -> None:
    """Head and body are not sent apart: the second would wait for the first to be acknowledged."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEALTH)
    assert (await reader.read(65536)).endswith(b'{"ok": true}')
    writer.close()


async def test_a_request_that_asks_first_may_go_on(port: int) -> None:
    """Expect: 100-continue is answered before the body is sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(b"0123456789")
    assert (await answer(reader)).startswith(b"HTTP/1.1 401")
    writer.close()


async def test_a_connection_past_the_most_is_closed_at_once(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "MAX_CONNECTIONS", 3)
    some = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    for reader, writer in some:
        writer.write(HEALTH)
        assert b'{"ok": true}' in await answer(reader)
    reader, late = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(4):
        assert await reader.read() == b""
    late.close()
    for _, writer in some:
        writer.close()
