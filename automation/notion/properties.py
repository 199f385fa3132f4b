"""Plain values to Notion property values: the data source's schema decides the form.

Nothing is converted silently: a number property takes only a number, a checkbox only true or false.
https://developers.notion.com/reference/page-property-values
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from automation.model.errors import StepFailed
from automation.model.values import Json
from automation.notion.dates import date_value, shown
from automation.notion.ids import page_id
from automation.notion.options import option
from automation.notion.richtext import property_text, units, whole
from automation.notion.schema import PropertySchema, Schema
from automation.notion.values import plain_value
from automation.notion.wire import MAX_ARRAY, MAX_URL

READ_ONLY = frozenset(
    {
        "formula", "rollup", "created_time", "last_edited_time", "created_by", "last_edited_by",
        "unique_id", "button", "verification",
    }
)  # fmt: skip
LISTS = frozenset({"multi_select", "relation", "people"})
CHANGE = frozenset({"add", "remove"})
KEEP = frozenset({"value", "if_empty"})
LONGEST = {"url": MAX_URL, "email": 200, "phone_number": 200}
"""https://developers.notion.com/reference/request-limits"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """How a rule file wants values read: its time zone, and whether unknown options are refused."""

    zone: ZoneInfo
    refuse_unknown: bool


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
    custom = Custom(zone=zone, refuse_unknown=refuse_unknown)
    made: dict[str, Json] = {}
    for name, given in values.items():
        found = schema.get(name)
        place = f"`{found.name}` of {schema.where}"
        old = plain_value((before or {}).get(found.name))
        keep = isinstance(given, Mapping) and given.keys() == KEEP
        if keep and _keeps(given, place) and old not in (None, "", []):
            continue
        value = _settled(found, given["value"] if keep else given, old, place)
        made[found.name] = encode(found, value, place, custom)
    return made


def needs_whole(schema: Schema, values: Mapping[str, Any]) -> list[PropertySchema]:
    """The properties whose present value must be known whole, because something is added or removed."""
    return [
        found
        for name, value in values.items()
        if _is_change(value) and (found := schema.get(name)).type in {"relation", "people"}
    ]


def _keeps(given: Mapping[str, Any], place: str) -> bool:
    if given["if_empty"] != "keep":
        raise StepFailed(f'{place}: `if_empty` is "keep", not {shown(given["if_empty"])}')
    return True


def _is_change(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and value.keys() <= CHANGE


def _settled(schema: PropertySchema, value: Any, old: Any, place: str) -> Any:
    """`{ add, remove }` applied to what is there; anything else as it is."""
    if not _is_change(value):
        return value
    if schema.type not in LISTS:
        raise StepFailed(f"{place} is a {schema.type}: there is nothing to add to or remove from")
    present = list(old) if isinstance(old, list) else []
    gone = {_identity(schema, one) for one in _list(value.get("remove"))}
    kept = [one for one in present if _identity(schema, one) not in gone]
    there = {_identity(schema, one) for one in kept}
    return kept + [one for one in _list(value.get("add")) if _identity(schema, one) not in there]


def _identity(schema: PropertySchema, one: Any) -> Any:
    """What makes two members of a list the same."""
    if schema.type == "multi_select":
        return one.casefold() if isinstance(one, str) else one
    return page_id(one) or shown(one)


def encode(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    """One property value, `{<type>: …}`. Nothing and empty text clear it."""
    if schema.type in READ_ONLY:
        raise StepFailed(
            f"{place} is a {schema.type}: Notion fills it, nobody can set it",
            remedy="Leave it out of `set`.",
        )
    encoder = _ENCODERS.get(schema.type)
    if encoder is None:
        raise StepFailed(f"{place} is a {schema.type}, which cannot be set yet")
    return {schema.type: encoder(schema, value, place, custom)}


# one encoder a type -------------------------------------------------------------------------------


def _rich_text(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    return property_text(_text(value, place), place)


def _text(value: Any, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return whole(str(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(_text(item, place) for item in value)
    raise StepFailed(
        f"{place} takes a text, not a table: {shown(value)}",
        remedy="Name one field of it, or `| json` makes a text of it.",
    )


def _number(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StepFailed(
            f"{place} takes a number, not {shown(value)}",
            remedy="`| to_number` makes a number from a text.",
        )
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise StepFailed(f"{place} takes a number that Notion can keep, not {shown(value)}")
    return value


def _checkbox(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    if value is None or value == "":
        return False
    if not isinstance(value, bool):
        raise StepFailed(f"{place} is a checkbox: it takes true or false, not {shown(value)}")
    return value


def _choice(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    if isinstance(value, list | tuple) and len(value) > 1:
        raise StepFailed(f"{place} is a {schema.type}: it takes one option, not {len(value)}")
    name = _name(value[0] if isinstance(value, list | tuple) and value else value, place)
    if not name:
        return None
    return {"name": option(schema, name, place, refuse_unknown=custom.refuse_unknown)}


def _name(value: Any, place: str) -> str:
    if isinstance(value, Mapping | list | tuple):
        if value:
            raise StepFailed(f"{place} takes the name of an option, not {shown(value)}")
        return ""
    return _text(value, place).strip()


def _choices(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    names = [name for one in _list(value) if (name := _name(one, place))]
    chosen = [option(schema, one, place, refuse_unknown=custom.refuse_unknown) for one in names]
    once: dict[str, str] = {}
    for one in chosen:
        once.setdefault(one.casefold(), one)
    return _capped([{"name": one} for one in once.values()], place)


def _date(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    return date_value(value, place, custom.zone)


def _short(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    if isinstance(value, list | tuple):
        raise StepFailed(f"{place} takes one text, not a list: {shown(value)}")
    text = _text(value, place).strip()
    most = LONGEST[schema.type]
    if units(text) > most:
        raise StepFailed(f"{place} takes {most:,} characters, not {units(text):,}")
    return text or None


def _references(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    ids = [_page(one, place) for one in _list(value)]
    return _capped([{"id": one} for one in dict.fromkeys(ids)], place)


def _people(schema: PropertySchema, value: Any, place: str, custom: Custom) -> Json:
    return [{"object": "user", **one} for one in _references(schema, value, place, custom)]


def _page(value: Any, place: str) -> str:
    found = page_id(value)
    if found is None:
        raise StepFailed(
            f"{place} takes ids or addresses, not {shown(value)}",
            remedy="An id is 32 hexadecimal digits; `find` gives the page of a title.",
        )
    return found


def _list(value: Any) -> Sequence[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list | tuple) else [value]


def _capped(items: list[Json], place: str) -> list[Json]:
    if len(items) > MAX_ARRAY:
        raise StepFailed(
            f"{place}: Notion takes at most {MAX_ARRAY} in one request, not {len(items)}"
        )
    return items


Encoder = Callable[[PropertySchema, Any, str, Custom], Json]
_ENCODERS: Mapping[str, Encoder] = {
    "title": _rich_text,
    "rich_text": _rich_text,
    "number": _number,
    "checkbox": _checkbox,
    "select": _choice,
    "status": _choice,
    "multi_select": _choices,
    "date": _date,
    "url": _short,
    "email": _short,
    "phone_number": _short,
    "relation": _references,
    "people": _people,
}
