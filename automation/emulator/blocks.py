"""Blocks: checked against the limits, stored one by one, given back one level at a time.

https://developers.notion.com/reference/block
"""

from typing import Any

from automation.emulator.errors import failed, invalid, shown
from automation.emulator.richtext import check_length, rich_text

TEXTUAL = frozenset(
    {
        "paragraph", "heading_1", "heading_2", "heading_3", "heading_4", "bulleted_list_item",
        "numbered_list_item", "to_do", "toggle", "quote", "callout", "code", "template",
    }
)  # fmt: skip
NESTING = frozenset(
    {
        "paragraph", "heading_1", "heading_2", "heading_3", "heading_4", "bulleted_list_item",
        "numbered_list_item", "to_do", "toggle", "quote", "callout", "table", "column_list", "column",
        "synced_block", "tab", "template",
    }
)  # fmt: skip
MEDIA = frozenset({"image", "video", "pdf", "audio", "file"})
OTHER = frozenset(
    {
        "divider", "breadcrumb", "table_of_contents", "equation", "bookmark", "embed", "table",
        "table_row", "column_list", "column", "synced_block", "link_to_page", "tab",
    }
)  # fmt: skip
KINDS = TEXTUAL | MEDIA | OTHER
MAX_CHILDREN = 100
MAX_DEPTH = 2
MAX_BLOCKS = 1000
META = frozenset({"object", "id", "type", "has_children", "in_trash"})


def check(children: Any, path: str = "body.children") -> None:
    """Refuse what a request may not have. `check` reads only; `stored` makes the detail."""
    count = _check_level(children, path, 1)
    if count > MAX_BLOCKS:
        raise failed(
            "body.children", f"should contain ≤ `{MAX_BLOCKS}` blocks, instead was `{count}`."
        )


def _check_level(children: Any, path: str, depth: int) -> int:
    if not isinstance(children, list):
        raise failed(path, f"should be an array, instead was {shown(children)}.")
    if len(children) > MAX_CHILDREN:
        raise failed(
            f"{path}.length", f"should be ≤ `{MAX_CHILDREN}`, instead was `{len(children)}`."
        )
    return sum(_check_block(one, f"{path}[{index}]", depth) for index, one in enumerate(children))


def _check_block(one: Any, path: str, depth: int) -> int:
    kind = kind_of(one, path)
    detail = one[kind]
    nested = detail.get("children") if isinstance(detail, dict) else None
    _check_special(kind, detail, nested, f"{path}.{kind}")
    if not nested:
        return 1
    inner = f"{path}.{kind}.children"
    if kind not in NESTING:
        raise failed(inner, f"should be not present, instead was {shown(nested)}.")
    deeper = 0 if kind in {"column_list", "table"} else 1
    if depth + deeper > MAX_DEPTH:
        raise failed(inner, f"should be not present, instead was {shown(nested)}.")
    return 1 + _check_level(nested, inner, depth + deeper)


def kind_of(one: Any, path: str) -> str:
    """The block's type."""
    if not isinstance(one, dict):
        raise failed(path, f"should be an object, instead was {shown(one)}.")
    kind = one.get("type") or next((key for key in one if key in KINDS), None)
    if kind not in KINDS or kind not in one:
        raise failed(f"{path}.paragraph", f"should be defined, instead was {shown(None)}.")
    extra = [key for key in one if key not in META | {kind}]
    if extra:
        raise failed(
            f"{path}.{extra[0]}", f"should be not present, instead was {shown(one[extra[0]])}."
        )
    return str(kind)


def _check_special(kind: str, detail: Any, nested: Any, path: str) -> None:
    if not isinstance(detail, dict):
        raise failed(path, f"should be an object, instead was {shown(detail)}.")
    if kind == "table":
        width = detail.get("table_width")
        if not nested:
            raise failed(f"{path}.children", f"should be defined, instead was {shown(nested)}.")
        for row in nested:
            if len(row.get("table_row", {}).get("cells", [])) != width:
                raise invalid(
                    "Content creation Failed. Number of cells in table row must match the table width of the parent table"
                )
    if kind == "column_list" and len(nested or []) < 2:
        raise failed(
            f"{path}.children.length", f"should be ≥ `2`, instead was `{len(nested or [])}`."
        )
    if kind == "code" and not detail.get("language"):
        raise failed(f"{path}.language", f"should be defined, instead was {shown(None)}.")
    if kind in {"bookmark", "embed"}:
        check_length(str(detail.get("url", "")), 2000, f"{path}.url")


def stored(kind: str, detail: dict[str, Any], path: str) -> dict[str, Any]:
    """The block's detail as Notion gives it back, without its children."""
    made = {key: value for key, value in detail.items() if key != "children"}
    if kind in TEXTUAL:
        made = {**made, "rich_text": rich_text(detail.get("rich_text", []), f"{path}.rich_text")}
        made.setdefault("color", "default") if kind != "code" else None
        if kind.startswith("heading_"):
            made.setdefault("is_toggleable", False)
    if kind == "to_do":
        made.setdefault("checked", False)
    if kind == "code" or kind in MEDIA:
        made["caption"] = rich_text(detail.get("caption", []), f"{path}.caption")
    if kind in MEDIA:
        made.setdefault("type", "external" if "external" in detail else "file_upload")
    if kind == "table":
        made.setdefault("has_column_header", False)
        made.setdefault("has_row_header", False)
    if kind == "table_row":
        made["cells"] = [
            rich_text(cell, f"{path}.cells[{index}]") for index, cell in enumerate(detail["cells"])
        ]
    return made
