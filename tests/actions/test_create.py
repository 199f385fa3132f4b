"""`create`: a page in a data source or under a page, with a body of any size."""

from typing import Any

import pytest

from automation.model.action import StepResult, Wrote
from automation.model.errors import NotionRejected, StepFailed
from automation.model.request import ByProperty, ByTitle, Notion
from automation.model.target import Target, TargetKind
from tests.actions.acting import Hand, Stage, call, texts

pytestmark = pytest.mark.anyio

PAGE: dict[str, Any] = {
    "id": "7855b161-f63e-4683-b7c7-8ca6e97ee266",
    "url": "https://www.notion.so/x",
    "properties": {"Name": {"type": "title", "title": [{"plain_text": "A"}]}},
}
SCHEMA = {
    "Name": {"id": "title", "type": "title", "title": {}},
    "Number": {"id": "a", "type": "number", "number": {}},
    "Key": {"id": "b", "type": "rich_text", "rich_text": {}},
}


def things(key: str | None = None) -> dict[str, Target]:
    """A target by hand."""
    made = Target(
        name="Things",
        kind=TargetKind.DATA_SOURCE,
        id="393abc1e-edcd-81d2-b73d-feaa29f12025",
        title="Things",
        url="",
        properties=SCHEMA,
        key_property=key,
    )
    return {"Things": made}


def test_by_hand_a_page_is_one_request() -> None:
    hand = Hand([PAGE])
    step = call(
        "create",
        {"create": "Things", "set": {"Name": "A", "Number": 4}, "body": "Hi", "icon": "🔥"},
        things(),
    )
    result = hand.drive(step, "create")
    assert [one for one in hand.asked if isinstance(one, Notion)] == hand.asked
    request = hand.asked[0]
    assert isinstance(request, Notion)
    assert request.body == {
        "parent": {"type": "data_source_id", "data_source_id": things()["Things"].id},
        "properties": {
            "Name": {"title": [{"type": "text", "text": {"content": "A"}}]},
            "Number": {"number": 4},
        },
        "children": [
            {
                "object": "block",
                "type": "paragraph",
                "paragraph": {"rich_text": [{"type": "text", "text": {"content": "Hi"}}]},
            }
        ],
        "icon": {"type": "emoji", "emoji": "🔥"},
    }
    assert request.probe == ByTitle(parent_id=things()["Things"].id, title="A", property="Name")
    assert result == StepResult(
        value={"id": PAGE["id"], "url": PAGE["url"], "title": "A", "created": True},
        wrote=(Wrote(what="created", page_id=PAGE["id"], url=PAGE["url"], title="A"),),
    )


def test_by_hand_the_key_property_makes_it_exact() -> None:
    hand = Hand([PAGE])
    hand.drive(call("create", {"create": "Things"}, things("Key"), key="a1_x"), "create")
    request = hand.asked[0]
    assert isinstance(request, Notion)
    assert request.body is not None
    key = [{"type": "text", "text": {"content": "a1_x"}}]
    assert request.body["properties"] == {"Key": {"rich_text": key}}
    assert request.probe == ByProperty(
        data_source_id=things()["Things"].id, property="Key", type="rich_text", value="a1_x"
    )


def test_by_hand_what_does_not_fit_follows_behind() -> None:
    """A body of 101 lines: the page with a hundred, a look at them, and the last behind them."""
    ids = [{"id": f"{n:08x}-0000-4000-8000-000000000000"} for n in range(100)]
    listing = {"results": ids, "next_cursor": None}
    hand = Hand([PAGE, listing, {"results": [{"id": "last"}]}])
    body = "\n\n".join(str(n) for n in range(101))
    hand.drive(call("create", {"create": "Things", "body": body}, things()), "create")
    paths = [(one.method, one.path) for one in hand.asked if isinstance(one, Notion)]
    children = f"/blocks/{PAGE['id']}/children"
    assert paths == [("POST", "/pages"), ("GET", children), ("PATCH", children)]
    last = hand.asked[2]
    assert isinstance(last, Notion)
    assert last.body is not None
    assert last.body["position"]["after_block"] == ids[99]


def test_by_hand_an_error_of_notion_ends_it() -> None:
    error = NotionRejected("no", status=400, code="validation_error")
    with pytest.raises(NotionRejected):
        Hand([error]).drive(call("create", {"create": "Things"}, things()), "create")


async def test_a_row_stands_in_its_data_source(scene: Stage) -> None:
    values = {
        "Name": "A task",
        "Status": "in progress",
        "Due date": "2026-11-30",
        "Labels": ["bug"],
        "Number": 7,
        "URL": "https://example.com/7",
    }
    result = await scene.act("create", {"create": "Tasks", "set": values}, key="a1_one")
    row = (await scene.rows("Tasks"))[0]
    properties = row["properties"]
    assert result.value == {"id": row["id"], "url": row["url"], "title": "A task", "created": True}
    assert texts(properties["Automation key"]["rich_text"]) == "a1_one"
    assert properties["Status"]["status"]["name"] == "In progress"
    assert properties["Due date"]["date"]["start"] == "2026-11-30"
    assert [one["name"] for one in properties["Labels"]["multi_select"]] == ["bug"]
    assert (properties["Number"]["number"], properties["URL"]["url"]) == (
        7,
        "https://example.com/7",
    )


async def test_a_page_under_a_page_has_a_title_and_a_body(scene: Stage) -> None:
    params = {"create": "Engineering log", "set": {"title": "A day"}, "body": "# H\n\n- a\n  - b"}
    result = await scene.act("create", params)
    page = await scene.api.ok("GET", f"/pages/{result.value['id']}")
    assert page["parent"]["page_id"] == scene.targets["Engineering log"].id
    assert await scene.tree(page["id"]) == [
        ("heading_1", "H"),
        ("bulleted_list_item", "a", [("bulleted_list_item", "b")]),
    ]
    probe = scene.writes[0].probe
    assert probe == ByTitle(parent_id=scene.targets["Engineering log"].id, title="A day")


async def test_under_a_page_there_is_only_a_title(scene: Stage) -> None:
    params = {"create": "Engineering log", "set": {"Status": "Done"}}
    with pytest.raises(StepFailed, match="a page under a page has only a title"):
        await scene.act("create", params)


async def test_a_body_of_340_blocks_stands_whole_and_in_order(scene: Stage) -> None:
    body = "\n\n".join(f"line {n}" for n in range(340))
    result = await scene.act("create", {"create": "Tasks", "set": {"Name": "Long"}, "body": body})
    assert await scene.tree(result.value["id"]) == [("paragraph", f"line {n}") for n in range(340)]
    assert len(scene.writes) == 4
    assert max(scene.sizes) <= 500_000


async def test_a_deep_and_heavy_body_stands_whole(scene: Stage) -> None:
    deep = "".join(f"{'  ' * n}- level {n}\n" for n in range(12))
    heavy = "\n\n".join("字" * 90_000 for _ in range(4))
    table = "|n|\n|-|\n" + "".join(f"|{n}|\n" for n in range(150))
    params = {"create": "Tasks", "set": {"Name": "Big"}, "body": f"{deep}\n{heavy}\n\n{table}"}
    result = await scene.act("create", params)
    first, *rest = await scene.tree(result.value["id"])
    for level in range(12):
        assert first[:2] == ("bulleted_list_item", f"level {level}")
        first = first[2][0] if len(first) > 2 else ()
    *texts_, rows = rest
    assert "".join(text for _, text in texts_) == "字" * 360_000
    assert [row[1] for row in rows[2]] == ["n", *(str(n) for n in range(150))]
    assert max(scene.sizes) <= 500_000


async def test_an_image_is_cover_and_icon(scene: Stage) -> None:
    url = "https://example.com/a.png"
    params = {"create": "Tasks", "set": {"Name": "A"}, "icon": url, "cover": url}
    result = await scene.act("create", params)
    page = await scene.api.ok("GET", f"/pages/{result.value['id']}")
    external = {"type": "external", "external": {"url": url}}
    assert (page["icon"], page["cover"]) == (external, external)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"create": "Nope"}, "`Nope` is not a target that was found"),
        ({"create": "Tasks", "set": {"Nope": 1}}, "Tasks has no property `Nope`"),
        ({"create": "Tasks", "body": {"a": 1}}, "`body` is a text"),
        ({"create": "Tasks", "icon": "fire"}, "'fire' cannot be the page's icon."),
        ({"create": "Tasks", "icon": "https://"}, "'https://' cannot be the page's icon."),
        ({"create": "Tasks", "cover": "🔥"}, "'🔥' cannot be the page's cover."),
        (
            {"create": "Tasks", "cover": "mailto:a@b.example"},
            "'mailto:a@b.example' cannot be the page's cover.",
        ),
        (
            {"create": "Tasks", "set": dict.fromkeys(("Notes", "Repository"), "字" * 90000)},
            "a page for Tasks is 543,",
        ),
    ],
    ids=["target", "property", "body", "icon", "address", "cover", "mail", "size"],
)
async def test_what_cannot_be_is_refused_before_anything_is_sent(
    scene: Stage, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(StepFailed) as refused:
        await scene.act("create", params)
    assert str(refused.value).startswith(message)
    assert scene.sent == []


async def test_an_option_is_made_only_where_the_file_allows_it(scene: Stage) -> None:
    params = {"create": "Tasks", "set": {"Name": "A", "Priority": "Urgent"}}
    with pytest.raises(StepFailed, match="`Priority` of Tasks has no option 'Urgent'"):
        await scene.act("create", params)
    await scene.act("create", params, allow=True)
    row = (await scene.rows("Tasks"))[0]
    assert row["properties"]["Priority"]["select"]["name"] == "Urgent"
