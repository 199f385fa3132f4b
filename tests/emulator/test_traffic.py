"""Tokens, versions, budget and faults: what happens before the work, and around it."""

import json
from typing import Any

import pytest

from automation.emulator.faults import KINDS, REASONS
from automation.emulator.versions import OLDER
from tests.emulator.api import Api, connect, paragraph, words

pytestmark = pytest.mark.anyio


async def test_a_wrong_token_is_refused(api: Api) -> None:
    answer = await api.send("GET", "/users/me", token="ntn_other")
    assert (answer.status, answer.body["code"], answer.body["message"]) == (
        401,
        "unauthorized",
        "API token is invalid.",
    )
    assert list(answer.body) == ["object", "status", "code", "message", "request_id"]


async def test_a_request_without_a_version_is_refused(api: Api) -> None:
    answer = await api.send("GET", "/users/me", version=None)
    assert (answer.status, answer.body["code"], answer.body["message"]) == (
        400,
        "missing_version",
        "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`.",
    )


async def test_a_version_that_is_not_spoken_is_refused(api: Api) -> None:
    assert await api.refused("GET", "/users/me", version="2022-06-28") == (
        "Notion-Version header failed validation: Notion-Version header should be"
        ' `"2025-09-03"` or `"2026-03-11"`, instead was `"2022-06-28"`.'
    )


async def test_the_current_version_knows_no_archived(api: Api) -> None:
    page = await api.page()
    assert "archived" not in page
    assert await api.refused("PATCH", f"/pages/{page['id']}", {"archived": True}) == (
        "body failed validation: body.archived should be not present, instead was `true`."
    )


async def test_the_older_version_says_archived_and_after(api: Api) -> None:
    page = await api.page()
    path = f"/pages/{page['id']}"
    old = await api.ok("PATCH", path, {"archived": True}, version=OLDER)
    assert (old["in_trash"], old["archived"], list(old)[-2:]) == (
        True,
        True,
        ["archived", "request_id"],
    )
    await api.ok("PATCH", path, {"archived": False}, version=OLDER)
    children = f"/blocks/{page['id']}/children"
    made = await api.ok(
        "PATCH", children, {"children": [paragraph(x) for x in "ab"]}, version=OLDER
    )
    after = {"children": [paragraph("c")], "after": made["results"][0]["id"]}
    made = await api.ok("PATCH", children, after, version=OLDER)
    assert [one["archived"] for one in made["results"]] == [False, False]


async def test_an_unknown_address_is_refused(api: Api) -> None:
    answer = await api.send("GET", "/invalid")
    assert (answer.status, answer.body["code"], answer.body["message"]) == (
        400,
        "invalid_request_url",
        "Invalid request URL.",
    )


@pytest.mark.parametrize(
    "raw", [b"{", b'{"query": NaN}', b"\xff", b"[" * 100_000], ids=["cut", "nan", "bytes", "deep"]
)
async def test_what_is_not_json_is_refused(api: Api, raw: bytes) -> None:
    answer = await api.send("POST", "/search", raw)
    assert (answer.status, answer.body["code"], answer.body["message"]) == (
        400,
        "invalid_json",
        "Error parsing JSON body.",
    )


async def test_every_answer_names_its_request(api: Api) -> None:
    answer = await api.send("GET", "/users/me")
    assert answer.headers["x-notion-request-id"] == answer.body["request_id"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_half_a_surrogate_pair_survives_as_javascript_has_it(api: Api) -> None:
    sent = json.dumps({"parent": {"page_id": api.root}, "properties": {"title": words("a\ud83d")}})
    page = await api.ok("POST", "/pages", sent.encode())
    assert page["properties"]["title"]["title"][0]["plain_text"] == "a\ud83d"


async def test_the_budget_is_a_fixed_window() -> None:
    """All of it at once is fine; the next is told when the window ends."""
    async with connect(limit=3) as api:
        for _ in range(3):
            await api.ok("GET", "/users/me")
        answer = await api.send("GET", "/users/me")
        assert (answer.status, answer.body["code"]) == (429, "rate_limited")
        assert answer.body["additional_data"] == {
            "rate_limit_reason": "public_api_request_rate_limit",
            "retry_after": "45",
        }
        assert answer.headers["retry-after"] == "45"
        api.clock.tick(45)
        await api.ok("GET", "/users/me")


async def _inject(api: Api, **fault: Any) -> None:
    answer = await api._client.post("/_emulator/faults", json=fault)
    assert answer.status_code == 200


ANSWERS = {
    "401": (401, "unauthorized"),
    "403": (403, "restricted_resource"),
    "404": (404, "object_not_found"),
    "409": (409, "conflict_error"),
    "429": (429, "rate_limited"),
    "500": (500, "internal_server_error"),
    "502": (502, "bad_gateway"),
    "503": (503, "service_unavailable"),
    "504": (504, "gateway_timeout"),
    "529": (529, "service_overload"),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_fault_is_answered_and_nothing_is_done(api: Api, kind: str) -> None:
    api.witnessed = False
    before = len(api.space.pages)
    await _inject(api, kind=kind, method="POST", path="/pages", retry_after=7)
    answer = await api.send("POST", "/pages", {"parent": {"page_id": api.root}})
    assert (answer.status, answer.body["code"]) == ANSWERS[kind]
    assert answer.headers.get("retry-after") == ("7" if kind in {"429", "529"} else None)
    assert len(api.space.pages) == before
    await api.ok("POST", "/pages", {"parent": {"page_id": api.root}})


@pytest.mark.parametrize("reason", REASONS)
async def test_a_429_says_why(api: Api, reason: str) -> None:
    await _inject(api, kind="429", reason=reason)
    answer = await api.send("GET", "/users/me")
    assert answer.body["additional_data"]["rate_limit_reason"] == reason


@pytest.mark.parametrize(("kind", "status"), [("502_html", 502), ("524_html", 524)])
async def test_an_edge_answers_with_a_page(api: Api, kind: str, status: int) -> None:
    await _inject(api, kind=kind)
    headers = {"Authorization": f"Bearer {api.space.token}", "Notion-Version": "2026-03-11"}
    answer = await api._client.get("/v1/users/me", headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("what", ["create", "append", "update"])
async def test_a_write_can_be_saved_and_still_answer_503(api: Api, what: str) -> None:
    page = await api.page()
    first = await api.ok("PATCH", f"/blocks/{page['id']}/children", {"children": [paragraph("a")]})
    after = {"type": "after_block", "after_block": {"id": first["results"][0]["id"]}}
    method, path, body = {
        "create": ("POST", "/pages", {"parent": {"page_id": api.root}}),
        "append": (
            "PATCH",
            f"/blocks/{page['id']}/children",
            {"children": [paragraph("b"), paragraph("c")], "position": after},
        ),
        "update": ("PATCH", f"/pages/{page['id']}", {"icon": {"emoji": "🔥"}}),
    }[what]
    await api.ok("PATCH", f"/blocks/{page['id']}/children", {"children": [paragraph("z")]})
    await _inject(api, kind="503_committed")
    answer = await api.send(method, path, body)
    assert (answer.status, answer.body["code"]) == (503, "service_unavailable")
    facts = answer.body["additional_data"]
    assert (facts["elapsed_ms"], facts["deadline_ms"]) == ("55012", "55000")
    made = facts["committed_resource_id"]
    if what == "create":
        assert (await api.ok("GET", f"/pages/{made}"))["parent"]["page_id"] == api.root
    else:
        assert made == page["id"]
    if what == "append":
        shown = await api.ok("GET", f"/blocks/{page['id']}/children")
        assert facts["committed_child_ids"] == [one["id"] for one in shown["results"][1:3]]


@pytest.mark.parametrize(("kind", "status"), [("500_committed", 500), ("504_committed", 504)])
async def test_a_write_can_be_saved_and_its_answer_say_nothing(
    api: Api, kind: str, status: int
) -> None:
    before = len(api.space.pages)
    await _inject(api, kind=kind)
    answer = await api.send("POST", "/pages", {"parent": {"page_id": api.root}})
    assert (answer.status, "additional_data" in answer.body) == (status, False)
    assert len(api.space.pages) == before + 1


@pytest.mark.parametrize(("kind", "made"), [("drop_before", 0), ("drop_after", 1)])
async def test_without_a_server_a_cut_connection_is_an_error(
    api: Api, kind: str, made: int
) -> None:
    before = len(api.space.pages)
    await _inject(api, kind=kind)
    with pytest.raises(ConnectionResetError):
        await api.send("POST", "/pages", {"parent": {"page_id": api.root}})
    assert len(api.space.pages) == before + made


async def test_faults_strike_as_often_and_where_they_are_meant_to(api: Api) -> None:
    page = await api.page()
    await _inject(api, kind="500", method="PATCH", path="/blocks/*/children", skip=1, times=2)
    children = f"/blocks/{page['id']}/children"
    statuses = [
        (await api.send("PATCH", children, {"children": [paragraph("x")]})).status for _ in range(4)
    ]
    assert statuses == [200, 500, 500, 200]
    await _inject(api, kind="slow", seconds=0.001)
    await _inject(api, kind="slow_after", seconds=0.001)
    assert (await api._client.get("/_emulator/faults")).json()["faults"] == 2
    await api.ok("GET", children)
    await api.ok("GET", children)
    assert (await api._client.get("/_emulator/faults")).json() == {"faults": 0, "waiting": []}


async def test_a_fault_that_there_is_not_is_refused(api: Api) -> None:
    answer = await api._client.post("/_emulator/faults", json={"kind": "flood"})
    assert answer.status_code == 400
    assert all(kind in answer.json()["error"] for kind in KINDS)


async def test_the_log_has_every_request_and_its_end(api: Api) -> None:
    await _inject(api, kind="500", path="/search")
    page = await api.page("x")
    await api.send("POST", "/search", {"query": "x"})
    entries = (await api._client.get("/_emulator/requests")).json()
    assert [
        (one["method"], one["path"], one["status"], one["object_id"], one.get("committed"))
        for one in entries
    ] == [
        ("POST", "/pages", 200, page["id"], True),
        ("POST", "/search", 500, None, None),
    ]
    assert entries[1]["body"] == {"query": "x"}
    assert len((await api._client.get("/_emulator/requests", params={"since": 1})).json()) == 1
    assert (await api._client.delete("/_emulator/requests")).json() == []


async def test_the_state_is_counted(demo: Api) -> None:
    state = (await demo._client.get("/_emulator/state")).json()
    assert state == {
        "pages": 2,
        "blocks": 0,
        "rows": dict.fromkeys(demo.facts["data_sources"].values(), 0),
        "requests": 0,
    }


async def test_settings_can_be_changed_while_it_runs(api: Api) -> None:
    change = {"requests_per_minute": 1, "query_cap": 5}
    answer = await api._client.patch("/_emulator/settings", json=change)
    assert answer.json() == {
        "requests_per_minute": 1,
        "window_seconds": 60.0,
        "search_lag": 0.0,
        "query_cap": 5,
    }
    await api.ok("GET", "/users/me")
    assert (await api.send("GET", "/users/me")).status == 429
    answer = await api._client.patch("/_emulator/settings", json={"color": 1})
    assert answer.status_code == 400
