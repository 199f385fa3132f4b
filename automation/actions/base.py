"""Pieces that several verbs share."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from automation.model.action import Call, StepResult, Wrote
from automation.model.errors import StepFailed
from automation.model.request import ByProperty, ByTitle, Notion, Probe, Response
from automation.model.target import Target, TargetKind
from automation.model.values import Json, Value
from automation.notion import blocks, markdown, wire
from automation.notion.blocks import Parcel
from automation.notion.properties import encode_all, needs_whole
from automation.notion.richtext import is_emoji, plain_text, web_link
from automation.notion.schema import PropertySchema, Schema, read_schema
from automation.notion.values import title_of

MAX_SHOWN = 25


class Params(BaseModel):
    """The keys of a step; a mistyped one is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


Made = Generator[Notion, Response, Mapping[str, Any]]


def target_of(call: Call, text: Value) -> Target:
    """The target a step names. Raises StepFailed for one that was not found."""
    target = call.targets.get(text) if isinstance(text, str) else None
    if target is None:
        raise StepFailed(f"`{text}` is not a target that was found")
    return target


def data_source_of(call: Call, text: Value) -> Target:
    """A target that must be a data source."""
    target = target_of(call, text)
    if target.kind is not TargetKind.DATA_SOURCE:
        raise StepFailed(f"`{target.name}` is a page, and this step needs a data source")
    return target


def schema_of(target: Target) -> Schema:
    """The target's properties."""
    return read_schema(target.title or target.name, target.properties)


def encoded(
    call: Call, schema: Schema, values: Mapping[str, Value], before: Mapping[str, Any] | None = None
) -> dict[str, Json]:
    """Property values by the schema."""
    return encode_all(
        schema,
        values,
        zone=call.zone,
        refuse_unknown=call.refuse_unknown_options,
        before=before,
    )


def body_blocks(body: Value) -> list[Json]:
    """The blocks of a body text."""
    if body is None or body == "":
        return []
    if not isinstance(body, str):
        raise StepFailed("`body` is a text")
    return markdown.to_blocks(body)


def make_page(
    call: Call,
    target: Target,
    properties: Mapping[str, Json],
    content: Sequence[Json],
    *,
    natural: ByProperty | None = None,
    icon: Json = None,
    cover: Json = None,
) -> Made:
    """Make the page with its first blocks, then append the rest. Returns the page."""
    properties = dict(properties)
    probe: Probe = natural or _by_title(target, properties)
    if target.key_property and target.kind is TargetKind.DATA_SOURCE:
        kept = schema_of(target).get(target.key_property)
        properties |= encoded(call, schema_of(target), {kept.name: call.key})
        probe = ByProperty(
            data_source_id=target.id, property=kept.name, type=kept.type, value=call.key
        )
    parent = {"type": target.kind.value + "_id", target.kind.value + "_id": target.id}
    bare = wire.create_page(parent, properties, icon=icon, cover=cover, probe=probe)
    first = blocks.first_portion(content, beside=wire.bounded(bare, f"a page for {target.name}"))
    answer = yield wire.create_page(
        parent,
        properties,
        children=[one.sent for one in first],
        icon=icon,
        cover=cover,
        probe=probe,
    )
    page: Mapping[str, Any] = answer.body
    yield from _rest(str(page["id"]), content, first)
    return page


def _by_title(target: Target, properties: Mapping[str, Json]) -> ByTitle:
    """Without a key, a page whose making was never answered is known by its title."""
    is_row = target.kind is TargetKind.DATA_SOURCE
    name = schema_of(target).title if is_row else ""
    title = properties.get(name or "title", {}).get("title", [])
    return ByTitle(parent_id=target.id, title=plain_text(title), property=name)


def children(page_id: str) -> Generator[Notion, Response, list[Json]]:
    """All blocks of a page's first level."""
    found: list[Json] = []
    cursor: str | None = None
    while True:
        answer = yield wire.list_children(page_id, cursor=cursor)
        found += answer.body["results"]
        cursor = answer.body.get("next_cursor")
        if not cursor:
            return found


def complete(
    page: Mapping[str, Any], schema: Schema, values: Mapping[str, Value]
) -> Generator[Notion, Response, Mapping[str, Any]]:
    """The page's properties, with those whole that something is added to or removed from.

    A page shows 25 references of a property at most; a write replaces all of them.
    https://developers.notion.com/reference/retrieve-a-page-property
    """
    properties = dict(page["properties"])
    for one in needs_whole(schema, values):
        shown = properties.get(one.name) or {}
        if len(shown.get(one.type) or ()) >= MAX_SHOWN:
            inner = yield from _whole_list(str(page["id"]), one)
            properties[one.name] = {**shown, one.type: inner}
    return properties


def _whole_list(page_id: str, one: PropertySchema) -> Generator[Notion, Response, list[Json]]:
    found: list[Json] = []
    cursor: str | None = None
    while True:
        answer = yield wire.retrieve_property(page_id, one.id, cursor=cursor)
        found += [item[one.type] for item in answer.body["results"]]
        cursor = answer.body.get("next_cursor")
        if not cursor:
            return found


def _rest(
    page_id: str, content: Sequence[Json], first: Sequence[Parcel]
) -> Generator[Notion, Response, None]:
    """What did not fit: what is nested in the first portion, then the other portions behind it."""
    rest = content[len(first) :]
    if not rest and not any(one.later for one in first):
        return
    made = yield from children(page_id)
    ids = [str(one["id"]) for one in made]
    yield from blocks.fill(zip(ids, first, strict=False))
    if rest:
        yield from blocks.append_all(page_id, rest, after=ids[-1] if ids else None)


def page_result(what: str, page: Mapping[str, Any]) -> StepResult:
    """A step's result that is a page."""
    title, url = title_of(page), str(page.get("url") or "")
    return StepResult(
        value={"id": page["id"], "url": url, "title": title, "created": what == "created"},
        wrote=(Wrote(what=what, page_id=str(page["id"]), url=url, title=title),),
    )


def icon_of(value: Value) -> Json:
    """An emoji, or an image's address."""
    if value is None or value == "":
        return None
    text = str(value)
    if is_emoji(text):
        return {"type": "emoji", "emoji": text}
    return _image(text, "icon", "Give one emoji or an address that begins with https://.")


def cover_of(value: Value) -> Json:
    """An image's address."""
    if value is None or value == "":
        return None
    return _image(str(value), "cover", "Give an address that begins with https://.")


def _image(text: str, where: str, remedy: str) -> Json:
    if not web_link(text):
        raise StepFailed(f"{text!r} cannot be the page's {where}.", remedy=remedy)
    return {"type": "external", "external": {"url": text}}
