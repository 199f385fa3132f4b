"""Queries: every filter operator, sorts, pages of results."""

from typing import Any

import pytest

from tests.emulator.api import Api, Object, words

pytestmark = pytest.mark.anyio

SCHEMA: Object = {
    "Text": {"rich_text": {}},
    "Number": {"number": {}},
    "Kind": {"select": {"options": [{"name": "Low"}, {"name": "High"}]}},
    "Tags": {"multi_select": {"options": [{"name": "x"}, {"name": "y"}]}},
    "State": {"status": {}},
    "Date": {"date": {}},
    "Done": {"checkbox": {}},
    "Mail": {"email": {}},
    "Who": {"people": {}},
    "Files": {"files": {}},
    "Id": {"unique_id": {}},
    "Maker": {"created_by": {}},
    "Made": {"created_time": {}},
    "Double": {"formula": {"expression": 'prop("Number") * 2'}},
    "Loud": {"formula": {"expression": 'upper(prop("Text"))'}},
}


async def _things(api: Api) -> Any:
    """Three rows: A has everything, B something else, C nothing but its name."""
    source = await api.source(SCHEMA)
    person = next(one for one in api.space.users.values() if one["type"] == "person")
    await api.row(
        source,
        Name={"title": words("A")},
        Text={"rich_text": words("Hello World")},
        Number={"number": 1},
        Kind={"select": {"name": "Low"}},
        Tags={"multi_select": [{"name": "x"}, {"name": "y"}]},
        State={"status": {"name": "Done"}},
        Date={"date": {"start": "2026-11-23"}},
        Done={"checkbox": True},
        Mail={"email": "ada@example.com"},
        Who={"people": [{"id": person["id"]}]},
        Files={"files": [{"name": "f", "external": {"url": "https://example.com"}}]},
    )
    api.clock.tick(3600)
    await api.row(
        source,
        Name={"title": words("B")},
        Text={"rich_text": words("hello")},
        Number={"number": 2},
        Kind={"select": {"name": "High"}},
        Tags={"multi_select": [{"name": "y"}]},
        State={"status": {"name": "In progress"}},
        Date={"date": {"start": "2026-11-20T10:30:45Z"}},
        Mail={"email": "bob@example.org"},
    )
    api.clock.tick(3600)
    await api.row(source, Name={"title": words("C")})
    return source


def names(answer: Any) -> str:
    """The titles of the results, together."""
    return "".join(one["properties"]["Name"]["title"][0]["plain_text"] for one in answer["results"])


def on(name: str, kind: str, **condition: Any) -> Object:
    """A filter on a property."""
    return {"property": name, kind: condition}


EMPTY: Object = {"is_empty": True}
THERE: Object = {"is_not_empty": True}

FILTERS: list[tuple[Object, str]] = [
    (on("Name", "title", equals="a"), "A"),
    (on("Name", "rich_text", contains="b"), "B"),
    (on("Text", "rich_text", equals="HELLO"), "B"),
    (on("Text", "rich_text", does_not_equal="hello"), "CA"),
    (on("Text", "rich_text", contains="WORLD"), "A"),
    (on("Text", "rich_text", does_not_contain="world"), "CB"),
    (on("Text", "rich_text", starts_with="hello"), "BA"),
    (on("Text", "rich_text", ends_with="world"), "A"),
    (on("Text", "rich_text", **EMPTY), "C"),
    (on("Text", "rich_text", **THERE), "BA"),
    (on("Mail", "email", ends_with=".org"), "B"),
    (on("Number", "number", equals=1), "A"),
    (on("Number", "number", does_not_equal=1), "CB"),
    (on("Number", "number", greater_than=1), "B"),
    (on("Number", "number", less_than=2), "A"),
    (on("Number", "number", greater_than_or_equal_to=1), "BA"),
    (on("Number", "number", less_than_or_equal_to=1), "A"),
    (on("Number", "number", **EMPTY), "C"),
    (on("Number", "number", **THERE), "BA"),
    (on("Done", "checkbox", equals=True), "A"),
    (on("Done", "checkbox", does_not_equal=True), "CB"),
    (on("Kind", "select", equals="Low"), "A"),
    (on("Kind", "select", equals=["Low", "High"]), "BA"),
    (on("Kind", "select", does_not_equal="Low"), "CB"),
    (on("Kind", "select", **EMPTY), "C"),
    (on("State", "status", equals="Done"), "A"),
    (on("State", "status", does_not_equal="Done"), "CB"),
    (on("Tags", "multi_select", contains="x"), "A"),
    (on("Tags", "multi_select", contains=["x", "y"]), "BA"),
    (on("Tags", "multi_select", does_not_contain="x"), "CB"),
    (on("Tags", "multi_select", **EMPTY), "C"),
    (on("Date", "date", equals="2026-11-23"), "A"),
    (on("Date", "date", equals="2026-11-20"), "B"),
    (on("Date", "date", equals="2026-11-20T10:30:59Z"), "B"),
    (on("Date", "date", equals="today"), "A"),
    (on("Date", "date", before="2026-11-23"), "B"),
    (on("Date", "date", after="2026-11-20"), "A"),
    (on("Date", "date", on_or_before="2026-11-20"), "B"),
    (on("Date", "date", on_or_after="2026-11-20"), "BA"),
    (on("Date", "date", before="tomorrow"), "BA"),
    (on("Date", "date", on_or_after="one_week_ago"), "BA"),
    (on("Date", "date", past_week={}), "BA"),
    (on("Date", "date", this_week={}), "A"),
    (on("Date", "date", next_month={}), "A"),
    (on("Date", "date", **EMPTY), "C"),
    (on("Who", "people", **EMPTY), "CB"),
    (on("Files", "files", **THERE), "A"),
    (on("Id", "unique_id", greater_than=1), "CB"),
    (on("Maker", "created_by", contains="me"), "CBA"),
    (on("Made", "created_time", on_or_before="2026-11-23T09:30:00Z"), "A"),
    (on("Double", "formula", number={"equals": 4}), "B"),
    (on("Double", "formula", number={"greater_than": 1}), "BA"),
    (on("Loud", "formula", string={"contains": "world"}), "A"),
    ({"timestamp": "created_time", "created_time": {"after": "2026-11-23T09:30:00Z"}}, "CB"),
    ({"timestamp": "last_edited_time", "last_edited_time": {"past_week": {}}}, "CBA"),
    ({"and": [on("Number", "number", **THERE), on("Done", "checkbox", equals=False)]}, "B"),
    ({"or": [on("Name", "title", equals="A"), on("Name", "title", equals="C")]}, "CA"),
    (
        {"and": [{"or": [on("Number", "number", equals=1), on("Number", "number", equals=2)]}]},
        "BA",
    ),
    ({"and": []}, "CBA"),
]


@pytest.mark.parametrize(
    ("where", "found"), FILTERS, ids=[str(n) for n in range(1, len(FILTERS) + 1)]
)
async def test_a_filter_finds(api: Api, where: Object, found: str) -> None:
    """Without sorts the newest row comes first."""
    source = await _things(api)
    answer = await api.ok("POST", f"/data_sources/{source['id']}/query", {"filter": where})
    assert names(answer) == found


async def test_people_are_found_by_id(api: Api) -> None:
    source = await _things(api)
    person = next(one for one in api.space.users.values() if one["type"] == "person")
    path = f"/data_sources/{source['id']}/query"
    where = on("Who", "people", contains=person["id"])
    assert names(await api.ok("POST", path, {"filter": where})) == "A"
    where = on("Who", "people", does_not_contain=person["id"].replace("-", ""))
    assert names(await api.ok("POST", path, {"filter": where})) == "CB"


async def test_rollups_are_asked_for_any_every_or_none(api: Api) -> None:
    items = await api.source({"Price": {"number": {}}}, "Items")
    orders = await api.source(
        {"Items": {"relation": {"data_source_id": items["id"], "single_property": {}}}}, "Orders"
    )
    rollup = {"relation_property_name": "Items", "rollup_property_name": "Price"}
    change = {
        "properties": {
            "Prices": {"rollup": {**rollup, "function": "show_original"}},
            "Sum": {"rollup": {**rollup, "function": "sum"}},
        }
    }
    await api.ok("PATCH", f"/data_sources/{orders['id']}", change)
    cheap, dear = [await api.row(items, Price={"number": price}) for price in (1, 9)]
    for name, related in {"A": [cheap, dear], "B": [cheap], "C": []}.items():
        await api.row(
            orders,
            Name={"title": words(name)},
            Items={"relation": [{"id": one["id"]} for one in related]},
        )
    above = {"number": {"greater_than": 5}}
    cases = {
        "any": (on("Prices", "rollup", any=above), "A"),
        "every": (on("Prices", "rollup", every={"number": {"less_than": 5}}), "B"),
        "none": (on("Prices", "rollup", none=above), "CB"),
        "number": (on("Sum", "rollup", number={"equals": 10}), "A"),
        "empty": (on("Sum", "rollup", number={"is_empty": True}), "C"),
        "relation": (on("Items", "relation", contains=dear["id"]), "A"),
        "no relation": (on("Items", "relation", is_empty=True), "C"),
    }
    for where, found in cases.values():
        answer = await api.ok("POST", f"/data_sources/{orders['id']}/query", {"filter": where})
        assert names(answer) == found


SORTS: list[tuple[list[Object], str]] = [
    ([], "CBA"),
    ([{"property": "Name", "direction": "ascending"}], "ABC"),
    ([{"property": "Name", "direction": "descending"}], "CBA"),
    ([{"property": "Number", "direction": "ascending"}], "ABC"),
    ([{"property": "Number", "direction": "descending"}], "BAC"),
    ([{"property": "Kind", "direction": "descending"}], "BAC"),
    ([{"property": "Date", "direction": "ascending"}], "BAC"),
    ([{"property": "Done", "direction": "descending"}], "ACB"),
    ([{"property": "Tags", "direction": "ascending"}], "ABC"),
    ([{"timestamp": "created_time", "direction": "ascending"}], "ABC"),
    ([{"timestamp": "last_edited_time", "direction": "descending"}], "CBA"),
    (
        [
            {"property": "Done", "direction": "ascending"},
            {"property": "Name", "direction": "ascending"},
        ],
        "BCA",
    ),
]


@pytest.mark.parametrize(("sorts", "found"), SORTS, ids=[str(n) for n in range(1, len(SORTS) + 1)])
async def test_a_sort_orders(api: Api, sorts: list[Object], found: str) -> None:
    """Rows without a value come last, whichever the direction."""
    source = await _things(api)
    answer = await api.ok("POST", f"/data_sources/{source['id']}/query", {"sorts": sorts})
    assert names(answer) == found


WRONG: list[tuple[str, Object, str]] = [
    (
        "unknown property",
        {"filter": on("Nope", "number", equals=1)},
        "Could not find property with name or id: Nope",
    ),
    (
        "unknown sort",
        {"sorts": [{"property": "Nope", "direction": "ascending"}]},
        "Could not find sort property with name or id: Nope",
    ),
    (
        "wrong type",
        {"filter": on("Number", "rich_text", equals="1")},
        "database property number does not match filter rich_text",
    ),
    (
        "number as text",
        {"filter": on("Number", "number", equals="1")},
        'body failed validation: body.filter.number.equals should be a number, instead was `"1"`.',
    ),
    (
        "no such date operator",
        {"filter": on("Date", "date", does_not_equal="2026-11-23")},
        "body failed validation. Fix one:\nbody.filter.date.equals should be defined, instead was `undefined`.",
    ),
    (
        "is_empty false",
        {"filter": on("Text", "rich_text", is_empty=False)},
        "body failed validation: body.filter.rich_text.is_empty should be `true`, instead was `false`.",
    ),
    (
        "three levels",
        {"filter": {"and": [{"or": [{"and": []}]}]}},
        "body failed validation: body.filter.and[0].or[0].and should be not present, instead was `[]`.",
    ),
    (
        "a direction that is none",
        {"sorts": [{"property": "Name", "direction": "up"}]},
        'body failed validation. Fix one:\nbody.sorts[0].direction should be `"ascending"` or `"descending"`, instead was `"up"`.',
    ),
    (
        "a page of 101",
        {"page_size": 101},
        "body failed validation: body.page_size should be ≤ `100`, instead was `101`.",
    ),
    (
        "an unknown key",
        {"filters": []},
        "body failed validation: body.filters should be not present, instead was `[]`.",
    ),
    (
        "a timestamp with a property",
        {"filter": {"timestamp": "created_time", "property": "Name", "created_time": {"after": "today"}}},
        'body failed validation: body.filter.property should be not present, instead was `"Name"`.',
    ),
    ("a cursor that is none", {"start_cursor": "s:x:y"}, "The start_cursor provided is invalid: s:x:y"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "message"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG]
)
async def test_a_query_that_makes_no_sense_is_refused(api: Api, body: Object, message: str) -> None:
    source = await _things(api)
    path = f"/data_sources/{source['id']}/query"
    assert (await api.refused("POST", path, body)).startswith(message)


async def test_results_come_page_by_page_and_fit_together(api: Api) -> None:
    """Rows that change or vanish between two pages shift nothing."""
    source = await api.source({"Number": {"number": {}}})
    for number in range(5):
        await api.row(source, Name={"title": words(str(number))}, Number={"number": number})
    path = f"/data_sources/{source['id']}/query"
    body: Object = {
        "filter": on("Number", "number", less_than=9),
        "sorts": [{"property": "Number", "direction": "ascending"}],
        "page_size": 2,
    }
    first = await api.ok("POST", path, body)
    assert list(first) == [
        "object", "results", "next_cursor", "has_more", "type", "page_or_data_source", "request_id",
    ]  # fmt: skip
    kind, snapshot, row = first["next_cursor"].split(":")
    assert (kind, len(snapshot), row) == ("s", 36, _row(api, source, 2))
    for one in first["results"]:
        change = {"properties": {"Number": {"number": 10}}}
        await api.ok("PATCH", f"/pages/{one['id']}", change)
    await api.ok("PATCH", f"/pages/{_row(api, source, 3)}", {"in_trash": True})
    second = await api.ok("POST", path, {**body, "start_cursor": first["next_cursor"]})
    assert names(second) == "2"
    third = await api.ok("POST", path, {**body, "start_cursor": second["next_cursor"]})
    assert (names(third), third["has_more"], third["next_cursor"]) == ("4", False, None)


def _row(api: Api, source: Any, index: int) -> str:
    return list(api.space.data_sources[source["id"]].rows)[index]


async def test_rows_are_pages(api: Api) -> None:
    source = await api.source({})
    await api.row(source)
    path = f"/data_sources/{source['id']}/query"
    counts = {
        kind: len((await api.ok("POST", path, {"result_type": kind}))["results"])
        for kind in ("page", "data_source")
    }
    assert counts == {"page": 1, "data_source": 0}


async def test_rows_in_the_trash_are_not_found(api: Api) -> None:
    source = await api.source({})
    row = await api.row(source, Name={"title": words("A")})
    await api.ok("PATCH", f"/pages/{row['id']}", {"in_trash": True})
    path = f"/data_sources/{source['id']}/query"
    assert names(await api.ok("POST", path, {})) == ""
    assert names(await api.ok("POST", path, {"in_trash": True})) == "A"


async def test_past_the_cap_a_query_says_that_it_is_incomplete(api: Api) -> None:
    api.space.query_cap = 3
    source = await api.source({})
    for number in range(4):
        await api.row(source, Name={"title": words(str(number))})
    path = f"/data_sources/{source['id']}/query"
    incomplete = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    first = await api.ok("POST", path, {"page_size": 2})
    assert (names(first), first["request_status"]) == ("32", incomplete)
    last = await api.ok("POST", path, {"start_cursor": first["next_cursor"]})
    assert (names(last), last["has_more"], last["request_status"]) == ("1", False, incomplete)


async def test_equal_texts_are_found_by_the_index_whatever_changes(api: Api) -> None:
    source = await api.source({"Key": {"rich_text": {}}})
    rows = [
        await api.row(source, Name={"title": words(name)}, Key={"rich_text": words(f"key {name}")})
        for name in "ABC"
    ]
    path = f"/data_sources/{source['id']}/query"

    async def found(key: str) -> str:
        return names(await api.ok("POST", path, {"filter": on("Key", "rich_text", equals=key)}))

    assert [await found(f"KEY {name}") for name in "ABCD"] == ["A", "B", "C", ""]
    key = {"properties": {"Key": {"rich_text": words("key D")}}}
    await api.ok("PATCH", f"/pages/{rows[0]['id']}", key)
    await api.ok("PATCH", f"/pages/{rows[1]['id']}", {"in_trash": True})
    await api.row(source, Name={"title": words("E")}, Key={"rich_text": words("key D")})
    assert [await found(f"key {name}") for name in "ABCD"] == ["", "", "C", "EA"]
    kept = api.space.data_sources[source["id"]]
    assert list(kept.index) == [kept.find("Key").id]  # type: ignore[union-attr]
