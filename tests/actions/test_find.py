"""`find`: the pages that are meant, as plain values, in order, up to a limit."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from automation.model.errors import StepFailed
from automation.model.request import Notion
from tests.actions.acting import Hand, Stage, call
from tests.actions.test_create import PAGE, things

pytestmark = pytest.mark.anyio

ROW: dict[str, Any] = {
    **PAGE,
    "created_time": "2026-11-23T09:30:00.000Z",
    "last_edited_time": "2026-11-23T09:30:00.000Z",
    "properties": {
        "Name": {"type": "title", "title": [{"plain_text": "A"}]},
        "Number": {"type": "number", "number": 4},
    },
}


def sizes(hand: Hand) -> list[Any]:
    """Page size and cursor of each query."""
    bodies = [one.body or {} for one in hand.asked if isinstance(one, Notion)]
    return [(body["page_size"], body.get("start_cursor")) for body in bodies]


def find(**params: Any) -> Any:
    """A step by hand."""
    return call("find", {"find": "Things", **params}, things())


def test_by_hand_pages_are_read_up_to_the_limit() -> None:
    first = {"results": [ROW] * 100, "next_cursor": "c1"}
    second = {"results": [ROW] * 50, "next_cursor": "c2"}
    hand = Hand([first, second])
    result = hand.drive(find(limit=150), "find")
    assert sizes(hand) == [(100, None), (50, "c1")]
    assert len(result.value) == 150
    assert result.wrote == ()


def test_by_hand_the_end_is_the_end() -> None:
    hand = Hand([{"results": [ROW], "next_cursor": None}])
    assert len(hand.drive(find(limit=3), "find").value) == 1
    assert sizes(hand) == [(3, None)]


def test_by_hand_a_page_is_plain_values() -> None:
    hand = Hand([{"results": [ROW], "next_cursor": None}])
    moment = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert hand.drive(find(), "find").value == [
        {
            "Name": "A",
            "Number": 4,
            "properties": {"Name": "A", "Number": 4},
            "id": PAGE["id"],
            "url": PAGE["url"],
            "title": "A",
            "created_time": moment,
            "last_edited_time": moment,
        }
    ]


async def _tasks(scene: Stage) -> None:
    """Three tasks: A has everything, B something else, C only its name."""
    meeting = (await scene.act("create", {"create": "Meetings", "set": {"Name": "M"}})).value["id"]
    a = {
        "Name": "A",
        "Status": "Done",
        "Priority": "Low",
        "Labels": ["bug", "question"],
        "Number": 1,
        "Due date": "2026-11-20",
        "Notes": "Hello World",
        "URL": "https://example.com/A",
        "Meeting": meeting,
    }
    b = {
        "Name": "B",
        "Status": "In progress",
        "Priority": "High",
        "Labels": ["question"],
        "Number": 2,
        "Due date": "2026-11-23T08:00:00Z",
        "Notes": "hello",
    }
    scene.api.clock.tick(-30 * 86400)
    await scene.act("create", {"create": "Tasks", "set": a})
    scene.api.clock.tick(30 * 86400)
    for values in (b, {"Name": "C", "Status": "Not started"}):
        await scene.act("create", {"create": "Tasks", "set": values})


WHERE: list[tuple[dict[str, Any], str]] = [
    ({}, "ABC"),
    ({"Name": "A"}, "A"),
    ({"Name": "a"}, ""),
    ({"title": "B"}, "B"),
    ({"Name": ["A", "C"]}, "AC"),
    ({"Name": {"not": "A"}}, "BC"),
    ({"Name": {"not": ["A", "C"]}}, "B"),
    ({"Notes": {"contains": "Hello"}}, "A"),
    ({"Notes": {"contains": "HELLO", "ignore_case": True}}, "AB"),
    ({"Notes": {"starts_with": "hello"}}, "B"),
    ({"Notes": {"ends_with": "World"}}, "A"),
    ({"Notes": {"exists": True}}, "AB"),
    ({"Notes": {"exists": False}}, "C"),
    ({"Notes": {"empty": True}}, "C"),
    ({"URL": {"starts_with": "https://"}}, "A"),
    ({"Number": 1}, "A"),
    ({"Number": 1.0}, "A"),
    ({"Number": {"not": 1}}, "BC"),
    ({"Number": [1, 2]}, "AB"),
    ({"Number": {"above": 1}}, "B"),
    ({"Number": {"at_least": 1, "below": 2}}, "A"),
    ({"Number": {"at_most": 2}}, "AB"),
    ({"Number": {"empty": True}}, "C"),
    ({"Status": "In progress"}, "B"),
    ({"Status": "in progress"}, "B"),
    ({"Status": {"not": "Done"}}, "BC"),
    ({"Status": {"not": ["Done", "Not started"]}}, "B"),
    ({"Priority": ["Low", "High"]}, "AB"),
    ({"Priority": {"empty": True}}, "C"),
    ({"Labels": "bug"}, "A"),
    ({"Labels": {"contains": "question"}}, "AB"),
    ({"Labels": {"not": "bug"}}, "BC"),
    ({"Labels": {"empty": True}}, "C"),
    ({"Meeting": {"exists": True}}, "A"),
    ({"Due date": date(2026, 11, 20)}, "A"),
    ({"Due date": {"not": date(2026, 11, 20)}}, "BC"),
    ({"Due date": {"not": [date(2026, 11, 20), date(2026, 11, 23)]}}, "C"),
    ({"Due date": {"below": date(2026, 11, 23)}}, "A"),
    ({"Due date": {"at_most": date(2026, 11, 23)}}, "AB"),
    ({"Due date": {"above": "3 days ago"}}, "B"),
    ({"Due date": "today"}, "B"),
    ({"Due date": {"below": "in 1 day"}}, "AB"),
    ({"Due date": {"at_least": "yesterday"}}, "B"),
    ({"created_time": {"below": "14 days ago"}}, "A"),
    ({"last_edited_time": {"above": "1 hour ago"}}, "BC"),
    ({"created_time": {"not": "today"}}, "A"),
    ({"Status": ["Done", "In progress"], "Number": {"above": 1}}, "B"),
]


@pytest.mark.parametrize(("where", "found"), WHERE, ids=[f"{where}"[:60] for where, _ in WHERE])
async def test_conditions_find_what_a_rule_means(
    scene: Stage, where: dict[str, Any], found: str
) -> None:
    await _tasks(scene)
    result = await scene.act("find", {"find": "Tasks", "where": where, "order": "Name"})
    assert "".join(page["Name"] for page in result.value) == found


async def test_a_page_of_a_relation_is_found_by_id(scene: Stage) -> None:
    await _tasks(scene)
    meeting = (await scene.rows("Meetings"))[0]["id"]
    for where in ({"Meeting": meeting}, {"Meeting": {"contains": meeting.replace("-", "")}}):
        result = await scene.act("find", {"find": "Tasks", "where": where})
        assert [page["Name"] for page in result.value] == ["A"]


ORDERS: list[tuple[Any, str]] = [
    ("Name", "ABC"),
    ("-Name", "CBA"),
    ("-Number", "BAC"),
    (["Priority", "-Name"], "ABC"),
    ("-created_time", "CBA"),
    ("Due date", "ABC"),
]


@pytest.mark.parametrize(("order", "found"), ORDERS, ids=[str(order) for order, _ in ORDERS])
async def test_pages_come_in_order(scene: Stage, order: Any, found: str) -> None:
    await _tasks(scene)
    result = await scene.act("find", {"find": "Tasks", "order": order})
    assert "".join(page["Name"] for page in result.value) == found


async def test_many_pages_are_read_to_the_limit(scene: Stage) -> None:
    for number in range(130):
        await scene.act("create", {"create": "Commits", "set": {"Name": f"{number:03}"}})
    every = await scene.act("find", {"find": "Commits", "order": "Name", "limit": 1000})
    assert [page["Name"] for page in every.value] == [f"{n:03}" for n in range(130)]
    assert len(scene.sent) == 2
    some = await scene.act("find", {"find": "Commits", "order": "-Name", "limit": 105})
    assert [page["Name"] for page in some.value] == [f"{n:03}" for n in range(129, 24, -1)]
    usual = await scene.act("find", {"find": "Commits"})
    assert len(usual.value) == 100


async def test_values_come_out_typed(scene: Stage) -> None:
    await _tasks(scene)
    (task,) = (await scene.act("find", {"find": "Tasks", "where": {"Name": "B"}})).value
    assert task["Due date"] == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert (task["Status"], task["Labels"], task["Number"]) == ("In progress", ["question"], 2)
    assert (task["Meeting"], task["Owner"], task["URL"]) == ([], [], None)
    assert task["url"].startswith("https://app.notion.com/p/B-")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"where": {"Nope": 1}}, "Tasks has no property `Nope`"),
        ({"where": {"Number": "1"}}, "`where.Number` takes a number, not '1'"),
        ({"where": {"Number": {"contains": 1}}}, "`where.Number` cannot be asked by `contains` yet: it is a number"),
        ({"where": {"Name": {"like": "A*"}}}, "`where.Name` cannot be asked by `like` yet: it is a title"),
        ({"where": {"Name": ""}}, "`where.Name` takes a text, not ''"),
        ({"where": {"Status": "Doing"}}, "`where.Status` has no option 'Doing'"),
        ({"where": {"Labels": "bugs"}}, "`where.Labels` has no option 'bugs'"),
        ({"where": {"Due date": "soon"}}, '`where.Due date` takes a date or a phrase such as "14 days ago", not \'soon\''),
        ({"where": {"created_time": {"exists": True}}}, "`where.created_time` is a created_time, which is never empty"),
        ({"where": {"Name": {"exists": "yes"}}}, "`where.Name` is tested by `exists = true` or `false`, not 'yes'"),
        ({"where": {"Name": []}}, "`where.Name` takes 1 to 100 alternatives, not 0"),
        ({"where": {"Meeting": "M"}}, "`where.Meeting` takes an id or an address, not 'M'"),
        ({"order": "Nope"}, "Tasks has no property `Nope`"),
        ({"limit": 0}, "`limit` is a whole number from 1 to 10000"),
        ({"limit": "5"}, "`limit` is a whole number from 1 to 10000"),
        ({"find": "Engineering log"}, "`Engineering log` is a page, and this step needs a data source"),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_refused(scene: Stage, params: Any, message: str) -> None:
    with pytest.raises(StepFailed) as refused:
        await scene.act("find", {"find": "Tasks", **params})
    assert str(refused.value) == message
    assert scene.sent == []
