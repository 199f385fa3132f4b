"""Pages: what the emulator takes, keeps and gives back, as Notion does."""

import re
from typing import Any

import pytest

from automation.emulator.errors import TRASHED
from tests.emulator.api import Api, paragraph, words

pytestmark = pytest.mark.anyio

MINUTE = "2026-11-23T09:30:00.000Z"


async def test_a_page_has_notions_keys_in_notions_order(api: Api) -> None:
    page = await api.page("Hello, world!")
    bot = {"object": "user", "id": api.space.bot_id}
    plain = page["id"].replace("-", "")
    assert list(page.items())[:-1] == [
        ("object", "page"),
        ("id", page["id"]),
        ("created_time", MINUTE),
        ("last_edited_time", MINUTE),
        ("created_by", bot),
        ("last_edited_by", bot),
        ("cover", None),
        ("icon", None),
        ("parent", {"type": "page_id", "page_id": api.root}),
        ("in_trash", False),
        ("is_archived", False),
        ("is_locked", False),
        ("properties", page["properties"]),
        ("url", f"https://app.notion.com/p/Hello-world-{plain}"),
        ("public_url", None),
    ]
    assert list(page)[-1] == "request_id"
    assert page["properties"] == {
        "title": {
            "id": "title",
            "type": "title",
            "title": [
                {
                    "type": "text",
                    "text": {"content": "Hello, world!", "link": None},
                    "annotations": {
                        "bold": False,
                        "italic": False,
                        "strikethrough": False,
                        "underline": False,
                        "code": False,
                        "color": "default",
                    },
                    "plain_text": "Hello, world!",
                    "href": None,
                }
            ],
        }
    }


ALL_TYPES = {
    "Text": {"rich_text": {}},
    "Number": {"number": {"format": "euro"}},
    "Select": {"select": {"options": [{"name": "Low", "color": "green"}]}},
    "Tags": {"multi_select": {"options": [{"name": "bug"}]}},
    "Status": {"status": {}},
    "Date": {"date": {}},
    "Done": {"checkbox": {}},
    "Address": {"url": {}},
    "Mail": {"email": {}},
    "Phone": {"phone_number": {}},
    "Who": {"people": {}},
    "Files": {"files": {}},
    "Id": {"unique_id": {"prefix": "T"}},
    "Made": {"created_time": {}},
    "Maker": {"created_by": {}},
    "Edited": {"last_edited_time": {}},
    "Editor": {"last_edited_by": {}},
    "Double": {"formula": {"expression": 'prop("Number") * 2'}},
}


async def test_every_type_of_property_is_kept_and_given_back(api: Api) -> None:
    source = await api.source(ALL_TYPES)
    person = next(one for one in api.space.users.values() if one["type"] == "person")
    row = await api.row(
        source,
        Name={"title": words("A thing")},
        Text={"rich_text": words("some text")},
        Number={"number": 4.0},
        Select={"select": {"name": "low"}},
        Tags={"multi_select": [{"name": "bug"}, {"name": "fresh"}, {"name": "Fresh"}]},
        Status={"status": {"name": "Done"}},
        Date={"date": {"start": "2026-11-23T10:00:59+02:00", "end": "2026-11-24T10:00:00+02:00"}},
        Done={"checkbox": True},
        Address={"url": "https://example.com"},
        Mail={"email": "ada@example.com"},
        Phone={"phone_number": "+49 30 1234"},
        Who={"people": [{"id": person["id"]}]},
        Files={"files": [{"name": "a.pdf", "external": {"url": "https://example.com/a.pdf"}}]},
    )
    values = {name: value[value["type"]] for name, value in row["properties"].items()}
    low = api.space.data_sources[source["id"]].find("Select")
    assert low is not None
    assert {
        name: value for name, value in values.items() if name not in {"Name", "Text", "Tags"}
    } == {
        "Number": 4,
        "Select": {"id": low.detail["options"][0]["id"], "name": "Low", "color": "green"},
        "Status": values["Status"],
        "Date": {
            "start": "2026-11-23T10:00:00.000+02:00",
            "end": "2026-11-24T10:00:00.000+02:00",
            "time_zone": None,
        },
        "Done": True,
        "Address": "https://example.com",
        "Mail": "ada@example.com",
        "Phone": "+49 30 1234",
        "Who": [person],
        "Files": [
            {"name": "a.pdf", "type": "external", "external": {"url": "https://example.com/a.pdf"}}
        ],
        "Id": {"prefix": "T", "number": 1},
        "Made": MINUTE,
        "Maker": api.space.users[api.space.bot_id],
        "Edited": MINUTE,
        "Editor": api.space.users[api.space.bot_id],
        "Double": {"type": "number", "number": 8},
    }
    assert values["Status"]["name"] == "Done"
    assert [tag["name"] for tag in values["Tags"]] == ["bug", "fresh"]


async def test_buttons_places_and_verifications_are_shown_empty(api: Api) -> None:
    api.witnessed = False
    source = await api.source(
        {"Button": {"button": {}}, "Place": {"place": {}}, "Ok": {"verification": {}}}
    )
    row = await api.row(source)
    assert row["properties"]["Button"]["button"] == {}
    assert row["properties"]["Place"]["place"] is None
    assert row["properties"]["Ok"]["verification"]["state"] == "unverified"


async def test_an_unknown_option_of_a_select_is_made_and_stays_in_the_schema(api: Api) -> None:
    source = await api.source({"Kind": {"select": {}}})
    await api.row(source, Kind={"select": {"name": "New"}})
    schema = await api.ok("GET", f"/data_sources/{source['id']}")
    assert [one["name"] for one in schema["properties"]["Kind"]["select"]["options"]] == ["New"]


async def test_an_option_is_not_made_by_a_request_that_is_refused(api: Api) -> None:
    source = await api.source({"Kind": {"select": {}}, "State": {"status": {}}})
    body = {
        "parent": {"data_source_id": source["id"]},
        "properties": {"Kind": {"select": {"name": "New"}}, "State": {"status": {"name": "Nope"}}},
    }
    assert await api.refused("POST", "/pages", body) == 'Status option "Nope" does not exist.'
    schema = await api.ok("GET", f"/data_sources/{source['id']}")
    assert schema["properties"]["Kind"]["select"]["options"] == []
    assert (await api.ok("POST", f"/data_sources/{source['id']}/query", {}))["results"] == []


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Nope": {"number": 1}}, "Nope is not a property that exists."),
        (
            {"Number": {"rich_text": words("4")}, "Date": {"number": 4}},
            "Number is expected to be number. Date is expected to be date.",
        ),
        (
            {"Made": {"created_time": "2026-11-23T09:30:00.000Z"}},
            "Made is a created_time property, which cannot be set.",
        ),
        (
            {"Select": {"select": {"name": "a, b"}}},
            "Invalid select option, commas not allowed: a, b",
        ),
        (
            {"Number": {"number": "4"}},
            'body failed validation: body.properties.Number.number should be a number or `null`, instead was `"4"`.',
        ),
        (
            {"Done": {"checkbox": None}},
            "body failed validation: body.properties.Done.checkbox should be a boolean, instead was `null`.",
        ),
        (
            {"Address": {"url": ""}},
            "body failed validation: body.properties.Address.url.length should be ≥ `1`, instead was `0`.",
        ),
        (
            {"Mail": {"email": "x" * 201}},
            "body failed validation: body.properties.Mail.email.length should be ≤ `200`, instead was `201`.",
        ),
        (
            {"Text": {"rich_text": words("🚀" * 1000 + "x")}},
            "body failed validation: body.properties.Text.rich_text[0].text.content.length should be ≤ `2000`, instead was `2001`.",
        ),
        (
            {"Text": {"rich_text": words("x") * 101}},
            "body failed validation: body.properties.Text.rich_text.length should be ≤ `100`, instead was `101`.",
        ),
        (
            {"Tags": {"multi_select": [{"name": str(n)} for n in range(101)]}},
            "body failed validation: body.properties.Tags.multi_select.length should be ≤ `100`, instead was `101`.",
        ),
        (
            {"Date": {"date": {"start": "23.11.2026"}}},
            'body failed validation: body.properties.Date.date.start should be a valid ISO 8601 date string, instead was `"23.11.2026"`.',
        ),
        (
            {"Date": {"date": {"start": None}}},
            "body failed validation: body.properties.Date.date.start should be a string, instead was `null`.",
        ),
        (
            {"Date": {"date": {"start": "2026-11-23", "end": "2026-11-22"}}},
            "body.properties.Date.date.end should be at or after its start, instead was 2026-11-22.",
        ),
        (
            {"Select": {"select": {}}},
            ("body failed validation. Fix one:\n"
            "body.properties.Select.select.name should be defined, instead was `undefined`.\n"
            "body.properties.Select.select.id should be defined, instead was `undefined`."),
        ),
        (
            {"Files": {"files": [{"external": {"url": ""}, "name": "a"}]}},
            "body failed validation: body.properties.Files.files[0].external.url.length should be ≥ `1`, instead was `0`.",
        ),
        (
            {"Text": {"rich_text": [{"tetx": {"content": "x"}}]}},
            ("body failed validation. Fix one:\n"
            "body.properties.Text.rich_text[0].text should be defined, instead was `undefined`.\n"
            "body.properties.Text.rich_text[0].mention should be defined, instead was `undefined`.\n"
            "body.properties.Text.rich_text[0].equation should be defined, instead was `undefined`."),
        ),
        (
            {"Text": {"rich_text": [{"text": {"content": "x", "link": {"url": "no address"}}}]}},
            "Content creation Failed. Fix the following:\nInvalid URL for link.",
        ),
    ],
    ids=[
        "unknown", "wrong types", "read-only", "comma", "number from text", "checkbox null",
        "empty url", "long email", "utf-16 length", "101 pieces", "101 options", "not a date",
        "date without start", "end before start", "option without name", "empty file url",
        "no rich text", "bad link",
    ],
)  # fmt: skip
async def test_a_wrong_value_is_refused_in_notions_words(
    api: Api, properties: dict[str, Any], message: str
) -> None:
    source = await api.source(ALL_TYPES)
    body = {"parent": {"data_source_id": source["id"]}, "properties": properties}
    assert await api.refused("POST", "/pages", body) == message


async def test_exactly_at_the_limit_is_fine(api: Api) -> None:
    source = await api.source(ALL_TYPES)
    await api.row(
        source,
        Text={"rich_text": words("🚀" * 1000) * 100},
        Tags={"multi_select": [{"name": str(n)} for n in range(100)]},
        Mail={"email": "x" * 200},
    )


async def test_values_may_be_written_in_short_but_not_mixed(api: Api) -> None:
    source = await api.source(ALL_TYPES)
    parent = {"data_source_id": source["id"]}
    short = {"Name": words("Short"), "Number": 4, "Select": {"name": "Low"}, "Done": True}
    page = await api.ok("POST", "/pages", {"parent": parent, "properties": short})
    assert page["properties"]["Number"]["number"] == 4
    mixed = {"Number": 4, "Select": {"select": {"name": "Low"}}}
    message = await api.refused("POST", "/pages", {"parent": parent, "properties": mixed})
    assert message.startswith("body failed validation. Fix one:\nbody.properties.Select.id should")


@pytest.mark.parametrize("key", ["Ünlïke", "id", "encoded"])
async def test_a_property_is_named_by_its_name_or_id(api: Api, key: str) -> None:
    source = await api.source({"Ünlïke": {"number": {}}})
    found = api.space.data_sources[source["id"]].find("Ünlïke")
    assert found is not None
    name = {"id": found.id, "encoded": source["properties"]["Ünlïke"]["id"]}.get(key, key)
    row = await api.row(source, **{name: {"number": 3}})
    assert row["properties"]["Ünlïke"]["number"] == 3


async def test_a_relation_takes_rows_of_the_related_source_only(api: Api) -> None:
    people = await api.source({}, "People")
    tasks = await api.source(
        {"For": {"relation": {"data_source_id": people["id"], "single_property": {}}}}, "Tasks"
    )
    ada, stray = await api.row(people), await api.page()
    row = await api.row(tasks, For={"relation": [{"id": ada["id"].replace("-", "")}]})
    assert row["properties"]["For"] == {
        "id": tasks["properties"]["For"]["id"],
        "type": "relation",
        "relation": [{"id": ada["id"]}],
        "has_more": False,
    }
    body = {"properties": {"For": {"relation": [{"id": stray["id"]}]}}}
    message = await api.refused("PATCH", f"/pages/{row['id']}", body)
    assert message == f"For takes pages of another data source: {stray['id']} is not in it."
    unknown = "00000000-0000-4000-8000-000000000000"
    body = {"properties": {"For": {"relation": [{"id": unknown}]}}}
    answer = await api.send("PATCH", f"/pages/{row['id']}", body)
    assert (answer.status, answer.body["code"]) == (404, "object_not_found")


async def test_a_two_way_relation_shows_on_both_sides(api: Api) -> None:
    people = await api.source({}, "People")
    tasks = await api.source(
        {"For": {"relation": {"data_source_id": people["id"], "dual_property": {}}}}, "Tasks"
    )
    ada, bob = await api.row(people), await api.row(people)
    task = await api.row(tasks, For={"relation": [{"id": ada["id"]}]})
    name = "Related to Tasks (For)"
    other = await api.ok("GET", f"/pages/{ada['id']}")
    assert other["properties"][name]["relation"] == [{"id": task["id"]}]
    await api.ok(
        "PATCH", f"/pages/{bob['id']}", {"properties": {name: {"relation": [{"id": task["id"]}]}}}
    )
    task = await api.ok("GET", f"/pages/{task['id']}")
    assert task["properties"]["For"]["relation"] == [{"id": ada["id"]}, {"id": bob["id"]}]
    await api.ok("PATCH", f"/pages/{task['id']}", {"properties": {"For": {"relation": []}}})
    other = await api.ok("GET", f"/pages/{ada['id']}")
    assert other["properties"][name]["relation"] == []


async def test_a_page_shows_25_references_and_the_property_endpoint_all(api: Api) -> None:
    people = await api.source({}, "People")
    tasks = await api.source(
        {"For": {"relation": {"data_source_id": people["id"], "single_property": {}}}}, "Tasks"
    )
    ids = [{"id": (await api.row(people))["id"]} for _ in range(30)]
    row = await api.row(tasks, For={"relation": ids})
    shown = row["properties"]["For"]
    assert (shown["relation"], shown["has_more"]) == (ids[:25], True)
    path = f"/pages/{row['id']}/properties/{shown['id']}"
    first = await api.ok("GET", path, params={"page_size": 20})
    rest = await api.ok("GET", path, params={"start_cursor": first["next_cursor"]})
    assert [one["relation"] for one in first["results"] + rest["results"]] == ids
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)


async def test_times_are_cut_to_the_minute_and_days_stay_days(api: Api) -> None:
    source = await api.source({"Date": {"date": {}}})
    cases = {
        "2026-11-23": "2026-11-23",
        "2026-11-23T17:57:32Z": "2026-11-23T17:57:00.000+00:00",
        "2026-11-23T17:57:32": "2026-11-23T17:57:00.000+00:00",
        "2026-11-23T17:57:32.999-05:00": "2026-11-23T17:57:00.000-05:00",
    }
    for sent, kept in cases.items():
        row = await api.row(source, Date={"date": {"start": sent}})
        assert row["properties"]["Date"]["date"] == {"start": kept, "end": None, "time_zone": None}
    zoned = {"start": "2026-06-27T17:57:32", "time_zone": "Europe/London"}
    row = await api.row(source, Date={"date": zoned})
    assert row["properties"]["Date"]["date"]["start"] == "2026-06-27T17:57:00.000+01:00"


async def test_null_clears_and_what_is_not_sent_stays(api: Api) -> None:
    source = await api.source({"Number": {"number": {}}, "Date": {"date": {}}})
    row = await api.row(source, Number={"number": 1}, Date={"date": {"start": "2026-11-23"}})
    api.clock.tick(120)
    row = await api.ok("PATCH", f"/pages/{row['id']}", {"properties": {"Number": {"number": None}}})
    assert row["properties"]["Number"]["number"] is None
    assert row["properties"]["Date"]["date"]["start"] == "2026-11-23"
    assert (row["created_time"], row["last_edited_time"]) == (MINUTE, "2026-11-23T09:32:00.000Z")


async def test_a_page_in_the_trash_can_be_read_and_restored_but_not_edited(api: Api) -> None:
    page = await api.page()
    path = f"/pages/{page['id']}"
    assert (await api.ok("PATCH", path, {"in_trash": True}))["in_trash"] is True
    assert (await api.ok("GET", path))["in_trash"] is True
    assert await api.refused("PATCH", path, {"icon": None}) == TRASHED
    append = {"children": [paragraph("x")]}
    assert await api.refused("PATCH", f"/blocks/{page['id']}/children", append) == TRASHED
    assert (await api.ok("PATCH", path, {"in_trash": False}))["in_trash"] is False


async def test_nothing_below_a_page_in_the_trash_can_be_edited(api: Api) -> None:
    page = await api.page()
    made = await api.ok("PATCH", f"/blocks/{page['id']}/children", {"children": [paragraph("x")]})
    await api.ok("PATCH", f"/pages/{page['id']}", {"in_trash": True})
    block = made["results"][0]["id"]
    body = {"paragraph": {"rich_text": words("y")}}
    assert await api.refused("PATCH", f"/blocks/{block}", body) == TRASHED


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"emoji": "🔥"}, {"type": "emoji", "emoji": "🔥"}),
        (
            {"type": "external", "external": {"url": "https://example.com/i.png"}},
            {"type": "external", "external": {"url": "https://example.com/i.png"}},
        ),
        (
            {"external": {"url": "https://www.notion.so/icons/snake_purple.svg"}},
            {"type": "icon", "icon": {"name": "snake", "color": "purple"}},
        ),
        (None, None),
    ],
    ids=["emoji", "external", "notion's own", "none"],
)
async def test_an_icon_is_given_back(api: Api, given: Any, shown: Any) -> None:
    api.witnessed = not (shown and "icon" in shown)
    page = await api.page(icon=given)
    assert page["icon"] == shown
    cleared = await api.ok("PATCH", f"/pages/{page['id']}", {"icon": None})
    assert cleared["icon"] is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"properties": {}},
            "body failed validation: body.parent should be defined, instead was `undefined`.",
        ),
        (
            {"parent": {}},
            (
                "body failed validation. Fix one:\n"
                "body.parent.page_id should be defined, instead was `undefined`.\n"
                "body.parent.database_id should be defined, instead was `undefined`.\n"
                "body.parent.data_source_id should be defined, instead was `undefined`.\n"
                "body.parent.workspace should be defined, instead was `undefined`."
            ),
        ),
        (
            {"parent": {"page_id": "nope"}},
            'body failed validation: body.parent.page_id should be a valid uuid, instead was `"nope"`.',
        ),
        (
            {"parent": {"workspace": True}},
            "Internal integrations aren't owned by a single user, so creating workspace-level private pages is not supported.",
        ),
        (
            {"parent": "x", "archived": True},
            'body failed validation: body.parent should be an object, instead was `"x"`.',
        ),
    ],
    ids=["none", "empty", "no uuid", "workspace", "text"],
)
async def test_a_page_needs_a_parent(api: Api, body: Any, message: str) -> None:
    assert await api.refused("POST", "/pages", body) == message


async def test_a_page_is_made_whole_or_not_at_all(api: Api) -> None:
    before = len(api.space.pages)
    body = {"parent": {"page_id": api.root}, "children": [paragraph("x" * 2001)]}
    assert "should be ≤ `2000`" in await api.refused("POST", "/pages", body)
    assert len(api.space.pages) == before


@pytest.mark.parametrize("sign", ["", "fire", ":fire:", "🔥 hot"])
async def test_a_word_is_no_emoji(api: Api, sign: str) -> None:
    body = {"parent": {"page_id": api.root}, "icon": {"emoji": sign}}
    assert f'body.icon.emoji should be an emoji, instead was `"{sign}"`.' in await api.refused(
        "POST", "/pages", body
    )


async def test_markdown_and_templates_are_refused_as_not_emulated(api: Api) -> None:
    for extra in ({"markdown": "# x"}, {"template": {"type": "default"}}):
        body = {"parent": {"page_id": api.root}, **extra}
        answer = await api.send("POST", "/pages", body)
        assert (answer.status, answer.body["code"]) == (501, "not_emulated")
        assert re.match("The emulator does not do this yet: ", answer.body["message"])


async def test_only_wanted_properties_are_shown(api: Api) -> None:
    source = await api.source({"A": {"number": {}}, "B": {"number": {}}})
    row = await api.row(source)
    wanted = {"filter_properties[]": ["A", source["properties"]["B"]["id"]]}
    shown = await api.ok("GET", f"/pages/{row['id']}", params=wanted)
    assert sorted(shown["properties"]) == ["A", "B"]
    shown = await api.ok(
        "POST", f"/data_sources/{source['id']}/query", {}, params={"filter_properties": "A"}
    )
    assert list(shown["results"][0]["properties"]) == ["A"]
