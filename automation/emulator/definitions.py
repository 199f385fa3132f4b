"""Properties of a data source: defined, changed, removed.

https://developers.notion.com/reference/property-object
https://developers.notion.com/reference/update-data-source-properties
"""

import zlib
from collections.abc import Mapping
from typing import Any

from automation.emulator import ids
from automation.emulator.errors import invalid
from automation.emulator.richtext import COLORS
from automation.emulator.shapes import (
    EMPTY,
    Also,
    Check,
    array,
    keyed,
    kind_of,
    literal,
    mapping,
    nullable,
    table,
    text,
)
from automation.emulator.workspace import DataSource, Property, Workspace

Object = dict[str, Any]

ROLLUPS = (
    "count", "count_values", "empty", "not_empty", "unique", "show_unique", "percent_empty",
    "percent_not_empty", "sum", "average", "median", "min", "max", "range", "earliest_date",
    "latest_date", "date_range", "checked", "unchecked", "percent_checked", "percent_unchecked",
    "count_per_group", "percent_per_group", "show_original",
)  # fmt: skip
PLAIN = (
    "title", "rich_text", "date", "people", "files", "checkbox", "url", "email", "phone_number",
    "created_time", "created_by", "last_edited_time", "last_edited_by", "button", "place",
    "verification",
)  # fmt: skip
TEXTS = frozenset({"rich_text", "url", "email", "phone_number"})
GROUPS = (("To-do", "gray"), ("In progress", "blue"), ("Complete", "green"))
USUAL_STATUS = (
    ("Not started", "default", "To-do"),
    ("In progress", "blue", "In progress"),
    ("Done", "green", "Complete"),
)

_OPTION = table(
    {},
    {
        "name": text(1),
        "id": text(1),
        "color": literal(*COLORS),
        "description": nullable(text()),
    },
    closed=False,
)
_OPTIONS = table({}, {"options": array(_OPTION)}, closed=False)
_RELATION = table(
    {"data_source_id": text(1)},
    {"type": literal("single_property", "dual_property")},
    closed=False,
)
_ROLLUP = table({"function": literal(*ROLLUPS)}, closed=False)

KINDS: Mapping[str, Check] = {
    **dict.fromkeys(PLAIN, EMPTY),
    "number": table({}, {"format": text(1)}, closed=False),
    "select": _OPTIONS,
    "multi_select": _OPTIONS,
    "status": _OPTIONS,
    "relation": _RELATION,
    "rollup": _ROLLUP,
    "formula": table({}, {"expression": text()}, closed=False),
    "unique_id": table({}, {"prefix": nullable(text())}, closed=False),
}
_BESIDE = {"name": text(1), "description": nullable(text(1, 280)), "id": text(1)}
_DEFINITION = keyed(KINDS, _BESIDE)
_RENAMING = table({}, {**_BESIDE, "type": text(1)})

DEFINITIONS = mapping(_DEFINITION)
"""The check of the properties of a new data source."""


def _change(value: Any, path: str, also: Also = ()) -> list[str]:
    if (
        isinstance(value, dict)
        and kind_of(value, KINDS) is None
        and value.keys() <= {*_BESIDE, "type"}
    ):
        return _RENAMING(value, path, also)
    return _DEFINITION(value, path, also)


CHANGES = mapping(nullable(_change))
"""The check of changes to a data source's properties."""


# defining -----------------------------------------------------------------------------------------


def define_all(space: Workspace, source: DataSource, given: Mapping[str, Object]) -> None:
    """The properties of a new data source: rollups last, because they stand on relations."""
    if sum(kind_of(raw, KINDS) == "title" for raw in given.values()) != 1:
        raise invalid("Title is not provided: a data source has exactly one title property.")
    for name, raw in sorted(given.items(), key=lambda one: kind_of(one[1], KINDS) == "rollup"):
        define(space, source, raw.get("name", name), raw)


def define(space: Workspace, source: DataSource, name: str, raw: Object) -> Property:
    """A new property."""
    kind = kind_of(raw, KINDS) or ""
    check_name(source, name, None)
    if kind == "title" and "title" in source.properties:
        raise invalid("Cannot create a second title property: a data source has exactly one.")
    identity = "title" if kind == "title" else ids.new_property_id(source.properties)
    made = Property(
        id=identity, name=name, type=kind, detail={}, description=raw.get("description")
    )
    source.properties[identity] = made
    try:
        made.detail = detail(space, source, made, raw[kind])
    except Exception:
        del source.properties[identity]
        raise
    return made


def check_name(source: DataSource, name: str, own: Property | None) -> None:
    if any(one.name == name and one is not own for one in source.properties.values()):
        raise invalid(f"Cannot have two properties with the same name: {name}.")


def detail(space: Workspace, source: DataSource, one: Property, raw: Object) -> Object:
    match one.type:
        case "number":
            return {"format": raw.get("format", "number")}
        case "select" | "multi_select":
            return {"options": [option(one) for one in raw.get("options", [])]}
        case "status":
            return _status(raw)
        case "relation":
            return _relation(space, source, one, raw)
        case "rollup":
            return _rollup(space, source, raw)
        case "unique_id":
            return {"prefix": raw.get("prefix")}
        case "formula":
            return {"expression": raw.get("expression", "")}
        case _:
            return {}


def option(raw: Object) -> Object:
    return new_option(
        str(raw.get("name", "")), raw.get("color"), raw.get("description"), raw.get("id")
    )


def new_option(
    name: str, color: str | None = None, description: str | None = None, identity: str | None = None
) -> Object:
    """An option of a select, multi-select or status. Without a colour, one that its name gives it."""
    if "," in name:
        raise invalid(f"Invalid select option, commas not allowed: {name}")
    return {
        "id": identity or ids.new_id(),
        "name": name,
        "color": color or COLORS[zlib.crc32(name.encode()) % len(COLORS)],
        "description": description,
    }


def _status(raw: Object) -> Object:
    """New options land in To-do; groups cannot be made through the API."""
    given = raw.get("options") or []
    options = [option(one) for one in given] or [new_option(n, c) for n, c, _ in USUAL_STATUS]
    usual = {} if given else {name: group for name, _, group in USUAL_STATUS}
    groups = [
        {
            "id": ids.new_id(),
            "name": name,
            "color": color,
            "option_ids": [one["id"] for one in options if usual.get(one["name"], "To-do") == name],
        }
        for name, color in GROUPS
    ]
    return {"options": options, "groups": groups}


def _relation(space: Workspace, source: DataSource, one: Property, raw: Object) -> Object:
    """A relation, and its twin in the related data source if it goes both ways."""
    related = space.data_source(ids.dashed(raw["data_source_id"]) or raw["data_source_id"])
    kind = raw.get("type") or ("dual_property" if "dual_property" in raw else "single_property")
    if kind not in raw:
        raise invalid(f"body.properties.{one.name}.relation.{kind} should be defined.")
    made: Object = {"data_source_id": related.id, "kind": kind, "synced": None}
    if kind == "dual_property":
        made["synced"] = _twin(space, source, related, one, raw[kind])
    return made


def _twin(
    space: Workspace, source: DataSource, related: DataSource, one: Property, raw: Object
) -> str:
    name = raw.get("synced_property_name") or (
        f"Related to {space.name_of(source.id) or 'Untitled'} ({one.name})"
    )
    twin = Property(
        id=ids.new_property_id(related.properties),
        name=name,
        type="relation",
        detail={"data_source_id": source.id, "kind": "dual_property", "synced": one.id},
    )
    related.properties[twin.id] = twin
    return twin.id


def _rollup(space: Workspace, source: DataSource, raw: Object) -> Object:
    relation = _referred(source, raw, "relation")
    if relation.type != "relation":
        raise invalid(f"A rollup needs a relation: {relation.name} is a {relation.type}.")
    related = space.data_source(relation.detail["data_source_id"])
    target = _referred(related, raw, "rollup")
    return {"relation": relation.id, "target": target.id, "function": raw["function"]}


def _referred(source: DataSource, raw: Object, word: str) -> Property:
    name = raw.get(f"{word}_property_id") or raw.get(f"{word}_property_name") or ""
    found = source.find(str(name))
    if found is None:
        raise invalid(f"Could not find property with name or id: {name}")
    return found
