"""Recorded exchanges with the real Notion, replayed against the emulator.

A recording starts in a workspace that it does not show. What its requests speak of and nothing
before it made is set up from the request alone: a page, a data source with the properties that the
request names. An exchange whose answer shows such ground is compared only where both sides know it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from automation.emulator import databases, pages, tree
from automation.emulator.app import create_app
from automation.emulator.blocks import KINDS
from automation.emulator.definitions import KINDS as PROPERTY_KINDS
from automation.emulator.definitions import define
from automation.emulator.redefining import change
from automation.emulator.seed import root_page, seed_empty, text
from automation.emulator.state import Emulator
from automation.emulator.traffic import Window
from automation.emulator.workspace import DataSource, Workspace

UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
FORMS = (
    ("minute", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z")),
    ("offset", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d")),
    ("day", re.compile(r"\d{4}-\d\d-\d\d")),
    ("cursor", re.compile(r"s:[0-9a-f-]{36}:[0-9a-f-]{36}")),
    ("uuid", re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")),
    ("address", re.compile(r"https://.*")),
)
BUILT = re.compile(
    r"/v1/(pages(/[^/]+(/properties/[^/]+)?)?|blocks/[^/]+(/children)?|databases(/[^/]+)?"
    r"|data_sources(/[^/]+(/query)?)?|search|users(/[^/]+)?|invalid)"
)
"""The endpoints that the emulator has (`invalid` is none, and answered as one that is none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer, as recorded."""

    source: str
    version: str
    method: str
    path: str
    query: str
    body: Any
    status: int
    answer: Any

    @property
    def endpoint(self) -> str:
        """`POST /pages/{id}`"""
        return f"{self.method} {UUID.sub('{id}', self.path.removeprefix('/v1'))}"

    @property
    def built(self) -> bool:
        """Whether the emulator has the endpoint."""
        return BUILT.fullmatch(self.path) is not None


def read(path: Path) -> list[Exchange]:
    """One recording."""
    return [_exchange(json.loads(line)) for line in path.read_text().splitlines()]


def _exchange(raw: dict[str, Any]) -> Exchange:
    url = httpx.URL(raw["uri"])
    return Exchange(
        source=raw["src"],
        version=raw["version"],
        method=raw["method"],
        path=url.path,
        query=url.query.decode(),
        body=raw["req"],
        status=raw["status"],
        answer=raw["res"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one exchange. `known`: nothing that its answer shows was there before."""

    exchange: Exchange
    known: bool
    status: int
    differences: tuple[str, ...]
    answer: Any

    @property
    def same(self) -> bool:
        """The same status, and the same shape."""
        return self.status == self.exchange.status and not self.differences


@dataclass(slots=True)
class Replay:
    """Replays one recording on a fresh emulator."""

    emulator: Emulator = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)
    """Recorded -> ours: UUIDs without dashes, property ids and cursors as they are."""
    shadows: set[str] = field(default_factory=set)
    """Our ids of things that were there before, known only in outline."""

    def __post_init__(self) -> None:
        space = Workspace()
        seed_empty(space)
        self.emulator = Emulator(space, Window(limit=0))

    async def run(self, exchanges: list[Exchange]) -> list[Result]:
        """Every exchange of the recording, in order."""
        transport = httpx.ASGITransport(create_app(self.emulator))
        async with httpx.AsyncClient(transport=transport, base_url="http://notion") as client:
            return [await self._one(client, one) for one in exchanges]

    async def _one(self, client: httpx.AsyncClient, exchange: Exchange) -> Result:
        known = exchange.status != 200 or self._prepare(exchange)
        token = "wrong" if exchange.status == 401 else self.emulator.workspace.token
        answer = await client.request(
            exchange.method,
            self._text(exchange.path)
            + (f"?{self._text(exchange.query)}" if exchange.query else ""),
            json=self._translated(exchange.body) if exchange.body is not None else None,
            headers={"Authorization": f"Bearer {token}", "Notion-Version": exchange.version},
        )
        ours = answer.json()
        found: tuple[str, ...] = ()
        if exchange.built:
            found = tuple(differences(exchange.answer, ours, known=known))
            self._learn(exchange.answer, ours, "")
        return Result(
            exchange=exchange,
            known=known,
            status=answer.status_code,
            differences=found,
            answer=ours,
        )

    # ids ------------------------------------------------------------------------------------------

    def _text(self, value: str) -> str:
        if value in self.ids:
            return self.ids[value]
        return UUID.sub(lambda match: self._id(match[0]), value)

    def _id(self, value: str) -> str:
        ours = self.ids.get(value.replace("-", ""), value)
        return ours if "-" in value else ours.replace("-", "")

    def _translated(self, value: Any) -> Any:
        match value:
            case str():
                return self._text(value)
            case list():
                return [self._translated(one) for one in value]
            case dict():
                return {self._text(key): self._translated(one) for key, one in value.items()}
            case _:
                return value

    def _learn(self, recorded: Any, ours: Any, key: str) -> None:
        """What the recorded ids are called here."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for name in recorded.keys() & ours.keys():
                self._learn(recorded[name], ours[name], name)
        elif isinstance(recorded, list) and isinstance(ours, list):
            for one, other in zip(recorded, ours, strict=False):
                self._learn(one, other, key)
        elif isinstance(recorded, str) and isinstance(ours, str):
            if UUID.fullmatch(recorded) and UUID.fullmatch(ours):
                self.ids.setdefault(recorded.replace("-", ""), ours)
            elif key in {"id", "next_cursor", "synced_property_id"}:
                self.ids.setdefault(recorded, ours)

    # ground ---------------------------------------------------------------------------------------

    def _prepare(self, exchange: Exchange) -> bool:
        """Set up what the request speaks of; whether the answer shows only what is known."""
        space = self.emulator.workspace
        for identity, kind in _mentioned(exchange):
            if identity in self.ids:
                if self.ids[identity] in self.shadows and isinstance(exchange.body, dict):
                    self._widen(space, exchange.body, self.ids[identity])
                continue
            self.ids[identity] = self._make(space, kind, exchange)
            if kind != "user":
                self.shadows.add(self.ids[identity])
        if exchange.endpoint == "POST /search":
            _searchable(space, exchange.body or {})
            return False
        if exchange.endpoint.startswith("GET /users"):
            return False
        shown = {self.ids.get(one) for one in _shown(exchange)}
        return not shown & self.shadows

    def _make(self, space: Workspace, kind: str, exchange: Exchange) -> str:
        root = root_page(space)
        body = exchange.body or {}
        match kind:
            case "user":
                return next(one for one, user in space.users.items() if user["type"] == "person")
            case "data_source" | "database":
                source = self._make_source(space, body)
                return source.id if kind == "data_source" else source.parent["database_id"]
            case "block":
                found = next((one for one in body if one in KINDS), "paragraph")
                detail = {"rich_text": []} if found == "paragraph" else body[found]
                return tree.append(space, root, {"children": [{found: detail}]})[0]
            case _ if (body.get("properties") or {}).keys() - {"title"}:
                return self._make_row(space, body)
            case _:
                title = {"title": {"title": text("before")}}
                return pages.create(space, {"parent": {"page_id": root}, "properties": title}).id

    def _make_row(self, space: Workspace, body: dict[str, Any]) -> str:
        source = self._make_source(space, body)
        made = pages.create(space, {"parent": {"data_source_id": source.id}})
        return made.id

    def _make_source(self, space: Workspace, body: dict[str, Any]) -> DataSource:
        made = databases.create(
            space,
            {
                "parent": {"page_id": root_page(space)},
                "title": text("before"),
                "initial_data_source": {"properties": _properties(body)},
            },
        )
        return space.data_sources[made.sources[0]]

    def _widen(self, space: Workspace, body: dict[str, Any], identity: str) -> None:
        """A row that was there before has whatever properties requests name."""
        page = space.pages.get(identity)
        source = space.source_of(page) if page else None
        if source is None:
            return
        for name, definition in _properties(body).items():
            if source.find(name) is None and "title" not in definition:
                define(space, source, name, definition)
            elif "status" in definition:
                change(space, source, name, definition)


def _mentioned(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """The ids of a request, each with what it must be."""
    found = re.match(
        r"/v1/(pages|blocks|databases|data_sources|users)/([^/]+)(/children)?", exchange.path
    )
    if found and UUID.fullmatch(found[2]):
        kind = found[1].removesuffix("s")
        yield found[2].replace("-", ""), "page" if found[3] else kind
    yield from _in_body(exchange.body, "")


def _in_body(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """By the key they stand under."""
    if isinstance(value, dict):
        if value.get("object") == "user" and isinstance(value.get("id"), str):
            yield value["id"].replace("-", ""), "user"
            return
        for name, one in value.items():
            yield from _in_body(one, key if name == "id" else name)
    elif isinstance(value, list):
        for one in value:
            yield from _in_body(one, key)
    elif isinstance(value, str) and UUID.fullmatch(value):
        kinds = {
            "page_id": "page", "page": "page", "relation": "page", "database_id": "database",
            "database": "database", "data_source_id": "data_source", "user": "user",
            "people": "user", "contains": "user", "does_not_contain": "user",
        }  # fmt: skip
        if key in kinds:
            yield value.replace("-", ""), kinds[key]


def _shown(exchange: Exchange) -> Iterator[str]:
    """The ids of things whose inside the answer shows: the one in the path, and a row's schema."""
    found = UUID.search(exchange.path)
    if found and not (exchange.method == "PATCH" and exchange.path.endswith("/children")):
        yield found[0].replace("-", "")
    parent = (exchange.body or {}).get("parent") if isinstance(exchange.body, dict) else None
    for key in ("data_source_id", "database_id"):
        if isinstance(parent, dict) and key in parent:
            yield parent[key].replace("-", "")


def _properties(body: dict[str, Any]) -> dict[str, Any]:
    """The properties that a request names, with a title."""
    named = {
        name: {kind: _detail(kind, value[kind])}
        for name, value in (body.get("properties") or {}).items()
        if isinstance(value, dict)
        for kind in value
        if kind in PROPERTY_KINDS and kind not in {"title", "relation", "rollup"}
    }
    titles = [
        name
        for name, value in (body.get("properties") or {}).items()
        if isinstance(value, dict) and "title" in value
    ]
    return {(titles or ["Name"])[0]: {"title": {}}, **named}


def _detail(kind: str, value: Any) -> dict[str, Any]:
    """A status must have the option that a request sets."""
    return {"options": [{"name": value["name"]}]} if kind == "status" and value else {}


def _searchable(space: Workspace, body: dict[str, Any]) -> None:
    """Whoever searches expects something of that name."""
    root, name = root_page(space), str(body.get("query") or "before")
    if (body.get("filter") or {}).get("value") == "data_source":
        databases.create(space, {"parent": {"page_id": root}, "title": text(name)})
    else:
        pages.create(
            space, {"parent": {"page_id": root}, "properties": {"title": {"title": text(name)}}}
        )


# shapes -------------------------------------------------------------------------------------------


def differences(recorded: Any, ours: Any, path: str = "", *, known: bool = True) -> Iterator[str]:
    """Where two answers differ in shape: keys and their order, types, forms of texts, lengths.

    On ground that is not known, lists and maps of properties are compared in what both have.
    """
    if isinstance(recorded, dict) and isinstance(ours, dict):
        yield from _objects(recorded, ours, path, known=known)
    elif isinstance(recorded, list) and isinstance(ours, list):
        if known and len(recorded) != len(ours):
            yield f"{path}: {len(recorded)} items, ours {len(ours)}"
        for index, (one, other) in enumerate(zip(recorded, ours, strict=False)):
            yield from differences(one, other, f"{path}[{index}]", known=known)
    elif _form(recorded) != _form(ours):
        yield f"{path}: {_form(recorded)} {recorded!r}, ours {_form(ours)} {ours!r}"


def _objects(
    recorded: dict[str, Any], ours: dict[str, Any], path: str, *, known: bool
) -> Iterator[str]:
    loose = path.endswith(".properties")
    if not known and recorded.get("type") != ours.get("type"):
        return
    if not loose and list(recorded) != list(ours):
        yield f"{path}: keys {list(recorded)}, ours {list(ours)}"
    elif loose and known and recorded.keys() != ours.keys():
        yield f"{path}: properties {sorted(recorded)}, ours {sorted(ours)}"
    for key, value in recorded.items():
        if key in ours and key != "message":
            yield from differences(value, ours[key], f"{path}.{key}", known=known)
    if recorded.get("object") == "error" and recorded["code"] != ours.get("code"):
        yield f"{path}: code {recorded['code']}, ours {ours.get('code')}"


def _form(value: Any) -> str:
    """The type of a value; for a text also what it looks like."""
    if isinstance(value, bool) or value is None:
        return str(type(value).__name__)
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return next((name for name, form in FORMS if form.fullmatch(value)), "text")
    return str(type(value).__name__)
