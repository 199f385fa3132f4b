"""Finds a target by id, address or exact title, as a conversation of reads."""

from collections.abc import Generator, Mapping
from typing import Any

from automation.model.errors import NotionRejected, StepFailed
from automation.model.request import Notion, Response
from automation.model.target import Target, TargetKind, TargetName
from automation.notion import wire
from automation.notion.ids import page_id
from automation.notion.richtext import plain_text
from automation.notion.values import title_of

MAX_SEARCH_PAGES = 5
SHARE = "Share it with the connection: open it in Notion, ••• → Connections → add yours."

Talk = Generator[Notion, Response, Target]


def locate(name: TargetName) -> Talk:
    """Find it. Raises StepFailed saying what was looked for, and the remedy."""
    identity = page_id(name.text)
    if identity is not None:
        return (yield from _by_id(name, identity))
    return (yield from _by_title(name))


def _by_id(name: TargetName, identity: str) -> Talk:
    if name.kind is not TargetKind.PAGE:
        found = yield from tried(wire.retrieve_data_source(identity))
        if found is not None:
            return data_source(name, found)
        database = yield from tried(wire.retrieve_database(identity))
        if database is not None:
            return (yield from _of_database(name, database))
    if name.kind is not TargetKind.DATA_SOURCE:
        page = yield from tried(wire.retrieve_page(identity))
        if page is not None:
            return _page(name, page)
    raise StepFailed(f"`{name.name}` ({identity}) was not found in Notion", remedy=SHARE)


def tried(request: Notion) -> Generator[Notion, Response, Any]:
    """The answer, or nothing where Notion says there is no such object."""
    try:
        answer = yield request
    except NotionRejected as error:
        if error.status in {400, 404}:
            return None
        raise
    return answer.body


def _of_database(name: TargetName, database: Mapping[str, Any]) -> Talk:
    """A database's id is in its address; its rows live in its data source."""
    sources = database["data_sources"]
    if len(sources) != 1:
        listed = ", ".join(f"{one['name']} ({one['id']})" for one in sources)
        raise StepFailed(
            f"the database `{name.name}` has {len(sources)} data sources: {listed}",
            remedy="Name one of them by its id.",
        )
    answer = yield wire.retrieve_data_source(sources[0]["id"])
    return data_source(name, answer.body)


def _by_title(name: TargetName) -> Talk:
    found: list[tuple[TargetKind, Mapping[str, Any]]] = []
    for kind in TargetKind:
        if name.kind in {None, kind}:
            matches = yield from _search(name.text, kind)
            found += [(kind, match) for match in matches]
        if found:
            break
    if not found:
        raise StepFailed(
            f"there is no `{name.text}` in Notion that the connection can see", remedy=SHARE
        )
    if len(found) > 1:
        listed = ", ".join(str(one.get("url") or one["id"]) for _, one in found)
        raise StepFailed(
            f"{len(found)} things in Notion are called `{name.text}`: {listed}",
            remedy="Name one of them by its address or id.",
        )
    kind, match = found[0]
    return data_source(name, match) if kind is TargetKind.DATA_SOURCE else _page(name, match)


def _search(text: str, kind: TargetKind) -> Generator[Notion, Response, list[Mapping[str, Any]]]:
    """Search is fuzzy: only an exact title counts."""
    found: list[Mapping[str, Any]] = []
    cursor: str | None = None
    for _ in range(MAX_SEARCH_PAGES):
        answer = yield wire.search(text, kind=kind.value, cursor=cursor)
        found += [
            one
            for one in answer.body["results"]
            if _title(one, kind) == text and not one.get("in_trash")
        ]
        cursor = answer.body.get("next_cursor")
        if not cursor:
            break
    return found


def _title(one: Mapping[str, Any], kind: TargetKind) -> str:
    return plain_text(one.get("title") or []) if kind is TargetKind.DATA_SOURCE else title_of(one)


def data_source(name: TargetName, found: Mapping[str, Any]) -> Target:
    """A target from a data source object."""
    return Target(
        name=name.name,
        kind=TargetKind.DATA_SOURCE,
        id=found["id"],
        title=plain_text(found.get("title") or []),
        url=found.get("url") or "",
        properties=found["properties"],
        key_property=name.key_property,
    )


def _page(name: TargetName, found: Mapping[str, Any]) -> Target:
    return Target(
        name=name.name,
        kind=TargetKind.PAGE,
        id=found["id"],
        title=title_of(found),
        url=found.get("url") or "",
        properties={},
    )
