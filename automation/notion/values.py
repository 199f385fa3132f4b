"""Notion property values to plain ones: what `find` and later steps hand to templates."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from automation.notion.richtext import plain_text


def plain_value(value: Any) -> Any:
    """One property value as text, number, bool, date, list or nothing."""
    if not isinstance(value, Mapping) or "type" not in value:
        return None
    inner = value.get(value["type"])
    match value["type"]:
        case "title" | "rich_text":
            return plain_text(inner or [])
        case "select" | "status":
            return inner["name"] if inner else None
        case "multi_select":
            return [option["name"] for option in inner or []]
        case "date":
            return _date(inner)
        case "relation" | "people":
            return [item["id"] for item in inner or []]
        case "files":
            return [item.get("name", "") for item in inner or []]
        case "created_time" | "last_edited_time":
            return datetime.fromisoformat(inner) if inner else None
        case "created_by" | "last_edited_by":
            return inner.get("id") if inner else None
        case "unique_id":
            return _unique_id(inner)
        case "formula":
            return plain_value(inner)
        case "rollup":
            return _rollup(inner)
        case _:
            return inner


def _date(inner: Any) -> Any:
    if not inner:
        return None
    start, end = _moment(inner["start"]), _moment(inner.get("end"))
    return start if end is None else {"start": start, "end": end}


def _moment(text: Any) -> Any:
    if not text:
        return None
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def _unique_id(inner: Any) -> Any:
    if not inner:
        return None
    prefix = inner.get("prefix")
    return f"{prefix}-{inner['number']}" if prefix else inner["number"]


def _rollup(inner: Any) -> Any:
    if inner and inner.get("type") == "array":
        return [plain_value(item) for item in inner["array"]]
    return plain_value(inner)


def title_of(page: Mapping[str, Any]) -> str:
    """A page's title."""
    for value in page.get("properties", {}).values():
        if isinstance(value, Mapping) and value.get("type") == "title":
            return plain_text(value.get("title") or [])
    return ""


def as_read(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they are sent, in the form in which they are read: with their type beside them."""
    return {name: {"type": next(iter(value)), **value} for name, value in properties.items()}


def plain_page(page: Mapping[str, Any]) -> dict[str, Any]:
    """A page as rules read it: properties by name; the page's own words win."""
    properties = {name: plain_value(value) for name, value in page.get("properties", {}).items()}
    return {
        **properties,
        "properties": properties,
        "id": page["id"],
        "url": page.get("url", ""),
        "title": title_of(page),
        "created_time": _moment(page.get("created_time")),
        "last_edited_time": _moment(page.get("last_edited_time")),
    }
