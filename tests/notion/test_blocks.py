"""Sending blocks: within every limit, in order, nothing lost, in few requests."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.model.errors import StepFailed
from automation.model.request import ByChildren, Notion, Response
from automation.notion import wire
from automation.notion.blocks import append_all, block, first_portion, height, parcel
from automation.notion.markdown import to_blocks
from tests.notion import checker
from tests.notion.paper import ROOT, Paper
from tests.notion.test_markdown import MARKDOWN


def paragraph(text: str, *children: Any) -> Any:
    """A paragraph with what hangs below it."""
    detail: dict[str, Any] = {"rich_text": [{"type": "text", "text": {"content": text}}]}
    if children:
        detail["children"] = list(children)
    return block("paragraph", detail)


def chain(depth: int) -> Any:
    """Paragraphs one in the other."""
    return paragraph(str(depth), *([chain(depth - 1)] if depth else []))


def written(blocks: list[Any], **where: Any) -> Paper:
    """The sheet after they were appended."""
    paper = Paper()
    paper.drive(append_all(ROOT, blocks, **where))
    return paper


CASES: list[tuple[str, list[Any], int]] = [
    ("one", [paragraph("a")], 1),
    ("a hundred", [paragraph(str(n)) for n in range(100)], 1),
    ("a hundred and one", [paragraph(str(n)) for n in range(101)], 2),
    ("340", [paragraph(str(n)) for n in range(340)], 4),
    ("two levels below", [chain(2)], 1),
    ("three levels below", [chain(3)], 2),
    ("nine levels below", [chain(9)], 8),
    ("100 children", [paragraph("a", *[paragraph(str(n)) for n in range(100)])], 1),
    ("150 children", [paragraph("a", *[paragraph(str(n)) for n in range(150)])], 3),
    (
        "more than a thousand in all",
        [paragraph("a", *[paragraph(str(n)) for n in range(90)]) for _ in range(20)],
        2,
    ),
    ("more than 500 KB", [paragraph("x" * 2000) for _ in range(90)] * 3, 3),
    ("more than 500 KB of few blocks", to_blocks("\n\n".join(["字" * 60_000] * 6)), 3),
    ("a table", to_blocks("|a|\n|-|\n" + "|b|\n" * 99), 1),
    ("a table of 341 rows", to_blocks("|a|\n|-|\n" + "|b|\n" * 340), 5),
    ("a heavy table", to_blocks("|a|\n|-|\n" + f"|{'字' * 20_000}|\n" * 20), 4),
    ("a table deep down", to_blocks("- a\n  - b\n    - c\n\n      |d|\n      |-|\n      |e|"), 3),
]


@pytest.mark.parametrize(
    ("blocks", "requests"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_blocks_are_written_as_they_are(blocks: list[Any], requests: int) -> None:
    """The sheet judges each request by itself; see its module."""
    paper = written(blocks)
    assert paper.tree() == blocks
    assert len(paper.requests) == requests


@given(MARKDOWN)
@settings(max_examples=200, deadline=None)
def test_any_markdown_is_written_as_it_is(source: str) -> None:
    blocks = to_blocks(source)
    assert written(blocks).tree() == blocks


TREES = st.recursive(
    st.builds(paragraph, st.text(max_size=5)),
    lambda inner: st.builds(
        lambda text, children: paragraph(text, *children),
        st.text(max_size=5),
        st.lists(inner, max_size=4),
    ),
    max_leaves=40,
)


@given(st.lists(TREES, max_size=5))
@settings(max_examples=200, deadline=None)
def test_any_tree_is_written_as_it_is(blocks: list[Any]) -> None:
    assert written(blocks).tree() == blocks


def test_behind_a_block_and_at_the_start_the_order_is_kept() -> None:
    blocks = [paragraph(str(n)) for n in range(250)]
    paper = Paper()
    first = paper.drive(append_all(ROOT, [paragraph("first"), paragraph("last")]))
    paper.drive(append_all(ROOT, blocks, after=first[0]))
    paper.drive(append_all(ROOT, blocks[:150], start=True))
    texts = [checker.text(one) for one in paper.tree()]
    numbers = [str(n) for n in range(250)]
    assert texts == [*numbers[:150], "first", *numbers, "last"]


def test_what_follows_stands_behind_what_was_sent() -> None:
    """A second portion names the block it follows: nobody else's line can come between."""
    paper = written([paragraph(str(n)) for n in range(201)])
    probes = [request.probe for request in paper.requests]
    ids = paper.below[ROOT]
    assert probes == [
        ByChildren(parent_id=ROOT, after=None, count=100),
        ByChildren(parent_id=ROOT, after=ids[99], count=100),
        ByChildren(parent_id=ROOT, after=ids[199], count=1),
    ]


def test_fewer_blocks_named_than_sent_is_said_and_not_guessed() -> None:
    talk = append_all("page", [paragraph("a"), paragraph("b")])
    next(talk)
    answer = Response(status=200, body={"results": [{"id": "first"}]})
    with pytest.raises(StepFailed, match="Notion took 2 blocks under page and named 1 of them"):
        talk.send(answer)


def test_the_ids_of_the_first_level_come_back() -> None:
    paper = Paper()
    ids = paper.drive(append_all(ROOT, [chain(4), paragraph("x")]))
    assert ids == paper.below[ROOT]


@pytest.mark.parametrize(
    ("kilobytes", "sent"),
    [(0, 2), (250, 1), (440, 0), (499, 0)],
    ids=["room", "less", "little", "none"],
)
def test_beside_a_page_goes_what_fits(kilobytes: int, sent: int) -> None:
    properties = {"Text": {"rich_text": [{"text": {"content": "x" * kilobytes * 1000}}]}}
    page = Notion(method="POST", path="/pages", body={"parent": {}, "properties": properties})
    blocks = [paragraph("y" * 200_000), paragraph("y" * 200_000)]
    portion = first_portion(blocks, beside=page)
    assert len(portion) == sent
    body = {**(page.body or {}), "children": [one.sent for one in portion]}
    assert len(checker.sent(body)) <= 500_000


def test_a_parcel_weighs_what_is_sent() -> None:
    one = chain(2)
    made = parcel(one, 10_000)
    assert (made.weight, made.count, list(made.later)) == (len(wire.encoded(one)), 3, [])
    assert height(one) == 2


def test_bytes_are_those_of_the_wire() -> None:
    body = {"children": [paragraph('é字🚀 " \\ \n')]}
    assert wire.encoded(body) == checker.sent(body)
    assert wire.encoded("a\ud83d") == b'"a\\ud83d"'
