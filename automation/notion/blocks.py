"""Blocks within Notion's limits: arrays of 100, two levels a request, 1,000 blocks and 500 KB.

A block goes out with all that is nested in it if that fits; else bare, and what is nested follows
in appends of its own, in order. Bytes are those really sent.
https://developers.notion.com/reference/request-limits
https://developers.notion.com/reference/patch-block-children
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from automation.model.errors import StepFailed
from automation.model.request import Notion, Response
from automation.model.values import Json
from automation.notion import wire
from automation.notion.richtext import Run, rich_text
from automation.notion.wire import MAX_ARRAY, MAX_BLOCKS, MAX_BYTES

DEEPEST = 2
"""Levels below the first that a request may have."""

MAX_TEXT_BYTES = 300_000
"""What the text of one block may weigh, so that no block alone is more than a request may be."""

ENVELOPE_BYTES = 1_000
"""What an append has around its children, generously."""

HELD = "table"
"""A block that cannot be made without its first children: rows."""


def block(kind: str, detail: Json) -> Json:
    """One block object."""
    return {"object": "block", "type": kind, kind: detail}


def text_blocks(
    kind: str, runs: Iterable[Run], *, children: Sequence[Json] = (), **extra: Json
) -> Iterator[Json]:
    """A block of rich text; as many as it takes when the text has more than one may hold.

    `children` hang below the first.
    """
    for index, part in enumerate(parts(rich_text(runs)) or [[]]):
        detail: dict[str, Json] = {"rich_text": part, **extra}
        if children and index == 0:
            detail["children"] = list(children)
        yield block(kind, detail)


def parts(pieces: Sequence[Json]) -> list[list[Json]]:
    """Rich text in portions that one array may have."""
    made: list[list[Json]] = []
    size = 0
    for piece in pieces:
        weight = len(wire.encoded(piece))
        if not made or len(made[-1]) == MAX_ARRAY or size + weight > MAX_TEXT_BYTES:
            made.append([])
            size = 0
        made[-1].append(piece)
        size += weight
    return made


def children_of(one: Json) -> list[Json]:
    """The nested blocks."""
    found = one[one["type"]].get("children", [])
    return list(found)


# what a request may take --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A block as it is sent, and the nested blocks that follow it."""

    sent: Json
    later: Sequence[Json] = field(default=())
    count: int
    weight: int
    held: bool = False
    """Whether some of its children go out with it, and others later."""


def parcel(one: Json, room: int) -> Parcel:
    """The block with all that is nested in it, if a request of so many bytes can have it; else bare."""
    weight, count = len(wire.encoded(one)), _count(one)
    if height(one) <= DEEPEST and count <= MAX_BLOCKS and weight <= room and not _is_wide(one):
        return Parcel(sent=one, count=count, weight=weight)
    return _bare(one, room)


def _bare(one: Json, room: int) -> Parcel:
    """The block alone; a table with as many of its first rows as may go with it."""
    kind = one["type"]
    detail = {key: value for key, value in one[kind].items() if key != "children"}
    nested = children_of(one)
    if kind != HELD:
        alone = block(kind, detail)
        return Parcel(sent=alone, later=nested, count=1, weight=len(wire.encoded(alone)))
    held = next(portions(nested, room=room - ENVELOPE_BYTES))
    rows = [row.sent for row in held]
    with_rows = block(kind, {**detail, "children": rows})
    return Parcel(
        sent=with_rows,
        later=nested[len(rows) :],
        count=1 + len(rows),
        weight=len(wire.encoded(with_rows)),
        held=True,
    )


def _count(one: Json) -> int:
    return 1 + sum(_count(child) for child in children_of(one))


def height(one: Json) -> int:
    """Levels of blocks below the block."""
    return 1 + max(map(height, children)) if (children := children_of(one)) else 0


def _is_wide(one: Json) -> bool:
    nested = children_of(one)
    return len(nested) > MAX_ARRAY or any(_is_wide(child) for child in nested)


def portions(
    blocks: Sequence[Json], *, room: int = MAX_BYTES - ENVELOPE_BYTES
) -> Iterator[list[Parcel]]:
    """First-level blocks in portions that one request may have each."""
    portion: list[Parcel] = []
    size = count = 0
    for one in blocks:
        made = parcel(one, room)
        full = (
            len(portion) == MAX_ARRAY
            or count + made.count > MAX_BLOCKS
            or size + made.weight + 1 > room
        )
        if portion and full:
            yield portion
            portion, size, count = [], 0, 0
        portion.append(made)
        size, count = size + made.weight + 1, count + made.count
    if portion:
        yield portion


def first_portion(blocks: Sequence[Json], *, beside: Notion) -> list[Parcel]:
    """What goes out with a request that has other things in it too; nothing if there is no room."""
    room = MAX_BYTES - ENVELOPE_BYTES - len(wire.encoded(beside.body))
    found = next(portions(blocks, room=room), []) if room > ENVELOPE_BYTES else []
    fitting = sum(one.weight + 1 for one in found) <= room
    return found if fitting else []


# the conversation ---------------------------------------------------------------------------------

Appends = Generator[Notion, Response, list[str]]


def append_all(
    parent_id: str, blocks: Sequence[Json], *, after: str | None = None, start: bool = False
) -> Appends:
    """Append the blocks in order, then what is nested in them; returns the ids of the first level."""
    made: list[tuple[str, Parcel]] = []
    for portion in portions(blocks):
        sent = [one.sent for one in portion]
        answer = yield wire.append_children(parent_id, sent, after=after, start=start)
        # Behind a block the answer goes on with all later siblings.
        ids = [str(one["id"]) for one in answer.body["results"][: len(sent)]]
        if len(ids) < len(sent):
            raise StepFailed(
                f"Notion took {len(sent)} blocks under {parent_id} and named {len(ids)} of them.",
                remedy="Look at the page: what was appended so far stands there.",
            )
        made += zip(ids, portion, strict=True)
        after, start = ids[-1], False
    yield from fill(made)
    return [identity for identity, _ in made]


def fill(made: Iterable[tuple[str, Parcel]]) -> Generator[Notion, Response, None]:
    """Append what is nested in blocks that are there."""
    for identity, one in made:
        if one.later:
            after = (yield from last_child(identity)) if one.held else None
            yield from append_all(identity, one.later, after=after)


def last_child(parent_id: str) -> Generator[Notion, Response, str | None]:
    """The last of the children that a request made with their parent (so at most 100): what comes next
    goes behind it, and can be told from it if its answer is lost."""
    answer = yield wire.list_children(parent_id)
    children = answer.body["results"]
    return str(children[-1]["id"]) if children else None
