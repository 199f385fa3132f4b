"""From an answer to a verdict: what was certainly not done, what may have been, and who has to wait."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from automation.exchange import Exchange
from automation.governor import LONGEST_PAUSE_SECONDS, Governor
from automation.model.errors import Deferred, Doubtful, NotionRejected, NotSent, SendFailed
from automation.model.request import Notion
from automation.notion import wire
from automation.outbound.client import NotionClient
from automation.timing import Timing
from tests.clocks import VirtualClock
from tests.service.test_governor import Budget

pytestmark = pytest.mark.anyio

READ = wire.retrieve_page("0123")
CREATE = wire.create_page({"page_id": "p"}, {})
MINUTE = 60.0
APPEND = wire.append_children("0123", [])


def error(status: int, code: str = "", **details: Any) -> httpx.Response:
    """Notion's envelope of an error."""
    body = {"object": "error", "status": status, "code": code, "message": f"it is {status}"}
    headers = {"retry-after": details.pop("after")} if "after" in details else {}
    return httpx.Response(status, json=body | {"additional_data": details}, headers=headers)


def page() -> httpx.Response:
    return httpx.Response(200, json={"object": "page", "id": "made"})


class Wire:
    """Answers in order, and what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.asked: list[tuple[str, str]] = []
        self.clock = VirtualClock()
        self.governor = Governor(Budget(), self.clock, token_key="t", limit=180, timing=Timing())
        client = NotionClient(
            base_url="https://notion.test", token="t", transport=httpx.MockTransport(self._answer)
        )
        self.send = Exchange(client, self.governor, closed_token_seconds=MINUTE).send

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, request.url.path.removeprefix("/v1")))
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


VERDICTS: dict[str, tuple[Callable[[], httpx.Response | Exception], type[SendFailed], type[SendFailed]]] = {
    "429": (lambda: error(429, "rate_limited", after="7"), Deferred, Deferred),
    "529": (lambda: error(529, "service_overload", after="7"), Deferred, Deferred),
    "401": (lambda: error(401, "unauthorized"), Deferred, Deferred),
    "409": (lambda: error(409, "conflict_error"), Deferred, Deferred),
    "500": (lambda: error(500, "internal_server_error"), Deferred, Doubtful),
    "502 as HTML": (lambda: httpx.Response(502, html="<h1>Bad"), Deferred, Doubtful),
    "503": (lambda: error(503, "service_unavailable"), Deferred, Doubtful),
    "504": (lambda: error(504, "gateway_timeout"), Deferred, Doubtful),
    "524 as HTML": (lambda: httpx.Response(524, html="<h1>Timeout"), Deferred, Doubtful),
    "200 as HTML": (lambda: httpx.Response(200, html="<h1>Sign in"), Deferred, Doubtful),
    "a redirect": (lambda: httpx.Response(302, headers={"location": "/"}), Deferred, Doubtful),
    "403 as HTML": (lambda: httpx.Response(403, html="<h1>Just a moment"), Deferred, Doubtful),
    "a lost answer": (lambda: httpx.ReadError("reset"), Doubtful, Doubtful),
    "no connection": (lambda: httpx.ConnectError("refused"), NotSent, NotSent),
}  # fmt: skip


@pytest.mark.parametrize(("make", "read", "write"), VERDICTS.values(), ids=VERDICTS.keys())
async def test_a_verdict_says_whether_it_may_have_been_done(
    make: Callable[[], httpx.Response | Exception],
    read: type[SendFailed],
    write: type[SendFailed],
) -> None:
    for request, kind in ((READ, read), (CREATE, write)):
        with pytest.raises(SendFailed) as told:
            await Wire(make()).send(request)
        assert type(told.value) is kind


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "validation_error"), (403, "restricted_resource"), (404, "object_not_found"), (413, "")],
)
async def test_a_no_for_good_is_one(status: int, code: str) -> None:
    with pytest.raises(NotionRejected) as told:
        await Wire(error(status, code)).send(CREATE)
    assert (told.value.status, told.value.code, str(told.value)) == (
        status,
        code,
        f"it is {status}",
    )


@pytest.mark.parametrize("status", [429, 529])
async def test_a_request_to_wait_stops_everybody_for_as_long(status: int) -> None:
    away = Wire(error(status, "rate_limited", after="7"), page())
    with pytest.raises(Deferred) as told:
        await away.send(CREATE)
    assert told.value.seconds == 7
    other = asyncio.create_task(away.send(READ))
    await away.clock.pass_time(6.9)
    assert len(away.asked) == 1
    await away.clock.pass_time(0.2)
    assert (await other).status == 200


@pytest.mark.parametrize("after", ["99999999999", "1e308", "inf"])
async def test_no_answer_can_make_us_wait_for_ever(after: str) -> None:
    with pytest.raises(Deferred) as told:
        await Wire(error(429, "rate_limited", after=after)).send(READ)
    assert told.value.seconds == LONGEST_PAUSE_SECONDS


async def test_behind_a_refused_token_one_request_a_minute_probes() -> None:
    """Ten try each minute, and one of them is sent; when it is answered the others follow at once."""
    notion = Wire(*[error(401, "unauthorized")] * 3, *[page()] * 20)
    with pytest.raises(Deferred):
        await notion.send(READ)
    for asked in (2, 3):
        tries = [asyncio.create_task(notion.send(READ)) for _ in range(10)]
        await notion.clock.pass_time(MINUTE - 2)
        assert len(notion.asked) == asked - 1
        await notion.clock.pass_time(2)
        ended = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(one) for one in ended} == {Deferred}
        assert len(notion.asked) == asked
    tries = [asyncio.create_task(notion.send(READ)) for _ in range(10)]
    await notion.clock.pass_time(MINUTE)
    assert [(await one).status for one in tries] == [200] * 10


@pytest.mark.parametrize(
    "reading",
    [
        error(503, "service_unavailable"),
        error(401),
        httpx.ReadError("reset"),
        error(404),
        httpx.Response(502, html="<h1>Bad"),
    ],
    ids=["503", "401", "lost", "404", "HTML"],
)
async def test_what_notion_says_it_saved_was_saved_whatever_becomes_of_reading_it(
    reading: httpx.Response | Exception,
) -> None:
    saved = error(503, "service_unavailable", committed_resource_id="made-1")
    wire_ = Wire(saved, reading)
    response = await wire_.send(CREATE)
    assert (response.status, response.body["id"]) == (200, "made-1")
    assert wire_.asked == [("POST", "/pages"), ("GET", "/pages/made-1")]


async def test_blocks_that_notion_says_it_saved_are_the_answer() -> None:
    saved = error(503, committed_resource_id="0123", committed_child_ids=["a", "b"])
    response = await Wire(saved).send(APPEND)
    assert [one["id"] for one in response.body["results"]] == ["a", "b"]


async def test_blocks_that_were_saved_under_no_name_are_doubtful() -> None:
    with pytest.raises(Doubtful):
        await Wire(error(503, committed_resource_id="0123")).send(APPEND)


async def test_nothing_is_repeated_here() -> None:
    wire_ = Wire(error(500), page())
    with pytest.raises(Doubtful):
        await wire_.send(CREATE)
    assert len(wire_.asked) == 1


async def test_a_body_goes_out_as_json() -> None:
    heard: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(json.loads(request.content))
        return page()

    client = NotionClient(
        base_url="https://notion.test", token="t", transport=httpx.MockTransport(answer)
    )
    clock = VirtualClock()
    governor = Governor(Budget(), clock, token_key="t", limit=180, timing=Timing())
    body = {"title": "a\ud800 é \u2028"}
    await Exchange(client, governor, closed_token_seconds=MINUTE).send(
        Notion(method="POST", path="/pages", body=body)
    )
    assert heard == [body]
