"""Pages: made, changed, moved to the trash and back.

https://developers.notion.com/reference/post-page
https://developers.notion.com/reference/patch-page
"""

from typing import Any

from automation.emulator import icons, ids, tree, values
from automation.emulator.errors import invalid, not_emulated
from automation.emulator.workspace import DataSource, Item, Page, Workspace

Object = dict[str, Any]


def create(space: Workspace, body: Object) -> Page:
    """POST /pages. Everything is checked before anything is made."""
    _refuse_later(body)
    holder, source = _parent(space, body.get("parent"))
    if holder is not None:
        space.refuse_trashed(holder)
    prepared = tree.prepare(space, body.get("children", body.get("content")) or [], "body.children")
    new = values.read(space, source, body.get("properties") or {}, "body.properties")
    now = space.now()
    page = Page(
        id=ids.new_id(),
        parent=_as_parent(holder),
        created=now,
        edited=now,
        source=source.id if source else None,
        values={},
        icon=icons.stored(body.get("icon")),
        cover=icons.stored(body.get("cover")),
    )
    space.pages[page.id] = page
    if source is not None:
        _into(source, page)
    elif holder is not None:
        _among(space, holder, page, body.get("position"))
    values.write(space, page, {**_unset(source), **new})
    tree.insert(space, page, prepared, None)
    return page


def _refuse_later(body: Object) -> None:
    if "markdown" in body:
        raise not_emulated("markdown bodies")
    if body.get("template", {"type": "none"})["type"] != "none":
        raise not_emulated("templates")


def _parent(space: Workspace, given: Object | None) -> tuple[Item | None, DataSource | None]:
    """What the page is made in, and the data source if that is one; nothing for the workspace."""
    match given:
        case {"page_id": text}:
            return space.page(ids.dashed(text) or text), None
        case {"data_source_id": text}:
            source = space.data_source(ids.dashed(text) or text)
            return source, source
        case {"database_id": text}:
            database = space.database(ids.dashed(text) or text)
            if len(database.sources) != 1:
                raise invalid(
                    f"Database {database.id} has several data sources: name one by data_source_id."
                )
            only = space.data_sources[database.sources[0]]
            return only, only
        case _:
            return None, None


def _as_parent(holder: Item | None) -> Object:
    if holder is None:
        return {"type": "workspace", "workspace": True}
    if isinstance(holder, DataSource):
        return {
            "type": "data_source_id",
            "data_source_id": holder.id,
            "database_id": holder.parent["database_id"],
        }
    return {"type": "page_id", "page_id": holder.id}


def _into(source: DataSource, page: Page) -> None:
    source.counter += 1
    page.number = source.counter
    source.rows[page.id] = None


def _unset(source: DataSource | None) -> Object:
    """A status that is not set is its first option."""
    if source is None:
        return {"title": []}
    return {
        one.id: one.detail["options"][0]["id"]
        for one in source.properties.values()
        if one.type == "status" and one.detail["options"]
    } | {one: [] for one in ("title",)}


def _among(space: Workspace, holder: Item, page: Page, position: Object | None) -> None:
    siblings = space.children.setdefault(holder.id, [])
    match position:
        case {"type": "page_start"}:
            siblings.insert(0, page.id)
        case {"type": "after_block", "after_block": {"id": given}}:
            after = ids.dashed(given)
            if after not in siblings:
                raise space.missing("block", str(given))
            siblings.insert(siblings.index(after) + 1, page.id)
        case _:
            siblings.append(page.id)
    space.touch(holder)


def update(space: Workspace, identity: str, body: Object) -> Page:
    """PATCH /pages/{id}."""
    _refuse_later(body)
    page = space.page(identity)
    restoring = body.get("in_trash") is False
    if not restoring and body.keys() != {"in_trash"}:
        space.refuse_trashed(page)
    new = values.read(space, space.source_of(page), body.get("properties") or {}, "body.properties")
    values.write(space, page, new)
    for key in ("icon", "cover"):
        if key in body:
            setattr(page, key, icons.stored(body[key]))
    for key in ("in_trash", "is_archived", "is_locked"):
        if key in body:
            setattr(page, key, body[key])
    if body.get("erase_content"):
        _erase(space, page)
    space.touch(page)
    return page


def _erase(space: Workspace, page: Page) -> None:
    for identity in space.children.pop(page.id, []):
        for table in (space.blocks, space.pages, space.databases):
            if identity in table:
                table[identity].in_trash = True
