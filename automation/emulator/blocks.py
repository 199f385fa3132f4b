"""Blocks: one table of kinds. What a kind may have, how deep it may nest, what is given back.

A request may nest two levels below its first; columns do not count as a level. At the deepest
level `children` must be absent (an empty list is let through, as Notion does).
https://developers.notion.com/reference/block
https://developers.notion.com/reference/patch-block-children
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from automation.emulator import icons, richtext
from automation.emulator.errors import content_failed, failed, not_emulated
from automation.emulator.languages import LANGUAGES
from automation.emulator.richtext import COLOR, RICH_TEXT, Names
from automation.emulator.shapes import (
    EMPTY,
    Absent,
    Also,
    Check,
    Checks,
    anything,
    array,
    boolean,
    keyed,
    kind_of,
    line,
    literal,
    nullable,
    number,
    table,
    text,
    uuid,
    wrong,
)

Object = dict[str, Any]

MAX_BLOCKS = 1000
DEEPEST = 2
DEFAULT_CALLOUT_ICON = {"type": "emoji", "emoji": "💡"}
META = ("object", "id", "has_children", "in_trash")
"""Keys beside the kind's own that Notion lets through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of block. `nests`: "" for none, else what its children are.

    `order` are the keys of its detail as given back; those without a default stand only if given.
    """

    required: Checks = field(default_factory=dict)
    optional: Checks = field(default_factory=dict)
    nests: str = ""
    least: int = 0
    order: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    deepest: int = DEEPEST
    """The deepest level it may stand on in a request."""


RICH = {"rich_text": RICH_TEXT}
LOOK = {"color": COLOR}
PLAIN = {"color": "default"}
CAPTION = {"caption": RICH_TEXT}


def _textual(nests: str = "blocks", **extra: Check) -> Kind:
    return Kind(
        required=RICH,
        optional={**LOOK, **extra},
        nests=nests,
        order=("rich_text", *extra, "color"),
        defaults=PLAIN,
    )


_HEADING = Kind(
    required=RICH,
    optional={**LOOK, "is_toggleable": boolean},
    nests="blocks",
    order=("rich_text", "is_toggleable", "color"),
    defaults={"is_toggleable": False, **PLAIN},
)
_ADDRESS = Kind(
    required={"url": text(0, icons.MAX_URL)},
    optional=CAPTION,
    order=("caption", "url"),
    defaults={"caption": []},
)
_MEDIA = Kind(order=("caption", "type", "external", "file"), defaults={"caption": []})
_EMPTY = Kind()

KINDS: Mapping[str, Kind] = {
    "embed": _ADDRESS,
    "bookmark": _ADDRESS,
    "image": _MEDIA,
    "video": _MEDIA,
    "pdf": _MEDIA,
    "file": Kind(order=("caption", "type", "external", "file", "name"), defaults={"caption": []}),
    "audio": _MEDIA,
    "code": Kind(
        required={**RICH, "language": literal(*LANGUAGES)},
        optional=CAPTION,
        order=("caption", "rich_text", "language"),
        defaults={"caption": []},
    ),
    "equation": Kind(required={"expression": text(0, 1000)}, order=("expression",)),
    "divider": _EMPTY,
    "breadcrumb": _EMPTY,
    "tab": Kind(required={}, nests="blocks"),
    "table_of_contents": Kind(optional=LOOK, order=("color",), defaults=PLAIN),
    "link_to_page": Kind(order=("type", "page_id", "database_id", "comment_id")),
    "table_row": Kind(required={"cells": array(RICH_TEXT)}, order=("cells",)),
    "table": Kind(
        required={"table_width": number(1)},
        optional={"has_column_header": boolean, "has_row_header": boolean},
        nests="table_row",
        least=1,
        order=("table_width", "has_column_header", "has_row_header"),
        defaults={"has_column_header": False, "has_row_header": False},
        deepest=1,
    ),
    "column_list": Kind(nests="column", least=2, deepest=0),
    "column": Kind(
        optional={"width_ratio": number(0, 1)}, nests="blocks", order=("width_ratio",), deepest=0
    ),
    "heading_1": _HEADING,
    "heading_2": _HEADING,
    "heading_3": _HEADING,
    "heading_4": _HEADING,
    "paragraph": Kind(
        required=RICH,
        optional={**LOOK, "icon": nullable(icons.ICON)},
        nests="blocks",
        order=("rich_text", "icon", "color"),
        defaults={"icon": None, **PLAIN},
    ),
    "bulleted_list_item": _textual(),
    "numbered_list_item": Kind(
        required=RICH,
        optional={
            **LOOK,
            "list_start_index": number(1),
            "list_format": literal("numbers", "letters", "roman"),
        },
        nests="blocks",
        order=("rich_text", "list_start_index", "list_format", "color"),
        defaults=PLAIN,
    ),
    "quote": _textual(),
    "to_do": Kind(
        required=RICH,
        optional={**LOOK, "checked": boolean},
        nests="blocks",
        order=("rich_text", "checked", "color"),
        defaults={"checked": False, **PLAIN},
    ),
    "toggle": _textual(),
    "template": Kind(required=RICH, nests="blocks", order=("rich_text",)),
    "callout": Kind(
        required=RICH,
        optional={**LOOK, "icon": icons.ICON},
        nests="blocks",
        order=("rich_text", "icon", "color"),
        defaults={"icon": DEFAULT_CALLOUT_ICON, **PLAIN},
    ),
    "synced_block": Kind(
        required={
            "synced_from": nullable(table({"block_id": uuid}, {"type": literal("block_id")}))
        },
        nests="blocks",
        order=("synced_from",),
    ),
}
_LINKS = keyed({"page_id": uuid, "database_id": uuid, "comment_id": uuid})
_FILES: Mapping[str, Checks] = {
    "image": CAPTION,
    "video": CAPTION,
    "pdf": CAPTION,
    "audio": CAPTION,
    "file": {**CAPTION, "name": text(1, icons.MAX_FILE_NAME)},
}
"""What a block of a file may have beside the file."""


# checks -------------------------------------------------------------------------------------------


def check(children: Any, path: str) -> None:
    """Refuse the children of a request that Notion would refuse."""
    problems = level(children, path, 0)
    if problems:
        raise failed(problems)
    count = sum(_size(one) for one in children)
    if count > MAX_BLOCKS:
        raise failed([line(f"{path} with all that is nested", f"≤ `{MAX_BLOCKS}` blocks", count)])


def _size(one: Object) -> int:
    kind = kind_of(one, _AS_CHECKS)
    nested = one[kind].get("children") if kind and isinstance(one[kind], dict) else None
    return 1 + sum(_size(child) for child in nested or ())


def level(children: Any, path: str, depth: int, also: Also = ()) -> list[str]:
    """The lines of what is wrong on one level and below."""
    return array(lambda one, where, _: _block(one, where, depth))(children, path, also)


def _block(one: Any, path: str, depth: int) -> list[str]:
    if not isinstance(one, dict):
        return wrong(path, "an object", (), one)
    kind = kind_of(one, _AS_CHECKS)
    if kind is None or KINDS[kind].deepest < depth:
        fitting = [name for name, known in KINDS.items() if known.deepest >= depth]
        return [line(f"{path}.{name}", "defined", Absent.ABSENT) for name in fitting]
    for key, given in one.items():
        if key not in (kind, "type", *META):
            return [line(f"{path}.{key}", "not present", given)]
    if one.get("object", "block") != "block":
        return [line(f"{path}.object", '`"block"` or `undefined`', one["object"])]
    return detail_check(kind, depth)(one[kind], f"{path}.{kind}", ())


def detail_check(kind: str, depth: int, *, update: bool = False) -> Check:
    """The check of what stands under a block's kind. An update may leave out what stays."""
    if kind == "link_to_page":
        return _LINKS
    known = KINDS[kind]
    if kind in _FILES:
        beside = {**_FILES[kind], "type": literal(*icons.MEDIA)}
        return table({}, {**icons.MEDIA, **beside}) if update else keyed(icons.MEDIA, _FILES[kind])
    if update:
        return table({}, {**known.required, **known.optional})
    required, optional = dict(known.required), dict(known.optional)
    nested = _nested_check(known, depth)
    (required if known.nests and known.least else optional)["children"] = nested
    if kind == "column":
        required["children"] = optional.pop("children")
    return table(required, optional)


def _nested_check(known: Kind, depth: int) -> Check:
    inside = depth if known.nests == "column" else depth + 1

    def nested(value: Any, path: str, also: Also = ()) -> list[str]:
        if value == [] and not known.least:
            return []
        if not known.nests or (known.nests != "table_row" and inside > DEEPEST):
            return [line(path, "not present", value)]
        if isinstance(value, list) and len(value) < known.least:
            return [line(f"{path}.length", f"≥ `{known.least}`", len(value))]
        if known.nests in KINDS:
            return _only(known.nests, value, path, inside)
        return level(value, path, inside, also)

    return nested


def _only(kind: str, value: Any, path: str, depth: int) -> list[str]:
    """Children of one kind: rows of a table, columns of a column list."""

    def one(given: Any, where: str, _: Also) -> list[str]:
        outer = table({kind: detail_check(kind, depth)}, dict.fromkeys(("type", *META), anything))
        return outer(given, where, ())

    return array(one)(value, path, ())


_AS_CHECKS: Checks = dict.fromkeys(KINDS, EMPTY)


# as given back ------------------------------------------------------------------------------------


def stored(kind: str, detail: Object, names: Names) -> Object:
    """The block's detail, already checked, as Notion gives it back; without its children."""
    known = KINDS[kind]
    given = _completed(kind, detail)
    made: Object = {}
    for key in known.order:
        if key in given:
            made[key] = _part(key, given[key], names)
        elif key in known.defaults:
            made[key] = known.defaults[key]
    return made


def updated(kind: str, before: Object, given: Object, names: Names) -> Object:
    """The detail with what an update, already checked, gives; in the order of the kind's keys."""
    known = KINDS[kind]
    sources = {"external", "file_upload"} & given.keys()
    completed = _completed(kind, given) if sources or kind == "link_to_page" else given
    kept = {} if kind == "link_to_page" else before
    new = {key: _part(key, completed[key], names) for key in known.order if key in completed}
    return {key: new.get(key, kept.get(key)) for key in known.order if key in {*new, *kept}}


def _completed(kind: str, detail: Object) -> Object:
    """What Notion adds by itself."""
    if kind in _FILES:
        if "file_upload" in detail:
            raise not_emulated("file uploads")
        url = detail["external"]["url"]
        icons.check_url(url, f"Invalid {kind} url.")
        name = unquote(urlsplit(url).path.rpartition("/")[2]) or "file"
        return {"name": name, **detail, "type": "external"}
    if kind == "link_to_page":
        target = next(one for one in ("page_id", "database_id", "comment_id") if one in detail)
        return {**detail, "type": target}
    if kind == "synced_block" and detail["synced_from"]:
        return {"synced_from": {"type": "block_id", "block_id": detail["synced_from"]["block_id"]}}
    return detail


def _part(key: str, value: Any, names: Names) -> Any:
    match key:
        case "rich_text" | "caption":
            return richtext.stored(value, names)
        case "cells":
            return [richtext.stored(cell, names) for cell in value]
        case "icon":
            return icons.stored(value)
        case _:
            return value


def check_rows(width: int, rows: list[Object]) -> None:
    """Every row of a table has as many cells as the table is wide."""
    if any(len(row["table_row"]["cells"]) != width for row in rows):
        raise content_failed(
            "Number of cells in table row must match the table width of the parent table"
        )
