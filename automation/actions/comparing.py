"""Property values compared: what to ask Notion for, and what differs from what is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from automation.model.errors import StepFailed
from automation.model.values import Json
from automation.notion.dates import instant
from automation.notion.richtext import plain_text
from automation.notion.schema import Schema

EQUAL = frozenset(
    {
        "title",
        "rich_text",
        "number",
        "select",
        "status",
        "url",
        "email",
        "phone_number",
        "checkbox",
        "date",
    }
)


def equality(values: Mapping[str, Json], schema: Schema) -> Json:
    """The filter for pages whose properties equal these.

    https://developers.notion.com/reference/filter-data-source-entries
    """
    leaves = [_leaf(name, value, schema) for name, value in values.items()]
    return leaves[0] if len(leaves) == 1 else {"and": leaves}


def _leaf(name: str, value: Json, schema: Schema) -> Json:
    kind = schema.get(name).type
    if kind not in EQUAL:
        raise StepFailed(f"`match` cannot use `{name}`: it is a {kind}")
    inner = value[kind]
    match kind:
        case "title" | "rich_text":
            inner = plain_text(inner)
        case "select" | "status" if inner is not None:
            inner = inner["name"]
        case "date" if inner is not None:
            inner = inner["start"]
        case _:
            pass
    if inner in (None, ""):
        raise StepFailed(f"`match` needs a value for `{name}`, and there is none")
    return {"property": name, kind: {"equals": inner}}


def exactly(
    pages: Sequence[Mapping[str, Any]], values: Mapping[str, Json]
) -> list[Mapping[str, Any]]:
    """The pages that have these values to the letter: Notion compares texts without case."""
    return [page for page in pages if not differing(values, page["properties"])]


def differing(wanted: Mapping[str, Json], present: Mapping[str, Any]) -> dict[str, Json]:
    """The wanted values that the page does not have yet."""
    return {
        name: value
        for name, value in wanted.items()
        if _canonical(value) != _canonical(present.get(name))
    }


def _canonical(value: Any) -> Any:
    """A property value without what Notion adds when it reads it back."""
    if not isinstance(value, Mapping):
        return None
    kind = value.get("type") or next(iter(value))
    inner = value.get(kind)
    match kind:
        case "title" | "rich_text":
            return plain_text(inner or [])
        case "select" | "status":
            return inner["name"] if inner else None
        case "multi_select":
            return sorted(option["name"] for option in inner or [])
        case "relation" | "people":
            return sorted(item["id"] for item in inner or [])
        case "date":
            return (_minute(inner["start"]), _minute(inner.get("end"))) if inner else None
        case _:
            return inner


def _minute(text: str | None) -> Any:
    """A day as it is, a time as a moment: Notion may give it back in another zone."""
    return text if text is None or len(text) == 10 else instant(text)
