"""Property schemas and values: checked, normalised, given back as Notion does.

https://developers.notion.com/reference/page-property-values
"""

import random
import string
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4
from zoneinfo import ZoneInfo

from automation.emulator.errors import Refused, failed, invalid, shown
from automation.emulator.richtext import check_length, rich_text

SIMPLE = (
    "title", "rich_text", "date", "people", "files", "checkbox", "url", "email", "phone_number",
    "created_time", "created_by", "last_edited_time", "last_edited_by", "button", "place",
)  # fmt: skip
READ_ONLY = frozenset(
    {
        "formula", "rollup", "created_time", "created_by", "last_edited_time", "last_edited_by",
        "unique_id", "button",
    }
)  # fmt: skip
COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
EMPTY: dict[str, Any] = {
    "title": [], "rich_text": [], "multi_select": [], "people": [], "files": [], "relation": [],
    "checkbox": False,
}  # fmt: skip
LENGTHS = {"url": 2000, "email": 200, "phone_number": 200}


def new_id() -> str:
    """A property id, url-encoded as Notion gives it."""
    return quote("".join(random.choices(string.ascii_letters + ":;<>=@[]^_", k=4)), safe="")  # noqa: S311


# schemas ------------------------------------------------------------------------------------------


def schema(name: str, raw: dict[str, Any], find: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A property of a data source from its definition. `find` gives a related data source."""
    kind = raw.get("type") or next(
        (key for key in raw if key not in {"name", "description", "id", "type"}), None
    )
    if kind is None:
        raise failed(f"body.properties.{name}", "should define a type.")
    detail = raw.get(kind) or {}
    return {
        "id": "title" if kind == "title" else new_id(),
        "name": name,
        "description": raw.get("description"),
        "type": kind,
        kind: _schema_detail(kind, detail, find),
    }


def _schema_detail(
    kind: str, detail: dict[str, Any], find: Callable[[str], dict[str, Any]]
) -> dict[str, Any]:
    match kind:
        case "number":
            return {"format": detail.get("format", "number")}
        case "select" | "multi_select":
            return {"options": [_option(one) for one in detail.get("options", [])]}
        case "status":
            return _status(detail)
        case "relation":
            return _relation(detail, find)
        case "unique_id":
            return {"prefix": detail.get("prefix")}
        case "formula":
            return {"expression": detail.get("expression", "")}
        case "rollup":
            return dict(detail)
        case _ if kind in SIMPLE:
            return {}
        case _:
            raise invalid(f"{kind} is not a property type that can be created.")


def _option(raw: dict[str, Any]) -> dict[str, Any]:
    name = str(raw.get("name", ""))
    if "," in name:
        raise invalid(f"Invalid select option, commas not allowed: {name}")
    return {
        "id": raw.get("id") or str(uuid4()),
        "name": name,
        "color": raw.get("color") or random.choice(COLORS),  # noqa: S311
        "description": raw.get("description"),
    }


def _status(detail: dict[str, Any]) -> dict[str, Any]:
    """New options land in To-do; groups cannot be made through the API."""
    given = detail.get("options") or [
        {"name": "Not started"},
        {"name": "In progress"},
        {"name": "Done"},
    ]
    options = [_option(one) for one in given]
    usual = {"In progress": "In progress", "Done": "Complete"} if not detail.get("options") else {}
    groups = []
    for name, color in (("To-do", "gray"), ("In progress", "blue"), ("Complete", "green")):
        ids = [one["id"] for one in options if usual.get(one["name"], "To-do") == name]
        groups.append({"id": str(uuid4()), "name": name, "color": color, "option_ids": ids})
    return {"options": options, "groups": groups}


def _relation(detail: dict[str, Any], find: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    related = find(str(detail.get("data_source_id") or detail.get("database_id")))
    kind = detail.get("type") or (
        "dual_property" if "dual_property" in detail else "single_property"
    )
    return {
        "database_id": related["parent"]["database_id"],
        "data_source_id": related["id"],
        "type": kind,
        kind: detail.get(kind) or {},
    }


# values -------------------------------------------------------------------------------------------


class Values:
    """Reads property values of one data source. `page_exists` tells whether a related page is there."""

    def __init__(
        self,
        properties: dict[str, Any],
        *,
        page_exists: Callable[[str], bool],
        user: Callable[[str], dict[str, Any]],
    ) -> None:
        self._properties = properties
        self._page_exists = page_exists
        self._user = user

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        """Values by property name, as stored (without the empty ones). Unknown options are made."""
        made: dict[str, Any] = {}
        wrong: list[str] = []
        for name, raw in given.items():
            found = self._find(name)
            if found is None:
                raise invalid(f"{name} is not a property that exists.")
            kind = found["type"]
            if kind in READ_ONLY:
                raise invalid(
                    f"{found['name']} is a read-only property: {kind} values cannot be set."
                )
            if not isinstance(raw, dict) or kind not in raw:
                wrong.append(f"{found['name']} is expected to be {kind}.")
                continue
            made[found["name"]] = self._value(found, raw[kind])
        if wrong:
            raise invalid(" ".join(wrong))
        return made

    def _find(self, name: str) -> dict[str, Any] | None:
        if name in self._properties:
            found: dict[str, Any] = self._properties[name]
            return found
        return next(
            (one for one in self._properties.values() if one["id"] in {name, quote(name, safe="")}),
            None,
        )

    def _value(self, found: dict[str, Any], raw: Any) -> dict[str, Any]:
        kind, path = found["type"], f"body.properties.{found['name']}.{found['type']}"
        made = {"id": found["id"], "type": kind, kind: self._inner(found, kind, raw, path)}
        if kind == "relation":
            made["has_more"] = False
        return made

    def _inner(self, found: dict[str, Any], kind: str, raw: Any, path: str) -> Any:
        match kind:
            case "title" | "rich_text":
                return rich_text(raw, path)
            case "number":
                if raw is not None and (isinstance(raw, bool) or not isinstance(raw, int | float)):
                    raise failed(path, f"should be a number or `null`, instead was {shown(raw)}.")
                return raw
            case "checkbox":
                if not isinstance(raw, bool):
                    raise failed(path, f"should be a boolean, instead was {shown(raw)}.")
                return raw
            case "select" | "status":
                return None if raw is None else self._choice(found, raw, path)
            case "multi_select":
                return [self._choice(found, one, path) for one in _array(raw, path)]
            case "date":
                return None if raw is None else read_date(raw, path)
            case "url" | "email" | "phone_number":
                return _short(raw, LENGTHS[kind], path)
            case "relation":
                return [self._related(one, path) for one in _array(raw, path)]
            case "people":
                return [self._user(str(one.get("id"))) for one in _array(raw, path)]
            case _:
                return raw

    def _choice(self, found: dict[str, Any], raw: Any, path: str) -> dict[str, Any]:
        options = found[found["type"]]["options"]
        if not isinstance(raw, dict) or not (raw.get("name") or raw.get("id")):
            raise failed(f"{path}.name", f"should be defined, instead was {shown(raw)}.")
        for one in options:
            if (
                one["id"] == raw.get("id")
                or one["name"].casefold() == str(raw.get("name", "")).casefold()
            ):
                return {key: one[key] for key in ("id", "name", "color")}
        name = str(raw.get("name"))
        if found["type"] == "status":
            raise invalid(f'Status option "{name}" does not exist".')
        made = _option({"name": name})
        options.append(made)
        return {key: made[key] for key in ("id", "name", "color")}

    def _related(self, raw: Any, path: str) -> dict[str, Any]:
        identity = str(raw.get("id")) if isinstance(raw, dict) else ""
        if not self._page_exists(identity):
            raise Refused(404, "object_not_found", f"Could not find page with ID: {identity}.")
        return {"id": identity}


def _array(raw: Any, path: str) -> list[Any]:
    if not isinstance(raw, list):
        raise failed(path, f"should be an array, instead was {shown(raw)}.")
    if len(raw) > 100:
        raise failed(f"{path}.length", f"should be ≤ `100`, instead was `{len(raw)}`.")
    return raw


def _short(raw: Any, most: int, path: str) -> str | None:
    if raw is None:
        return None
    if not isinstance(raw, str) or raw == "":
        raise failed(path, f"should be a non-empty string or `null`, instead was {shown(raw)}.")
    check_length(raw, most, path)
    return raw


def read_date(raw: Any, path: str) -> dict[str, Any]:
    """Days stay days; times are cut to the minute and given back with an offset and no zone."""
    if not isinstance(raw, dict) or not raw.get("start"):
        raise failed(f"{path}.start", f"should be defined, instead was {shown(raw)}.")
    zone = raw.get("time_zone")
    start, end = _moment(raw["start"], zone, f"{path}.start"), None
    if raw.get("end"):
        end = _moment(raw["end"], zone, f"{path}.end")
        if (len(start) == 10) != (len(end) == 10):
            raise failed(f"{path}.end", "should be of the same kind as start.")
        if datetime.fromisoformat(end) < datetime.fromisoformat(start):
            raise failed(f"{path}.end", "should be at or after start.")
    return {"start": start, "end": end, "time_zone": None}


def _moment(text: Any, zone: Any, path: str) -> str:
    try:
        if len(text) == 10:
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise failed(
            path, f"should be a valid ISO 8601 date string, instead was {shown(text)}."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    return moment.replace(second=0, microsecond=0).isoformat(timespec="milliseconds")
