"""Markdown to Notion blocks, by markdown-it-py's CommonMark tokens.

What a rule's author writes makes structure; what was escaped never does: a to-do's box and a
callout's sign count only as they stand in the source. Nothing is left out: what has no block of
its own goes in as text.
https://developers.notion.com/reference/block
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from automation.model.errors import StepFailed
from automation.model.values import Json
from automation.notion.blocks import block, height, parts, text_blocks
from automation.notion.languages import language
from automation.notion.richtext import Run, rich_text, web_link
from automation.notion.tables import table

MAX_NESTING = 100
"""Levels of lists and quotes in a body."""

DEEPEST_HEADING = 3
"""`heading_4` is younger than the API version we speak."""

TOO_DEEP = f"the body nests lists or quotes deeper than {MAX_NESTING} levels"
_PARSER = MarkdownIt("commonmark", {"html": False, "maxNesting": 10_000}).enable(
    ["table", "strikethrough"]
)
_CHECKBOX = re.compile(r"\[([ xX])\](?:[ \t]+|$)")
_CALLOUT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.IGNORECASE)
CALLOUT_ICONS = {"NOTE": "ℹ️", "TIP": "💡", "IMPORTANT": "❗", "WARNING": "⚠️", "CAUTION": "🛑"}  # noqa: RUF001
MARKS = {"strong": "bold", "em": "italic", "s": "strikethrough"}


def to_blocks(text: str) -> list[Json]:
    """The blocks of a Markdown text, nested as deep as it is; `blocks.append_all` sends them.

    Raises StepFailed for what is nested deeper than anybody reads.
    """
    try:
        tokens: Sequence[Token] = _PARSER.parse(text)
        made = list(_blocks(SyntaxTreeNode(tokens).children))
        if max(map(height, made), default=0) <= MAX_NESTING:
            return made
    except RecursionError as error:
        raise StepFailed(TOO_DEEP) from error
    raise StepFailed(TOO_DEEP)


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Json]:
    for node in nodes:
        yield from _block(node)


def _block(node: SyntaxTreeNode) -> Iterator[Json]:
    match node.type:
        case "heading":
            level = min(int(node.tag[1]), DEEPEST_HEADING)
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
            rows = [row for part in node.children for row in part.children]
            yield from table([[_runs_of(cell) for cell in row.children] for row in rows])
        case _:
            yield from text_blocks("paragraph", [Run(text=node.content)] if node.content else [])


def _paragraph(node: SyntaxTreeNode) -> Iterator[Json]:
    """A paragraph; one that is only an image is an image block, its words the caption."""
    inline = node.children[0].children if node.children else []
    url = _image_url(inline[0]) if len(inline) == 1 else None
    if url is None:
        yield from text_blocks("paragraph", _runs_of(node))
        return
    caption, *rest = parts(rich_text([Run(text=_alt(inline[0]))])) or [[]]
    yield block("image", {"type": "external", "external": {"url": url}, "caption": caption})
    for more in rest:
        yield block("paragraph", {"rich_text": more})


def _image_url(node: SyntaxTreeNode) -> str | None:
    return web_link(str(node.attrs.get("src", ""))) if node.type == "image" else None


def _item(node: SyntaxTreeNode, *, numbered: bool) -> Iterator[Json]:
    """A list item: its first paragraph is its text, the rest its children."""
    runs, source, below = _headed(node)
    kind = "numbered_list_item" if numbered else "bulleted_list_item"
    extra: dict[str, Json] = {}
    box = _marker(_CHECKBOX, runs, source)
    if box:
        kind, extra = "to_do", {"checked": box[1] != " "}
        runs = _without_start(runs, box.end())
    yield from text_blocks(kind, runs, children=list(_blocks(below)), **extra)


def _headed(node: SyntaxTreeNode) -> tuple[list[Run], str, Sequence[SyntaxTreeNode]]:
    """The text of the first paragraph, its source, and what comes below it."""
    first = node.children[0] if node.children else None
    if first is None or first.type != "paragraph" or not first.children:
        return [], "", node.children
    return _runs_of(first), first.children[0].content, node.children[1:]


def _marker(form: re.Pattern[str], runs: Sequence[Run], source: str) -> re.Match[str] | None:
    """A sign at the start of the text that also stands so in the source: not escaped, no link."""
    if not runs or runs[0].link or runs[0].marks or not form.match(source):
        return None
    return form.match(runs[0].text)


def _quote(node: SyntaxTreeNode) -> Iterator[Json]:
    runs, source, rest = _headed(node)
    callout = _marker(_CALLOUT, runs, source)
    if callout is None:
        yield from text_blocks("quote", runs, children=list(_blocks(rest)))
        return
    icon = {"type": "emoji", "emoji": CALLOUT_ICONS[callout[1].upper()]}
    runs = _without_start(runs, callout.end())
    yield from text_blocks("callout", runs, children=list(_blocks(rest)), icon=icon)


def _without_start(runs: list[Run], count: int) -> list[Run]:
    first = runs[0]
    rest = Run(text=first.text[count:], link=first.link, marks=first.marks)
    return [rest, *runs[1:]] if rest.text else runs[1:]


# inline -------------------------------------------------------------------------------------------


def _runs_of(node: SyntaxTreeNode) -> list[Run]:
    return _merged(run for child in node.children for run in _inline(child, frozenset(), None))


def _inline(node: SyntaxTreeNode, marks: frozenset[str], link: str | None) -> Iterator[Run]:
    match node.type:
        case "softbreak":
            yield Run(text=" ", link=link, marks=marks)
        case "hardbreak":
            yield Run(text="\n", link=link, marks=marks)
        case "code_inline":
            yield Run(text=node.content, link=link, marks=marks | {"code"})
        case "image":
            yield Run(text=_alt(node) or _source(node), link=link or _source(node), marks=marks)
        case "link":
            yield from _link(node, marks)
        case _ if node.children:
            more = marks | {MARKS[node.type]} if node.type in MARKS else marks
            for child in node.children:
                yield from _inline(child, more, link)
        case _:
            yield Run(text=node.content, link=link, marks=marks)


def _link(node: SyntaxTreeNode, marks: frozenset[str]) -> Iterator[Run]:
    """A link; one without words shows its address."""
    href = str(node.attrs.get("href", ""))
    runs = [run for child in node.children for run in _inline(child, marks, href)]
    yield from runs if any(run.text for run in runs) else [Run(text=href, link=href, marks=marks)]


def _source(node: SyntaxTreeNode) -> str:
    return str(node.attrs.get("src", ""))


def _alt(node: SyntaxTreeNode) -> str:
    """What an image is described as, without its signs."""
    return "".join(run.text for run in _runs_of(node)) if node.children else node.content


def _merged(runs: Iterator[Run]) -> list[Run]:
    """Neighbours of one look are one run."""
    made: list[Run] = []
    for run in runs:
        if made and (made[-1].link, made[-1].marks) == (run.link, run.marks):
            made[-1] = Run(text=made[-1].text + run.text, link=run.link, marks=run.marks)
        elif run.text:
            made.append(run)
    return made
