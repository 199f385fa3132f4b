"""Databases and their data sources: made and changed.

https://developers.notion.com/reference/create-a-database
https://developers.notion.com/reference/update-a-data-source
"""

from typing import Any

from automation.emulator import definitions, icons, ids, redefining, richtext, tree
from automation.emulator.errors import not_emulated
from automation.emulator.workspace import Database, DataSource, Page, Workspace

Object = dict[str, Any]

UNTITLED = "New database"
USUAL: Object = {"Name": {"title": {}}}


def create(space: Workspace, body: Object) -> Database:
    """POST /databases: the container and its first data source."""
    holder = _parent(space, body["parent"])
    if holder is not None:
        space.refuse_trashed(holder)
    now = space.now()
    title = richtext.stored(body.get("title") or [], space)
    database = Database(
        id=ids.new_id(),
        parent={"type": "page_id", "page_id": holder.id}
        if holder
        else {"type": "workspace", "workspace": True},
        created=now,
        edited=now,
        title=title or [richtext.plain_item(UNTITLED)],
        description=richtext.stored(body.get("description") or [], space),
        is_inline=bool(body.get("is_inline")),
        icon=icons.stored(body.get("icon")),
        cover=icons.stored(body.get("cover")),
    )
    space.databases[database.id] = database
    initial = body.get("initial_data_source") or {}
    try:
        source = _add_source(space, database, title, initial.get("properties") or USUAL)
    except Exception:
        del space.databases[database.id]
        raise
    source.description = database.description
    if holder is not None:
        space.children.setdefault(holder.id, []).append(database.id)
        space.touch(holder)
    return database


def _parent(space: Workspace, given: Object) -> Page | None:
    text = given.get("page_id")
    return space.page(ids.dashed(text) or str(text)) if text else None


def _add_source(
    space: Workspace, database: Database, title: list[Object], properties: Object
) -> DataSource:
    now = space.now()
    source = DataSource(
        id=ids.new_id(),
        parent={"type": "database_id", "database_id": database.id},
        created=now,
        edited=now,
        title=title,
        description=[],
    )
    space.data_sources[source.id] = source
    try:
        definitions.define_all(space, source, properties)
    except Exception:
        del space.data_sources[source.id]
        raise
    database.sources.append(source.id)
    return source


def update(space: Workspace, identity: str, body: Object) -> Database:
    """PATCH /databases/{id}. An only data source follows its database's description."""
    found = space.database(identity)
    if body.keys() != {"in_trash"}:
        space.refuse_trashed(found)
    for key in ("title", "description"):
        if key in body:
            setattr(found, key, richtext.stored(body[key], space))
    if "description" in body and len(found.sources) == 1:
        space.data_sources[found.sources[0]].description = found.description
    if "title" in body and len(found.sources) == 1:
        space.data_sources[found.sources[0]].title = found.title
    for key in ("icon", "cover"):
        if key in body:
            setattr(found, key, icons.stored(body[key]))
    for key in ("is_inline", "is_locked"):
        if key in body:
            setattr(found, key, body[key])
    if "parent" in body:
        _move(space, found, _parent(space, body["parent"]))
    if "in_trash" in body:
        tree.trash(space, found, in_trash=body["in_trash"])
    found.edited = space.now()
    return found


def _move(space: Workspace, found: Database, holder: Page | None) -> None:
    old = space.children.get(found.parent.get("page_id", ""), [])
    if found.id in old:
        old.remove(found.id)
    if holder is None:
        found.parent = {"type": "workspace", "workspace": True}
        return
    found.parent = {"type": "page_id", "page_id": holder.id}
    space.children.setdefault(holder.id, []).append(found.id)


def create_source(space: Workspace, body: Object) -> DataSource:
    """POST /data_sources: one more in a database."""
    text = body["parent"]["database_id"]
    database = space.database(ids.dashed(text) or text)
    space.refuse_trashed(database)
    title = richtext.stored(body.get("title") or [], space)
    icon = icons.stored(body.get("icon"))
    source = _add_source(space, database, title, body["properties"])
    source.icon = icon
    return source


def update_source(space: Workspace, identity: str, body: Object) -> DataSource:
    """PATCH /data_sources/{id}."""
    found = space.data_source(identity)
    if body.keys() != {"in_trash"}:
        space.refuse_trashed(found)
    if (
        "parent" in body
        and ids.dashed(body["parent"]["database_id"]) != found.parent["database_id"]
    ):
        raise not_emulated("moving data sources")
    redefining.change_all(space, found, body.get("properties") or {})
    if "title" in body:
        found.title = richtext.stored(body["title"], space)
    if "icon" in body:
        found.icon = icons.stored(body["icon"])
    if "in_trash" in body:
        found.in_trash = body["in_trash"]
    space.touch(found)
    return found
