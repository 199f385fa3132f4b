"""`notion.lock` as text, and Notion's own objects as what stands in it.

TOML, one property a line, in an order of its own: a difference between two versions is a difference in Notion. No
times, no tokens, no people.
https://developers.notion.com/reference/data-source
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from automation.model.errors import RuleError
from automation.model.lock import Lock, LockedOption, LockedPage, LockedProperty, LockedSource
from automation.notion.richtext import plain_text, whole
from automation.notion.values import title_of

VERSION = 1
HEAD = """\
# What the connection sees in Notion: `automation check` holds the rules to it, without asking Notion.
# Written by `automation notion pull`. Commit it with the rules; do not change it by hand.
"""
PULL = "make it anew with `automation notion pull`"

_BARE = re.compile(r"[A-Za-z0-9_-]+")


# Notion's objects ---------------------------------------------------------------------------------


def locked_source(found: Mapping[str, Any]) -> LockedSource:
    """From a data source object."""
    properties = (_property(name, raw) for name, raw in found["properties"].items())
    return LockedSource(
        id=str(found["id"]),
        database=str((found.get("parent") or {}).get("database_id") or ""),
        title=plain_text(found.get("title") or []),
        url=str(found.get("url") or ""),
        properties=tuple(sorted(properties, key=lambda one: (one.name.casefold(), one.name))),
    )


def _property(name: str, raw: Mapping[str, Any]) -> LockedProperty:
    kind = str(raw["type"])
    detail = raw.get(kind)
    inner: Mapping[str, Any] = detail if isinstance(detail, Mapping) else {}
    return LockedProperty(
        id=str(raw["id"]),
        name=name,
        type=kind,
        options=tuple(
            LockedOption(id=str(one["id"]), name=str(one["name"]))
            for one in inner.get("options") or ()
        ),
        relation=str(inner.get("data_source_id") or "") if kind == "relation" else "",
    )


def locked_page(found: Mapping[str, Any]) -> LockedPage:
    """From a page object."""
    return LockedPage(
        id=str(found["id"]),
        title=title_of(found),
        url=str(found.get("url") or ""),
        source=str((found.get("parent") or {}).get("data_source_id") or ""),
    )


def in_order(lock: Lock) -> Lock:
    """By title, then by id, whatever order Notion told them in."""
    return Lock(
        sources=tuple(sorted(lock.sources, key=lambda one: (one.title.casefold(), one.id))),
        pages=tuple(sorted(lock.pages, key=lambda one: (one.title.casefold(), one.id))),
    )


# writing ------------------------------------------------------------------------------------------


def write_lock(lock: Lock) -> str:
    """The file's text."""
    ordered = in_order(lock)
    parts = [HEAD, f"version = {VERSION}\n"]
    parts += ["\n" + "\n".join(_source_lines(one)) + "\n" for one in ordered.sources]
    parts += ["\n" + "\n".join(_page_lines(one)) + "\n" for one in ordered.pages]
    return "".join(parts)


def _source_lines(one: LockedSource) -> Iterator[str]:
    yield "[[data_source]]"
    yield f"title = {_text(one.title)}"
    yield f"id = {_text(one.id)}"
    yield f"database = {_text(one.database)}"
    yield f"url = {_text(one.url)}"
    yield ""
    yield "[data_source.properties]"
    yield from (f"{_key(known.name)} = {_property_table(known)}" for known in one.properties)


def _property_table(one: LockedProperty) -> str:
    parts = [f"type = {_text(one.type)}", f"id = {_text(one.id)}"]
    if one.relation:
        parts.append(f"relation = {_text(one.relation)}")
    if one.options:
        options = (f"{_key(option.name)} = {_text(option.id)}" for option in one.options)
        parts.append(f"options = {{ {', '.join(options)} }}")
    return f"{{ {', '.join(parts)} }}"


def _page_lines(one: LockedPage) -> Iterator[str]:
    yield "[[page]]"
    yield f"title = {_text(one.title)}"
    yield f"id = {_text(one.id)}"
    yield f"url = {_text(one.url)}"
    if one.source:
        yield f"data_source = {_text(one.source)}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(whole(text), ensure_ascii=False).replace("\x7f", "\\u007f")


# reading ------------------------------------------------------------------------------------------


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Property(_Strict):
    type: str
    id: str
    relation: str = ""
    options: dict[str, str] = {}


class _Source(_Strict):
    title: str
    id: str
    database: str
    url: str
    properties: dict[str, _Property]


class _Page(_Strict):
    title: str
    id: str
    url: str
    data_source: str = ""


class _File(_Strict):
    version: int
    data_source: list[_Source] = []
    page: list[_Page] = []


def read_lock(text: str) -> Lock:
    """From the file's text. Raises RuleError for what `write_lock` cannot have written."""
    try:
        raw = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleError(f"it is not TOML: {error}") from error
    if raw.get("version") != VERSION:
        raise RuleError(f"it is of version {raw.get('version')!r}, and this reads {VERSION}")
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(one) for one in first["loc"])
        raise RuleError(f"`{place}`: {first['msg'][:1].lower()}{first['msg'][1:]}") from error
    return Lock(
        sources=tuple(map(_source_of, file.data_source)),
        pages=tuple(
            LockedPage(id=one.id, title=one.title, url=one.url, source=one.data_source)
            for one in file.page
        ),
    )


def _source_of(one: _Source) -> LockedSource:
    return LockedSource(
        id=one.id,
        database=one.database,
        title=one.title,
        url=one.url,
        properties=tuple(
            LockedProperty(
                id=known.id,
                name=name,
                type=known.type,
                relation=known.relation,
                options=tuple(LockedOption(id=i, name=n) for n, i in known.options.items()),
            )
            for name, known in one.properties.items()
        ),
    )
