"""Our own requests against the official OpenAPI: every verb, every type, every Markdown case."""

import sys
from typing import Any

import pytest

from automation.model.request import Notion
from automation.notion import wire
from tests.actions.acting import Stage, call, judge, stage
from tests.actions.test_find import WHERE, _tasks
from tests.emulator.openapi import spec
from tests.notion.test_markdown import CASES

pytestmark = pytest.mark.anyio

TYPES: dict[str, tuple[Any, Any]] = {
    "Text": ({"rich_text": {}}, "text"),
    "Number": ({"number": {}}, 4),
    "Select": ({"select": {"options": [{"name": "a"}]}}, "a"),
    "Tags": ({"multi_select": {"options": [{"name": "a"}, {"name": "b"}]}}, ["a", "b"]),
    "State": ({"status": {}}, "Done"),
    "Day": ({"date": {}}, "2026-11-23"),
    "Range": ({"date": {}}, {"start": "2026-11-23T09:00Z", "end": "2026-11-23T10:00Z"}),
    "Done": ({"checkbox": {}}, True),
    "Link": ({"url": {}}, "https://example.com"),
    "Mail": ({"email": {}}, "ada@example.com"),
    "Phone": ({"phone_number": {}}, "112"),
}


async def _all_types(scene: Stage) -> None:
    """Each type set, each type cleared."""
    source = await scene.api.source({name: definition for name, (definition, _) in TYPES.items()})
    await scene.target("All", source["id"])
    values = {name: value for name, (_, value) in TYPES.items()}
    made = await scene.act("create", {"create": "All", "set": {"Name": "A", **values}})
    await scene.act("update", {"update": made.value["id"], "set": dict.fromkeys(values)})


async def _verbs(scene: Stage) -> list[Notion]:
    requests: list[Notion] = []

    async def act(verb: str, params: Any) -> Any:
        result = await scene.act(verb, params)
        requests.extend(one for one in scene.sent if isinstance(one, Notion))
        return result

    await _all_types(scene)
    await _tasks(scene)
    for _, source, _ in CASES:
        await act("append", {"append": "Engineering log", "body": source})
        await act("create", {"create": "Engineering log", "set": {"title": "A"}, "body": source})
    for where, _ in WHERE:
        await act("find", {"find": "Tasks", "where": where, "order": ["-Name", "created_time"]})
    url = "https://example.com/1"
    params = {
        "upsert": "Tasks",
        "match": {"URL": url},
        "set": {"Name": "A"},
        "icon": "🔥",
        "cover": url,
    }
    task = await act("upsert", params)
    await act("upsert", {**params, "set": {"Name": "B"}})
    await act("update", {"update": task.value["id"], "trash": True})
    await act("append", {"append": "Engineering log", "body": "x", "under": "Somewhere new"})
    await act("append", {"append": "Engineering log", "body": "x", "position": "start"})
    return requests


READS = (
    wire.search("Tasks", kind="page"),
    wire.search("Tasks", kind="data_source", cursor="7855b161-f63e-4683-b7c7-8ca6e97ee266"),
)


async def test_every_request_of_ours_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    known = spec()
    async with stage() as scene:
        requests = [*await _verbs(scene), *READS]
    bodies = [one for one in requests if one.body is not None]
    wrong = [
        problem for one in bodies if (problem := known.request(one.method, one.path, one.body))
    ]
    with capsys.disabled():
        sys.stdout.write(
            f"\nour own requests valid against the OpenAPI: {len(bodies) - len(wrong)}/{len(bodies)}\n"
        )
    assert wrong == []


@pytest.mark.parametrize(
    "body",
    [
        {"parent": {"page": "x"}},
        {"parent": {"page_id": "x"}, "properties": {"title": {"title": "text"}}},
        {"parent": {"page_id": "x"}, "children": [{"type": "paragraph", "paragraph": "x"}]},
    ],
    ids=["parent", "title", "block"],
)
def test_the_judge_can_say_no(body: Any) -> None:
    spec()
    request = Notion(method="POST", path="/pages", body=body)
    with pytest.raises((AssertionError, KeyError, AttributeError, TypeError)):
        judge(request)


def test_a_step_is_validated_by_its_own_model() -> None:
    with pytest.raises(ValueError, match="boddy"):
        call("append", {"append": "Engineering log", "boddy": "x"})
