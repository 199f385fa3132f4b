"""Was a doubtful write done? Each probe against what Notion may hold by then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from automation.model.request import ByProperty, ByTitle, Notion, Repeat, Response
from automation.notion import settling, wire

SENT = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
NEW, OLD = "2026-11-24T12:00:00.000Z", "2026-11-24T11:59:00.000Z"


def text(content: str, kind: str = "paragraph") -> dict[str, Any]:
    """A block as it is sent."""
    return {"type": kind, kind: {"rich_text": [{"type": "text", "text": {"content": content}}]}}


def block(name: str, content: str, kind: str = "paragraph", created: str = NEW) -> dict[str, Any]:
    """A block as it is read: its text in Notion's words."""
    pieces = [
        {"type": "text", "plain_text": one, "href": None} for one in (content[:1], content[1:])
    ]
    return {"id": name, "type": kind, kind: {"rich_text": pieces}, "created_time": created}


def page(name: str, title: str = "T", created: str = NEW) -> dict[str, Any]:
    properties = {"Name": {"type": "title", "title": [{"plain_text": title}]}}
    return {"id": name, "created_time": created, "properties": properties}


Answer = list[dict[str, Any]] | dict[str, Any]


def ask(
    request: Notion, *answers: Answer, skip: int = 0, since: datetime = SENT
) -> list[tuple[str, bool]]:
    """What each candidate made, and whether it may be shared. A list is a page of results, and one that
    another list follows has more behind it."""
    talk = settling.settle(request, since=since, skip=skip)
    left = list(answers)
    try:
        next(talk)
        while True:
            body = left.pop(0)
            if isinstance(body, list):
                more = bool(left) and isinstance(left[0], list)
                body = {"results": body, "next_cursor": "cursor" if more else None}
            talk.send(Response(status=200, body=body))
    except StopIteration as end:
        assert left == []
        return [(one.made, one.shared) for one in end.value]


def append(*children: dict[str, Any], after: str | None = None) -> Notion:
    return wire.append_children("p", children, after=after)


@pytest.mark.parametrize(
    ("children", "made"),
    [
        ([], []),
        ([block("x", "other")], []),
        ([block("a", "one"), block("b", "two")], ["a"]),
        ([block("a", "one"), block("x", "other"), block("b", "two")], []),
        ([block("a", "one")], []),
        ([block("a", "one", created=OLD), block("b", "two", created=OLD)], []),
        ([block("a", "one", "quote"), block("b", "two")], []),
        ([block("x", "one"), block("a", "one"), block("b", "two")], ["a"]),
        (
            [block("a", "one"), block("b", "two"), block("c", "one"), block("d", "two")],
            ["a", "c"],
        ),
    ],
    ids=[
        "empty-page", "other-blocks", "there", "torn-apart", "half", "too-old", "other-kind",
        "behind-a-twin", "twice",
    ],
)  # fmt: skip
def test_an_append_is_known_by_its_new_blocks(
    children: list[dict[str, Any]], made: list[str]
) -> None:
    request = append(text("one"), text("two"))
    assert ask(request, children) == [(name, False) for name in made]


def test_blocks_that_overlap_are_one_candidate() -> None:
    """Three equal blocks hold two equal ones once, not twice."""
    request = append(text("tick"), text("tick"))
    children = [block(name, "tick") for name in "abc"]
    assert ask(request, children) == [("a", False)]


def test_only_what_is_behind_the_block_it_follows_is_looked_at() -> None:
    request = append(text("tick"), after="b")
    children = [block(name, "tick") for name in "abc"]
    assert ask(request, children) == [("c", False)]


def test_the_whole_page_is_looked_at_when_that_block_is_gone() -> None:
    request = append(text("tick"), after="gone")
    assert ask(request, [block("a", "tick")]) == [("a", False)]


def test_what_was_made_with_the_page_is_passed_over() -> None:
    children = [block(name, "tick") for name in "abc"]
    assert ask(append(text("tick")), children, skip=2) == [("c", False)]


def test_a_long_page_is_read_to_its_end() -> None:
    first = [block(f"x{number}", "other") for number in range(100)]
    assert ask(append(text("tick")), first, [block("a", "tick")]) == [("a", False)]


def test_rows_of_a_table_are_told_apart_by_their_cells() -> None:
    def row(*cells: str) -> dict[str, Any]:
        made = [[{"type": "text", "text": {"content": one}, "plain_text": one}] for one in cells]
        return {"type": "table_row", "table_row": {"cells": made}}

    children = [
        {**row("a", "b"), "id": "first", "created_time": NEW},
        {**row("ab", ""), "id": "second", "created_time": NEW},
    ]
    assert ask(append(row("ab", "")), children) == [("second", False)]


def create(probe: ByProperty | ByTitle | None) -> Notion:
    return Notion(method="POST", path="/pages", body={}, repeat=Repeat.DOUBLES, probe=probe)


def test_the_page_of_a_key_is_the_one_that_was_wanted_whoever_made_it() -> None:
    probe = ByProperty(data_source_id="d", property="Key", type="rich_text", value="k")
    kept = {"Key": {"type": "rich_text", "rich_text": [{"plain_text": "k"}]}}
    other = {"Key": {"type": "rich_text", "rich_text": [{"plain_text": "K"}]}}
    pages = [{**page("x"), "properties": other}, {**page("a", created=OLD), "properties": kept}]
    assert ask(create(probe), pages) == [("a", True)]
    assert ask(create(probe), []) == []


def test_a_row_without_a_key_is_known_by_its_title() -> None:
    probe = ByTitle(parent_id="d", title="Task", property="Name")
    pages = [page("a", "task"), page("b", "Task"), page("c", "Task")]
    assert ask(create(probe), pages) == [("b", False), ("c", False)]


def test_rows_are_asked_for_from_the_minute_it_was_sent() -> None:
    request = create(ByTitle(parent_id="d", title="Task", property="Name"))
    question = next(settling.settle(request, since=SENT))
    assert question.body is not None
    assert question.body["filter"] == {
        "timestamp": "created_time",
        "created_time": {"on_or_after": "2026-11-24T12:00:00+00:00"},
    }


def test_a_page_under_a_page_is_known_by_its_title() -> None:
    def child(name: str, title: str, created: str = NEW) -> dict[str, Any]:
        return {
            "id": name, "type": "child_page", "child_page": {"title": title}, "created_time": created,
        }  # fmt: skip

    children = [
        child("a", "Day", OLD),
        child("b", "day"),
        block("c", "Day"),
        child("d", "Day"),
    ]
    assert ask(create(ByTitle(parent_id="p", title="Day")), children, page("d", "Day")) == [
        ("d", False)
    ]


def test_nothing_can_be_known_of_a_write_without_a_probe() -> None:
    talk = settling.settle(create(None), since=SENT)
    with pytest.raises(StopIteration) as end:
        next(talk)
    assert end.value.value == []


@pytest.mark.parametrize(
    ("request_", "body", "made"),
    [
        (create(None), page("a"), "a"),
        (append(text("x")), {"results": [{"id": "b"}, {"id": "c"}]}, "b"),
        (append(text("x")), {"results": []}, None),
        (wire.update_page("p", {}), page("p"), None),
        (wire.retrieve_page("p"), page("p"), None),
    ],
    ids=["page", "blocks", "no-blocks", "change", "read"],
)
def test_what_a_request_made_is_its_page_or_first_block(
    request_: Notion, body: dict[str, Any], made: str | None
) -> None:
    assert settling.made(request_, Response(status=200, body=body)) == made


def test_a_clock_that_is_behind_is_allowed_for_by_whoever_asks() -> None:
    """`since` is the caller's: five minutes earlier, an older block is a candidate."""
    children = [block("a", "tick", created=OLD)]
    earlier = SENT - timedelta(minutes=5)
    assert ask(append(text("tick")), children, since=earlier) == [("a", False)]
