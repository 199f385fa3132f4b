"""How things look in answers: keys in Notion's order, times cut to the minute.

https://developers.notion.com/reference/page
https://developers.notion.com/reference/block
https://developers.notion.com/reference/data-source
https://developers.notion.com/reference/database
"""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from automation.emulator import ids, reading
from automation.emulator.dates import minute
from automation.emulator.richtext import words
from automation.emulator.workspace import (
    Block,
    Database,
    DataSource,
    Item,
    Page,
    Property,
    Workspace,
)

Object = dict[str, Any]

ADDRESS = "https://app.notion.com/p/"


def item(space: Workspace, identity: str) -> Page | Block | Database:
    """What may stand among blocks: a block, a page or a database."""
    found = space.blocks.get(identity) or space.pages.get(identity) or space.databases.get(identity)
    if found is None:
        raise space.missing("block", identity)
    return found


def child_kind(found: Item) -> str:
    """The kind of block that a page or a database is."""
    return "child_page" if isinstance(found, Page) else "child_database"


def _user(space: Workspace) -> Object:
    return {"object": "user", "id": space.bot_id}


def block(space: Workspace, found: Page | Block | Database) -> Object:
    """A block object."""
    if isinstance(found, Block):
        kind, detail = found.kind, found.detail
    else:
        kind, detail = child_kind(found), {"title": space.name_of(found.id)}
    return {
        "object": "block",
        "id": found.id,
        "parent": found.parent,
        "created_time": minute(found.created),
        "last_edited_time": minute(found.edited),
        "created_by": _user(space),
        "last_edited_by": _user(space),
        "has_children": _has_children(space, found),
        "in_trash": found.in_trash,
        "type": kind,
        kind: detail,
    }


def _has_children(space: Workspace, found: Item) -> bool:
    if isinstance(found, Block) and found.kind == "synced_block" and found.detail["synced_from"]:
        original = ids.dashed(found.detail["synced_from"]["block_id"])
        return _has_children(space, space.blocks[original or ""])
    return any(not item(space, one).in_trash for one in space.children.get(found.id, ()))


def page(space: Workspace, found: Page, only: Collection[str] | None = None) -> Object:
    """A page object; `only` these property ids."""
    return {
        "object": "page",
        "id": found.id,
        "created_time": minute(found.created),
        "last_edited_time": minute(found.edited),
        "created_by": _user(space),
        "last_edited_by": _user(space),
        "cover": found.cover,
        "icon": found.icon,
        "parent": found.parent,
        "in_trash": found.in_trash,
        "is_archived": found.is_archived,
        "is_locked": found.is_locked,
        "properties": {
            one.name: reading.value(space, found, one, cap=reading.MAX_REFERENCES)
            for one in reading.in_order(reading.properties_of(space, found))
            if only is None or one.id in only
        },
        "url": page_url(space, found),
        "public_url": None,
    }


def page_url(space: Workspace, found: Page) -> str:
    """Its address: the title in ASCII, and the id."""
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", space.title(found)).strip("-")
    return ADDRESS + (f"{slug}-" if slug else "") + ids.plain(found.id)


def children(space: Workspace, identity: str) -> list[Object]:
    """What stands in a page or block, one level, as block objects."""
    found = (item(space, one) for one in space.children.get(identity, ()))
    return [block(space, one) for one in found if not one.in_trash]


def rows(space: Workspace, title: str) -> list[Object]:
    """The pages of the data source of that title, oldest first, as page objects."""
    sources = (one for one in space.data_sources.values() if words(one.title) == title)
    found = (space.pages[one] for source in sources for one in source.rows)
    return [page(space, one) for one in found if not one.in_trash]


def database(space: Workspace, found: Database) -> Object:
    """A database object. Its times have milliseconds, unlike all others."""
    return {
        "object": "database",
        "id": found.id,
        "title": found.title,
        "description": found.description,
        "parent": found.parent,
        "is_inline": found.is_inline,
        "in_trash": found.in_trash,
        "is_locked": found.is_locked,
        "created_time": _exact(found.created),
        "last_edited_time": _exact(found.edited),
        "data_sources": [
            {"id": one, "name": _source_name(space, found, space.data_sources[one])}
            for one in found.sources
        ],
        "icon": found.icon,
        "cover": found.cover,
        "url": ADDRESS + ids.plain(found.id),
        "public_url": None,
    }


def _exact(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")


def _source_name(space: Workspace, found: Database, source: DataSource) -> str:
    return words(source.title) or words(found.title)


def data_source(space: Workspace, found: DataSource) -> Object:
    """A data source object."""
    owner = space.databases[found.parent["database_id"]]
    return {
        "object": "data_source",
        "id": found.id,
        "cover": None,
        "icon": found.icon,
        "created_time": minute(found.created),
        "created_by": _user(space),
        "last_edited_by": _user(space),
        "last_edited_time": minute(found.edited),
        "title": found.title,
        "description": found.description,
        "is_inline": owner.is_inline,
        "properties": {
            one.name: schema(space, one) for one in reading.in_order(found.properties.values())
        },
        "parent": found.parent,
        "database_parent": owner.parent,
        "url": ADDRESS + ids.plain(owner.id),
        "public_url": None,
        "in_trash": found.in_trash,
    }


def schema(space: Workspace, one: Property) -> Object:
    """A property of a data source."""
    return {
        "id": ids.encoded(one.id),
        "name": one.name,
        "description": one.description,
        "type": one.type,
        one.type: reading.schema_detail(space, one),
    }
