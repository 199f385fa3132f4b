"""What each endpoint does, as a table: method, path, and the work on the workspace."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from automation.emulator.errors import failed, invalid, shown
from automation.emulator.query import compile_filter, sort_pages
from automation.emulator.richtext import plain
from automation.emulator.workspace import CONNECTION, Workspace, title


@dataclass(frozen=True, slots=True)
class Answer:
    """A request as the endpoints see it."""

    id: str
    body: dict[str, Any]
    query: dict[str, str]


Object = dict[str, Any]
MAX_PAGE = 100
QUERY_CAP = 10_000


def paginated(results: list[Object], kind: str, ask: Answer, prefix: str = "") -> Object:
    """One page of a list. Cursors are opaque."""
    given = {**ask.query, **ask.body}
    size = _page_size(given.get("page_size", MAX_PAGE))
    start = 0
    cursor = given.get("start_cursor")
    if cursor is not None:
        ids = [one["id"] for one in results]
        wanted = str(cursor).rpartition(":")[2]
        if wanted not in ids:
            raise invalid(f"The start_cursor provided is invalid: {cursor}")
        start = ids.index(wanted)
    more = results[start + size : start + size + 1]
    return {
        "object": "list",
        "results": results[start : start + size],
        "next_cursor": prefix + more[0]["id"] if more else None,
        "has_more": bool(more),
        "type": kind,
        kind: {},
    }


def _page_size(value: Any) -> int:
    try:
        size = int(value)
    except (TypeError, ValueError):
        raise failed("body.page_size", f"should be a number, instead was {shown(value)}.") from None
    if not 1 <= size <= MAX_PAGE:
        bound = f"≤ `{MAX_PAGE}`" if size > MAX_PAGE else "≥ `1`"
        raise failed("body.page_size", f"should be {bound}, instead was `{size}`.")
    return size


def _query(space: Workspace, ask: Answer) -> Object:
    source = space.data_source(ask.id)
    pages = list(space.pages_of(source))
    if ask.body.get("filter") is not None:
        test = compile_filter(ask.body["filter"], source["properties"], space.now())
        pages = [page for page in pages if test(page)]
    pages = sort_pages(pages, ask.body.get("sorts"), source["properties"])
    answer = paginated(pages[:QUERY_CAP], "page_or_data_source", ask, f"s:{source['id']}:")
    if len(pages) > QUERY_CAP:
        answer["request_status"] = {
            "type": "incomplete",
            "incomplete_reason": "query_result_limit_reached",
        }
    return answer


def _search(space: Workspace, ask: Answer) -> Object:
    """By title, fuzzily: every word of the query somewhere in the title."""
    words = re.findall(r"\w+", str(ask.body.get("query", "")).casefold())
    kind = (ask.body.get("filter") or {}).get("value")
    found: list[tuple[str, Object]] = []
    if kind in {None, "data_source"}:
        found += [(plain(one["title"]), one) for one in space.data_sources.values()]
    if kind in {None, "page"}:
        found += [(title(one), one) for one in space.pages.values()]
    hits = [
        one
        for text, one in found
        if not one["in_trash"] and all(word in text.casefold() for word in words)
    ]
    return paginated(hits, "page_or_data_source", ask)


def _me(space: Workspace, ask: Answer) -> Object:
    return {
        **space.bot,
        "name": CONNECTION,
        "avatar_url": None,
        "type": "bot",
        "bot": {
            "owner": {"type": "workspace", "workspace": True},
            "workspace_name": "Emulator",
            "workspace_id": space.connection_id,
            "workspace_limits": {"max_file_upload_size_in_bytes": 5_242_880},
        },
    }


def _users(space: Workspace, ask: Answer) -> Object:
    return paginated([_me(space, ask)], "user", ask)


Work = Callable[[Workspace, Answer], Object]

ENDPOINTS: tuple[tuple[str, str, Work], ...] = (
    ("GET", "/users/me", _me),
    ("GET", "/users", _users),
    ("POST", "/search", _search),
    ("POST", "/databases", lambda space, ask: space.create_database(ask.body)),
    ("GET", "/databases/{id}", lambda space, ask: space.database(ask.id)),
    ("PATCH", "/databases/{id}", lambda space, ask: space.update_database(ask.id, ask.body)),
    ("POST", "/data_sources", lambda space, ask: space.create_data_source(ask.body)),
    ("GET", "/data_sources/{id}", lambda space, ask: space.data_source(ask.id)),
    ("PATCH", "/data_sources/{id}", lambda space, ask: space.update_data_source(ask.id, ask.body)),
    ("POST", "/data_sources/{id}/query", _query),
    ("POST", "/pages", lambda space, ask: space.create_page(ask.body)),
    ("GET", "/pages/{id}", lambda space, ask: space.page(ask.id)),
    ("PATCH", "/pages/{id}", lambda space, ask: space.update_page(ask.id, ask.body)),
    ("GET", "/blocks/{id}", lambda space, ask: space.block(ask.id)),
    ("PATCH", "/blocks/{id}", lambda space, ask: space.update_block(ask.id, ask.body)),
    ("DELETE", "/blocks/{id}", lambda space, ask: space.delete_block(ask.id)),
    (
        "GET",
        "/blocks/{id}/children",
        lambda space, ask: paginated(space.list_children(ask.id), "block", ask),
    ),
    (
        "PATCH",
        "/blocks/{id}/children",
        lambda space, ask: {
            "object": "list",
            "results": space.append(ask.id, ask.body),
            "next_cursor": None,
            "has_more": False,
            "type": "block",
            "block": {},
        },
    ),
)
