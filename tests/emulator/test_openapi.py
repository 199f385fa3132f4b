"""The official OpenAPI as a witness: every answer of the emulator fits it, and it can say no."""

import sys
from pathlib import Path
from typing import Any

import pytest

from automation.emulator.endpoints import ENDPOINTS
from tests.emulator.api import Api, paragraph, words
from tests.emulator.openapi import Spec, spec
from tests.emulator.recorded import Exchange, Replay, read
from tests.world import data

pytestmark = pytest.mark.anyio

CURRENT = "2026-03-11"
LEAST_RECORDED = 0.98


async def _tour(api: Api) -> None:
    """Every endpoint once and some refusals; each answer is checked on the way."""
    people = await api.source({"Mail": {"email": {}}}, "People")
    things = await api.source(
        {
            "For": {"relation": {"data_source_id": people["id"], "dual_property": {}}},
            "Kind": {"select": {"options": [{"name": "Low", "color": "red"}]}},
            "State": {"status": {}},
        }
    )
    database = things["parent"]["database_id"]
    second = {
        "parent": {"database_id": database},
        "title": words("Second"),
        "properties": {"Title": {"title": {}}},
    }
    await api.ok("POST", "/data_sources", second)
    await api.ok("GET", f"/databases/{database}")
    await api.ok("PATCH", f"/databases/{database}", {"icon": {"emoji": "🔥"}})
    change: dict[str, Any] = {"properties": {"Size": {"number": {}}}}
    await api.ok("PATCH", f"/data_sources/{things['id']}", change)
    person = await api.row(people, Name={"title": words("Ada")})
    row = await api.row(
        things,
        Name={"title": words("A")},
        For={"relation": [{"id": person["id"]}]},
        Kind={"select": {"name": "High"}},
        Size={"number": 1.5},
    )
    await api.ok("GET", f"/pages/{row['id']}")
    await api.ok("GET", f"/pages/{row['id']}/properties/title")
    await api.ok("GET", f"/pages/{row['id']}/properties/{things['properties']['Kind']['id']}")
    await api.ok("PATCH", f"/pages/{row['id']}", {"properties": {"Size": {"number": None}}})
    await api.ok("POST", f"/data_sources/{things['id']}/query", {"page_size": 1})
    await api.ok("POST", "/search", {"query": "things"})
    children = f"/blocks/{row['id']}/children"
    made = await api.ok("PATCH", children, {"children": [paragraph("x", paragraph("y"))]})
    block = f"/blocks/{made['results'][0]['id']}"
    await api.ok("GET", children)
    await api.ok("GET", block)
    await api.ok("PATCH", block, {"paragraph": {"rich_text": words("z")}})
    await api.ok("DELETE", block)
    users = await api.ok("GET", "/users")
    await api.ok("GET", f"/users/{users['results'][1]['id']}")
    await api.ok("GET", "/users/me")
    await api.refused("POST", "/pages", {})
    await api.refused("GET", "/pages/x")
    await api.send("GET", "/pages/7855b161-f63e-4683-b7c7-8ca6e97ee266")
    await api.send("GET", "/users/me", token="ntn_other")


async def test_every_answer_of_every_endpoint_is_valid(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    spec()
    await _tour(api)
    with capsys.disabled():
        sys.stdout.write(
            f"\nthe emulator's answers valid against the OpenAPI: {api.seen}/{api.seen}\n"
        )
    met = {(one["method"], _template(one["path"])) for one in api.emulator.log.entries}
    assert met == {(one.method, _template(one.path)) for one in ENDPOINTS}


def _template(path: str) -> str:
    """The path with every second part of it left open."""
    parts = path.split("/")[1:]
    if parts == ["users", "me"]:
        return path
    return "/".join("{}" if index % 2 else part for index, part in enumerate(parts))


async def test_replayed_requests_are_answered_validly(capsys: pytest.CaptureFixture[str]) -> None:
    """What the recorded requests are answered here fits wherever Notion's own answer does."""
    known = spec()
    wrong = []
    count = 0
    for path in _recordings():
        for one in await Replay().run(read(path)):
            if _witnessed(one.exchange, known):
                count += 1
                problem = known.answer(*_asked(one.exchange), one.status, one.answer)
                wrong += [problem] if problem else []
    with capsys.disabled():
        sys.stdout.write(f"\n… to recorded requests: {count - len(wrong)}/{count}\n")
    assert wrong == []


def test_the_witness_takes_what_notion_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Relaxed as it is, the OpenAPI fits the recorded answers and requests."""
    known = spec()
    exchanges = [
        one
        for path in _recordings()
        for one in read(path)
        if one.built and one.version == CURRENT and one.status == 200
    ]
    answers = [known.answer(*_asked(one), 200, one.answer) is None for one in exchanges]
    requests = [known.request(*_asked(one), one.body) is None for one in exchanges if one.body]
    with capsys.disabled():
        sys.stdout.write(
            f"\nrecorded answers valid: {sum(answers)}/{len(answers)},"
            f" recorded requests: {sum(requests)}/{len(requests)}\n"
        )
    assert sum(answers) >= LEAST_RECORDED * len(answers)
    assert sum(requests) >= LEAST_RECORDED * len(requests)


BROKEN: list[tuple[str, Any]] = [
    ("in_trash", "no"),
    ("created_time", 3),
    ("parent", {"type": "page_id"}),
    ("properties", {"title": {"id": "title", "type": "title", "title": "text"}}),
]


@pytest.mark.parametrize(("key", "value"), BROKEN, ids=[key for key, _ in BROKEN])
async def test_the_witness_can_say_no(api: Api, key: str, value: Any) -> None:
    known: Spec = spec()
    page = await api.page()
    assert known.answer("GET", f"/pages/{page['id']}", 200, page) is None
    assert known.answer("GET", f"/pages/{page['id']}", 200, {**page, key: value}) is not None


def _witnessed(exchange: Exchange, known: Spec) -> bool:
    """Tabs, buttons and their like are younger than the OpenAPI of March."""
    if not exchange.built or exchange.version != CURRENT:
        return False
    return known.answer(*_asked(exchange), exchange.status, exchange.answer) is None


def _recordings() -> list[Path]:
    return sorted(data("notion-recorded").glob("*.jsonl"))


def _asked(exchange: Exchange) -> tuple[str, str]:
    return exchange.method, exchange.path.removeprefix("/v1")
