"""`upsert`: found and changed, or made; never twice, never over what is newer."""

from typing import Any

import pytest

from automation.model.errors import StepFailed
from automation.model.request import ByProperty, Notion, Recall, Remember
from tests.actions.acting import Hand, Stage, call, texts
from tests.actions.test_create import PAGE, things

pytestmark = pytest.mark.anyio

COMMIT: dict[str, Any] = {
    "upsert": "Commits",
    "match": {"SHA": "abc"},
    "set": {"Name": "A commit", "Author": "Ada", "Date": "2026-11-23T09:30:45Z"},
}
FOUND: dict[str, Any] = {
    **PAGE,
    "properties": {
        "Name": {"id": "title", "type": "title", "title": [{"plain_text": "A"}]},
        "Number": {"id": "a", "type": "number", "number": 4},
        "Key": {"id": "b", "type": "rich_text", "rich_text": [{"plain_text": "k"}]},
    },
}


def step(**more: Any) -> Any:
    """A step by hand."""
    return call("upsert", {"upsert": "Things", "match": {"Key": "k"}, **more}, things())


def listing(*pages: Any, cursor: str | None = None) -> dict[str, Any]:
    """A query's answer."""
    return {"results": list(pages), "next_cursor": cursor}


def asked(hand: Hand) -> list[tuple[str, str]]:
    """What was asked of Notion."""
    return [(one.method, one.path) for one in hand.asked if isinstance(one, Notion)]


QUERY = ("POST", f"/data_sources/{things()['Things'].id}/query")


def test_by_hand_no_match_makes_a_page() -> None:
    hand = Hand([listing(), FOUND])
    result = hand.drive(step(set={"Name": "A"}, set_once={"Number": 4}), "upsert")
    assert asked(hand) == [QUERY, ("POST", "/pages")]
    query, create = hand.asked
    assert isinstance(query, Notion)
    assert isinstance(create, Notion)
    assert query.body is not None
    assert query.body["filter"] == {"property": "Key", "rich_text": {"equals": "k"}}
    assert create.body is not None
    assert list(create.body["properties"]) == ["Key", "Number", "Name"]
    assert create.probe == ByProperty(
        data_source_id=things()["Things"].id, property="Key", type="rich_text", value="k"
    )
    assert result.wrote[0].what == "created"


def test_by_hand_one_match_is_changed_where_it_differs() -> None:
    hand = Hand([listing(FOUND), FOUND])
    result = hand.drive(step(set={"Name": "A", "Number": 5}, set_once={"Number": 9}), "upsert")
    assert asked(hand) == [QUERY, ("PATCH", f"/pages/{PAGE['id']}")]
    change = hand.asked[1]
    assert isinstance(change, Notion)
    assert change.body == {"properties": {"Number": {"number": 5}}}
    assert result.wrote[0].what == "updated"


def test_by_hand_what_is_equal_is_not_written() -> None:
    hand = Hand([listing(FOUND)])
    result = hand.drive(step(set={"Name": "A", "Number": 4}), "upsert")
    assert asked(hand) == [QUERY]
    assert (result.value["created"], result.wrote[0].what) == (False, "unchanged")


def test_by_hand_two_matches_are_named_and_nothing_is_written() -> None:
    other = {**FOUND, "url": "https://www.notion.so/other"}
    with pytest.raises(StepFailed) as refused:
        Hand([listing(FOUND, other)]).drive(step(), "upsert")
    assert str(refused.value) == (
        "2 pages of Things match: https://www.notion.so/x and https://www.notion.so/other"
    )
    assert refused.value.remedy.startswith("Remove all but one")


def test_by_hand_another_case_is_no_match() -> None:
    """Notion's `equals` forgives case; a key does not. All pages of results are looked at."""
    other = {
        **FOUND,
        "properties": {
            **FOUND["properties"],
            "Key": {"type": "rich_text", "rich_text": [{"plain_text": "K"}]},
        },
    }
    hand = Hand([listing(other, other, cursor="c"), listing(FOUND)])
    assert hand.drive(step(), "upsert").wrote[0].what == "unchanged"
    assert asked(hand) == [QUERY, QUERY]


def test_by_hand_a_late_event_changes_nothing() -> None:
    newer = ["datetime", "2026-11-23T10:00:00+00:00"]
    hand = Hand([newer])
    result = hand.drive(step(newer_than="2026-11-23T09:59:59Z"), "upsert")
    assert [type(one) for one in hand.asked] == [Recall]
    assert (result.value, result.wrote) == (None, ())
    hand = Hand([newer, listing(FOUND), None])
    hand.drive(step(newer_than="2026-11-23T10:00:01Z"), "upsert")
    kept = hand.asked[-1]
    assert isinstance(kept, Remember)
    assert kept.value == ["datetime", "2026-11-23T10:00:01+00:00"]


async def test_the_same_event_twice_leaves_one_page(scene: Stage) -> None:
    first = await scene.act("upsert", COMMIT)
    again = await scene.act("upsert", COMMIT)
    assert (first.value["id"], again.wrote[0].what) == (again.value["id"], "unchanged")
    assert scene.writes == []
    rows = await scene.rows("Commits")
    assert [texts(one["properties"]["SHA"]["rich_text"]) for one in rows] == ["abc"]
    assert rows[0]["properties"]["Date"]["date"]["start"] == "2026-11-23T09:30:00.000+00:00"


async def test_a_change_is_written_and_nothing_else(scene: Stage) -> None:
    await scene.act("upsert", COMMIT)
    changed = {**COMMIT, "set": {**COMMIT["set"], "Author": "Grace"}}
    result = await scene.act("upsert", changed)
    assert result.wrote[0].what == "updated"
    body = scene.writes[0].body
    assert body is not None
    assert list(body["properties"]) == ["Author"]


async def test_a_key_in_another_case_is_another_page(scene: Stage) -> None:
    await scene.act("upsert", COMMIT)
    await scene.act("upsert", {**COMMIT, "match": {"SHA": "ABC"}})
    await scene.act("upsert", COMMIT)
    rows = await scene.rows("Commits")
    assert [texts(one["properties"]["SHA"]["rich_text"]) for one in rows] == ["abc", "ABC"]


async def test_two_pages_of_one_key_park_the_run(scene: Stage) -> None:
    source = await scene.api.ok("GET", f"/data_sources/{scene.targets['Commits'].id}")
    sha = [{"text": {"content": "abc"}}]
    for _ in range(2):
        await scene.api.row(source, SHA={"rich_text": sha})
    with pytest.raises(StepFailed, match="2 pages of Commits match: https://"):
        await scene.act("upsert", COMMIT)


async def test_set_once_is_for_the_making_only(scene: Stage) -> None:
    params = {
        "upsert": "Tasks",
        "match": {"URL": "https://example.com/1"},
        "set": {"Name": "A"},
        "set_once": {"Status": "Not started"},
        "body": "made",
    }
    made = await scene.act("upsert", params)
    done = {"properties": {"Status": {"status": {"name": "Done"}}}}
    await scene.api.ok("PATCH", f"/pages/{made.value['id']}", done)
    await scene.act("upsert", {**params, "set": {"Name": "B"}})
    row = (await scene.rows("Tasks"))[0]
    assert row["properties"]["Status"]["status"]["name"] == "Done"
    assert texts(row["properties"]["Name"]["title"]) == "B"
    assert await scene.tree(row["id"]) == [("paragraph", "made")]


async def test_the_newest_state_wins_whatever_comes_last(scene: Stage) -> None:
    def at(when: str, name: str) -> dict[str, Any]:
        match = {"URL": "https://example.com/1"}
        return {"upsert": "Tasks", "match": match, "set": {"Name": name}, "newer_than": when}

    await scene.act("upsert", at("2026-11-23T10:00:00Z", "first"))
    await scene.act("upsert", at("2026-11-23T10:00:20Z", "third"))
    late = await scene.act("upsert", at("2026-11-23T10:00:10Z", "second"))
    assert (late.value, scene.writes) == (None, [])
    assert texts((await scene.rows("Tasks"))[0]["properties"]["Name"]["title"]) == "third"


async def test_a_match_may_have_several_properties(scene: Stage) -> None:
    params = {
        "upsert": "Tasks",
        "match": {"Repository": "acme/web", "Number": 7},
        "set": {"Name": "A"},
    }
    await scene.act("upsert", params)
    await scene.act("upsert", {**params, "match": {"Repository": "acme/web", "Number": 8}})
    await scene.act("upsert", params)
    numbers = [one["properties"]["Number"]["number"] for one in await scene.rows("Tasks")]
    assert numbers == [7, 8]


async def test_the_key_property_holds_the_key_of_the_making(scene: Stage) -> None:
    await scene.act("upsert", COMMIT, key="a1_first")
    await scene.act("upsert", {**COMMIT, "set": {"Author": "Grace"}}, key="a1_second")
    row = (await scene.rows("Commits"))[0]
    assert texts(row["properties"]["Automation key"]["rich_text"]) == "a1_first"


async def test_a_new_option_in_a_match_is_made_and_then_found(scene: Stage) -> None:
    params = {"upsert": "Tasks", "match": {"Priority": "Urgent"}, "set": {"Name": "A"}}
    await scene.act("upsert", params, allow=True)
    assert [one.path for one in scene.sent if isinstance(one, Notion)] == ["/pages"]
    await scene.refresh()
    await scene.act("upsert", params, allow=True)
    assert len(await scene.rows("Tasks")) == 1


async def test_something_is_added_to_more_than_25_relations(scene: Stage) -> None:
    """A page shows 25 of them; all stay."""
    meetings = [
        (await scene.act("create", {"create": "Meetings", "set": {"Name": str(n)}})).value["id"]
        for n in range(31)
    ]
    match = {"URL": "https://example.com/1"}
    params = {"upsert": "Tasks", "match": match, "set": {"Meeting": meetings[:30]}}
    task = await scene.act("upsert", params)
    await scene.act("upsert", {**params, "set": {"Meeting": {"add": meetings[30]}}})
    page = scene.api.space.pages[task.value["id"]]
    source = scene.api.space.source_of(page)
    assert source is not None
    relation = source.find("Meeting")
    assert relation is not None
    assert page.values[relation.id] == meetings
    result = await scene.act("upsert", {**params, "set": {"Meeting": {"add": meetings[30]}}})
    assert result.wrote[0].what == "unchanged"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"match": {"SHA": ""}}, "`match` needs a value for `SHA`, and there is none"),
        ({"match": {"SHA": None}}, "`match` needs a value for `SHA`, and there is none"),
        ({"upsert": "Engineering log"}, "`Engineering log` is a page, and this step needs a data source"),
        ({"upsert": "Tasks", "match": {"Labels": ["bug"]}}, "`match` cannot use `Labels`: it is a multi_select"),
        ({"newer_than": ["x"]}, "`newer_than` takes a date, a number or a text, not ['x']"),
    ],
    ids=["empty", "nothing", "page", "list", "newer_than"],
)  # fmt: skip
async def test_what_cannot_be_matched_is_refused(
    scene: Stage, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(StepFailed) as refused:
        await scene.act("upsert", {**COMMIT, **params})
    assert str(refused.value) == message
    assert scene.writes == []
