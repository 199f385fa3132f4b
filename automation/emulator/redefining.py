"""Properties of a data source, changed: renamed, converted, refined, removed.

https://developers.notion.com/reference/update-data-source-properties
"""

from copy import deepcopy
from typing import Any

from automation.emulator import definitions, reading
from automation.emulator.definitions import KINDS, TEXTS
from automation.emulator.errors import Refused, invalid
from automation.emulator.richtext import plain_item
from automation.emulator.shapes import kind_of
from automation.emulator.workspace import DataSource, Property, Workspace

Object = dict[str, Any]


def change_all(space: Workspace, source: DataSource, changes: Object) -> None:
    """Every change or, where one is refused, none."""
    definitions_before = {one.id: deepcopy(one.properties) for one in space.data_sources.values()}
    values_before = {row: dict(space.pages[row].values) for row in source.rows}
    try:
        for name, raw in changes.items():
            change(space, source, name, raw)
    except Refused:
        for identity, properties in definitions_before.items():
            space.data_sources[identity].properties = properties
        for row, held in values_before.items():
            space.pages[row].values = held
        source.index.clear()
        raise


def change(space: Workspace, source: DataSource, name: str, raw: Object | None) -> None:
    """Add, rename, convert, refine or remove one property."""
    found = source.find(name)
    if raw is None:
        if found is not None:
            remove(space, source, found)
        return
    kind = kind_of(raw, KINDS)
    if found is None:
        if kind is None:
            raise invalid(f"{name} is not a property that exists.")
        definitions.define(space, source, raw.get("name", name), raw)
        return
    if "name" in raw:
        definitions.check_name(source, raw["name"], found)
        found.name = raw["name"]
    if "description" in raw:
        found.description = raw["description"]
    if kind is not None:
        _retype(space, source, found, kind, raw[kind])


def remove(space: Workspace, source: DataSource, found: Property) -> None:
    """Remove a property with its values; the twin of a relation stays, one-way."""
    if found.type == "title":
        raise invalid("Cannot delete the title property of a data source.")
    _untwin(space, found)
    _drop_values(space, source, found)
    del source.properties[found.id]


def _untwin(space: Workspace, found: Property) -> None:
    if found.type != "relation" or not found.detail["synced"]:
        return
    related = space.data_sources[found.detail["data_source_id"]]
    twin = related.properties.get(found.detail["synced"])
    if twin is not None:
        twin.detail = {**twin.detail, "kind": "single_property", "synced": None}


def _drop_values(space: Workspace, source: DataSource, found: Property) -> None:
    source.index.pop(found.id, None)
    for identity in source.rows:
        space.pages[identity].values.pop(found.id, None)


def _retype(space: Workspace, source: DataSource, found: Property, kind: str, raw: Object) -> None:
    if kind == found.type:
        found.detail = _refined(space, source, found, raw)
        return
    if "title" in (kind, found.type):
        raise invalid("The type of the title property cannot be changed.")
    _untwin(space, found)
    texts = _texts(space, source, found) if kind in TEXTS and found.type in TEXTS else {}
    _drop_values(space, source, found)
    found.type = kind
    found.detail = definitions.detail(space, source, found, raw)
    for identity, value in texts.items():
        space.pages[identity].values[found.id] = _text_value(kind, value)


def _texts(space: Workspace, source: DataSource, found: Property) -> dict[str, str]:
    values = {
        one: reading.comparable(found.type, reading.kept(space.pages[one], found))
        for one in source.rows
    }
    return {identity: value for identity, value in values.items() if value}


def _text_value(kind: str, value: str) -> Any:
    return [plain_item(value)] if kind == "rich_text" else value


def _refined(space: Workspace, source: DataSource, found: Property, raw: Object) -> Object:
    """The same type again: what is given replaces, what is left out stays."""
    match found.type:
        case "select" | "multi_select" | "status" if "options" in raw:
            return _with_options(found, raw["options"])
        case "relation" | "rollup":
            _untwin(space, found)
            return definitions.detail(space, source, found, raw)
        case "number" | "formula" | "unique_id":
            return {**found.detail, **{k: v for k, v in raw.items() if k in found.detail}}
        case _:
            return found.detail


def _with_options(found: Property, given: list[Object]) -> Object:
    """The list replaces: an option left out is gone. What is there keeps its name and colour."""
    present = {one["id"]: one for one in found.detail["options"]}
    by_name = {one["name"].casefold(): one for one in found.detail["options"]}
    options = []
    for raw in given:
        known = present.get(str(raw.get("id"))) or by_name.get(str(raw.get("name")).casefold())
        if known is None:
            options.append(definitions.option(raw))
            continue
        if raw.get("color", known["color"]) != known["color"]:
            raise invalid(f"Cannot update color of select with id: {known['id']}.")
        options.append({**known, "description": raw.get("description", known["description"])})
    return {**found.detail, "options": options, **_regrouped(found, options)}


def _regrouped(found: Property, options: list[Object]) -> Object:
    if found.type != "status":
        return {}
    there = [one["id"] for one in options]
    old = {identity for group in found.detail["groups"] for identity in group["option_ids"]}
    groups = [
        {**group, "option_ids": [one for one in group["option_ids"] if one in there]}
        for group in found.detail["groups"]
    ]
    groups[0]["option_ids"] += [one for one in there if one not in old]
    return {"groups": groups}
