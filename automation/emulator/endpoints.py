"""What each endpoint takes and does, as a table.

Bodies are closed at the top, as Notion's are. https://developers.notion.com/reference/intro
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from automation.emulator import (
    databases,
    definitions,
    icons,
    items,
    pages,
    query,
    reading,
    search,
    showing,
    tree,
    users,
)
from automation.emulator.blocks import KINDS
from automation.emulator.errors import invalid
from automation.emulator.paging import envelope, page_of, page_size
from automation.emulator.richtext import RICH_TEXT
from automation.emulator.shapes import (
    Check,
    anything,
    boolean,
    keyed,
    literal,
    mapping,
    nullable,
    table,
    text,
    uuid,
)
from automation.emulator.workspace import Page, Workspace

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request as the endpoints see it. `id` is the one in the path, dashed."""

    id: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    body: Object = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        """A parameter of the query string."""
        found = self.query.get(name)
        return found[0] if found else None

    def properties(self) -> Sequence[str]:
        """The properties to show, by `filter_properties`."""
        return [
            *self.query.get("filter_properties[]", ()),
            *self.query.get("filter_properties", ()),
        ]


Work = Callable[[Workspace, Ask], Object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint. `named` is what its messages call the id in the path."""

    method: str
    path: str
    work: Work
    named: str = ""
    body: Check | None = None


# bodies -------------------------------------------------------------------------------------------

_ICON, _COVER = nullable(icons.ICON), nullable(icons.COVER)
_ANY_PARENT = keyed(
    {"page_id": uuid, "database_id": uuid, "data_source_id": uuid, "workspace": literal(True)}
)
_PAGE_PARENT = keyed({"page_id": uuid, "workspace": literal(True)})
_DATABASE_PARENT = keyed({"database_id": uuid})
_TEMPLATE = table({"type": literal("none", "default", "template_id")}, closed=False)
_AFTER = table({"id": uuid})


def _position(start: str, end: str) -> Check:
    return table({"type": literal("after_block", start, end)}, {"after_block": _AFTER})


NEW_PAGE = table(
    {"parent": _ANY_PARENT},
    {
        "properties": mapping(anything),
        "icon": _ICON,
        "cover": _COVER,
        "children": anything,
        "content": anything,
        "markdown": text(),
        "markdown_version": literal("v1", "v2"),
        "allow_async": boolean,
        "template": _TEMPLATE,
        "position": _position("page_start", "page_end"),
    },
)
CHANGED_PAGE = table(
    {},
    {
        "properties": mapping(anything),
        "icon": _ICON,
        "cover": _COVER,
        "in_trash": boolean,
        "is_archived": boolean,
        "is_locked": boolean,
        "template": _TEMPLATE,
        "erase_content": boolean,
    },
)
_LOOK = {"title": RICH_TEXT, "icon": _ICON}
_CONTAINER = {**_LOOK, "description": RICH_TEXT, "is_inline": boolean, "cover": _COVER}
NEW_DATABASE = table(
    {"parent": _PAGE_PARENT},
    {
        **_CONTAINER,
        "initial_data_source": table({}, {"properties": definitions.DEFINITIONS}),
    },
)
CHANGED_DATABASE = table(
    {}, {**_CONTAINER, "parent": _PAGE_PARENT, "in_trash": boolean, "is_locked": boolean}
)
NEW_SOURCE = table({"parent": _DATABASE_PARENT, "properties": definitions.DEFINITIONS}, _LOOK)
CHANGED_SOURCE = table(
    {},
    {**_LOOK, "properties": definitions.CHANGES, "in_trash": boolean, "parent": _DATABASE_PARENT},
)
QUERY = table(
    {},
    {
        "filter": anything,
        "sorts": query.SORTS,
        "start_cursor": nullable(text(1)),
        "page_size": anything,
        "result_type": literal("page", "data_source"),
        "is_archived": boolean,
        "in_trash": boolean,
    },
)
SEARCH = table(
    {},
    {
        "query": text(),
        "filter": search.FILTER,
        "sort": search.SORT,
        "start_cursor": nullable(text(1)),
        "page_size": anything,
    },
)
APPEND = table({"children": anything}, {"position": _position("start", "end")})
CHANGED_BLOCK = table({}, {**dict.fromkeys(KINDS, anything), "type": text(1), "in_trash": boolean})


# works --------------------------------------------------------------------------------------------


def _show(space: Workspace, page: Page, ask: Ask) -> Object:
    chosen = reading.chosen(reading.properties_of(space, page), ask.properties())
    return showing.page(space, page, chosen)


def _new_page(space: Workspace, ask: Ask) -> Object:
    _refuse_workspace(ask.body["parent"])
    return _show(space, pages.create(space, ask.body), ask)


def _refuse_workspace(parent: Object) -> None:
    if "workspace" in parent:
        raise invalid(
            "Internal integrations aren't owned by a single user, so creating workspace-level"
            " private pages is not supported."
        )


def _page(space: Workspace, ask: Ask) -> Object:
    return _show(space, space.page(ask.id), ask)


def _changed_page(space: Workspace, ask: Ask) -> Object:
    return _show(space, pages.update(space, ask.id, ask.body), ask)


def _property(space: Workspace, ask: Ask) -> Object:
    return items.retrieve(
        space,
        space.page(ask.id),
        ask.path["property_id"],
        ask.first("start_cursor"),
        ask.first("page_size"),
    )


def _new_database(space: Workspace, ask: Ask) -> Object:
    _refuse_workspace(ask.body["parent"])
    return showing.database(space, databases.create(space, ask.body))


def _children(space: Workspace, ask: Ask) -> Object:
    """One level; what is in the trash keeps its place for cursors and is not shown."""
    everything = tree.listed(space, ask.id)
    size = page_size(ask.first("page_size"), "query")
    there = [one for one in everything if not showing.item(space, one).in_trash]
    cursor = ask.first("start_cursor")
    if cursor is not None and cursor in everything and cursor not in there:
        behind = everything[everything.index(cursor) :]
        cursor = next((one for one in behind if one in there), None)
        if cursor is None:
            return envelope("block", [], None)
    page, following = page_of(there, cursor, size)
    results = [showing.block(space, showing.item(space, one)) for one in page]
    return envelope("block", results, following)


def _append(space: Workspace, ask: Ask) -> Object:
    made = tree.append(space, ask.id, ask.body)
    results = [showing.block(space, showing.item(space, one)) for one in made]
    return envelope("block", results, None)


def _changed_block(space: Workspace, ask: Ask) -> Object:
    return showing.block(space, tree.update(space, ask.id, ask.body))


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(method="GET", path="/users/me", work=lambda space, ask: users.me(space)),
    Endpoint(
        method="GET",
        path="/users/{id}",
        named="user_id",
        work=lambda space, ask: users.one(space, ask.id),
    ),
    Endpoint(
        method="GET",
        path="/users",
        work=lambda space, ask: users.listed(
            space, ask.first("start_cursor"), ask.first("page_size")
        ),
    ),
    Endpoint(
        method="POST",
        path="/search",
        body=SEARCH,
        work=lambda space, ask: search.run(space, ask.body),
    ),
    Endpoint(method="POST", path="/databases", body=NEW_DATABASE, work=_new_database),
    Endpoint(
        method="GET",
        path="/databases/{id}",
        named="database_id",
        work=lambda space, ask: showing.database(space, space.database(ask.id)),
    ),
    Endpoint(
        method="PATCH",
        path="/databases/{id}",
        named="database_id",
        body=CHANGED_DATABASE,
        work=lambda space, ask: showing.database(space, databases.update(space, ask.id, ask.body)),
    ),
    Endpoint(
        method="POST",
        path="/data_sources",
        body=NEW_SOURCE,
        work=lambda space, ask: showing.data_source(
            space, databases.create_source(space, ask.body)
        ),
    ),
    Endpoint(
        method="GET",
        path="/data_sources/{id}",
        named="data_source_id",
        work=lambda space, ask: showing.data_source(space, space.data_source(ask.id)),
    ),
    Endpoint(
        method="PATCH",
        path="/data_sources/{id}",
        named="data_source_id",
        body=CHANGED_SOURCE,
        work=lambda space, ask: showing.data_source(
            space, databases.update_source(space, ask.id, ask.body)
        ),
    ),
    Endpoint(
        method="POST",
        path="/data_sources/{id}/query",
        named="data_source_id",
        body=QUERY,
        work=lambda space, ask: query.run(space, ask.id, ask.body, ask.properties()),
    ),
    Endpoint(method="POST", path="/pages", body=NEW_PAGE, work=_new_page),
    Endpoint(method="GET", path="/pages/{id}", named="page_id", work=_page),
    Endpoint(
        method="PATCH", path="/pages/{id}", named="page_id", body=CHANGED_PAGE, work=_changed_page
    ),
    Endpoint(
        method="GET",
        path="/pages/{id}/properties/{property_id}",
        named="page_id",
        work=_property,
    ),
    Endpoint(
        method="GET",
        path="/blocks/{id}",
        named="block_id",
        work=lambda space, ask: showing.block(space, showing.item(space, ask.id)),
    ),
    Endpoint(
        method="PATCH",
        path="/blocks/{id}",
        named="block_id",
        body=CHANGED_BLOCK,
        work=_changed_block,
    ),
    Endpoint(
        method="DELETE",
        path="/blocks/{id}",
        named="block_id",
        work=lambda space, ask: showing.block(space, tree.delete(space, ask.id)),
    ),
    Endpoint(method="GET", path="/blocks/{id}/children", named="block_id", work=_children),
    Endpoint(
        method="PATCH",
        path="/blocks/{id}/children",
        named="block_id",
        body=APPEND,
        work=_append,
    ),
)
