"""The workspace: what there is, in memory, as one connection sees it.

Tables and look-ups only. What may be done to them stands in `pages`, `tree`, `databases`, `query`
and `search`; how they look from outside in `showing`.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from automation.emulator import ids
from automation.emulator.errors import TRASHED, Refused, failed, invalid
from automation.emulator.richtext import words
from automation.emulator.shapes import line

Object = dict[str, Any]
CONNECTION = "Automation demo"


def system_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Item:
    """Anything with an id. `parent` is as answers show it."""

    id: str
    parent: Object
    created: datetime
    edited: datetime
    in_trash: bool = False


@dataclass(slots=True, kw_only=True)
class Property:
    """One property of a data source. `detail` is what stands under its type in answers."""

    id: str
    name: str
    type: str
    detail: Object
    description: str | None = None


@dataclass(slots=True, kw_only=True)
class Database(Item):
    """A container of data sources."""

    title: list[Object]
    description: list[Object]
    is_inline: bool = False
    is_locked: bool = False
    icon: Any = None
    cover: Any = None
    sources: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class DataSource(Item):
    """A schema and its rows. `rows` keeps the order of creation; `counter` numbers them."""

    title: list[Object]
    description: list[Object]
    icon: Any = None
    properties: dict[str, Property] = field(default_factory=dict)
    rows: dict[str, None] = field(default_factory=dict)
    counter: int = 0
    index: dict[str, dict[str, dict[str, None]]] = field(default_factory=dict)
    """By property: folded text -> pages, for properties that were asked for by equality."""

    def find(self, name: str) -> Property | None:
        """A property by its name or id, encoded or not."""
        for one in self.properties.values():
            if one.name == name:
                return one
        return self.properties.get(name) or self.properties.get(ids.decoded(name))


@dataclass(slots=True, kw_only=True)
class Page(Item):
    """A page; `values` by property id in the form `values` keeps them, `source` its data source."""

    source: str | None
    values: Object
    icon: Any = None
    cover: Any = None
    is_archived: bool = False
    is_locked: bool = False
    number: int = 0


@dataclass(slots=True, kw_only=True)
class Block(Item):
    """A block without its children."""

    kind: str
    detail: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a query found, in order."""

    id: str
    source: str
    pages: list[str]
    capped: bool


class Workspace:
    """One connection's view of a workspace: everything in it is shared with the token."""

    def __init__(
        self,
        *,
        token: str = "ntn_emulator",  # noqa: S107  # not a secret: the emulator listens on loopback
        now: Callable[[], datetime] = system_now,
        search_lag: float = 0.0,
        query_cap: int = 10_000,
    ) -> None:
        self.token = token
        self.now = now
        self.search_lag = search_lag
        """Seconds until search finds what is new: its index is not read-your-writes."""
        self.query_cap = query_cap
        """How many results a query gives at most."""
        self.id = ids.new_id()
        self.bot_id = ids.new_id()
        self.users: dict[str, Object] = {self.bot_id: self._bot()}
        self.guests: set[str] = set()
        self.databases: dict[str, Database] = {}
        self.data_sources: dict[str, DataSource] = {}
        self.pages: dict[str, Page] = {}
        self.blocks: dict[str, Block] = {}
        self.children: dict[str, list[str]] = {}
        self.snapshots: dict[str, Snapshot] = {}
        """Results of queries that have more, by id."""
        self.lock = threading.Lock()

    def _bot(self) -> Object:
        return {
            "object": "user",
            "id": self.bot_id,
            "name": CONNECTION,
            "avatar_url": None,
            "type": "bot",
            "bot": {
                "owner": {"type": "workspace", "workspace": True},
                "workspace_name": "Emulator",
                "workspace_id": self.id,
                "workspace_limits": {"max_file_upload_size_in_bytes": 5_242_880},
            },
        }

    # look-ups: an id as it came, a thing or a refusal ---------------------------------------------

    def missing(self, kind: str, identity: str) -> Refused:
        """404: absent, or not shared; nobody can tell which."""
        return Refused(
            404,
            "object_not_found",
            f"Could not find {kind} with ID: {identity}. Make sure the relevant pages and databases"
            f' are shared with your integration "{CONNECTION}".',
            integration_id=self.bot_id,
        )

    def path_id(self, text: str, name: str) -> str:
        """An id in a path, dashed."""
        found = ids.dashed(text)
        if found is None:
            raise failed([line(f"path.{name}", "a valid uuid", text)], "path")
        return found

    def page(self, identity: str) -> Page:
        """A page."""
        if identity in self.databases or identity in self.data_sources:
            raise invalid(
                f"Provided ID {identity} is a database, not a page. Use the retrieve database API instead."
            )
        if identity not in self.pages:
            raise self.missing("page", identity)
        return self.pages[identity]

    def database(self, identity: str) -> Database:
        """A database."""
        if identity in self.pages:
            raise invalid(
                f"Provided ID {identity} is a page, not a database. Use the retrieve page API instead."
            )
        if identity not in self.databases:
            raise self.missing("database", identity)
        return self.databases[identity]

    def data_source(self, identity: str) -> DataSource:
        """A data source."""
        if identity not in self.data_sources:
            raise self.missing("data_source", identity)
        return self.data_sources[identity]

    def source_of(self, page: Page) -> DataSource | None:
        """The data source a page is in."""
        return self.data_sources[page.source] if page.source else None

    def holder(self, identity: str) -> Page | Block:
        """What may have children: a page or a block. A database is a block, but has none."""
        found = self.pages.get(identity) or self.blocks.get(identity)
        if found is None:
            raise self.missing("block", identity)
        return found

    def user(self, identity: str) -> Object:
        """A user as shown to connections that may read users."""
        found = self.users.get(ids.dashed(identity) or "")
        if found is None:
            raise Refused(
                404,
                "object_not_found",
                f"Could not find user with ID: {identity}. Make sure your integration has"
                " capabilities to read user information. With those capabilities, only members and"
                " guests in the integration's workspace are visible.",
                integration_id=self.bot_id,
            )
        return found

    def name_of(self, identity: str) -> str:
        """The title of a page, database or data source."""
        if identity in self.databases:
            return words(self.databases[identity].title)
        if identity in self.data_sources:
            return words(self.data_sources[identity].title)
        return self.title(self.page(identity))

    def title(self, page: Page) -> str:
        """A page's title."""
        return words(page.values.get("title") or [])

    # up the tree ----------------------------------------------------------------------------------

    def above(self, item: Item) -> Iterator[Item]:
        """The item and what it is in, up to the workspace."""
        here: Item | None = item
        while here is not None:
            yield here
            here = self._parent(here)

    def _parent(self, item: Item) -> Item | None:
        parent = item.parent
        for key, table in (
            ("data_source_id", self.data_sources),
            ("database_id", self.databases),
            ("page_id", self.pages),
            ("block_id", self.blocks),
        ):
            if parent.get("type") == key:
                found: Item = table[parent[key]]
                return found
        return None

    def refuse_trashed(self, item: Item) -> None:
        """Nothing in the trash can be edited, nor what is below it."""
        if any(one.in_trash for one in self.above(item)):
            raise invalid(TRASHED)

    def touch(self, item: Item) -> None:
        """An edit shows on the item, and on the page it is in."""
        now = self.now()
        for one in self.above(item):
            one.edited = now
            if isinstance(one, Page | DataSource | Database):
                return
