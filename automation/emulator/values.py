"""Property values as they are sent: checked against the schema, and kept.

A map of values is written out (`{"Number": {"number": 4}}`) or in short (`{"Number": 4}`), the
whole of it in one form. https://developers.notion.com/reference/page-property-values
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automation.emulator import definitions, icons, ids, reading, richtext
from automation.emulator.dates import DATE, read_date
from automation.emulator.errors import failed, invalid
from automation.emulator.richtext import RICH_TEXT
from automation.emulator.shapes import (
    Absent,
    Check,
    Checks,
    anything,
    array,
    boolean,
    keyed,
    line,
    literal,
    nullable,
    number,
    table,
    text,
    uuid,
)
from automation.emulator.workspace import DataSource, Page, Property, Workspace

Object = dict[str, Any]

_OPTION = keyed({"name": text(1, 2000), "id": text(1)}, closed=False)
_REFERENCES = array(table({"id": uuid}, closed=False))
_PLACE = table({"lat": number(), "lon": number()}, closed=False)
_VERIFICATION = table(
    {"state": literal("verified", "unverified")}, {"date": nullable(DATE)}, closed=False
)

WRITABLE: Checks = {
    "title": RICH_TEXT,
    "rich_text": RICH_TEXT,
    "number": nullable(number()),
    "url": nullable(text(1, 2000)),
    "select": nullable(_OPTION),
    "multi_select": array(_OPTION),
    "people": _REFERENCES,
    "email": nullable(text(1, 200)),
    "phone_number": nullable(text(1, 200)),
    "date": nullable(DATE),
    "checkbox": boolean,
    "relation": _REFERENCES,
    "files": array(icons.FILE),
    "status": nullable(_OPTION),
    "place": nullable(_PLACE),
    "verification": _VERIFICATION,
}
READ_ONLY = (
    "formula", "rollup", "created_time", "created_by", "last_edited_time", "last_edited_by",
    "unique_id", "button",
)  # fmt: skip
_KINDS: Checks = {**WRITABLE, **dict.fromkeys(READ_ONLY, anything)}
_WRITTEN_OUT = keyed(_KINDS, {"id": anything, "name": anything, "has_more": anything})
_IN_SHORT = ("id", "name", "start", "lat")
"""Keys that tell an object in the short form."""


def read(
    space: Workspace, source: DataSource | None, given: Mapping[str, Any], path: str
) -> dict[str, Any]:
    """Values by property id, as they are kept. Refuses what the schema does not take.

    New options of selects are made only when everything else is in order.
    """
    found = {name: _find(source, name) for name in given}
    _check(found, given, path)
    fresh = NewOptions()
    made = {
        one.id: _keep(space, one, _inner(one, given[name]), f"{path}.{name}.{one.type}", fresh)
        for name, one in found.items()
        if one is not None
    }
    fresh.add()
    return made


def _find(source: DataSource | None, name: str) -> Property | None:
    if source is not None:
        return source.find(name)
    return reading.PAGE_TITLE if name == "title" else None


def _check(found: Mapping[str, Property | None], given: Mapping[str, Any], path: str) -> None:
    long = [name for name, value in given.items() if _is_written_out(value)]
    if long and len(long) < len(given):
        _refuse_mixed(long[0], path)
    for name, value in given.items():
        check = _WRITTEN_OUT if long else _short(found[name])
        problems = check(value, f"{path}.{name}", ())
        if problems:
            raise failed(problems)
    objections = [_objection(name, found[name], value, bool(long)) for name, value in given.items()]
    if any(objections):
        raise invalid(" ".join(one for one in objections if one))


def _short(one: Property | None) -> Check:
    return WRITABLE.get(one.type, anything) if one else anything


def _objection(name: str, one: Property | None, value: Any, long: bool) -> str:
    """What the schema has against it, in a sentence."""
    if one is None:
        return f"{name} is not a property that exists."
    if one.type in READ_ONLY:
        return f"{one.name} is a {one.type} property, which cannot be set."
    if long and one.type not in value:
        return f"{one.name} is expected to be {one.type}."
    return ""


def _is_written_out(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return any(key in _KINDS for key in value) or not any(key in _IN_SHORT for key in value)


def _refuse_mixed(name: str, path: str) -> None:
    lines = [line(f"{path}.{name}.{key}", "defined", Absent.ABSENT) for key in _IN_SHORT]
    raise failed(lines)


def _inner(one: Property, value: Any) -> Any:
    if isinstance(value, dict) and one.type in value:
        return value[one.type]
    return value


class NewOptions:
    """Options that a request makes: one for each name, added at the end."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], tuple[Property, Object]] = {}

    def id_of(self, one: Property, name: str) -> str:
        """The id that the new option will have."""
        key = (one.id, name.casefold())
        if key not in self._made:
            self._made[key] = (one, definitions.new_option(name))
        return str(self._made[key][1]["id"])

    def add(self) -> None:
        """Add them to the schema."""
        for one, option in self._made.values():
            one.detail["options"].append(option)


def _keep(space: Workspace, one: Property, raw: Any, path: str, fresh: NewOptions) -> Any:
    """The inner value, already checked, as it is kept."""
    match one.type:
        case "title" | "rich_text":
            return richtext.stored(raw, space)
        case "number":
            return None if raw is None else _number(raw)
        case "select" | "status":
            return None if raw is None else _choice(one, raw, fresh)
        case "multi_select":
            return list(dict.fromkeys(_choice(one, option, fresh) for option in raw))
        case "date":
            return None if raw is None else read_date(raw, path)
        case "people":
            return list(dict.fromkeys(space.user(person["id"])["id"] for person in raw))
        case "relation":
            return list(dict.fromkeys(_related(space, one, page["id"]) for page in raw))
        case "files":
            return [icons.file(item) for item in raw]
        case "verification":
            return {"state": raw["state"], "date": raw.get("date"), "verified_by": None}
        case _:
            return raw


def _number(raw: float) -> float:
    """As JavaScript keeps it: every number is a double, and a whole one has no point."""
    try:
        kept = float(raw)
    except OverflowError:
        raise invalid(f"{raw} is not a number that can be kept.") from None
    return int(kept) if kept.is_integer() and abs(kept) < 1e21 else kept


def _choice(one: Property, raw: Object, fresh: NewOptions) -> str:
    """The id of an option; one that is not there is made, except for a status."""
    name = str(raw.get("name", ""))
    for option in one.detail["options"]:
        if option["id"] == raw.get("id") or option["name"].casefold() == name.casefold():
            return str(option["id"])
    if one.type == "status":
        raise invalid(f'Status option "{name or raw.get("id")}" does not exist.')
    if not name:
        raise invalid(f"Select option with id {raw.get('id')} does not exist.")
    return fresh.id_of(one, name)


def _related(space: Workspace, one: Property, given: str) -> str:
    identity = ids.dashed(given) or ""
    page = space.pages.get(identity)
    if page is None:
        raise space.missing("page", identity)
    if page.source != one.detail["data_source_id"]:
        raise invalid(f"{one.name} takes pages of another data source: {identity} is not in it.")
    return identity


# keeping ------------------------------------------------------------------------------------------


def write(space: Workspace, page: Page, new: Mapping[str, Any]) -> None:
    """Put values on a page; index them, and write the other side of two-way relations."""
    source = space.source_of(page)
    for identity, value in new.items():
        old = page.values.get(identity)
        page.values[identity] = value
        if source is None:
            continue
        one = source.properties[identity]
        if identity in source.index:
            _reindex(source, page, one, old, value)
        if one.type == "relation" and one.detail["synced"]:
            _mirror(space, page, one, old or (), value)


def _mirror(
    space: Workspace, page: Page, one: Property, old: Iterable[str], new: Sequence[str]
) -> None:
    twin = one.detail["synced"]
    for identity in {*old, *new}:
        other = space.pages[identity]
        there = [link for link in other.values.get(twin) or () if link != page.id]
        other.values[twin] = [*there, page.id] if identity in new else there


def _reindex(source: DataSource, page: Page, one: Property, old: Any, new: Any) -> None:
    index = source.index[one.id]
    index.get(folded(one, old), {}).pop(page.id, None)
    index.setdefault(folded(one, new), {})[page.id] = None


def folded(one: Property, kept: Any) -> str:
    """A text value as it is compared: without case."""
    return str(reading.comparable(one.type, kept) or "").casefold()


def equal_to(space: Workspace, source: DataSource, one: Property, text_: str) -> Iterable[str]:
    """The pages whose text property equals a text, from the index; it is made when first asked for."""
    if one.id not in source.index:
        made: dict[str, dict[str, None]] = {}
        for identity in source.rows:
            key = folded(one, space.pages[identity].values.get(one.id))
            made.setdefault(key, {})[identity] = None
        source.index[one.id] = made
    return source.index[one.id].get(text_.casefold(), {})
