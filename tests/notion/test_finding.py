"""Targets: found by id, address or exact title; said plainly where not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from automation.model.errors import NotionRejected, StepFailed
from automation.model.request import ByProperty, Response
from automation.model.target import Target, TargetKind, TargetName
from automation.notion.finding import locate
from automation.notion.settling import settle
from automation.notion.wire import create_page
from tests.actions.acting import NOW
from tests.emulator.api import Api, connect, words

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """The demo workspace."""
    async with connect("demo") as made:
        yield made


async def drive(api: Api, talk: Any) -> Any:
    """Ask the emulator whatever the conversation asks."""
    try:
        request = next(talk)
        while True:
            body = dict(request.body) if request.body is not None else None
            answer = await api.send(request.method, request.path, body, params=dict(request.query))
            if answer.status == 200:
                request = talk.send(Response(status=200, body=answer.body))
            else:
                error = NotionRejected("no", status=answer.status, code=answer.body["code"])
                request = talk.throw(error)
    except StopIteration as end:
        return end.value


async def found(api: Api, text: str, kind: TargetKind | None = None) -> Target:
    """The target of a name."""
    made: Target = await drive(api, locate(TargetName(name="Here", text=text, kind=kind)))
    return made


async def test_a_data_source_is_found_in_every_way(api: Api) -> None:
    source = await api.ok("GET", f"/data_sources/{api.facts['data_sources']['Tasks']}")
    database = source["parent"]["database_id"]
    plain = database.replace("-", "")
    for text in (
        source["id"],
        database,
        f"https://www.notion.so/acme/{plain}?v={'1' * 32}",
        "Tasks",
    ):
        target = await found(api, text)
        assert (target.id, target.kind, target.title) == (
            source["id"],
            TargetKind.DATA_SOURCE,
            "Tasks",
        )
        assert target.properties.keys() == source["properties"].keys()


async def test_a_page_is_found_in_every_way(api: Api) -> None:
    log = api.facts["pages"]["Engineering log"]
    page = await api.ok("GET", f"/pages/{log}")
    for text in (log, log.replace("-", ""), page["url"], "Engineering log"):
        target = await found(api, text)
        assert (target.id, target.kind, target.title) == (log, TargetKind.PAGE, "Engineering log")
    assert (await found(api, log, TargetKind.PAGE)).url == page["url"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Task", "there is no `Task` in Notion that the connection can see"),
        ("tasks", "there is no `tasks` in Notion that the connection can see"),
        (
            "7855b161f63e4683b7c78ca6e97ee266",
            "`Here` (7855b161-f63e-4683-b7c7-8ca6e97ee266) was not found in Notion",
        ),
    ],
    ids=["part of a title", "another case", "id"],
)
async def test_what_is_not_there_says_how_to_share_it(api: Api, text: str, message: str) -> None:
    with pytest.raises(StepFailed) as refused:
        await found(api, text)
    assert str(refused.value) == message
    assert "••• → Connections → add yours" in refused.value.remedy


async def test_two_of_one_title_are_both_named(api: Api) -> None:
    pages = [await api.page("Twice") for _ in range(2)]
    with pytest.raises(StepFailed, match="2 things in Notion are called `Twice`") as refused:
        await found(api, "Twice")
    assert all(page["url"] in str(refused.value) for page in pages)


async def test_what_is_in_the_trash_is_not_found_by_title(api: Api) -> None:
    page = await api.page("Gone")
    await api.ok("PATCH", f"/pages/{page['id']}", {"in_trash": True})
    with pytest.raises(StepFailed, match="there is no `Gone`"):
        await found(api, "Gone")


async def test_a_database_of_several_sources_asks_for_one(api: Api) -> None:
    source = await api.source({}, "First")
    database = source["parent"]["database_id"]
    second = {
        "parent": {"database_id": database},
        "title": words("Second"),
        "properties": {"Name": {"title": {}}},
    }
    await api.ok("POST", "/data_sources", second)
    with pytest.raises(StepFailed) as refused:
        await found(api, database)
    assert str(refused.value).startswith(
        f"the database `Here` has 2 data sources: First ({source['id']})"
    )


async def test_a_doubtful_page_is_known_by_its_key_to_the_letter(api: Api) -> None:
    source = api.facts["data_sources"]["Commits"]

    async def settled(key: str) -> list[str]:
        probe = ByProperty(data_source_id=source, property="SHA", type="rich_text", value=key)
        request = create_page({"data_source_id": source}, {}, probe=probe)
        candidates = await drive(api, settle(request, since=NOW))
        return [one.response.body["id"] for one in candidates]

    row = await api.row({"id": source}, SHA={"rich_text": words("abc")})
    await api.row({"id": source}, SHA={"rich_text": words("ABC")})
    assert await settled("abc") == [row["id"]]
    assert await settled("Abc") == []
