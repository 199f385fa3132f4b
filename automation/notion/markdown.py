"""Markdown to Notion blocks, by markdown-it-py's CommonMark tokens.

https://developers.notion.com/reference/block
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from automation.model.values import Json
from automation.notion.blocks import block, text_blocks
from automation.notion.languages import language
from automation.notion.richtext import Run, rich_text, safe_link

_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_CHECKBOX = re.compile(r"\[([ xX])\] +")
_CALLOUT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*")
CALLOUT_ICONS = {"NOTE": "ℹ️", "TIP": "💡", "IMPORTANT": "❗", "WARNING": "⚠️", "CAUTION": "🛑"}  # noqa: RUF001
MARKS = {"strong": "bold", "em": "italic", "s": "strikethrough"}


def to_blocks(text: str) -> list[Json]:
    """The blocks of a Markdown text, nested as deep as it is; see `blocks.plan` for sending them."""
    tokens: Sequence[Token] = _PARSER.parse(text)
    return list(_blocks(SyntaxTreeNode(tokens).children))


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Json]:
    for node in nodes:
        yield from _block(node)


def _block(node: SyntaxTreeNode) -> Iterator[Json]:
    match node.type:
        case "heading":
            level = min(int(node.tag[1]), 3)
            yield from text_blocks(f"heading_{level}", _runs_of(node))
        case "paragraph":
            yield from _paragraph(node)
        case "bullet_list" | "ordered_list":
            for item in node.children:
                yield from _item(item, numbered=node.type == "ordered_list")
        case "blockquote":
            yield from _quote(node)
        case "fence" | "code_block":
            runs = [Run(text=node.content.removesuffix("\n"))]
            yield from text_blocks("code", runs, language=language(node.info))
        case "hr":
            yield block("divider", {})
        case "table":
            yield _table(node)
        case _:
            runs = [Run(text=node.content)] if node.content else []
            yield from text_blocks("paragraph", runs)


def _paragraph(node: SyntaxTreeNode) -> Iterator[Json]:
    """A paragraph; one that is only an image is an image block."""
    inline = node.children[0] if node.children else None
    if inline is not None and len(inline.children) == 1 and inline.children[0].type == "image":
        url = safe_link(str(inline.children[0].attrs.get("src", "")))
        if url and not url.startswith("mailto:"):
            caption = rich_text([Run(text=inline.children[0].content)])
            yield block("image", {"type": "external", "external": {"url": url}, "caption": caption})
            return
    yield from text_blocks("paragraph", _runs_of(node))


def _item(node: SyntaxTreeNode, *, numbered: bool) -> Iterator[Json]:
    """A list item: its first paragraph is its text, the rest its children."""
    runs, below = _headed(node)
    kind = "numbered_list_item" if numbered else "bulleted_list_item"
    extra: dict[str, Json] = {}
    checkbox = _CHECKBOX.match(runs[0].text) if runs else None
    if checkbox:
        kind, extra = "to_do", {"checked": checkbox[1] != " "}
        runs = _without_start(runs, checkbox.end())
    yield from text_blocks(kind, runs, children=list(_blocks(below)), **extra)


def _headed(node: SyntaxTreeNode) -> tuple[list[Run], Sequence[SyntaxTreeNode]]:
    """The text of the first paragraph, and what comes below it."""
    if node.children and node.children[0].type == "paragraph":
        return _runs_of(node.children[0]), node.children[1:]
    return [], node.children


def _quote(node: SyntaxTreeNode) -> Iterator[Json]:
    runs, rest = _headed(node)
    callout = _CALLOUT.match(runs[0].text) if runs else None
    if callout is None:
        yield from text_blocks("quote", runs, children=list(_blocks(rest)))
        return
    icon = {"type": "emoji", "emoji": CALLOUT_ICONS[callout[1]]}
    runs = _without_start(runs, callout.end())
    yield from text_blocks("callout", runs, children=list(_blocks(rest)), icon=icon)


def _without_start(runs: list[Run], count: int) -> list[Run]:
    first = runs[0]
    rest = Run(text=first.text[count:].lstrip("\n"), link=first.link, marks=first.marks)
    return [rest, *runs[1:]] if rest.text else runs[1:]


def _table(node: SyntaxTreeNode) -> Json:
    rows = [row for part in node.children for row in part.children]
    width = max(len(row.children) for row in rows)
    made = []
    for row in rows:
        cells: list[Any] = [rich_text(_runs_of(cell)) for cell in row.children]
        made.append(block("table_row", {"cells": cells + [[]] * (width - len(cells))}))
    return block("table", {"table_width": width, "has_column_header": True, "children": made})


# inline -------------------------------------------------------------------------------------------


def _runs_of(node: SyntaxTreeNode) -> list[Run]:
    return _merged(run for child in node.children for run in _inline(child, frozenset(), None))


def _inline(node: SyntaxTreeNode, marks: frozenset[str], link: str | None) -> Iterator[Run]:
    match node.type:
        case "text" | "html_inline" | "text_special":
            yield Run(text=node.content, link=link, marks=marks)
        case "softbreak":
            yield Run(text=" ", link=link, marks=marks)
        case "hardbreak":
            yield Run(text="\n", link=link, marks=marks)
        case "code_inline":
            yield Run(text=node.content, link=link, marks=marks | {"code"})
        case "image":
            yield Run(text=node.content, link=str(node.attrs.get("src", "")), marks=marks)
        case "link":
            link = str(node.attrs.get("href", ""))
            for child in node.children:
                yield from _inline(child, marks, link)
        case _:
            more = marks | {MARKS[node.type]} if node.type in MARKS else marks
            for child in node.children:
                yield from _inline(child, more, link)


def _merged(runs: Iterator[Run]) -> list[Run]:
    """Neighbours of one look are one run."""
    made: list[Run] = []
    for run in runs:
        if made and (made[-1].link, made[-1].marks) == (run.link, run.marks):
            made[-1] = Run(text=made[-1].text + run.text, link=run.link, marks=run.marks)
        elif run.text:
            made.append(run)
    return made
