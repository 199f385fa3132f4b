"""Databases and data sources: made, read, changed through the API alone."""

from typing import Any

import pytest

from automation.emulator.errors import TRASHED
from tests.emulator.api import Api, words

pytestmark = pytest.mark.anyio


async def test_a_database_has_notions_keys_in_notions_order(api: Api) -> None:
    body = {"parent": {"type": "page_id", "page_id": api.root}, "title": words("Things")}
    database = await api.ok("POST", "/databases", body)
    assert list(database) == [
        "object", "id", "title", "description", "parent", "is_inline", "in_trash", "is_locked",
        "created_time", "last_edited_time", "data_sources", "icon", "cover", "url", "public_url",
        "request_id",
    ]  # fmt: skip
    assert database["created_time"] == "2026-11-23T09:30:15.250+00:00"
    source = database["data_sources"][0]
    assert source["name"] == "Things"
    found = await api.ok("GET", f"/data_sources/{source['id']}")
    assert list(found) == [
        "object", "id", "cover", "icon", "created_time", "created_by", "last_edited_by",
        "last_edited_time", "title", "description", "is_inline", "properties", "parent",
        "database_parent", "url", "public_url", "in_trash", "request_id",
    ]  # fmt: skip
    assert found["parent"] == {"type": "database_id", "database_id": database["id"]}
    assert found["database_parent"] == {"type": "page_id", "page_id": api.root}
    assert found["properties"] == {
        "Name": {"id": "title", "name": "Name", "description": None, "type": "title", "title": {}}
    }


async def test_a_database_without_a_title_is_called_new(api: Api) -> None:
    database = await api.ok("POST", "/databases", {"parent": {"page_id": api.root}})
    assert database["title"][0]["plain_text"] == "New database"
    assert database["data_sources"][0]["name"] == "New database"
    found = await api.ok("GET", f"/data_sources/{database['data_sources'][0]['id']}")
    assert found["title"] == []


async def test_a_database_and_its_source_are_not_taken_for_each_other(api: Api) -> None:
    source = await api.source({})
    database = source["parent"]["database_id"]
    answer = await api.send("GET", f"/databases/{source['id']}")
    assert (answer.status, answer.body["code"]) == (404, "object_not_found")
    answer = await api.send("GET", f"/data_sources/{database}")
    assert (answer.status, answer.body["code"]) == (404, "object_not_found")
    assert await api.refused("GET", f"/pages/{database}") == (
        f"Provided ID {database} is a database, not a page. Use the retrieve database API instead."
    )


async def test_a_database_can_have_a_second_source(api: Api) -> None:
    source = await api.source({}, "First")
    database = source["parent"]["database_id"]
    second = await api.ok(
        "POST",
        "/data_sources",
        {
            "parent": {"database_id": database},
            "title": words("Second"),
            "properties": {"Title": {"title": {}}},
        },
    )
    found = await api.ok("GET", f"/databases/{database}")
    assert found["data_sources"] == [
        {"id": source["id"], "name": "First"},
        {"id": second["id"], "name": "Second"},
    ]
    message = await api.refused("POST", "/pages", {"parent": {"database_id": database}})
    assert message == f"Database {database} has several data sources: name one by data_source_id."


async def test_a_row_made_by_database_id_lands_in_its_only_source(api: Api) -> None:
    source = await api.source({})
    row = await api.ok(
        "POST", "/pages", {"parent": {"database_id": source["parent"]["database_id"]}}
    )
    assert row["parent"]["data_source_id"] == source["id"]


async def test_properties_are_shown_shortest_and_lowest_id_first(api: Api) -> None:
    source = await api.source({name: {"number": {}} for name in "abcdefgh"})
    ids = [one["id"] for one in source["properties"].values()]
    assert ids[-1] == "title"
    assert len(set(ids)) == 9


CHANGES: list[tuple[str, Any, dict[str, str | None]]] = [
    ("added", {"New": {"checkbox": {}}}, {"Name": "title", "A": "rich_text", "New": "checkbox"}),
    ("removed", {"A": None}, {"Name": "title"}),
    ("renamed", {"A": {"name": "B"}}, {"Name": "title", "B": "rich_text"}),
    ("converted", {"A": {"number": {}}}, {"Name": "title", "A": "number"}),
    ("the title renamed", {"title": {"name": "Task"}}, {"Task": "title", "A": "rich_text"}),
    ("both at once", {"A": {"name": "B", "url": {}}}, {"Name": "title", "B": "url"}),
    ("removed, though not there", {"Z": None}, {"Name": "title", "A": "rich_text"}),
]


@pytest.mark.parametrize(
    ("change", "left"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES]
)
async def test_a_schema_is_changed(api: Api, change: Any, left: dict[str, str]) -> None:
    source = await api.source({"A": {"rich_text": {}}})
    changed = await api.ok("PATCH", f"/data_sources/{source['id']}", {"properties": change})
    assert {name: one["type"] for name, one in changed["properties"].items()} == left


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Name": None}, "Cannot delete the title property of a data source."),
        ({"A": {"title": {}}}, "The type of the title property cannot be changed."),
        ({"Name": {"rich_text": {}}}, "The type of the title property cannot be changed."),
        ({"A": {"name": "Name"}}, "Cannot have two properties with the same name: Name."),
        ({"Other": {"title": {}}}, "Cannot create a second title property: a data source has exactly one."),
        ({"Nope": {"name": "B"}}, "Nope is not a property that exists."),
        ({"S": {"select": {"options": [{"name": "a,b"}]}}}, "Invalid select option, commas not allowed: a,b"),
    ],
    ids=["no title", "made title", "title converted", "same name", "two titles", "unknown", "comma"],
)  # fmt: skip
async def test_a_schema_change_that_cannot_be_is_refused(
    api: Api, change: Any, message: str
) -> None:
    source = await api.source({"A": {"rich_text": {}}})
    path = f"/data_sources/{source['id']}"
    assert await api.refused("PATCH", path, {"properties": change}) == message
    assert (await api.ok("GET", path))["properties"] == source["properties"]


async def test_of_several_changes_every_one_is_made_or_none(api: Api) -> None:
    source = await api.source({"A": {"rich_text": {}}, "B": {"number": {}}})
    row = await api.row(source, A={"rich_text": words("kept")}, B={"number": 4})
    changes = {
        "A": {"url": {}},
        "B": {"name": "C"},
        "Other": {
            "relation": {
                "data_source_id": source["id"],
                "type": "dual_property",
                "dual_property": {},
            }
        },
        "Name": None,
    }
    path = f"/data_sources/{source['id']}"
    assert await api.refused("PATCH", path, {"properties": changes}) == (
        "Cannot delete the title property of a data source."
    )
    assert (await api.ok("GET", path))["properties"] == source["properties"]
    kept = await api.ok("GET", f"/pages/{row['id']}")
    assert kept["properties"] == row["properties"]
    equal = {"filter": {"property": "A", "rich_text": {"equals": "kept"}}}
    found = await api.ok("POST", f"{path}/query", equal)
    assert [one["id"] for one in found["results"]] == [row["id"]]


async def test_a_data_source_is_not_moved(api: Api) -> None:
    source = await api.source({})
    other = await api.source({})
    path = f"/data_sources/{source['id']}"
    assert await api.ok("PATCH", path, {"parent": source["parent"]})
    answer = await api.send("PATCH", path, {"parent": other["parent"]})
    assert (answer.status, answer.body["code"]) == (501, "not_emulated")


async def test_a_renamed_property_keeps_its_values(api: Api) -> None:
    source = await api.source({"A": {"number": {}}})
    row = await api.row(source, A={"number": 7})
    await api.ok("PATCH", f"/data_sources/{source['id']}", {"properties": {"A": {"name": "B"}}})
    assert (await api.ok("GET", f"/pages/{row['id']}"))["properties"]["B"]["number"] == 7


async def test_options_are_replaced_and_rows_lose_what_is_gone(api: Api) -> None:
    options = [{"name": "a", "color": "red"}, {"name": "b", "color": "blue"}]
    source = await api.source({"S": {"select": {"options": options}}})
    row = await api.row(source, S={"select": {"name": "a"}})
    path = f"/data_sources/{source['id']}"
    recoloured = {"properties": {"S": {"select": {"options": [{"name": "b", "color": "pink"}]}}}}
    assert (await api.refused("PATCH", path, recoloured)).startswith(
        "Cannot update color of select with id"
    )
    kept = source["properties"]["S"]["select"]["options"][1]
    new = {"properties": {"S": {"select": {"options": [{"id": kept["id"]}, {"name": "c"}]}}}}
    changed = await api.ok("PATCH", path, new)
    options = changed["properties"]["S"]["select"]["options"]
    assert [one["name"] for one in options] == ["b", "c"]
    assert options[0] == kept
    assert (await api.ok("GET", f"/pages/{row['id']}"))["properties"]["S"]["select"] is None


async def test_a_status_has_three_groups_and_new_options_go_to_the_first(api: Api) -> None:
    source = await api.source({"State": {"status": {}}})
    state = source["properties"]["State"]["status"]
    names = {one["id"]: one["name"] for one in state["options"]}
    assert [(g["name"], [names[i] for i in g["option_ids"]]) for g in state["groups"]] == [
        ("To-do", ["Not started"]),
        ("In progress", ["In progress"]),
        ("Complete", ["Done"]),
    ]
    options = [*state["options"], {"name": "Waiting"}]
    change = {"properties": {"State": {"status": {"options": options}}}}
    changed = await api.ok("PATCH", f"/data_sources/{source['id']}", change)
    state = changed["properties"]["State"]["status"]
    names = {one["id"]: one["name"] for one in state["options"]}
    assert [names[one] for one in state["groups"][0]["option_ids"]] == ["Not started", "Waiting"]


async def test_a_relation_is_described_with_its_twin(api: Api) -> None:
    people = await api.source({}, "People")
    definition = {"relation": {"data_source_id": people["id"], "dual_property": {}}}
    tasks = await api.source({"For": definition}, "Tasks")
    twin = (await api.ok("GET", f"/data_sources/{people['id']}"))["properties"][
        "Related to Tasks (For)"
    ]
    assert tasks["properties"]["For"]["relation"] == {
        "database_id": people["parent"]["database_id"],
        "data_source_id": people["id"],
        "type": "dual_property",
        "dual_property": {
            "synced_property_name": "Related to Tasks (For)",
            "synced_property_id": twin["id"],
        },
    }
    assert twin["relation"]["dual_property"]["synced_property_name"] == "For"
    await api.ok("PATCH", f"/data_sources/{tasks['id']}", {"properties": {"For": None}})
    people = await api.ok("GET", f"/data_sources/{people['id']}")
    assert people["properties"]["Related to Tasks (For)"]["relation"]["type"] == "single_property"


ROLLUPS = {
    "show_original": ("array", [{"type": "number", "number": 4}, {"type": "number", "number": None}, {"type": "number", "number": 6}]),
    "count": ("number", 3),
    "count_values": ("number", 2),
    "empty": ("number", 1),
    "unique": ("number", 2),
    "percent_not_empty": ("number", 2 / 3),
    "sum": ("number", 10),
    "average": ("number", 5),
    "median": ("number", 5),
    "min": ("number", 4),
    "max": ("number", 6),
    "range": ("number", 2),
}  # fmt: skip


@pytest.mark.parametrize("function", ROLLUPS)
async def test_a_rollup_is_computed(api: Api, function: str) -> None:
    items = await api.source({"Price": {"number": {}}}, "Items")
    orders = await api.source(
        {"Items": {"relation": {"data_source_id": items["id"], "single_property": {}}}}, "Orders"
    )
    rollup = {
        "function": function,
        "relation_property_name": "Items",
        "rollup_property_name": "Price",
    }
    change = {"properties": {"Rolled": {"rollup": rollup}}}
    changed = await api.ok("PATCH", f"/data_sources/{orders['id']}", change)
    shown = changed["properties"]["Rolled"]["rollup"]
    assert (shown["relation_property_name"], shown["function"]) == ("Items", function)
    ids = [{"id": (await api.row(items, Price={"number": price}))["id"]} for price in (4, None, 6)]
    row = await api.row(orders, Items={"relation": ids})
    kind, value = ROLLUPS[function]
    rolled = row["properties"]["Rolled"]["rollup"]
    assert rolled == {
        "type": kind,
        kind: pytest.approx(value) if kind == "number" else value,
        "function": function,
    }


FORMULAS: dict[str, dict[str, Any]] = {
    'prop("Price") * 2 + 1': {"type": "number", "number": 9},
    'prop("Name") + "!"': {"type": "string", "string": "A!"},
    'if(prop("Price") > 3, "dear", "cheap")': {"type": "string", "string": "dear"},
    'prop("Price") == 4 and not empty(prop("Tags"))': {"type": "boolean", "boolean": True},
    'prop("Tags").includes("x")': {"type": "boolean", "boolean": True},
    'prop("Tags").length()': {"type": "number", "number": 2},
    'dateAdd(prop("Due"), 1, "days")': {
        "type": "date",
        "date": {"start": "2026-11-24", "end": None, "time_zone": None},
    },
    'prop("Due")': {
        "type": "date",
        "date": {"start": "2026-11-23", "end": None, "time_zone": None},
    },
    'prop("Nothing")': {"type": "number", "number": None},
    "style(1, 2)": {"type": "unsupported", "unsupported": {}},
}


@pytest.mark.parametrize("expression", FORMULAS)
async def test_a_formula_is_computed(api: Api, expression: str) -> None:
    api.witnessed = "unsupported" not in FORMULAS[expression]
    source = await api.source(
        {
            "Price": {"number": {}},
            "Nothing": {"number": {}},
            "Tags": {"multi_select": {}},
            "Due": {"date": {}},
            "F": {"formula": {"expression": expression}},
        }
    )
    row = await api.row(
        source,
        Name={"title": words("A")},
        Price={"number": 4},
        Tags={"multi_select": [{"name": "x"}, {"name": "y"}]},
        Due={"date": {"start": "2026-11-23"}},
    )
    assert row["properties"]["F"]["formula"] == FORMULAS[expression]


async def test_a_formula_is_given_back_with_references(api: Api) -> None:
    source = await api.source(
        {"Price": {"number": {}}, "F": {"formula": {"expression": 'prop("Price") * 2'}}}
    )
    expression = source["properties"]["F"]["formula"]["expression"]
    price = source["properties"]["Price"]["id"]
    reference = f"{{{{notion:block_property:{price}:{source['id']}:{api.space.id}}}}}"
    assert expression == f"{reference} * 2"
    change = {"properties": {"F": {"formula": {"expression": expression}}}}
    await api.ok("PATCH", f"/data_sources/{source['id']}", change)
    row = await api.row(source, Price={"number": 4})
    assert row["properties"]["F"]["formula"] == {"type": "number", "number": 8}


async def test_the_look_of_a_database_is_changed(api: Api) -> None:
    source = await api.source({})
    path = f"/databases/{source['parent']['database_id']}"
    change = {
        "title": words("Other"),
        "description": words("What it is for"),
        "icon": {"emoji": "🔥"},
        "is_inline": True,
        "is_locked": True,
    }
    changed = await api.ok("PATCH", path, change)
    assert changed["title"][0]["plain_text"] == "Other"
    assert (changed["icon"], changed["is_inline"], changed["is_locked"]) == (
        {"type": "emoji", "emoji": "🔥"},
        True,
        True,
    )
    found = await api.ok("GET", f"/data_sources/{source['id']}")
    assert found["description"][0]["plain_text"] == "What it is for"


async def test_a_database_in_the_trash_takes_no_rows(api: Api) -> None:
    source = await api.source({})
    await api.ok("PATCH", f"/databases/{source['parent']['database_id']}", {"in_trash": True})
    body = {"parent": {"data_source_id": source["id"]}}
    assert await api.refused("POST", "/pages", body) == TRASHED
    assert (await api.ok("GET", f"/data_sources/{source['id']}"))["in_trash"] is True


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/databases", {}, "body.parent should be defined, instead was `undefined`."),
        (
            "/databases",
            {"parent": {"page_id": "ROOT"}, "properties": {"Name": {"title": {}}}},
            'body.properties should be not present, instead was `{"Name":{"title":{}}}`.',
        ),
        (
            "/databases",
            {"parent": {"page_id": "ROOT"}, "archived": False},
            "body.archived should be not present, instead was `false`.",
        ),
    ],
    ids=["no parent", "properties at the top", "archived"],
)
async def test_a_body_is_closed_at_the_top(
    api: Api, path: str, body: dict[str, Any], message: str
) -> None:
    if "parent" in body:
        body = {**body, "parent": {"page_id": api.root}}
    assert await api.refused("POST", path, body) == f"body failed validation: {message}"


async def test_a_source_has_exactly_one_title(api: Api) -> None:
    body = {
        "parent": {"page_id": api.root},
        "initial_data_source": {"properties": {"A": {"number": {}}}},
    }
    assert await api.refused("POST", "/databases", body) == (
        "Title is not provided: a data source has exactly one title property."
    )
    assert api.space.databases == {}
