"""Rich text within Notion's limits: at most 2,000 UTF-16 units a piece, 100 pieces an array.

The length is that of a JavaScript string: an emoji counts two. A piece never ends inside one.
https://developers.notion.com/reference/rich-text
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from automation.model.errors import StepFailed
from automation.model.values import Json
from automation.notion.wire import MAX_ARRAY, MAX_TEXT_UNITS, MAX_URL

SCHEMES = frozenset({"http", "https", "mailto"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of text with one look. `marks` are Notion's annotation names."""

    text: str
    link: str | None = None
    marks: frozenset[str] = frozenset()


def units(text: str) -> int:
    """The length Notion counts: UTF-16 code units."""
    return len(text) + sum(ch > "￿" for ch in text)


def split(text: str, limit: int = MAX_TEXT_UNITS) -> list[str]:
    """Pieces of at most `limit` units, whole characters each; nothing lost."""
    if units(text) <= limit:
        return [text] if text else []
    pieces, start, size = [], 0, 0
    for index, ch in enumerate(text):
        width = 2 if ch > "￿" else 1
        if size + width > limit:
            pieces.append(text[start:index])
            start, size = index, 0
        size += width
    pieces.append(text[start:])
    return pieces


def safe_link(url: str | None) -> str | None:
    """The address if it may be linked: http, https or mailto, and within the limit."""
    if not url or len(url) > MAX_URL:
        return None
    try:
        return url if urlsplit(url).scheme.lower() in SCHEMES else None
    except ValueError:
        return None


def rich_text(runs: Iterable[Run]) -> list[Json]:
    """Notion's objects, as many as it takes (see `arrays` for more than 100)."""
    return [_piece(piece, run) for run in runs for piece in split(run.text)]


def _piece(text: str, run: Run) -> Json:
    link = safe_link(run.link)
    made: dict[str, Json] = {"type": "text", "text": {"content": text}}
    if link:
        made["text"]["link"] = {"url": link}
    if run.marks:
        made["annotations"] = dict.fromkeys(sorted(run.marks), True)
    return made


def property_text(text: str, where: str) -> list[Json]:
    """A property's text. Raises StepFailed past what a property can hold; nothing is cut silently."""
    pieces = rich_text([Run(text=text)])
    if len(pieces) > MAX_ARRAY:
        raise StepFailed(
            f"the text for {where} has {units(text)} characters; Notion takes {MAX_ARRAY * MAX_TEXT_UNITS}",
            remedy="Put it into the body, or shorten it with `| truncate`.",
        )
    return pieces


def plain_text(items: Sequence[Json]) -> str:
    """The words of rich text as read from Notion."""
    return "".join(
        str(item.get("plain_text") or (item.get("text") or {}).get("content", "")) for item in items
    )
