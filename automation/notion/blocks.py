"""Blocks within Notion's limits: arrays of 100, two levels a request, 1,000 blocks and 500 KB.

What is deeper or longer goes out in follow-up appends, in order.
https://developers.notion.com/reference/request-limits
"""

import json
from collections.abc import Generator, Iterable, Iterator, Sequence

from automation.model.request import Notion, Response
from automation.model.values import Json
from automation.notion import wire
from automation.notion.richtext import Run, rich_text
from automation.notion.wire import MAX_ARRAY, MAX_BLOCKS, MAX_BYTES

ROOM_BYTES = MAX_BYTES - 50_000
"""What blocks may take of a request; the rest is for the page's properties."""

WHOLE = frozenset({"table", "column_list"})
"""Blocks that cannot be made without their children."""


def block(kind: str, detail: Json) -> Json:
    """One block object."""
    return {"object": "block", "type": kind, kind: detail}


def text_blocks(
    kind: str, runs: Iterable[Run], *, children: Sequence[Json] = (), **extra: Json
) -> Iterator[Json]:
    """A block of rich text; as many as it takes when the text has more than 100 pieces.

    `children` hang below the first.
    """
    pieces = rich_text(runs)
    parts = [pieces[at : at + MAX_ARRAY] for at in range(0, len(pieces), MAX_ARRAY)] or [[]]
    for index, part in enumerate(parts):
        detail: dict[str, Json] = {"rich_text": part, **extra}
        if children and index == 0:
            detail["children"] = list(children)
        yield block(kind, detail)


def children_of(one: Json) -> list[Json]:
    """The nested blocks."""
    found = one[one["type"]].get("children", [])
    return list(found)


def without_children(one: Json) -> Json:
    """The block alone; a table keeps its first rows, because it cannot be made without."""
    kind = one["type"]
    detail = {key: value for key, value in one[kind].items() if key != "children"}
    if kind in WHOLE:
        detail["children"] = children_of(one)[:MAX_ARRAY]
    return block(kind, detail)


def later(one: Json) -> list[Json]:
    """The nested blocks that do not go out with the block itself."""
    nested = children_of(one)
    return nested[MAX_ARRAY:] if one["type"] in WHOLE else nested


def chunks(blocks: Sequence[Json]) -> Iterator[list[Json]]:
    """First-level blocks in portions a request may have."""
    portion: list[Json] = []
    size = count = 0
    for one in blocks:
        weight, number = len(json.dumps(one)), 1 + len(children_of(one))
        full = (
            len(portion) == MAX_ARRAY or count + number > MAX_BLOCKS or size + weight > ROOM_BYTES
        )
        if portion and full:
            yield portion
            portion, size, count = [], 0, 0
        portion.append(one)
        size, count = size + weight, count + number
    if portion:
        yield portion


Appends = Generator[Notion, Response, list[str]]


def append_all(
    parent_id: str, blocks: Sequence[Json], *, after: str | None = None, start: bool = False
) -> Appends:
    """Append the blocks in order, then what is nested in them; returns the ids of the first level."""
    ids: list[str] = []
    for portion in chunks([without_children(one) for one in blocks]):
        answer = yield wire.append_children(parent_id, portion, after=after, start=start)
        made = [str(one["id"]) for one in answer.body["results"][: len(portion)]]
        ids += made
        # The next portion follows this one, wherever that is by now.
        after, start = made[-1], False
    yield from fill(ids, blocks)
    return ids


def fill(ids: Sequence[str], blocks: Sequence[Json]) -> Generator[Notion, Response, None]:
    """Append what is nested in blocks that are there."""
    for identity, one in zip(ids, blocks, strict=False):
        nested = later(one)
        if nested:
            after = (yield from last_child(identity)) if one["type"] in WHOLE else None
            yield from append_all(identity, nested, after=after)


def last_child(parent_id: str) -> Generator[Notion, Response, str | None]:
    """The last of the children that a request made with their parent (so at most 100): what comes next
    goes behind it, and can be told from it if its answer is lost."""
    answer = yield wire.list_children(parent_id)
    children = answer.body["results"]
    return str(children[-1]["id"]) if children else None
