"""A write that Notion saved though it answered 503 is never sent again, whatever the second answer is."""

import json
from typing import Any

import pytest

from automation.exchange import Exchange
from automation.governor import Governor
from automation.model.errors import Deferred, Doubtful, NotSent
from automation.model.request import Notion, Response
from automation.notion import wire
from automation.notion.values import title_of
from automation.outbound.client import Answer
from automation.store.sqlite import MEMORY, SqliteStore
from automation.timing import Timing
from tests.service.rig import HandClock

pytestmark = pytest.mark.anyio
PAGE = "0b0b0b0b-0000-4000-8000-000000000001"


class CannedClient:
    """Answers with what it was given, in order, and keeps what it was asked."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[Notion] = []

    async def send(self, request: Notion) -> Answer:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def canned(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status=status, headers={}, body=json.dumps(body).encode())


def committed(**more: Any) -> Answer:
    return canned(503, {"additional_data": {"committed_resource_id": PAGE, **more}})


async def send(client: CannedClient, request: Notion) -> Response:
    store = SqliteStore(MEMORY)
    await store.open()
    try:
        governor = Governor(store, HandClock(), token_key="t", limit=100, timing=Timing())
        return await Exchange(client, governor, closed_token_seconds=60).send(request)  # type: ignore[arg-type]
    finally:
        await store.close()


TITLE = {"title": [{"type": "text", "text": {"content": "T"}}]}
CREATE = wire.create_page({"type": "page_id", "page_id": "p"}, {"Name": TITLE})
UPDATE = wire.update_page(PAGE, {"properties": {}})
APPEND = wire.append_children("p", [{"type": "divider", "divider": {}}])


async def test_a_page_that_was_saved_is_read() -> None:
    page = {"object": "page", "id": PAGE, "url": "u"}
    client = CannedClient(committed(), canned(200, page))
    assert await send(client, CREATE) == Response(status=200, body=page)
    assert client.asked == [CREATE, wire.retrieve_page(PAGE)]


UNREADABLE = pytest.mark.parametrize(
    "second",
    [
        canned(500, {}),
        canned(429, {}),
        canned(404, {"code": "object_not_found"}),
        NotSent(),
        Doubtful(),
    ],
    ids=["500", "429", "404", "away", "lost"],
)


@UNREADABLE
async def test_a_page_that_was_saved_and_cannot_be_read_is_as_it_was_sent(
    second: Answer | Exception,
) -> None:
    client = CannedClient(committed(), second)
    answer = await send(client, CREATE)
    assert (answer.body["id"], answer.body["url"], title_of(answer.body)) == (
        PAGE,
        f"https://www.notion.so/{PAGE.replace('-', '')}",
        "T",
    )
    assert [one.method for one in client.asked] == ["POST", "GET"]


@UNREADABLE
async def test_a_change_that_was_saved_and_cannot_be_read_may_be_made_again(
    second: Answer | Exception,
) -> None:
    """Its title and the rest of the page are not in the request, and later steps may want them."""
    client = CannedClient(committed(), second)
    with pytest.raises(Doubtful):
        await send(client, UPDATE)
    assert [one.method for one in client.asked] == ["PATCH", "GET"]


async def test_blocks_that_were_saved_are_known_by_their_ids() -> None:
    client = CannedClient(committed(committed_child_ids=["a", "b"]))
    answer = await send(client, APPEND)
    assert [one["id"] for one in answer.body["results"]] == ["a", "b"]


async def test_a_read_saves_nothing_whatever_it_is_told() -> None:
    with pytest.raises(Deferred):
        await send(CannedClient(committed()), wire.list_children("p"))


async def test_blocks_that_were_saved_and_not_named_are_looked_for() -> None:
    client = CannedClient(committed())
    with pytest.raises(Doubtful):
        await send(client, APPEND)
    assert client.asked == [APPEND]
