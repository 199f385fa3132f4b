"""`update`: a known page is read, and written where it differs."""

from typing import Any

import pytest

from automation.model.errors import StepFailed
from automation.model.request import Notion
from tests.actions.acting import Hand, Stage, call, texts
from tests.actions.test_create import PAGE, SCHEMA, things

pytestmark = pytest.mark.anyio

SOURCE = things()["Things"].id
READ: dict[str, Any] = {
    **PAGE,
    "parent": {"type": "data_source_id", "data_source_id": SOURCE},
    "in_trash": False,
    "properties": {
        "Name": {"id": "title", "type": "title", "title": [{"plain_text": "A"}]},
        "Number": {"id": "a", "type": "number", "number": 4},
    },
}
SCHEMA_ANSWER = {"title": [{"plain_text": "Things"}], "properties": SCHEMA}


def asked(hand: Hand) -> list[tuple[str, str]]:
    """What was asked of Notion."""
    return [(one.method, one.path) for one in hand.asked if isinstance(one, Notion)]


def test_by_hand_a_difference_is_written() -> None:
    hand = Hand([READ, SCHEMA_ANSWER, READ])
    step = call("update", {"update": PAGE["id"], "set": {"Name": "A", "Number": 5}})
    assert hand.drive(step, "update").wrote[0].what == "updated"
    assert asked(hand) == [
        ("GET", f"/pages/{PAGE['id']}"),
        ("GET", f"/data_sources/{SOURCE}"),
        ("PATCH", f"/pages/{PAGE['id']}"),
    ]
    change = hand.asked[2]
    assert isinstance(change, Notion)
    assert change.body == {"properties": {"Number": {"number": 5}}}


def test_by_hand_what_is_equal_is_not_written() -> None:
    hand = Hand([READ, SCHEMA_ANSWER])
    step = call("update", {"update": PAGE["id"], "set": {"Name": "A", "Number": 4.0}})
    result = hand.drive(step, "update")
    assert (result.wrote[0].what, len(hand.asked)) == ("unchanged", 2)


def test_by_hand_a_page_outside_is_refused_before_it_is_written() -> None:
    other = {**READ, "parent": {"type": "data_source_id", "data_source_id": "other"}}
    step = call("update", {"update": PAGE["id"], "within": "Things", "trash": True}, things())
    with pytest.raises(StepFailed, match="the page is not within `Things`"):
        Hand([other]).drive(step, "update")


@pytest.mark.parametrize(
    "named",
    [
        PAGE["id"],
        PAGE["id"].replace("-", ""),
        f"https://www.notion.so/A-{PAGE['id'].replace('-', '')}?pvs=4",
        {"id": PAGE["id"], "title": "A"},
    ],
    ids=["id", "plain", "address", "a step's page"],
)
def test_by_hand_a_page_is_named_in_many_ways(named: Any) -> None:
    hand = Hand([READ])
    hand.drive(call("update", {"update": named}), "update")
    assert asked(hand) == [("GET", f"/pages/{PAGE['id']}")]


async def _task(scene: Stage, **values: Any) -> str:
    made = await scene.act("create", {"create": "Tasks", "set": {"Name": "A", **values}})
    return str(made.value["id"])


async def test_properties_are_changed(scene: Stage) -> None:
    task = await _task(scene, Number=1)
    params = {"update": task, "set": {"Number": 2, "Status": "Done"}, "within": "Tasks"}
    assert (await scene.act("update", params)).wrote[0].what == "updated"
    row = (await scene.rows("Tasks"))[0]
    assert (
        row["properties"]["Number"]["number"],
        row["properties"]["Status"]["status"]["name"],
    ) == (2, "Done")
    assert (await scene.act("update", params)).wrote[0].what == "unchanged"
    assert scene.writes == []


async def test_a_page_goes_to_the_trash_once_and_comes_back(scene: Stage) -> None:
    task = await _task(scene)
    assert (await scene.act("update", {"update": task, "trash": True})).wrote[0].what == "trashed"
    assert await scene.rows("Tasks") == []
    again = await scene.act("update", {"update": task, "trash": True})
    assert (again.wrote[0].what, scene.writes) == ("unchanged", [])
    with pytest.raises(StepFailed, match="is in the trash") as refused:
        await scene.act("update", {"update": task, "set": {"Number": 1}})
    assert "trash = false" in refused.value.remedy
    back = {"update": task, "trash": False, "set": {"Number": 1}}
    assert (await scene.act("update", back)).wrote[0].what == "updated"
    assert (await scene.rows("Tasks"))[0]["properties"]["Number"]["number"] == 1


async def test_what_a_person_wrote_is_kept(scene: Stage) -> None:
    task = await _task(scene, Notes="by hand")
    kept = {"value": "by rule", "if_empty": "keep"}
    await scene.act("update", {"update": task, "set": {"Notes": kept, "Repository": kept}})
    properties = (await scene.rows("Tasks"))[0]["properties"]
    assert texts(properties["Notes"]["rich_text"]) == "by hand"
    assert texts(properties["Repository"]["rich_text"]) == "by rule"


async def test_labels_are_added_and_removed(scene: Stage) -> None:
    task = await _task(scene, Labels=["bug", "question"])
    change = {"add": ["documentation", "bug"], "remove": ["question"]}
    await scene.act("update", {"update": task, "set": {"Labels": change}})
    labels = (await scene.rows("Tasks"))[0]["properties"]["Labels"]["multi_select"]
    assert [one["name"] for one in labels] == ["bug", "documentation"]


async def test_within_may_be_a_page(scene: Stage) -> None:
    below = await scene.act("create", {"create": "Engineering log", "set": {"title": "A"}})
    inside = {"update": below.value["id"], "within": "Engineering log", "trash": True}
    assert (await scene.act("update", inside)).wrote[0].what == "trashed"
    task = await _task(scene)
    with pytest.raises(StepFailed, match="the page is not within `Engineering log`"):
        await scene.act("update", {**inside, "update": task})
    assert scene.writes == []


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"update": "A title"}, "`update` needs a page: an id, an address or an earlier step, not 'A title'"),
        ({"update": None}, "`update` needs a page: an id, an address or an earlier step, not None"),
        ({"trash": "yes"}, "`trash` is true or false, not 'yes'"),
        ({"set": {"Nope": 1}}, "Tasks has no property `Nope`"),
        ({"set": {"Notes": "字" * 199_000}}, "the change of https://app.notion.com/p/A-"),
    ],
    ids=["title", "nothing", "trash", "property", "size"],
)  # fmt: skip
async def test_what_cannot_be_is_refused(
    scene: Stage, params: dict[str, Any], message: str
) -> None:
    task = await _task(scene)
    with pytest.raises(StepFailed) as refused:
        await scene.act("update", {"update": task, **params})
    assert str(refused.value).startswith(message)
    assert scene.writes == []


async def test_a_page_that_is_in_no_data_source_has_no_properties(scene: Stage) -> None:
    params = {"update": "Engineering log", "set": {"Status": "Done"}}
    with pytest.raises(StepFailed, match="is not in a data source: it has no properties to set"):
        await scene.act("update", params)
