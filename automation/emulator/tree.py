"""Blocks in the workspace: append, list, update, trash.

An append is made whole or not at all. A page or database below a page is also one of its blocks,
under the same id.
https://developers.notion.com/reference/patch-block-children
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from automation.emulator import blocks, ids, showing
from automation.emulator.errors import failed, invalid
from automation.emulator.shapes import Absent, line
from automation.emulator.workspace import Block, Database, Item, Page, Workspace

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A block that is about to be made, with what is nested in it."""

    kind: str
    detail: Object
    nested: tuple["Prepared", ...]


def prepare(space: Workspace, children: Sequence[Object], path: str) -> list[Prepared]:
    """Check everything, and change nothing."""
    blocks.check(children, path)
    return [_prepared(space, one) for one in children]


def _prepared(space: Workspace, one: Object) -> Prepared:
    kind = next(key for key in one if key in blocks.KINDS)
    detail = one[kind]
    nested = detail.get("children") or []
    made = blocks.stored(kind, detail, space)
    if kind == "table":
        blocks.check_rows(detail["table_width"], nested)
    if kind.startswith("heading_") and nested and not made["is_toggleable"]:
        raise invalid(f"A {kind} can have children only if is_toggleable is true.")
    if kind == "synced_block" and made["synced_from"]:
        _check_original(space, made["synced_from"]["block_id"], nested)
    return Prepared(kind, made, tuple(_prepared(space, child) for child in nested))


def _check_original(space: Workspace, identity: str, nested: Sequence[Object]) -> None:
    original = space.blocks.get(ids.dashed(identity) or "")
    if original is None or original.kind != "synced_block" or original.detail["synced_from"]:
        raise space.missing("block", identity)
    if nested:
        raise invalid("A synced block that is a copy cannot have children of its own.")


def insert(space: Workspace, holder: Item, prepared: Sequence[Prepared], at: int | None) -> None:
    """Put them among the holder's children, at a place or at the end."""
    key = "page_id" if isinstance(holder, Page) else "block_id"
    made = [_make(space, {"type": key, key: holder.id}, one) for one in prepared]
    siblings = space.children.setdefault(holder.id, [])
    place = len(siblings) if at is None else at
    siblings[place:place] = made


def _make(space: Workspace, parent: Object, one: Prepared) -> str:
    now = space.now()
    block = Block(
        id=ids.new_id(), parent=parent, created=now, edited=now, kind=one.kind, detail=one.detail
    )
    space.blocks[block.id] = block
    below = {"type": "block_id", "block_id": block.id}
    if one.nested:
        space.children[block.id] = [_make(space, below, child) for child in one.nested]
    return block.id


# verbs --------------------------------------------------------------------------------------------


def append(space: Workspace, identity: str, body: Object) -> list[str]:
    """PATCH /blocks/{id}/children. Returns the ids to show: behind a block, all later siblings too."""
    holder = space.holder(identity)
    space.refuse_trashed(holder)
    if body["children"] == []:
        raise failed([line("body.children.length", "≥ `1`", 0)])
    prepared = prepare(space, body["children"], "body.children")
    _check_fit(holder, prepared)
    at, behind = _place(space, holder, body.get("position"))
    insert(space, holder, prepared, at)
    space.touch(holder)
    siblings = space.children[holder.id]
    start = len(siblings) - len(prepared) if at is None else at
    until = None if behind else start + len(prepared)
    return [one for one in siblings[start:until] if not showing.item(space, one).in_trash]


def _check_fit(holder: Item, prepared: Sequence[Prepared]) -> None:
    """Whether this block can have these children."""
    if not isinstance(holder, Block):
        return
    known = blocks.KINDS[holder.kind]
    copy = holder.kind == "synced_block" and holder.detail["synced_from"]
    closed = holder.kind.startswith("heading_") and not holder.detail["is_toggleable"]
    wanted = known.nests if known.nests in blocks.KINDS else ""
    odd = next((one.kind for one in prepared if wanted and one.kind != wanted), None)
    if not known.nests or copy or closed:
        raise invalid(f"Block {holder.id} ({holder.kind}) does not support children.")
    if odd:
        raise invalid(f"A {holder.kind} can have only {wanted} children, not {odd}.")
    if holder.kind == "table":
        rows = [{"table_row": one.detail} for one in prepared]
        blocks.check_rows(holder.detail["table_width"], rows)


def _place(space: Workspace, holder: Item, position: Object | None) -> tuple[int | None, bool]:
    """Where among the children, and whether the answer goes on with the later siblings."""
    siblings = space.children.get(holder.id, [])
    match position:
        case {"type": "start"}:
            return 0, False
        case {"type": "after_block", "after_block": {"id": given}}:
            after = ids.dashed(given)
            if after not in siblings:
                raise space.missing("block", str(given))
            return siblings.index(after) + 1, True
        case _:
            return None, False


def update(space: Workspace, identity: str, body: Object) -> Page | Block | Database:
    """PATCH /blocks/{id}: what stands under its own kind, and the trash."""
    found = showing.item(space, identity)
    restoring = body.get("in_trash") is False
    if not (restoring or body.keys() == {"in_trash"}):
        space.refuse_trashed(found)
    kind = found.kind if isinstance(found, Block) else showing.child_kind(found)
    others = [key for key in body if key in blocks.KINDS and key != kind]
    if others:
        raise failed([line(f"body.{kind}", "defined", Absent.ABSENT)])
    if isinstance(found, Block) and kind in body:
        found.detail = _changed(space, found, body[kind])
    if "in_trash" in body:
        trash(space, found, in_trash=body["in_trash"])
    space.touch(found)
    return found


def _changed(space: Workspace, block: Block, given: Any) -> Object:
    problems = blocks.detail_check(block.kind, 0, update=True)(given, f"body.{block.kind}", ())
    if problems:
        raise failed(problems)
    return blocks.updated(block.kind, block.detail, given, space)


def trash(space: Workspace, item: Item, *, in_trash: bool) -> None:
    """Into the trash or out of it."""
    item.in_trash = in_trash
    if isinstance(item, Database):
        for identity in item.sources:
            space.data_sources[identity].in_trash = in_trash


def delete(space: Workspace, identity: str) -> Page | Block | Database:
    """DELETE /blocks/{id}: into the trash; pages and databases too."""
    found = showing.item(space, identity)
    trash(space, found, in_trash=True)
    return found


def listed(space: Workspace, identity: str) -> list[str]:
    """All children of a block, in order, those in the trash too."""
    holder = showing.item(space, identity)
    if isinstance(holder, Block) and holder.kind == "synced_block" and holder.detail["synced_from"]:
        return listed(space, ids.dashed(holder.detail["synced_from"]["block_id"]) or "")
    return space.children.get(holder.id, [])
