"""Search is fuzzy and lags; users are listed without guests."""

import pytest

from tests.emulator.api import Api

pytestmark = pytest.mark.anyio


async def _found(api: Api, query: str, **more: object) -> list[str]:
    answer = await api.ok("POST", "/search", {"query": query, **more})
    return [api.space.name_of(one["id"]) for one in answer["results"]]


async def test_any_word_of_a_title_is_found_latest_edit_first(api: Api) -> None:
    await api.page("Release notes")
    api.clock.tick(60)
    await api.page("Meeting notes, weekly")
    api.clock.tick(60)
    await api.source({}, "Notebook")
    assert await _found(api, "weekly note") == [
        "Notebook",
        "Meeting notes, weekly",
        "Release notes",
    ]
    assert await _found(api, "RELEASE") == ["Release notes"]
    assert await _found(api, "nothing like it") == []


async def test_a_search_is_for_pages_or_data_sources(api: Api) -> None:
    await api.page("Notes")
    await api.source({}, "Notes")
    only = {"property": "object", "value": "data_source"}
    answer = await api.ok("POST", "/search", {"query": "notes", "filter": only})
    assert [one["object"] for one in answer["results"]] == ["data_source"]
    only = {"property": "object", "value": "page"}
    answer = await api.ok("POST", "/search", {"query": "notes", "filter": only})
    assert [one["object"] for one in answer["results"]] == ["page"]


async def test_the_trash_is_searched_when_asked_for(api: Api) -> None:
    page = await api.page("Notes")
    await api.ok("PATCH", f"/pages/{page['id']}", {"in_trash": True})
    assert await _found(api, "notes") == []
    assert await _found(api, "notes", filter={"in_trash": True}) == ["Notes"]


async def test_the_index_lags(api: Api) -> None:
    api.space.search_lag = 2.0
    await api.page("Notes")
    assert await _found(api, "notes") == []
    api.clock.tick(2)
    assert await _found(api, "notes") == ["Notes"]


async def test_a_search_comes_page_by_page(api: Api) -> None:
    for number in range(3):
        await api.page(f"Notes {number}")
        api.clock.tick(60)
    first = await api.ok("POST", "/search", {"query": "notes", "page_size": 2})
    rest = await api.ok("POST", "/search", {"query": "notes", "start_cursor": first["next_cursor"]})
    assert [api.space.name_of(one["id"]) for one in first["results"] + rest["results"]] == [
        "Notes 2",
        "Notes 1",
        "Notes 0",
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"filter": {"property": "object", "value": "database"}},
            'body failed validation: body.filter.value should be `"page"`, `"data_source"`, or `undefined`, instead was `"database"`.',
        ),
        (
            {"sort": {"timestamp": "last_edited_time", "direction": "up"}},
            'body failed validation: body.sort.direction should be `"ascending"`, `"descending"`, or `undefined`, instead was `"up"`.',
        ),
        (
            {"query": 3},
            "body failed validation: body.query should be a string or `undefined`, instead was `3`.",
        ),
        ({"start_cursor": "x"}, "The start_cursor provided is invalid: x"),
    ],
    ids=["database", "direction", "query", "cursor"],
)
async def test_a_search_that_makes_no_sense_is_refused(
    api: Api, body: object, message: str
) -> None:
    assert await api.refused("POST", "/search", body) == message


async def test_the_connection_is_a_bot(api: Api) -> None:
    me = await api.ok("GET", "/users/me")
    assert list(me) == ["object", "id", "name", "avatar_url", "type", "bot", "request_id"]
    assert me["bot"] == {
        "owner": {"type": "workspace", "workspace": True},
        "workspace_name": "Emulator",
        "workspace_id": api.space.id,
        "workspace_limits": {"max_file_upload_size_in_bytes": 5_242_880},
    }


async def test_members_are_listed_and_guests_only_found(api: Api) -> None:
    answer = await api.ok("GET", "/users", params={"page_size": 2})
    rest = await api.ok("GET", "/users", params={"start_cursor": answer["next_cursor"]})
    users = answer["results"] + rest["results"]
    assert [one["name"] for one in users] == ["Automation demo", "Ada Lovelace", "Grace Hopper"]
    guest = next(iter(api.space.guests))
    found = await api.ok("GET", f"/users/{guest}")
    assert found["person"] == {"email": "guest@example.org"}


async def test_an_unknown_user_is_not_found(api: Api) -> None:
    identity = "745e79dd-3e43-40de-9d51-39357c1c428f"
    answer = await api.send("GET", f"/users/{identity}")
    assert (answer.status, answer.body["code"]) == (404, "object_not_found")
    assert answer.body["message"].startswith(
        f"Could not find user with ID: {identity}. Make sure your integration has capabilities"
    )
