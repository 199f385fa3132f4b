"""The workspace: databases, data sources, pages and blocks in memory, and what may be done to them.

Longer than other files on purpose: every verb reads and writes the same five tables.
"""

import re
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from automation.emulator import blocks as block_rules
from automation.emulator import properties as property_rules
from automation.emulator.errors import failed, invalid, not_found, shown
from automation.emulator.richtext import plain, rich_text

Object = dict[str, Any]
CONNECTION = "Automation demo"


def system_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class Workspace:
    """One connection's view of a workspace: everything in it is shared with the token."""

    def __init__(
        self,
        *,
        token: str = "ntn_emulator",  # noqa: S107  # not a secret: the emulator listens on loopback
        now: Callable[[], datetime] = system_now,
    ) -> None:
        self.token = token
        self.now = now
        self.connection_id = str(uuid4())
        self.bot: Object = {"object": "user", "id": str(uuid4())}
        self.databases: dict[str, Object] = {}
        self.data_sources: dict[str, Object] = {}
        self.pages: dict[str, Object] = {}
        self.rows: dict[str, list[str]] = {}
        self.blocks: dict[str, Object] = {}
        self.children: dict[str, list[str]] = {}
        self.lock = threading.Lock()

    # small pieces ---------------------------------------------------------------------------------

    def minute(self) -> str:
        """The time as pages and blocks carry it: cut to the minute."""
        return self.now().strftime("%Y-%m-%dT%H:%M:00.000Z")

    def _stamp(self) -> Object:
        minute = self.minute()
        return {
            "created_time": minute,
            "last_edited_time": minute,
            "created_by": dict(self.bot),
            "last_edited_by": dict(self.bot),
        }

    def identity(self, text: str, name: str) -> str:
        """An id as given in a path, dashed."""
        try:
            return str(UUID(text))
        except ValueError:
            raise invalid(
                f'path failed validation: path.{name} should be a valid uuid, instead was `"{text}"`.'
            ) from None

    def missing(self, kind: str, identity: str) -> Exception:
        """The 404 of this connection."""
        return not_found(kind, identity, CONNECTION, self.connection_id)

    # databases and data sources -------------------------------------------------------------------

    def create_database(self, body: Object) -> Object:
        """POST /databases."""
        parent = self._parent_page(body.get("parent"))
        initial = body.get("initial_data_source") or {}
        moment = self.now().isoformat(timespec="milliseconds")
        identity = str(uuid4())
        title = rich_text(body.get("title", []), "body.title")
        database: Object = {
            "object": "database",
            "id": identity,
            "title": title,
            "description": rich_text(body.get("description", []), "body.description"),
            "parent": parent,
            "is_inline": bool(body.get("is_inline", False)),
            "in_trash": False,
            "is_locked": False,
            "created_time": moment,
            "last_edited_time": moment,
            "data_sources": [],
            "icon": body.get("icon"),
            "cover": body.get("cover"),
            "url": f"https://www.notion.so/{identity.replace('-', '')}",
            "public_url": None,
        }
        self.databases[identity] = database
        properties = initial.get("properties") or {"Name": {"title": {}}}
        self._add_source(database, title, properties)
        self._add_child(parent, "child_database", {"title": plain(title)}, identity)
        return database

    def create_data_source(self, body: Object) -> Object:
        """POST /data_sources."""
        identity = self.identity(str((body.get("parent") or {}).get("database_id")), "database_id")
        database = self.databases.get(identity)
        if database is None:
            raise self.missing("database", identity)
        title = rich_text(body.get("title", []), "body.title")
        return self._add_source(database, title, body.get("properties") or {"Name": {"title": {}}})

    def _add_source(self, database: Object, title: list[Object], properties: Object) -> Object:
        identity = str(uuid4())
        stamp = self._stamp()
        source: Object = {
            "object": "data_source",
            "id": identity,
            "cover": None,
            "icon": None,
            "created_time": stamp["created_time"],
            "created_by": stamp["created_by"],
            "last_edited_by": stamp["last_edited_by"],
            "last_edited_time": stamp["last_edited_time"],
            "title": title,
            "description": [],
            "is_inline": database["is_inline"],
            "properties": {},
            "parent": {"type": "database_id", "database_id": database["id"]},
            "database_parent": database["parent"],
            "url": database["url"],
            "public_url": None,
            "in_trash": False,
        }
        self.data_sources[identity] = source
        self.rows[identity] = []
        made = {
            name: property_rules.schema(name, raw, self.data_source)
            for name, raw in properties.items()
        }
        if sum(one["type"] == "title" for one in made.values()) != 1:
            raise invalid("Title is not provided: a data source has exactly one title property.")
        source["properties"] = made
        database["data_sources"].append({"id": identity, "name": plain(title)})
        return source

    def database(self, text: str) -> Object:
        """GET /databases/{id}."""
        identity = self.identity(text, "database_id")
        if identity not in self.databases:
            raise self.missing("database", identity)
        return self.databases[identity]

    def update_database(self, text: str, body: Object) -> Object:
        """PATCH /databases/{id}."""
        found = self.database(text)
        for key in ("title", "description"):
            if key in body:
                found[key] = rich_text(body[key], f"body.{key}")
        for key in ("icon", "cover", "in_trash", "is_inline", "is_locked"):
            if key in body:
                found[key] = body[key]
        if "in_trash" in body:
            for one in found["data_sources"]:
                self.data_sources[one["id"]]["in_trash"] = body["in_trash"]
        return found

    def data_source(self, text: str) -> Object:
        """GET /data_sources/{id}."""
        identity = self.identity(text, "data_source_id")
        if identity not in self.data_sources:
            raise self.missing("data_source", identity)
        return self.data_sources[identity]

    def update_data_source(self, text: str, body: Object) -> Object:
        """PATCH /data_sources/{id}: add, rename, convert and delete properties."""
        found = self.data_source(text)
        for name, raw in (body.get("properties") or {}).items():
            self._change_property(found["properties"], name, raw)
        if "title" in body:
            found["title"] = rich_text(body["title"], "body.title")
            database = self.databases[found["parent"]["database_id"]]
            for one in database["data_sources"]:
                one["name"] = plain(found["title"]) if one["id"] == found["id"] else one["name"]
        for key in ("icon", "in_trash"):
            if key in body:
                found[key] = body[key]
        found["last_edited_time"] = self.minute()
        return found

    def _change_property(self, properties: Object, name: str, raw: Any) -> None:
        present = properties.get(name) or next(
            (one for one in properties.values() if one["id"] == name), None
        )
        if raw is None:
            if present is not None:
                del properties[present["name"]]
            return
        if present is None:
            properties[name] = property_rules.schema(name, raw, self.data_source)
            return
        renamed = str(raw.get("name", present["name"]))
        kinds = [key for key in raw if key not in {"name", "description", "type", "id"}]
        made = present
        if kinds:
            made = property_rules.schema(renamed, raw, self.data_source) | {"id": present["id"]}
        del properties[present["name"]]
        properties[renamed] = made | {"name": renamed}

    # pages ----------------------------------------------------------------------------------------

    def _parent_page(self, parent: Any) -> Object:
        if not isinstance(parent, dict):
            raise failed("body.parent", f"should be defined, instead was {shown(parent)}.")
        if parent.get("workspace"):
            return {"type": "workspace", "workspace": True}
        identity = self.identity(str(parent.get("page_id")), "page_id")
        if identity not in self.pages:
            raise self.missing("page", identity)
        return {"type": "page_id", "page_id": identity}

    def _parent(self, parent: Any) -> tuple[Object, Object | None]:
        """The parent as stored, and the data source it is in."""
        given = parent if isinstance(parent, dict) else {}
        source = None
        if given.get("data_source_id"):
            source = self.data_source(str(given["data_source_id"]))
        elif given.get("database_id"):
            database = self.database(str(given["database_id"]))
            if len(database["data_sources"]) != 1:
                raise invalid("Databases with multiple data sources need a data_source_id parent.")
            source = self.data_sources[database["data_sources"][0]["id"]]
        if source is None:
            return self._parent_page(parent), None
        if source["in_trash"]:
            raise invalid(
                "Can't edit block that is archived. You must unarchive the block before editing."
            )
        stored = {
            "type": "data_source_id",
            "data_source_id": source["id"],
            "database_id": source["parent"]["database_id"],
        }
        return stored, source

    def _values(self, source: Object | None) -> property_rules.Values:
        properties = (
            source["properties"]
            if source is not None
            else {"title": {"id": "title", "name": "title", "type": "title", "title": {}}}
        )
        return property_rules.Values(
            properties,
            page_exists=self._page_exists,
            user=lambda one: {"object": "user", "id": one},
        )

    def _page_exists(self, text: str) -> bool:
        try:
            return str(UUID(text)) in self.pages
        except ValueError:
            return False

    def create_page(self, body: Object) -> Object:
        """POST /pages."""
        parent, source = self._parent(body.get("parent"))
        if not isinstance(body.get("properties", {}), dict):
            raise failed(
                "body.properties", f"should be an object, instead was {shown(body['properties'])}."
            )
        children: list[Object] = body.get("children", body.get("content")) or []
        block_rules.check(children)
        values = self._values(source).read(body.get("properties", {}))
        identity = str(uuid4())
        page: Object = {
            "object": "page",
            "id": identity,
            **self._stamp(),
            "cover": body.get("cover"),
            "icon": body.get("icon"),
            "parent": parent,
            "in_trash": False,
            "is_archived": False,
            "is_locked": False,
            "properties": self._filled(source, values),
            "url": "",
            "public_url": None,
        }
        page["url"] = _url(page)
        self.pages[identity] = page
        self.children[identity] = []
        if source is not None:
            self.rows[source["id"]].append(identity)
        else:
            self._add_child(parent, "child_page", {"title": title(page)}, identity)
        self._insert(identity, {"type": "page_id", "page_id": identity}, children, None)
        return page

    def _filled(self, source: Object | None, values: Object) -> Object:
        if source is None:
            return values or {"title": {"id": "title", "type": "title", "title": []}}
        return {
            name: values.get(name) or self._empty(one) for name, one in source["properties"].items()
        }

    def _empty(self, one: Object) -> Object:
        kind = one["type"]
        inner: Any = property_rules.EMPTY.get(kind)
        if kind in {"created_time", "last_edited_time"}:
            inner = self.minute()
        elif kind in {"created_by", "last_edited_by"}:
            inner = dict(self.bot)
        made = {
            "id": one["id"],
            "type": kind,
            kind: list(inner) if isinstance(inner, list) else inner,
        }
        if kind == "relation":
            made["has_more"] = False
        return made

    def page(self, text: str) -> Object:
        """GET /pages/{id}."""
        identity = self.identity(text, "page_id")
        if identity not in self.pages:
            raise self.missing("page", identity)
        return self.pages[identity]

    def source_of(self, page: Object) -> Object | None:
        """The data source a page is in."""
        identity = page["parent"].get("data_source_id")
        return self.data_sources[identity] if identity else None

    def update_page(self, text: str, body: Object) -> Object:
        """PATCH /pages/{id}."""
        page = self.page(text)
        if page["in_trash"] and body.get("in_trash") is not False:
            raise invalid(
                "Can't edit block that is archived. You must unarchive the block before editing."
            )
        page["properties"] |= self._values(self.source_of(page)).read(body.get("properties") or {})
        for key in ("icon", "cover", "in_trash", "is_archived", "is_locked"):
            if key in body:
                page[key] = body[key]
        if body.get("erase_content"):
            self.children[page["id"]] = []
        page["last_edited_time"] = self.minute()
        page["url"] = _url(page)
        return page

    def pages_of(self, source: Object) -> Iterable[Object]:
        """The rows that are not in the trash."""
        for identity in self.rows[source["id"]]:
            page = self.pages[identity]
            if not page["in_trash"]:
                yield page

    # blocks ---------------------------------------------------------------------------------------

    def _holder(self, identity: str) -> tuple[Object, Object]:
        """What has the children: (parent as its children say it, the object)."""
        if identity in self.pages:
            return {"type": "page_id", "page_id": identity}, self.pages[identity]
        if identity in self.blocks:
            return {"type": "block_id", "block_id": identity}, self.blocks[identity]
        raise self.missing("block", identity)

    def list_children(self, text: str) -> list[Object]:
        """GET /blocks/{id}/children, all of them."""
        identity = self.identity(text, "block_id")
        self._holder(identity)
        found = (self.blocks[one] for one in self.children.get(identity, []))
        return [one for one in found if not one["in_trash"]]

    def append(self, text: str, body: Object) -> list[Object]:
        """PATCH /blocks/{id}/children. Behind a block, the answer has all later siblings too."""
        identity = self.identity(text, "block_id")
        parent, holder = self._holder(identity)
        if holder.get("in_trash"):
            raise invalid(
                "Can't edit block that is archived. You must unarchive the block before editing."
            )
        children = body.get("children")
        if not isinstance(children, list) or not children:
            raise failed("body.children", f"should be defined, instead was {shown(children)}.")
        block_rules.check(children)
        at, behind = self._place(identity, body.get("position"))
        made = self._insert(identity, parent, children, at)
        siblings = self.children[identity]
        shown_ids = siblings[siblings.index(made[0]) :] if behind else made
        return [self.blocks[one] for one in shown_ids]

    def _place(self, identity: str, position: Any) -> tuple[int | None, bool]:
        siblings = self.children.setdefault(identity, [])
        kind = (position or {}).get("type", "end")
        if kind == "start":
            return 0, False
        if kind == "after_block":
            after = self.identity(str(position["after_block"]["id"]), "after_block")
            if after not in siblings:
                raise self.missing("block", after)
            return siblings.index(after) + 1, True
        return None, False

    def _insert(
        self, identity: str, parent: Object, children: list[Object], at: int | None
    ) -> list[str]:
        """Check everything first: an append is made whole or not at all."""
        prepared = [self._prepare(one, f"body.children[{i}]") for i, one in enumerate(children)]
        made = [self._put(parent, one) for one in prepared]
        siblings = self.children.setdefault(identity, [])
        place = len(siblings) if at is None else at
        siblings[place:place] = made
        holder = self.blocks.get(identity) or self.pages.get(identity)
        if holder is not None and made:
            holder["last_edited_time"] = self.minute()
            if "has_children" in holder:
                holder["has_children"] = True
        return made

    def _prepare(self, one: Object, path: str) -> tuple[str, Object, list[Any]]:
        kind = block_rules.kind_of(one, path)
        detail = block_rules.stored(kind, one[kind], f"{path}.{kind}")
        nested = one[kind].get("children") or []
        inner = [
            self._prepare(child, f"{path}.{kind}.children[{i}]") for i, child in enumerate(nested)
        ]
        return kind, detail, inner

    def _put(self, parent: Object, prepared: tuple[str, Object, list[Any]]) -> str:
        kind, detail, nested = prepared
        identity = self._block(parent, kind, detail)
        inner = [self._put({"type": "block_id", "block_id": identity}, one) for one in nested]
        self.children[identity] = inner
        self.blocks[identity]["has_children"] = bool(inner)
        return identity

    def _block(self, parent: Object, kind: str, detail: Object, identity: str = "") -> str:
        identity = identity or str(uuid4())
        self.blocks[identity] = {
            "object": "block",
            "id": identity,
            "parent": parent,
            **self._stamp(),
            "has_children": False,
            "in_trash": False,
            "type": kind,
            kind: detail,
        }
        return identity

    def _add_child(self, parent: Object, kind: str, detail: Object, identity: str) -> None:
        """A page or database under a page is also one of its blocks, under the same id."""
        if parent["type"] == "page_id":
            self._block(parent, kind, detail, identity)
            self.children.setdefault(parent["page_id"], []).append(identity)

    def block(self, text: str) -> Object:
        """GET /blocks/{id}."""
        identity = self.identity(text, "block_id")
        if identity not in self.blocks:
            raise self.missing("block", identity)
        return self.blocks[identity]

    def update_block(self, text: str, body: Object) -> Object:
        """PATCH /blocks/{id}: its own type only."""
        found = self.block(text)
        kind = found["type"]
        others = [key for key in body if key in block_rules.KINDS and key != kind]
        if others:
            raise invalid(
                f"Block type cannot be changed: {found['id']} is a {kind}, not a {others[0]}."
            )
        if isinstance(body.get(kind), dict):
            given = found[kind] | body[kind]
            found[kind] = block_rules.stored(kind, given, f"body.{kind}")
        if "in_trash" in body:
            found["in_trash"] = body["in_trash"]
        found["last_edited_time"] = self.minute()
        return found

    def delete_block(self, text: str) -> Object:
        """DELETE /blocks/{id}: into the trash; works for pages too."""
        identity = self.identity(text, "block_id")
        if identity in self.pages:
            self.pages[identity]["in_trash"] = True
        if identity not in self.blocks:
            if identity in self.pages:
                return self.pages[identity]
            raise self.missing("block", identity)
        self.blocks[identity]["in_trash"] = True
        return self.blocks[identity]


def title(page: Object) -> str:
    """A page's title."""
    for one in page["properties"].values():
        if one["type"] == "title":
            return plain(one["title"])
    return ""


def _url(page: Object) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", title(page)).strip("-")
    tail = page["id"].replace("-", "")
    return f"https://www.notion.so/{slug}-{tail}" if slug else f"https://www.notion.so/{tail}"
