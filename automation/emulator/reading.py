"""Property values as answers give them, the computed ones too.

Kept are: rich text as shown; select, status and multi-select by option id; people and relation by
id; everything else as it is. Formulas are computed by `formulas`, rollups here.
https://developers.notion.com/reference/page-property-values
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from automation.emulator import formulas, grammar, ids, rollups
from automation.emulator.dates import instant, minute
from automation.emulator.errors import invalid
from automation.emulator.richtext import words
from automation.emulator.workspace import DataSource, Page, Property, Workspace

Object = dict[str, Any]

MAX_REFERENCES = 25
"""References per property that a page object shows; the property endpoint has them all."""

EMPTY: Mapping[str, Any] = {
    "title": [], "rich_text": [], "multi_select": [], "people": [], "files": [], "relation": [],
    "checkbox": False,
}  # fmt: skip
PAGE_TITLE = Property(id="title", name="title", type="title", detail={})
"""The one property of a page outside a data source."""


def in_order(properties: Iterable[Property]) -> list[Property]:
    """The order in answers: short ids first, then by their characters."""
    return sorted(properties, key=lambda one: (len(one.id), one.id))


def properties_of(space: Workspace, page: Page) -> Iterable[Property]:
    """The properties a page has."""
    source = space.source_of(page)
    return source.properties.values() if source else (PAGE_TITLE,)


def chosen(properties: Iterable[Property], names: Sequence[str]) -> Collection[str] | None:
    """The ids of the properties to show, by name or id (`filter_properties`); None for all."""
    if not names:
        return None
    known = {key: one.id for one in properties for key in (one.id, one.name, ids.encoded(one.id))}
    for name in names:
        if name not in known:
            raise invalid(f"Could not find property with name or id: {name}")
    return {known[name] for name in names}


def value(space: Workspace, page: Page, one: Property, *, cap: int | None = None) -> Object:
    """A property value object; at most `cap` references in it."""
    inner = shown(space, page, one)
    made = {"id": ids.encoded(one.id), "type": one.type, one.type: inner}
    if one.type in {"relation", "people"} and cap is not None:
        made[one.type] = inner[:cap]
    if one.type == "relation":
        made["has_more"] = cap is not None and len(inner) > cap
    return made


def shown(space: Workspace, page: Page, one: Property) -> Any:
    """What stands under the property's type."""
    reader = _READERS.get(one.type)
    return reader(space, page, one) if reader else kept(page, one)


def kept(page: Page, one: Property) -> Any:
    """The value as it is kept."""
    found = page.values.get(one.id)
    return EMPTY.get(one.type) if found is None else found


def option(one: Property, identity: str | None) -> Object | None:
    """A select option as values show it; None if it was removed meanwhile."""
    for found in one.detail["options"]:
        if found["id"] == identity:
            return {key: found[key] for key in ("id", "name", "color")}
    return None


def _choice(space: Workspace, page: Page, one: Property) -> Object | None:
    return option(one, page.values.get(one.id))


def _choices(space: Workspace, page: Page, one: Property) -> list[Object]:
    found = (option(one, identity) for identity in kept(page, one))
    return [one for one in found if one is not None]


def _people(space: Workspace, page: Page, one: Property) -> list[Object]:
    return [space.user(identity) for identity in kept(page, one)]


def _relation(space: Workspace, page: Page, one: Property) -> list[Object]:
    return [{"id": identity} for identity in kept(page, one) if not space.pages[identity].in_trash]


def _created(space: Workspace, page: Page, one: Property) -> str:
    return minute(page.created)


def _edited(space: Workspace, page: Page, one: Property) -> str:
    return minute(page.edited)


def _by(space: Workspace, page: Page, one: Property) -> Object:
    return space.users[space.bot_id]


def _number(space: Workspace, page: Page, one: Property) -> Object:
    return {"prefix": one.detail["prefix"], "number": page.number}


def _verification(space: Workspace, page: Page, one: Property) -> Object:
    unset = {"state": "unverified", "date": None, "verified_by": None}
    return page.values.get(one.id) or unset


def _formula(space: Workspace, page: Page, one: Property) -> Object:
    def read(name: str) -> Object | None:
        source = space.source_of(page)
        found = source.find(name) if source else None
        return value(space, page, found) if found and found is not one else None

    return formulas.evaluate(one.detail["expression"], read, space.now())


Reader = Callable[[Workspace, Page, Property], Any]


# rollups ------------------------------------------------------------------------------------------


def _rollup(space: Workspace, page: Page, one: Property) -> Object:
    function = one.detail["function"]
    kind, result = rollups.roll(function, _rolled(space, page, one))
    return {"type": kind, kind: result, "function": function}


def _rolled(space: Workspace, page: Page, one: Property) -> list[Object]:
    """The values of the related pages, without their ids."""
    source = space.source_of(page)
    relation = source.properties.get(one.detail["relation"]) if source else None
    if relation is None or relation.type != "relation":
        return []
    related = space.data_sources[relation.detail["data_source_id"]]
    target = related.properties.get(one.detail["target"])
    if target is None or target.type == "rollup":
        return []
    return [
        {"type": target.type, target.type: shown(space, space.pages[found["id"]], target)}
        for found in _relation(space, page, relation)
    ]


_READERS: Mapping[str, Reader] = {
    "select": _choice,
    "status": _choice,
    "multi_select": _choices,
    "people": _people,
    "relation": _relation,
    "created_time": _created,
    "last_edited_time": _edited,
    "created_by": _by,
    "last_edited_by": _by,
    "unique_id": _number,
    "verification": _verification,
    "formula": _formula,
    "rollup": _rollup,
    "button": lambda space, page, one: {},
}


# schemas ------------------------------------------------------------------------------------------


def schema_detail(space: Workspace, one: Property) -> Object:
    """What stands under a property's type in a data source."""
    match one.type:
        case "relation":
            return _relation_schema(space, one)
        case "rollup":
            return _rollup_schema(space, one)
        case "formula":
            return {"expression": _with_references(space, one)}
        case _:
            return one.detail


def _relation_schema(space: Workspace, one: Property) -> Object:
    related = space.data_sources[one.detail["data_source_id"]]
    kind, synced = one.detail["kind"], one.detail["synced"]
    twin: Object = {}
    if synced in related.properties:
        twin = {
            "synced_property_name": related.properties[synced].name,
            "synced_property_id": ids.encoded(synced),
        }
    return {
        "database_id": related.parent["database_id"],
        "data_source_id": related.id,
        "type": kind,
        kind: twin,
    }


def _with_references(space: Workspace, one: Property) -> str:
    """A formula's expression as answers give it: properties by their ids."""
    source = _owner(space, one)

    def reference(match: re.Match[str]) -> str:
        found = source.find(match[1]) if source else None
        if source is None or found is None:
            return match[0]
        return f"{{{{notion:block_property:{ids.encoded(found.id)}:{source.id}:{space.id}}}}}"

    expression: str = one.detail["expression"]
    return grammar.PROP.sub(reference, expression)


def _rollup_schema(space: Workspace, one: Property) -> Object:
    source = _owner(space, one)
    relation = source.properties.get(one.detail["relation"]) if source else None
    related = space.data_sources[relation.detail["data_source_id"]] if relation else None
    target = related.properties.get(one.detail["target"]) if related else None
    return {
        "rollup_property_name": target.name if target else "",
        "relation_property_name": relation.name if relation else "",
        "rollup_property_id": one.detail["target"],
        "relation_property_id": one.detail["relation"],
        "function": one.detail["function"],
    }


def _owner(space: Workspace, one: Property) -> DataSource | None:
    return next(
        (found for found in space.data_sources.values() if found.properties.get(one.id) is one),
        None,
    )


def comparable(kind: str, inner: Any) -> Any:
    """A shown value as something to compare: text, number, bool, moment, list of texts, or None."""
    match kind:
        case "title" | "rich_text":
            return words(inner or [])
        case "select" | "status":
            return inner["name"] if inner else None
        case "multi_select":
            return [one["name"] for one in inner or []]
        case "relation" | "people":
            return [one["id"] for one in inner or []]
        case "files":
            return [one["name"] for one in inner or []]
        case "created_by" | "last_edited_by":
            return [inner["id"]]
        case "unique_id":
            return inner["number"]
        case "date":
            return instant(inner["start"]) if inner else None
        case "created_time" | "last_edited_time":
            return instant(inner)
        case "verification":
            return inner["state"]
        case "formula":
            return _formula_comparable(inner)
        case _:
            return inner


def _formula_comparable(inner: Object) -> str | float | bool | datetime | None:
    found = inner[inner["type"]]
    if inner["type"] == "date":
        return instant(found["start"]) if found else None
    result: str | float | bool | None = found
    return result
