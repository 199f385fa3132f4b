"""What stands in Notion, read through the API: rows and blocks as lines of text."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from automation.model.request import Notion
from automation.notion import wire
from automation.notion.richtext import plain_text
from automation.notion.values import plain_value, title_of
from automation.outbound.client import NotionClient

MARKS = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "to_do": "[ ] ",
    "quote": "> ",
    "callout": "> ",
    "divider": "---",
}
HIDDEN = frozenset({"Automation key", "Meeting UUID"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: where it is, its title, its properties and blocks as lines."""

    where: str
    title: str
    lines: Sequence[str]


async def read_pages(client: NotionClient, facts: dict[str, Any]) -> list[Page]:
    """Every row of the named data sources, and every named page that has blocks."""
    found: list[Page] = []
    for name, identity in facts["data_sources"].items():
        rows = await _ask(client, wire.query(identity))
        for row in rows["results"]:
            lines = _properties(row) + await _blocks(client, row["id"])
            found.append(Page(where=name, title=title_of(row), lines=lines))
    for name, identity in facts["pages"].items():
        lines = await _blocks(client, identity)
        if lines:
            found.append(Page(where="page", title=name, lines=lines))
    return found


async def _ask(client: NotionClient, request: Notion) -> Any:
    answer = await client.send(request)
    return json.loads(answer.body)


def _properties(row: dict[str, Any]) -> list[str]:
    lines = []
    for name, value in row["properties"].items():
        plain = plain_value(value)
        if value["type"] != "title" and name not in HIDDEN and plain not in (None, "", [], False):
            lines.append(f"{name}: {_shown(plain)}")
    return lines


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " to ".join(str(one) for one in value.values())
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


async def _blocks(client: NotionClient, identity: str) -> list[str]:
    answer = await _ask(client, wire.list_children(identity))
    return [line for one in answer["results"] if (line := _line(one))]


def _line(one: dict[str, Any]) -> str:
    detail = one[one["type"]]
    text = plain_text(detail.get("rich_text", [])) if isinstance(detail, dict) else ""
    mark = MARKS.get(one["type"], "")
    if one["type"] == "to_do" and detail.get("checked"):
        mark = "[x] "
    return (mark + text).rstrip()
