"""Blocks: kinds, limits, nesting, positions, and what comes back."""

from typing import Any

import pytest

from automation.emulator.blocks import KINDS
from tests.emulator.api import Api, Object, paragraph, words

pytestmark = pytest.mark.anyio

TEXT = {"rich_text": words("x")}
URL = "https://example.com/a%20b.png"
SHOWN = [
    {
        "type": "text",
        "text": {"content": "x", "link": None},
        "annotations": {
            "bold": False,
            "italic": False,
            "strikethrough": False,
            "underline": False,
            "code": False,
            "color": "default",
        },
        "plain_text": "x",
        "href": None,
    }
]
PLAIN = {"rich_text": SHOWN, "color": "default"}
HEADING = {"rich_text": SHOWN, "is_toggleable": False, "color": "default"}
EXTERNAL = {"type": "external", "external": {"url": URL}}

BLOCKS: list[tuple[str, Object, Object]] = [
    ("paragraph", TEXT, {"rich_text": SHOWN, "icon": None, "color": "default"}),
    ("heading_1", TEXT, HEADING),
    ("heading_2", {**TEXT, "is_toggleable": True}, {**HEADING, "is_toggleable": True}),
    ("heading_3", {**TEXT, "color": "red_background"}, {**HEADING, "color": "red_background"}),
    ("bulleted_list_item", TEXT, PLAIN),
    ("numbered_list_item", TEXT, PLAIN),
    ("to_do", TEXT, {"rich_text": SHOWN, "checked": False, "color": "default"}),
    ("toggle", TEXT, PLAIN),
    ("quote", TEXT, PLAIN),
    (
        "callout",
        TEXT,
        {"rich_text": SHOWN, "icon": {"type": "emoji", "emoji": "💡"}, "color": "default"},
    ),
    (
        "code",
        {**TEXT, "language": "python"},
        {"caption": [], "rich_text": SHOWN, "language": "python"},
    ),
    ("equation", {"expression": "e=mc^2"}, {"expression": "e=mc^2"}),
    ("divider", {}, {}),
    ("breadcrumb", {}, {}),
    ("table_of_contents", {}, {"color": "default"}),
    ("bookmark", {"url": URL, "caption": words("x")}, {"caption": SHOWN, "url": URL}),
    ("embed", {"url": URL}, {"caption": [], "url": URL}),
    ("image", {"external": {"url": URL}}, {"caption": [], **EXTERNAL}),
    ("video", EXTERNAL, {"caption": [], **EXTERNAL}),
    ("pdf", EXTERNAL, {"caption": [], **EXTERNAL}),
    ("audio", EXTERNAL, {"caption": [], **EXTERNAL}),
    ("file", EXTERNAL, {"caption": [], **EXTERNAL, "name": "a b.png"}),
    ("synced_block", {"synced_from": None, "children": [paragraph("y")]}, {"synced_from": None}),
    ("template", TEXT, {"rich_text": SHOWN}),
    (
        "table",
        {
            "table_width": 1,
            "children": [{"type": "table_row", "table_row": {"cells": [words("x")]}}],
        },
        {"table_width": 1, "has_column_header": False, "has_row_header": False},
    ),
    (
        "column_list",
        {"children": [{"type": "column", "column": {"children": [paragraph("y")]}}] * 2},
        {},
    ),
]


@pytest.mark.parametrize(("kind", "sent", "shown"), BLOCKS, ids=[kind for kind, *_ in BLOCKS])
async def test_a_block_is_given_back(api: Api, kind: str, sent: Object, shown: Object) -> None:
    path = f"/blocks/{api.root}/children"
    made = await api.ok("PATCH", path, {"children": [{"type": kind, kind: sent}]})
    block = made["results"][0]
    bot = {"object": "user", "id": api.space.bot_id}
    assert list(block.items()) == [
        ("object", "block"),
        ("id", block["id"]),
        ("parent", {"type": "page_id", "page_id": api.root}),
        ("created_time", "2026-11-23T09:30:00.000Z"),
        ("last_edited_time", "2026-11-23T09:30:00.000Z"),
        ("created_by", bot),
        ("last_edited_by", bot),
        ("has_children", "children" in sent),
        ("in_trash", False),
        ("type", kind),
        (kind, shown),
    ]
    assert list(block[kind]) == list(shown)
    assert (await api.ok("GET", path))["results"] == [block]
    single = await api.ok("GET", f"/blocks/{block['id']}")
    assert {**block, "request_id": single["request_id"]} == single


def test_every_kind_but_these_is_in_the_table() -> None:
    assert KINDS.keys() - {kind for kind, *_ in BLOCKS} == {
        "heading_4", "column", "table_row", "link_to_page", "tab",
    }  # fmt: skip


def nested(*kinds: str) -> Object:
    """A block with one child with one child …"""
    kind, *rest = kinds
    detail: Object = {"rich_text": words(kind)}
    if rest:
        detail["children"] = [nested(*rest)]
    return {"type": kind, kind: detail}


BULLET = "bulleted_list_item"
COLUMNS = {
    "column_list": {
        "children": [
            {"column": {"children": [nested(BULLET, BULLET)]}},
            {"column": {"children": []}},
        ]
    }
}
ROW = {"table_row": {"cells": [words("x")]}}
FINE: list[tuple[str, list[Object]]] = [
    ("two levels below", [nested(BULLET, BULLET, BULLET)]),
    ("columns do not count", [COLUMNS]),
    (
        "a table below a bullet",
        [{BULLET: {**TEXT, "children": [{"table": {"table_width": 1, "children": [ROW]}}]}}],
    ),
    ("empty children at the deepest level", [{BULLET: {**TEXT, "children": []}}]),
    ("100 children", [paragraph("x")] * 100),
    ("a text of 2,000 units", [paragraph("🚀" * 1000)]),
    ("read-only leftovers", [{"id": "x", "object": "block", "in_trash": False, "divider": {}}]),
]


@pytest.mark.parametrize("children", [one for _, one in FINE], ids=[name for name, _ in FINE])
async def test_within_the_limits_is_taken(api: Api, children: list[Object]) -> None:
    made = await api.ok("PATCH", f"/blocks/{api.root}/children", {"children": children})
    assert len(made["results"]) == len(children)


WRONG: list[tuple[str, Any, str]] = [
    ("none", [], "body.children.length should be ≥ `1`, instead was `0`."),
    ("null", None, "body.children should be an array, instead was `null`."),
    ("a text", ["x"], 'body.children[0] should be an object, instead was `"x"`.'),
    ("101", [paragraph("x")] * 101, "body.children.length should be ≤ `100`, instead was `101`."),
    (
        "too long",
        [paragraph("x" * 2001)],
        "body.children[0].paragraph.rich_text[0].text.content.length should be ≤ `2000`, instead was `2001`.",
    ),
    (
        "too deep",
        [paragraph("x"), nested(BULLET, BULLET, BULLET, BULLET)],
        (
            "body.children[1].bulleted_list_item.children[0].bulleted_list_item.children[0]"
            ".bulleted_list_item.children should be not present, instead was"
            ' `[{"type":"bulleted_list_item","bulleted_list_item":{"ri...`.'
        ),
    ),
    (
        "101 nested",
        [{BULLET: {**TEXT, "children": [paragraph("x")] * 101}}],
        "body.children[0].bulleted_list_item.children.length should be ≤ `100`, instead was `101`.",
    ),
    (
        "children of a divider",
        [{"divider": {"children": [paragraph("x")]}}],
        'body.children[0].divider.children should be not present, instead was `[{"object":"block","type":"paragraph","paragraph":{"ric...`.',
    ),
    (
        "an unknown key",
        [{"paragraph": TEXT, "archived": True}],
        "body.children[0].archived should be not present, instead was `true`.",
    ),
    (
        "an unknown key inside",
        [{"paragraph": {**TEXT, "size": 3}}],
        "body.children[0].paragraph.size should be not present, instead was `3`.",
    ),
    (
        "no text",
        [{"paragraph": {}}],
        "body.children[0].paragraph.rich_text should be defined, instead was `undefined`.",
    ),
    (
        "a colour that is none",
        [{"paragraph": {**TEXT, "color": "mauve"}}],
        "body.children[0].paragraph.color should be",
    ),
    (
        "a language that is none",
        [{"code": {**TEXT, "language": "py"}}],
        "body.children[0].code.language should be",
    ),
    (
        "one column",
        [{"column_list": {"children": [{"column": {"children": []}}]}}],
        "body.children[0].column_list.children.length should be ≥ `2`, instead was `1`.",
    ),
    (
        "a table without rows",
        [{"table": {"table_width": 1}}],
        "body.children[0].table.children should be defined, instead was `undefined`.",
    ),
    (
        "an equation of 1,001",
        [{"paragraph": {"rich_text": [{"equation": {"expression": "x" * 1001}}]}}],
        "body.children[0].paragraph.rich_text[0].equation.expression.length should be ≤ `1000`, instead was `1001`.",
    ),
    (
        "a link of 2,001",
        [{"paragraph": {"rich_text": [{"text": {"content": "x", "link": {"url": "h" * 2001}}}]}}],
        "body.children[0].paragraph.rich_text[0].text.link.url.length should be ≤ `2000`, instead was `2001`.",
    ),
    (
        "101 pieces",
        [{"paragraph": {"rich_text": words("x") * 101}}],
        "body.children[0].paragraph.rich_text.length should be ≤ `100`, instead was `101`.",
    ),
]


@pytest.mark.parametrize(
    ("children", "message"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG]
)
async def test_past_the_limits_is_refused(api: Api, children: Any, message: str) -> None:
    refused = await api.refused("PATCH", f"/blocks/{api.root}/children", {"children": children})
    assert refused.startswith(f"body failed validation: {message}")
    assert (await api.ok("GET", f"/blocks/{api.root}/children"))["results"] == []


async def test_a_block_of_no_kind_is_told_them_all(api: Api) -> None:
    body = {"children": [{"type": "note", "note": {}}]}
    lines = (await api.refused("PATCH", f"/blocks/{api.root}/children", body)).split("\n")
    assert lines[:2] == [
        "body failed validation. Fix one:",
        "body.children[0].embed should be defined, instead was `undefined`.",
    ]
    assert len(lines) == 1 + len(KINDS)


async def test_more_than_a_thousand_blocks_are_refused(api: Api) -> None:
    children = [{BULLET: {**TEXT, "children": [paragraph("x")] * 100}}] * 10
    message = await api.refused("PATCH", f"/blocks/{api.root}/children", {"children": children})
    assert message.endswith("should be ≤ `1000` blocks, instead was `1010`.")


async def test_more_than_500_kb_are_refused(api: Api) -> None:
    big = {"children": [{"paragraph": {"rich_text": words("x" * 2000) * 3}}] * 90}
    answer = await api.send("PATCH", f"/blocks/{api.root}/children", big)
    assert (answer.status, answer.body["code"]) == (413, "validation_error")


async def test_a_table_row_has_as_many_cells_as_the_table(api: Api) -> None:
    path = f"/blocks/{api.root}/children"
    wide = {"table_row": {"cells": [words("x"), []]}}
    table = {"table": {"table_width": 1, "children": [ROW]}}
    message = (
        "Content creation Failed. Fix the following:\n"
        "Number of cells in table row must match the table width of the parent table"
    )
    bad = {"children": [{"table": {"table_width": 1, "children": [wide]}}]}
    assert await api.refused("PATCH", path, bad) == message
    made = await api.ok("PATCH", path, {"children": [table]})
    rows = f"/blocks/{made['results'][0]['id']}/children"
    assert await api.refused("PATCH", rows, {"children": [wide]}) == message
    await api.ok("PATCH", rows, {"children": [ROW]})
    odd = await api.refused("PATCH", rows, {"children": [paragraph("x")]})
    assert odd == "A table can have only table_row children, not paragraph."


@pytest.mark.parametrize(
    ("position", "order", "answered"),
    [
        (None, "abcXY", "XY"),
        ({"type": "end"}, "abcXY", "XY"),
        ({"type": "start"}, "XYabc", "XY"),
        ("a", "aXYbc", "XYbc"),
        ("c", "abcXY", "XY"),
    ],
    ids=["none", "end", "start", "after the first", "after the last"],
)
async def test_a_position_says_where(api: Api, position: Any, order: str, answered: str) -> None:
    """Behind a block the answer has all later siblings too; so does Notion."""
    path = f"/blocks/{api.root}/children"
    first = await api.ok("PATCH", path, {"children": [paragraph(one) for one in "abc"]})
    body: Object = {"children": [paragraph("X"), paragraph("Y")]}
    if isinstance(position, str):
        after = first["results"]["abc".index(position)]["id"]
        body["position"] = {"type": "after_block", "after_block": {"id": after}}
    elif position is not None:
        body["position"] = position
    made = await api.ok("PATCH", path, body)
    assert texts(made) == answered
    assert texts(await api.ok("GET", path)) == order


def texts(answer: Any) -> str:
    """The words of the paragraphs, together."""
    return "".join(one["paragraph"]["rich_text"][0]["plain_text"] for one in answer["results"])


async def test_a_position_behind_a_stranger_is_not_found(api: Api) -> None:
    other = await api.page()
    position = {"type": "after_block", "after_block": {"id": other["id"]}}
    page = await api.page()
    body = {"children": [paragraph("x")], "position": position}
    answer = await api.send("PATCH", f"/blocks/{page['id']}/children", body)
    assert (answer.status, answer.body["code"]) == (404, "object_not_found")


async def test_the_old_way_to_say_where_is_refused(api: Api) -> None:
    body = {"children": [paragraph("x")], "after": api.root}
    message = await api.refused("PATCH", f"/blocks/{api.root}/children", body)
    assert message.startswith("body failed validation: body.after should be not present")


async def test_children_come_page_by_page(api: Api) -> None:
    path = f"/blocks/{api.root}/children"
    await api.ok("PATCH", path, {"children": [paragraph(one) for one in "abcde"]})
    first = await api.ok("GET", path, params={"page_size": 2})
    assert (texts(first), first["has_more"]) == ("ab", True)
    await api.ok("DELETE", f"/blocks/{first['next_cursor']}")
    second = await api.ok(
        "GET", path, params={"page_size": 2, "start_cursor": first["next_cursor"]}
    )
    assert texts(second) == "de"
    assert list(second) == [
        "object", "results", "next_cursor", "has_more", "type", "block", "request_id",
    ]  # fmt: skip
    assert (second["next_cursor"], second["has_more"]) == (None, False)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"page_size": "0"}, "query failed validation: query.page_size should be ≥ `1`, instead was `0`."),
        ({"page_size": "101"}, "query failed validation: query.page_size should be ≤ `100`, instead was `101`."),
        ({"page_size": "x"}, 'query failed validation: query.page_size should be a number or `undefined`, instead was `"x"`.'),
        ({"start_cursor": "x"}, "The start_cursor provided is invalid: x"),
    ],
    ids=["0", "101", "text", "cursor"],
)  # fmt: skip
async def test_a_bad_page_is_refused(api: Api, params: Any, message: str) -> None:
    assert await api.refused("GET", f"/blocks/{api.root}/children", params=params) == message


async def test_a_block_is_updated_in_its_own_kind(api: Api) -> None:
    path = f"/blocks/{api.root}/children"
    sent = {"children": [{"to_do": {**TEXT, "color": "red"}}]}
    block = (await api.ok("PATCH", path, sent))["results"][0]
    api.clock.tick(60)
    changed = await api.ok("PATCH", f"/blocks/{block['id']}", {"to_do": {"checked": True}})
    assert changed["to_do"] == {"rich_text": SHOWN, "checked": True, "color": "red"}
    assert changed["last_edited_time"] == "2026-11-23T09:31:00.000Z"
    page = await api.ok("GET", f"/pages/{api.root}")
    assert page["last_edited_time"] == "2026-11-23T09:31:00.000Z"
    other = await api.refused("PATCH", f"/blocks/{block['id']}", {"paragraph": TEXT})
    assert other == "body failed validation: body.to_do should be defined, instead was `undefined`."
    nested_ = await api.refused("PATCH", f"/blocks/{block['id']}", {"to_do": {"children": []}})
    assert nested_.startswith("body failed validation: body.to_do.children should be not present")


@pytest.mark.parametrize(
    ("kind", "change", "shown"),
    [
        ("image", {"caption": words("x")}, {"caption": SHOWN, **EXTERNAL}),
        (
            "file",
            {"external": {"url": "https://example.com/b"}},
            {
                "caption": [],
                "type": "external",
                "external": {"url": "https://example.com/b"},
                "name": "b",
            },
        ),
        ("code", {"language": "rust"}, {"caption": [], "rich_text": SHOWN, "language": "rust"}),
        ("callout", {"icon": {"emoji": "🔥"}}, {**PLAIN, "icon": {"type": "emoji", "emoji": "🔥"}}),
        ("synced_block", {}, {"synced_from": None}),
        ("divider", {}, {}),
    ],
)
async def test_an_update_leaves_what_it_does_not_name(
    api: Api, kind: str, change: Object, shown: Object
) -> None:
    sent = next(sent for name, sent, _ in BLOCKS if name == kind)
    path = f"/blocks/{api.root}/children"
    block = (await api.ok("PATCH", path, {"children": [{kind: sent}]}))["results"][0]
    changed = await api.ok("PATCH", f"/blocks/{block['id']}", {kind: change})
    assert changed[kind] == shown
    assert list(changed[kind]) == list(block[kind])


async def test_a_link_to_a_page_can_lead_elsewhere(api: Api) -> None:
    one, other = await api.page(), await api.source({})
    path = f"/blocks/{api.root}/children"
    body = {"children": [{"link_to_page": {"page_id": one["id"]}}]}
    block = (await api.ok("PATCH", path, body))["results"][0]
    assert block["link_to_page"] == {"type": "page_id", "page_id": one["id"]}
    database = other["parent"]["database_id"]
    change = {"link_to_page": {"database_id": database}}
    changed = await api.ok("PATCH", f"/blocks/{block['id']}", change)
    assert changed["link_to_page"] == {"type": "database_id", "database_id": database}


async def test_a_deleted_block_is_in_the_trash_and_can_come_back(api: Api) -> None:
    path = f"/blocks/{api.root}/children"
    block = (await api.ok("PATCH", path, {"children": [paragraph("x")]}))["results"][0]
    assert (await api.ok("DELETE", f"/blocks/{block['id']}"))["in_trash"] is True
    assert (await api.ok("GET", path))["results"] == []
    assert (await api.ok("GET", f"/blocks/{block['id']}"))["in_trash"] is True
    await api.ok("PATCH", f"/blocks/{block['id']}", {"in_trash": False})
    assert texts(await api.ok("GET", path)) == "x"


async def test_a_page_and_a_database_are_blocks_of_the_page_they_are_in(api: Api) -> None:
    page = await api.page("Below")
    source = await api.source({}, "Things")
    children = (await api.ok("GET", f"/blocks/{api.root}/children"))["results"]
    database = source["parent"]["database_id"]
    assert [(one["id"], one["type"], one[one["type"]]) for one in children] == [
        (page["id"], "child_page", {"title": "Below"}),
        (database, "child_database", {"title": "Things"}),
    ]
    assert (await api.ok("DELETE", f"/blocks/{page['id']}"))["type"] == "child_page"
    assert (await api.ok("GET", f"/pages/{page['id']}"))["in_trash"] is True
    await api.ok("DELETE", f"/blocks/{database}")
    assert (await api.ok("GET", f"/data_sources/{source['id']}"))["in_trash"] is True


async def test_a_copy_of_a_synced_block_shows_the_original(api: Api) -> None:
    path = f"/blocks/{api.root}/children"
    original = {"synced_block": {"synced_from": None, "children": [paragraph("x")]}}
    first = (await api.ok("PATCH", path, {"children": [original]}))["results"][0]
    copy = {"synced_block": {"synced_from": {"block_id": first["id"]}}}
    second = (await api.ok("PATCH", path, {"children": [copy]}))["results"][0]
    assert second["has_children"] is True
    assert texts(await api.ok("GET", f"/blocks/{second['id']}/children")) == "x"


async def test_mentions_are_spelled_out(api: Api) -> None:
    person = next(one for one in api.space.users.values() if one["type"] == "person")
    page = await api.page("Target")
    sent = [
        {"mention": {"user": {"id": person["id"]}}},
        {"mention": {"page": {"id": page["id"]}}},
        {"mention": {"date": {"start": "2026-11-23"}}},
        {"equation": {"expression": "x^2"}},
    ]
    body = {"children": [{"paragraph": {"rich_text": sent}}]}
    made = await api.ok("PATCH", f"/blocks/{api.root}/children", body)
    pieces = made["results"][0]["paragraph"]["rich_text"]
    plain = page["id"].replace("-", "")
    assert [(one["plain_text"], one["href"]) for one in pieces] == [
        (f"@{person['name']}", None),
        ("Target", f"https://app.notion.com/p/{plain}"),
        ("2026-11-23", None),
        ("x^2", None),
    ]
    assert pieces[0]["mention"] == {"type": "user", "user": person}


@pytest.mark.parametrize(
    "url", ["https://", "example.com", "foo.md", "javascript:alert(1)", "https://a b", "http://["]
)
async def test_a_link_must_be_an_address(api: Api, url: str) -> None:
    link = {"text": {"content": "x", "link": {"url": url}}}
    body = {"children": [{"paragraph": {"rich_text": [link]}}]}
    message = await api.refused("PATCH", f"/blocks/{api.root}/children", body)
    assert message == "Content creation Failed. Fix the following:\nInvalid URL for link."


async def test_an_unknown_block_is_not_found(api: Api) -> None:
    identity = "7855b161-f63e-4683-b7c7-8ca6e97ee266"
    answer = await api.send("GET", f"/blocks/{identity}")
    assert (answer.status, answer.body["code"], answer.body["message"]) == (
        404,
        "object_not_found",
        (
            f"Could not find block with ID: {identity}. Make sure the relevant pages and databases are"
            ' shared with your integration "Automation demo".'
        ),
    )
    assert answer.body["additional_data"] == {"integration_id": api.space.bot_id}


@pytest.mark.parametrize("identity", ["nope", "12345678-1234-1234-1234-123456789abc", "0" * 32])
async def test_an_id_must_be_a_uuid(api: Api, identity: str) -> None:
    assert await api.refused("GET", f"/blocks/{identity}") == (
        f'path failed validation: path.block_id should be a valid uuid, instead was `"{identity}"`.'
    )
