"""Plain values to Notion property values: the data source's schema decides the form.

https://developers.notion.com/reference/page-property-values
"""

import difflib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from automation.model.errors import StepFailed
from automation.model.values import Json
from automation.notion.ids import page_id
from automation.notion.richtext import property_text
from automation.notion.schema import PropertySchema, Schema
from automation.notion.values import plain_value

READ_ONLY = frozenset(
    {
        "formula", "rollup", "created_time", "last_edited_time", "created_by", "last_edited_by",
        "unique_id", "button", "verification",
    }
)  # fmt: skip
MAX_LIST = 100
RANGE = frozenset({"start", "end"})
CHANGE = frozenset({"add", "remove"})
KEEP = frozenset({"value", "if_empty"})


def encode_all(
    schema: Schema,
    values: Mapping[str, Any],
    *,
    zone: ZoneInfo,
    refuse_unknown: bool,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Json]:
    """Property values by name. `before` are the page's present ones, for `add`, `remove` and `if_empty`.

    Raises StepFailed naming property, value and remedy.
    """
    made: dict[str, Json] = {}
    for name, given in values.items():
        found = schema.get(name)
        old = plain_value((before or {}).get(found.name))
        keep = isinstance(given, Mapping) and given.keys() == KEEP
        if keep and old not in (None, "", []):
            continue
        made[found.name] = encode(
            found,
            _settled(given["value"] if keep else given, old),
            where=schema.where,
            zone=zone,
            refuse_unknown=refuse_unknown,
        )
    return made


def _settled(value: Any, old: Any) -> Any:
    """`{ add, remove }` applied to what is there; anything else as it is."""
    if isinstance(value, Mapping) and value and value.keys() <= CHANGE:
        return _changed(old, value)
    return value


def _changed(old: Any, change: Mapping[str, Any]) -> list[Any]:
    present = list(old) if isinstance(old, list) else []
    gone = _list(change.get("remove"))
    kept = [item for item in present if item not in gone]
    return kept + [item for item in _list(change.get("add")) if item not in kept]


def encode(
    schema: PropertySchema, value: Any, *, where: str, zone: ZoneInfo, refuse_unknown: bool
) -> Json:
    """One property value, `{<type>: …}`. Nothing and empty text clear it."""
    place = f"`{schema.name}` of {where}"
    if schema.type in READ_ONLY:
        raise StepFailed(f"{place} is a {schema.type}: Notion fills it, nobody can set it")
    match schema.type:
        case "title" | "rich_text":
            return {schema.type: property_text(_text(value, place), place)}
        case "number":
            return {"number": _number(value, place)}
        case "checkbox":
            return {"checkbox": _checkbox(value, place)}
        case "select" | "status":
            return {schema.type: _option(schema, value, place, refuse_unknown)}
        case "multi_select":
            names = [_option(schema, one, place, refuse_unknown) for one in _list(value)]
            return {"multi_select": _capped([name for name in names if name], place)}
        case "date":
            return {"date": _date(value, place, zone)}
        case "url" | "email" | "phone_number":
            return {schema.type: _text(value, place) or None}
        case "relation":
            return {"relation": _capped([{"id": _page(one, place)} for one in _list(value)], place)}
        case "people":
            return {
                "people": _capped(
                    [{"object": "user", "id": _page(one, place)} for one in _list(value)], place
                )
            }
        case _:
            raise StepFailed(f"{place} is a {schema.type}, which cannot be set yet")


def _text(value: Any, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(_text(item, place) for item in value)
    raise StepFailed(f"{place} takes a text, not a table")


def _number(value: Any, place: str) -> int | float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StepFailed(
            f"{place} takes a number, not {_shown(value)}",
            remedy="`| to_number` makes a number from a text.",
        )
    return value


def _checkbox(value: Any, place: str) -> bool:
    if value is None or value == "":
        return False
    if not isinstance(value, bool):
        raise StepFailed(f"{place} is a checkbox: it takes true or false, not {_shown(value)}")
    return value


def _option(schema: PropertySchema, value: Any, place: str, refuse_unknown: bool) -> Json:
    if value is None or value == "":
        return None
    name = _text(value, place).strip()
    if "," in name:
        raise StepFailed(f"{place}: Notion's options cannot hold a comma: {_shown(name)}")
    exact = {option.casefold(): option for option in schema.options}.get(name.casefold())
    if exact is not None:
        return {"name": exact}
    if schema.type == "status" or refuse_unknown:
        near = difflib.get_close_matches(name, schema.options, n=1)
        hint = (
            f"Did you mean `{near[0]}`?"
            if near
            else f"It has: {', '.join(schema.options) or 'none'}."
        )
        if schema.type != "status":
            hint += ' [defaults] unknown_options = "create" lets Notion make new ones.'
        raise StepFailed(f"{place} has no option {_shown(name)}", remedy=hint)
    return {"name": name}


def _date(value: Any, place: str, zone: ZoneInfo) -> Json:
    if value is None or value == "":
        return None
    if isinstance(value, Mapping):
        if not value.keys() <= RANGE or "start" not in value:
            raise StepFailed(f"{place} takes a date or {{ start, end }}")
        start, end = _moment(value["start"], place, zone), _moment(value.get("end"), place, zone)
        if start is None:
            return None
        if end is not None and ("T" in start) != ("T" in end):
            raise StepFailed(f"{place}: start and end must both be days or both be times")
        return {"start": start, "end": end} if end is not None else {"start": start}
    return {"start": _moment(value, place, zone)}


def _moment(value: Any, place: str, zone: ZoneInfo) -> str | None:
    """ISO text. A time without a zone is in the rule's zone: Notion would take it as UTC."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError as error:
            raise StepFailed(f"{place} takes a date, not {_shown(value)}") from error
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=zone)
        return aware.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise StepFailed(f"{place} takes a date, not {_shown(value)}")


def _page(value: Any, place: str) -> str:
    found = page_id(value)
    if found is None:
        raise StepFailed(f"{place} takes ids or addresses, not {_shown(value)}")
    return found


def _list(value: Any) -> Sequence[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list | tuple) else [value]


def _capped(items: list[Json], place: str) -> list[Json]:
    if len(items) > MAX_LIST:
        raise StepFailed(
            f"{place}: Notion takes at most {MAX_LIST} in one request, not {len(items)}"
        )
    return items


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
