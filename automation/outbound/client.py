"""Requests to Notion over HTTPS: fixed host, no redirects, no proxy from the environment, bounded.

The client decides nothing and repeats nothing. It says one of three things: here is an answer
(`Answer`, any status), it was certainly not sent (NotSent), or nobody knows (Doubtful).
"""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from automation.model.errors import Doubtful, NotSent
from automation.model.request import Notion
from automation.notion.wire import NOTION_VERSION, encoded

DEADLINE_SECONDS = 70.0
"""Above Notion's own 55 s deadline, whose 503 says what was committed, and its 60 s ceiling.
https://developers.notion.com/reference/status-codes"""

MAX_ANSWER_BYTES = 10_000_000
MAX_CONNECTIONS = 32
IDLE_SECONDS = 4.0
"""How long an unused connection is kept: shorter than any server keeps it, because a request on one that
was just closed is a request of which nobody knows."""

ONE_CONNECTION = httpx.Limits(
    max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: status, headers in lower case, and the raw body."""

    status: int
    headers: dict[str, str]
    body: bytes


class NotionClient:
    """One token's way to Notion.

    Each connection is a transport of its own, the last one used first: httpx's pool asks the kernel
    about every idle connection around every request, and its client looks for cookies, redirects and
    credentials. Notion has none of these, and together they cost more than the request.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        deadline: float = DEADLINE_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._deadline = deadline
        self._base_url = httpx.URL(base_url.rstrip("/").removesuffix("/v1") + "/v1")
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Notion-Version": NOTION_VERSION,
            "User-Agent": "automation",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
        self._timeout = httpx.Timeout(deadline, connect=10.0).as_dict()
        self._transport = transport
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._idle: list[httpx.AsyncBaseTransport] = []
        self._made: list[httpx.AsyncBaseTransport] = []
        self._room = asyncio.Semaphore(MAX_CONNECTIONS)

    def _connection(self) -> httpx.AsyncBaseTransport:
        made = self._transport or httpx.AsyncHTTPTransport(
            verify=self._tls, limits=ONE_CONNECTION, trust_env=False
        )
        self._made.append(made)
        return made

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        for transport in self._made:
            await transport.aclose()

    async def send(self, request: Notion) -> Answer:
        """Send it once. Raises NotSent or Doubtful."""
        async with self._room:
            return await self._in_time(request)

    async def _in_time(self, request: Notion) -> Answer:
        try:
            async with asyncio.timeout(self._deadline):
                return await self._on_one(request)
        except TimeoutError as error:
            raise Doubtful(f"no answer within {self._deadline:g} s") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(f"cannot reach Notion: {error}") from error
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            # Its own words may quote a header, and so the token.
            raise NotSent(f"cannot send to Notion: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise Doubtful(
                f"the answer was lost: {type(error).__name__} {error}".rstrip()
            ) from error

    async def _on_one(self, request: Notion) -> Answer:
        transport = self._idle.pop() if self._idle else self._connection()
        try:
            return await _exchange(transport, self._on_the_wire(request))
        finally:
            self._idle.append(transport)

    def _on_the_wire(self, request: Notion) -> httpx.Request:
        content = None if request.body is None else encoded(request.body)
        url = self._base_url.copy_with(path=self._base_url.path + request.path)
        return httpx.Request(
            request.method,
            url.copy_merge_params(list(request.query)) if request.query else url,
            headers=self._headers | ({"Content-Type": "application/json"} if content else {}),
            content=content,
            extensions={"timeout": self._timeout},
        )


async def _exchange(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Answer:
    response = await transport.handle_async_request(request)
    try:
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=await _read(response),
        )
    finally:
        await response.aclose()


async def _read(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise Doubtful(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)
