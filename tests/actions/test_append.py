"""`append`: at the end, the start, under a heading; of any size and depth; once."""

from typing import Any

import pytest

from automation.model.errors import StepFailed
from automation.model.request import ByChildren, Notion, Recall, Remember
from tests.actions.acting import Hand, Stage, call

pytestmark = pytest.mark.anyio

LOG = "7855b161-f63e-4683-b7c7-8ca6e97ee266"


def heading(identity: str, level: int, text: str) -> dict[str, Any]:
    """A heading as Notion gives it."""
    kind = f"heading_{level}"
    return {"id": identity, "type": kind, kind: {"rich_text": [{"plain_text": text}]}}


def line(identity: str) -> dict[str, Any]:
    """A paragraph as Notion gives it."""
    return {"id": identity, "type": "paragraph", "paragraph": {"rich_text": []}}


def bodies(hand: Hand) -> list[Any]:
    """The bodies of what was asked of Notion."""
    return [one.body for one in hand.asked if isinstance(one, Notion) and one.body]


def test_by_hand_a_line_goes_to_the_end() -> None:
    hand = Hand([{"results": [line("new")]}])
    result = hand.drive(call("append", {"append": LOG, "body": "x"}), "append")
    (request,) = hand.asked
    assert isinstance(request, Notion)
    assert (request.method, request.path) == ("PATCH", f"/blocks/{LOG}/children")
    assert request.body is not None
    assert "position" not in request.body
    assert request.probe == ByChildren(parent_id=LOG, after=None, count=1)
    assert (result.value, result.wrote[0].what) == ({"id": LOG, "blocks": ["new"]}, "appended")


@pytest.mark.parametrize(
    ("position", "after"), [("end", "b"), ("start", "a")], ids=["end", "start"]
)
def test_by_hand_a_section_ends_where_the_next_heading_of_its_level_stands(
    position: str, after: str
) -> None:
    there = [
        line("0"), heading("a", 2, "Notes "), line("1"), heading("2", 3, "Below"), line("b"),
        heading("3", 2, "Next"), line("4"),
    ]  # fmt: skip
    hand = Hand([{"results": there, "next_cursor": None}, {"results": [line("new"), line("4")]}])
    params = {"append": LOG, "body": "x", "under": "Notes", "position": position}
    result = hand.drive(call("append", params), "append")
    (body,) = bodies(hand)
    assert body["position"] == {"type": "after_block", "after_block": {"id": after}}
    assert result.value["blocks"] == ["new"]


def test_by_hand_a_missing_heading_is_made() -> None:
    hand = Hand(
        [{"results": [line("0")], "next_cursor": None}, {"results": [line("h"), line("p")]}]
    )
    hand.drive(call("append", {"append": LOG, "body": "x", "under": "Notes"}), "append")
    (body,) = bodies(hand)
    assert [one["type"] for one in body["children"]] == ["heading_2", "paragraph"]
    assert body["position"]["after_block"] == {"id": "0"}


def test_by_hand_nothing_to_append_asks_nothing() -> None:
    for body in ("", None, "\n\n"):
        hand = Hand([])
        result = hand.drive(call("append", {"append": LOG, "body": body}), "append")
        assert (result.value, result.wrote) == ({"id": LOG, "blocks": []}, ())


def test_by_hand_once_is_once() -> None:
    params = {"append": LOG, "body": "x", "once": "slack-1"}
    hand = Hand([None, {"results": [line("new")]}, None])
    hand.drive(call("append", params), "append")
    recall, _, remember = hand.asked
    assert isinstance(recall, Recall)
    assert remember == Remember(key=recall.key, value=["new"])
    hand = Hand([["new"]])
    result = hand.drive(call("append", params), "append")
    assert (result.value, result.wrote) == ({"id": LOG, "blocks": ["new"]}, ())


async def test_the_log_grows_at_its_end(scene: Stage) -> None:
    for text in "abc":
        await scene.act("append", {"append": "Engineering log", "body": f"- {text}"})
    log = scene.targets["Engineering log"]
    assert await scene.tree(log.id) == [("bulleted_list_item", text) for text in "abc"]
    assert scene.writes[0].probe == ByChildren(parent_id=log.id, after=None, count=1)


async def test_lines_stand_under_their_headings(scene: Stage) -> None:
    for under, text in (("Monday", "a"), ("Tuesday", "b"), ("Monday", "c"), ("Tuesday", "d")):
        await scene.act("append", {"append": "Engineering log", "body": text, "under": under})
    params = {"append": "Engineering log", "body": "first", "under": "Tuesday", "position": "start"}
    await scene.act("append", params)
    assert await scene.tree(scene.targets["Engineering log"].id) == [
        ("heading_2", "Monday"),
        ("paragraph", "a"),
        ("paragraph", "c"),
        ("heading_2", "Tuesday"),
        ("paragraph", "first"),
        ("paragraph", "b"),
        ("paragraph", "d"),
    ]


async def test_a_new_section_can_stand_at_the_start(scene: Stage) -> None:
    await scene.act("append", {"append": "Engineering log", "body": "old"})
    params = {"append": "Engineering log", "body": "new", "under": "Today", "position": "start"}
    await scene.act("append", params)
    assert await scene.tree(scene.targets["Engineering log"].id) == [
        ("heading_2", "Today"),
        ("paragraph", "new"),
        ("paragraph", "old"),
    ]


@pytest.mark.parametrize("where", [{}, {"position": "start"}, {"under": "Here"}], ids=str)
async def test_a_body_of_340_blocks_stays_together(scene: Stage, where: dict[str, Any]) -> None:
    log = scene.targets["Engineering log"]
    await scene.act("append", {"append": "Engineering log", "body": "## Here\n\nbefore\n\n## Next"})
    body = "\n\n".join(f"line {n}" for n in range(340))
    await scene.act("append", {"append": "Engineering log", "body": body, **where})
    assert len(scene.writes) == 4
    there = await scene.tree(log.id)
    lines = [("paragraph", f"line {n}") for n in range(340)]
    start = there.index(lines[0])
    assert there[start : start + 340] == lines
    assert start == {"": 3, "position": 0, "under": 2}["".join(where)]


async def test_what_is_deep_follows_in_order(scene: Stage) -> None:
    body = "".join(f"{'  ' * n}- {n}\n" for n in range(8)) + "- end"
    await scene.act("append", {"append": "Engineering log", "body": body})
    first, last = await scene.tree(scene.targets["Engineering log"].id)
    assert last == ("bulleted_list_item", "end")
    for level in range(8):
        assert first[1] == str(level)
        first = first[2][0] if len(first) > 2 else first


async def test_a_page_is_named_by_id_or_by_an_earlier_step(scene: Stage) -> None:
    made = await scene.act("create", {"create": "Tasks", "set": {"Name": "A"}})
    await scene.act("append", {"append": made.value["id"], "body": "by id"})
    result = await scene.act("append", {"append": made.value, "body": "by step"})
    assert await scene.tree(made.value["id"]) == [("paragraph", "by id"), ("paragraph", "by step")]
    assert result.wrote[0].title == "A"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"append": "Tasks", "body": "x"}, "`Tasks` is a data source; `append` needs a page"),
        (
            {"append": "Nowhere", "body": "x"},
            "`append` needs a page: a target, an id, an address or an earlier step, not 'Nowhere'",
        ),
        ({"append": LOG, "body": 3}, "`body` is a text"),
    ],
    ids=["data source", "title", "body"],
)
async def test_what_cannot_be_is_refused(scene: Stage, params: Any, message: str) -> None:
    with pytest.raises(StepFailed) as refused:
        await scene.act("append", params)
    assert str(refused.value) == message
    assert scene.sent == []
