"""A page's property by itself: whole, where a page object cuts long ones off.

Title, rich text, relation, people and rollups of arrays come as a list, one element an item.
https://developers.notion.com/reference/retrieve-a-page-property
"""

from typing import Any

from automation.emulator import ids, reading
from automation.emulator.errors import invalid
from automation.emulator.paging import page_size, refuse_cursor
from automation.emulator.workspace import Page, Property, Workspace

Object = dict[str, Any]

LISTS = frozenset({"title", "rich_text", "relation", "people"})


def retrieve(space: Workspace, page: Page, name: str, cursor: Any, size: Any) -> Object:
    """GET /pages/{id}/properties/{property_id}."""
    known = {one.id: one for one in reading.properties_of(space, page)}
    one = known.get(ids.decoded(name)) or next(
        (found for found in known.values() if found.name == ids.decoded(name)), None
    )
    if one is None:
        raise invalid(f"Could not find property with name or id: {name}")
    inner = reading.shown(space, page, one)
    if one.type in LISTS:
        return _list(one, inner, cursor, page_size(size, "query"))
    return {"object": "property_item", "type": one.type, "id": ids.encoded(one.id), one.type: inner}


def _list(one: Property, inner: list[Object], cursor: Any, size: int) -> Object:
    start = 0 if cursor is None else _start(cursor)
    rest = start + size < len(inner)
    identity = ids.encoded(one.id)
    results = [
        {"object": "property_item", "type": one.type, "id": identity, one.type: item}
        for item in inner[start : start + size]
    ]
    return {
        "object": "list",
        "results": results,
        "next_cursor": _cursor(start + size) if rest else None,
        "has_more": rest,
        "type": "property_item",
        "property_item": {"id": identity, "next_url": None, "type": one.type, one.type: {}},
    }


def _cursor(start: int) -> str:
    return f"00000000-0000-4000-8000-{start:012x}"


def _start(cursor: Any) -> int:
    text = ids.dashed(cursor) or ""
    if not text.startswith("00000000-0000-4000-8000-"):
        raise refuse_cursor(cursor)
    return int(text.rpartition("-")[2], 16)
