"""An independent judge of what may be sent: Notion's limits, written down once more.

It knows nothing of the code it judges and nothing of the emulator.
https://developers.notion.com/reference/request-limits
https://developers.notion.com/reference/patch-block-children
"""

import json
from collections.abc import Iterator
from typing import Any

LEAVES = {"code", "divider", "image", "table_row"}
WITH_TEXT = {
    "paragraph", "heading_1", "heading_2", "heading_3", "bulleted_list_item",
    "numbered_list_item", "to_do", "quote", "callout", "code",
}  # fmt: skip
KNOWN = LEAVES | WITH_TEXT | {"table"}


def sent(body: Any) -> bytes:
    """JSON, compact, in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def problems(body: Any) -> list[str]:
    """What Notion would have against a request's body."""
    found = [] if len(sent(body)) <= 500_000 else ["more than 500 KB"]
    children = body.get("children", [])
    if sum(1 for _ in every(children)) > 1000:
        found.append("more than 1,000 blocks")
    return found + list(_level(children, 0))


def every(blocks: Any) -> Iterator[Any]:
    """The blocks and all that are nested in them."""
    for one in blocks:
        yield one
        yield from every(one[one["type"]].get("children", []))


def _level(blocks: Any, depth: int) -> Iterator[str]:
    if len(blocks) > 100:
        yield f"{len(blocks)} blocks in an array"
    for one in blocks:
        kind = one.get("type")
        if set(one) != {"object", "type", kind} or one["object"] != "block" or kind not in KNOWN:
            yield f"no block: {sorted(one)}"
            continue
        yield from _block(kind, one[kind], depth)


def _block(kind: str, detail: Any, depth: int) -> Iterator[str]:
    texts = [detail[key] for key in ("rich_text", "caption") if key in detail]
    for array in texts + detail.get("cells", []):
        yield from _rich_text(array)
    if (kind in WITH_TEXT) != ("rich_text" in detail):
        yield f"{kind} and its text"
    nested = detail.get("children")
    if kind == "table":
        if depth > 1 or not nested:
            yield "a table too deep, or without rows"
        if any(len(row["table_row"]["cells"]) != detail["table_width"] for row in nested or ()):
            yield "rows of other widths than the table"
    if nested is None:
        return
    if kind in LEAVES or (depth == 2 and kind != "table"):
        yield f"{kind} with children at depth {depth}"
    yield from _level(nested, depth + 1)


def _rich_text(array: Any) -> Iterator[str]:
    if len(array) > 100:
        yield f"{len(array)} pieces in an array"
    for piece in array:
        content = piece["text"]["content"]
        if len(content.encode("utf-16-le", "surrogatepass")) // 2 > 2000:
            yield "a piece of more than 2,000 units"
        if any("\ud800" <= ch <= "\udfff" for ch in content):
            yield "half a surrogate pair"
        link = piece["text"].get("link")
        if link is not None and not link["url"].startswith(
            ("http://", "https://", "mailto:", "HTTP")
        ):
            yield f"a link to {link['url'][:40]}"
        if link is not None and len(link["url"]) > 2000:
            yield "a long link"


def words(blocks: Any) -> str:
    """All the text of blocks, in order, depth first."""
    return "\n".join(text(one) for one in every(blocks))


def text(one: Any) -> str:
    """The text of one block alone."""
    detail = one[one["type"]]
    arrays = [detail[key] for key in ("rich_text", "caption") if key in detail]
    arrays += detail.get("cells", [])
    return "\n".join("".join(piece["text"]["content"] for piece in array) for array in arrays)
