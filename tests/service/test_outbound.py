"""The client against servers that misbehave: every request ends in time, as an answer, not sent, or doubtful."""

import asyncio
import gzip
import json
import re
import socket
import traceback
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from automation.model.errors import Doubtful, NotSent
from automation.notion import wire
from automation.outbound import client as client_module
from automation.outbound.client import NotionClient
from automation.outbound.post import post

pytestmark = pytest.mark.anyio

TOKEN = "ntn_canary_4711"
REQUEST = wire.update_page("0123", {"properties": {}})
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A server that says this to everybody; its address."""

    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(serve(reader, writer)))

    made = await asyncio.start_server(begin, "127.0.0.1", 0)
    port = made.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        made.close()
        for one in talks:
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def says(data: bytes, *, drip: float = 0) -> Talk:
    """Read a head, then send these bytes, all at once or one by one."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not drip:
            writer.write(data)
            await writer.drain()
            return
        for byte in data:
            writer.write(bytes([byte]))
            await asyncio.sleep(drip)

    return talk


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def client(base_url: str, *, deadline: float = 5.0) -> AsyncIterator[NotionClient]:
    async with NotionClient(base_url=base_url, token=TOKEN, deadline=deadline) as made:
        yield made


async def test_an_answer_is_given_as_it_came() -> None:
    page = answer(b"<h1>Bad gateway</h1>", "X-Test: Yes", status="502 Bad Gateway")
    async with server(says(page)) as address, client(address) as notion:
        got = await notion.send(REQUEST)
    assert (got.status, got.headers["x-test"], got.body) == (502, "Yes", b"<h1>Bad gateway</h1>")


async def test_the_version_the_token_and_the_body_go_out() -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        length = re.search(rb"content-length: (\d+)", heard[0].lower())
        assert length is not None
        heard.append(await reader.readexactly(int(length[1])))
        writer.write(answer(b"{}"))

    async with server(talk) as address, client(f"{address}/v1/") as notion:
        await notion.send(REQUEST)
    head = heard[0].decode().lower()
    assert head.startswith("patch /v1/pages/0123 http/1.1")
    assert f"authorization: bearer {TOKEN}" in head
    assert "notion-version: 2026-03-11" in head
    assert json.loads(heard[1]) == {"properties": {}}


DOUBTFUL = {
    "closed before an answer": says(b""),
    "closed in the head": says(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "closed in the body": says(answer(b"{}")[:-1]),
    "not HTTP": says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "a broken encoding": says(answer(b"not gzip", "Content-Encoding: gzip")),
    "a drip": says(answer(b"{}" * 1000), drip=0.05),
    "eleven megabytes": says(answer(b"x" * 11_000_000)),
    "a bomb": says(answer(gzip.compress(b"0" * 40_000_000), "Content-Encoding: gzip")),
}


@pytest.mark.parametrize("talk", DOUBTFUL.values(), ids=DOUBTFUL.keys())
async def test_an_answer_that_never_comes_whole_is_doubtful(talk: Talk) -> None:
    async with server(talk) as address, client(address, deadline=1.0) as notion:
        with pytest.raises(Doubtful):
            await notion.send(REQUEST)


async def test_an_answer_without_end_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_ANSWER_BYTES", 1_000_000)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            writer.write(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
            await writer.drain()

    async with server(talk) as address, client(address) as notion:
        tracemalloc.start()
        with pytest.raises(Doubtful, match="larger than"):
            await notion.send(REQUEST)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 20_000_000


async def test_a_silent_server_is_left_at_the_deadline() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with server(talk) as address, client(address, deadline=0.2) as notion:
        with pytest.raises(Doubtful, match="no answer within"):
            await notion.send(REQUEST)


async def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with client(f"http://127.0.0.1:{port}") as notion:
        with pytest.raises(NotSent, match="cannot reach Notion"):
            await notion.send(REQUEST)


async def test_a_name_that_is_not_known_was_sent_nothing() -> None:
    async with client("https://notion.invalid") as notion:
        with pytest.raises(NotSent):
            await notion.send(REQUEST)


async def test_a_host_that_does_not_speak_tls_was_sent_nothing() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")

    async with (
        server(talk) as address,
        client(address.replace("http:", "https:"), deadline=2.0) as notion,
    ):
        with pytest.raises(NotSent):
            await notion.send(REQUEST)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_not_followed_and_the_token_stays_here(status: str) -> None:
    heard: list[bytes] = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))

    async with server(elsewhere) as there:
        redirect = answer(b"", f"Location: {there}/v1/pages", status=status)
        async with server(says(redirect)) as here, client(here) as notion:
            assert (await notion.send(REQUEST)).status == int(status[:3])
    assert heard == []


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))

    async with server(proxy) as there:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, there)
        async with server(says(answer(b"{}"))) as here, client(here) as notion:
            assert (await notion.send(REQUEST)).status == 200
    assert heard == []


async def test_no_complaint_quotes_the_token() -> None:
    """Settings refuse such a token; the client's own words would show it."""
    async with (
        server(says(answer(b"{}"))) as address,
        NotionClient(base_url=address, token=f"{TOKEN}\n") as notion,
    ):
        with pytest.raises(NotSent) as told:
            await notion.send(REQUEST)
    assert str(told.value) == "cannot send to Notion: LocalProtocolError"
    assert TOKEN not in "".join(traceback.format_exception(told.value))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "nonsense", "http://[::1", "http://a b/"])
def test_a_service_that_cannot_be_reached_is_said_so(url: str) -> None:
    with pytest.raises(NotSent, match="cannot be reached"):
        post(url, b"", {})
