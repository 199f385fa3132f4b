"""Was a doubtful write done? One conversation per kind of probe; ends with what may be its effect.

An append and a create without a key leave no name behind, so their effect is known by what it is: new,
and the same as what was sent. What another answer already claims is not it: the caller knows that, and
takes the first candidate that is free.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automation.model.request import ByChildren, ByProperty, ByTitle, Notion, Repeat, Response
from automation.model.values import Json
from automation.notion import wire
from automation.notion.richtext import plain_text
from automation.notion.values import plain_value, title_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the lost answer would have said, and the page or first block that was made.

    `shared`: it is the one that was wanted, whoever made it; else what another entry made is not ours.
    """

    response: Response
    made: str
    shared: bool = False


Question = Generator[Notion, Response, Sequence[Candidate]]


def settle(request: Notion, *, since: datetime, skip: int = 0) -> Question:
    """Ask. Candidates in order; none if the write was not done.

    `since` is safely before it was sent. `skip` children were there from the parent's own making.
    """
    match request.probe:
        case ByProperty() as probe:
            return _by_property(probe)
        case ByChildren() as probe:
            return _by_children(probe, (request.body or {})["children"], since, skip)
        case ByTitle() as probe:
            return _by_title(probe, since)
        case None:
            return _unknown()


def made(request: Notion, response: Response) -> str | None:
    """The id of the page or first block that an answered request left; None if it leaves none."""
    if request.repeat is not Repeat.DOUBLES:
        return None
    body = response.body
    first = body["results"][:1] if "results" in body else [body]
    return str(first[0]["id"]) if first else None


def _unknown() -> Question:
    yield from ()
    return []


def _by_property(probe: ByProperty) -> Question:
    """Whoever made the page of this key: it is the one that was wanted. Notion's `equals` forgives case."""
    where = {"property": probe.property, probe.type: {"equals": probe.value}}
    answer = yield wire.query(probe.data_source_id, where=where)
    pages = [page for page in answer.body["results"] if _has_key(page, probe)]
    return [_page(page, shared=True) for page in pages[:1]]


def _page(page: Mapping[str, Any], *, shared: bool) -> Candidate:
    response = Response(status=200, body=page)
    return Candidate(response=response, made=str(page["id"]), shared=shared)


def _has_key(page: Mapping[str, Any], probe: ByProperty) -> bool:
    value = plain_value(page["properties"].get(probe.property))
    return value == probe.value or not isinstance(probe.value, str)


def _by_children(probe: ByChildren, sent: Sequence[Json], since: datetime, skip: int) -> Question:
    children = yield from _children(probe.parent_id)
    ids = [child["id"] for child in children]
    children = children[ids.index(probe.after) + 1 if probe.after in ids else skip :]
    wanted = [_look(one) for one in sent]
    looks = [_look(one) if _is_new(one, since) else None for one in children]
    found = []
    at = 0
    while at + len(wanted) <= len(looks):
        if looks[at : at + len(wanted)] != wanted:
            at += 1
            continue
        blocks = children[at : at + len(wanted)]
        body = {"object": "list", "results": blocks}
        found.append(Candidate(response=Response(status=200, body=body), made=blocks[0]["id"]))
        at += len(wanted)
    return found


def _look(block: Mapping[str, Any]) -> tuple[str, str]:
    """What a block is and says; the rest Notion may put in other words."""
    kind = str(block["type"])
    detail = block.get(kind) or {}
    texts = [detail.get("rich_text", []), *detail.get("cells", [])]
    return kind, "\x1f".join(plain_text(one) for one in texts)


def _by_title(probe: ByTitle, since: datetime) -> Question:
    pages = yield from (_rows(probe, since) if probe.property else _subpages(probe, since))
    return [_page(page, shared=False) for page in pages]


Pages = Generator[Notion, Response, list[Json]]


def _rows(probe: ByTitle, since: datetime) -> Pages:
    """New rows of the title; titles are compared here, because Notion's `equals` forgives case."""
    moment = since.replace(second=0, microsecond=0).isoformat()
    where = {"timestamp": "created_time", "created_time": {"on_or_after": moment}}
    oldest_first = [{"timestamp": "created_time", "direction": "ascending"}]
    pages: list[Json] = []
    cursor: str | None = None
    while True:
        answer = yield wire.query(probe.parent_id, where=where, sorts=oldest_first, cursor=cursor)
        pages += answer.body["results"]
        cursor = answer.body.get("next_cursor")
        if not cursor:
            return [page for page in pages if title_of(page) == probe.title]


def _subpages(probe: ByTitle, since: datetime) -> Pages:
    children = yield from _children(probe.parent_id)
    pages = []
    for child in children:
        if _is_page(child, probe.title) and _is_new(child, since):
            answer = yield wire.retrieve_page(child["id"])
            pages.append(answer.body)
    return pages


def _is_page(child: Mapping[str, Any], title: str) -> bool:
    return bool(child["type"] == "child_page" and child["child_page"]["title"] == title)


def _is_new(one: Mapping[str, Any], since: datetime) -> bool:
    """Notion cuts times to the minute. https://developers.notion.com/reference/page-property-values"""
    return datetime.fromisoformat(one["created_time"]) >= since.replace(second=0, microsecond=0)


def _children(parent_id: str) -> Generator[Notion, Response, list[Json]]:
    children: list[Json] = []
    cursor: str | None = None
    while True:
        answer = yield wire.list_children(parent_id, cursor=cursor)
        children += answer.body["results"]
        cursor = answer.body.get("next_cursor")
        if not cursor:
            return children
