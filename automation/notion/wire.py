"""Requests to the Notion API, version 2026-03-11.

https://developers.notion.com/reference/intro
"""

import json
from collections.abc import Sequence

from automation.model.errors import StepFailed
from automation.model.request import ByChildren, Notion, Probe, Repeat
from automation.model.values import Json, JsonObject

NOTION_VERSION = "2026-03-11"

# https://developers.notion.com/reference/request-limits
MAX_TEXT_UNITS = 2000
"""UTF-16 code units in one rich text's content."""
MAX_ARRAY = 100
MAX_BLOCKS = 1000
MAX_BYTES = 500_000
MAX_URL = 2000
PAGE_SIZE = 100


def encoded(value: Json) -> bytes:
    """JSON as it is sent: compact UTF-8. What is not Unicode text (half a surrogate pair) is escaped."""
    try:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def bounded(request: Notion, what: str) -> Notion:
    """The request, if Notion takes one of its size. Raises StepFailed."""
    size = len(encoded(request.body))
    if size > MAX_BYTES:
        raise StepFailed(
            f"{what} is {size:,} bytes; Notion takes {MAX_BYTES:,} in one request",
            remedy="Shorten its texts with `| truncate`, or put them into the body.",
        )
    return request


def create_page(
    parent: JsonObject,
    properties: JsonObject,
    *,
    children: Sequence[Json] = (),
    icon: Json = None,
    cover: Json = None,
    probe: Probe | None = None,
) -> Notion:
    """A new page. https://developers.notion.com/reference/post-page"""
    body: dict[str, Json] = {"parent": parent, "properties": properties}
    if children:
        body["children"] = list(children)
    if icon is not None:
        body["icon"] = icon
    if cover is not None:
        body["cover"] = cover
    return Notion(method="POST", path="/pages", body=body, repeat=Repeat.DOUBLES, probe=probe)


def update_page(page_id: str, changes: JsonObject) -> Notion:
    """Absolute values, so repeating it is safe. https://developers.notion.com/reference/patch-page"""
    return Notion(method="PATCH", path=f"/pages/{page_id}", body=dict(changes), repeat=Repeat.SAFE)


def append_children(
    parent_id: str, children: Sequence[Json], *, after: str | None = None, start: bool = False
) -> Notion:
    """Blocks behind the last child, behind `after`, or at the start.

    https://developers.notion.com/reference/patch-block-children
    """
    body: dict[str, Json] = {"children": list(children)}
    if after is not None:
        body["position"] = {"type": "after_block", "after_block": {"id": after}}
    elif start:
        body["position"] = {"type": "start"}
    return Notion(
        method="PATCH",
        path=f"/blocks/{parent_id}/children",
        body=body,
        repeat=Repeat.DOUBLES,
        probe=ByChildren(parent_id=parent_id, after=after, count=len(children)),
    )


def query(
    data_source_id: str,
    *,
    where: Json = None,
    sorts: Sequence[Json] = (),
    cursor: str | None = None,
    page_size: int = PAGE_SIZE,
) -> Notion:
    """Pages of a data source. https://developers.notion.com/reference/query-a-data-source"""
    body: dict[str, Json] = {"page_size": page_size}
    if where is not None:
        body["filter"] = where
    if sorts:
        body["sorts"] = list(sorts)
    if cursor is not None:
        body["start_cursor"] = cursor
    return Notion(method="POST", path=f"/data_sources/{data_source_id}/query", body=body)


def search(text: str, *, kind: str, cursor: str | None = None) -> Notion:
    """Pages or data sources by title. https://developers.notion.com/reference/post-search"""
    body: dict[str, Json] = {
        "query": text,
        "filter": {"property": "object", "value": kind},
        "page_size": PAGE_SIZE,
    }
    if cursor is not None:
        body["start_cursor"] = cursor
    return Notion(method="POST", path="/search", body=body)


def retrieve_page(page_id: str) -> Notion:
    """One page's properties. https://developers.notion.com/reference/retrieve-a-page"""
    return Notion(method="GET", path=f"/pages/{page_id}")


def retrieve_database(database_id: str) -> Notion:
    """A database: a container of data sources. https://developers.notion.com/reference/retrieve-a-database"""
    return Notion(method="GET", path=f"/databases/{database_id}")


def retrieve_data_source(data_source_id: str) -> Notion:
    """A data source with its schema. https://developers.notion.com/reference/retrieve-a-data-source"""
    return Notion(method="GET", path=f"/data_sources/{data_source_id}")


def retrieve_property(page_id: str, property_id: str, *, cursor: str | None = None) -> Notion:
    """One property whole; a page shows 25 references of it at most.

    https://developers.notion.com/reference/retrieve-a-page-property
    """
    query: tuple[tuple[str, str], ...] = (("page_size", str(PAGE_SIZE)),)
    if cursor is not None:
        query = (*query, ("start_cursor", cursor))
    return Notion(method="GET", path=f"/pages/{page_id}/properties/{property_id}", query=query)


def list_children(block_id: str, *, cursor: str | None = None) -> Notion:
    """One level of blocks. https://developers.notion.com/reference/get-block-children"""
    pages: tuple[tuple[str, str], ...] = (("page_size", str(PAGE_SIZE)),)
    if cursor is not None:
        pages = (*pages, ("start_cursor", cursor))
    return Notion(method="GET", path=f"/blocks/{block_id}/children", query=pages)
