"""Search: by title only, fuzzy, and behind the times.

A title is found if any word of the query starts one of its words; the latest edited come first.
https://developers.notion.com/reference/post-search
"""

import re
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from automation.emulator import showing
from automation.emulator.errors import failed
from automation.emulator.paging import envelope, page_of, page_size
from automation.emulator.shapes import boolean, line, literal, table
from automation.emulator.workspace import DataSource, Item, Page, Workspace

Object = dict[str, Any]

_WORD = re.compile(r"\w+")
FILTER = table(
    {},
    {
        "property": literal("object"),
        "value": literal("page", "data_source"),
        "in_trash": boolean,
    },
)
SORT = table(
    {},
    {
        "timestamp": literal("last_edited_time"),
        "direction": literal("ascending", "descending"),
        "property": literal("relevance"),
    },
)


def run(space: Workspace, body: Object) -> Object:
    """POST /search."""
    wanted = body.get("filter") or {}
    if ("property" in wanted) != ("value" in wanted):
        missing = "value" if "property" in wanted else "property"
        raise failed([line(f"body.filter.{missing}", "defined", None)])
    words = _words(str(body.get("query") or ""))
    found = [
        one
        for one in _items(space, wanted.get("value"))
        if one.in_trash is bool(wanted.get("in_trash")) and _indexed(space, one)
        if _matches(words, _words(_title(space, one)))
    ]
    rising = (body.get("sort") or {}).get("direction") == "ascending"
    found.sort(key=lambda one: one.edited, reverse=not rising)
    size = page_size(body.get("page_size"), "body")
    page, cursor = page_of([one.id for one in found], body.get("start_cursor"), size)
    return envelope("page_or_data_source", [_show(space, one) for one in page], cursor)


def _items(space: Workspace, value: str | None) -> Iterable[Item]:
    if value != "page":
        yield from space.data_sources.values()
    if value != "data_source":
        yield from space.pages.values()


def _indexed(space: Workspace, one: Item) -> bool:
    return space.now() >= one.created + timedelta(seconds=space.search_lag)


def _title(space: Workspace, one: Item) -> str:
    """A data source is found by its own title, or its database's."""
    own = space.name_of(one.id)
    if isinstance(one, DataSource) and not own:
        return space.name_of(one.parent["database_id"])
    return own


def _words(text: str) -> Collection[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _matches(query: Collection[str], title: Collection[str]) -> bool:
    return not query or any(own.startswith(word) for word in query for own in title)


def _show(space: Workspace, identity: str) -> Object:
    page = space.pages.get(identity)
    if isinstance(page, Page):
        return showing.page(space, page)
    return showing.data_source(space, space.data_sources[identity])
