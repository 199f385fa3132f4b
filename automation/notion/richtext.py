"""Rich text within Notion's limits: at most 2,000 UTF-16 units a piece, 100 pieces an array.

The length is that of a JavaScript string: an emoji counts two. A piece never ends inside a
character, nor inside a family emoji or before an accent if one can be found to end at before.
https://developers.notion.com/reference/rich-text
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from automation.model.errors import StepFailed
from automation.model.values import Json
from automation.notion.wire import MAX_ARRAY, MAX_TEXT_UNITS, MAX_URL

WEB = frozenset({"http", "https"})
SCHEMES = WEB | {"mailto"}
JOINER = "\u200d"
LONGEST_CLUSTER = 64
"""Characters that belong together, at most; more of them is an attack, and may be cut."""

_LETTER = "\u2139"
"""The one emoji that Unicode calls a letter: information."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f<>\"`{}|\\^]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of text with one look. `marks` are Notion's annotation names."""

    text: str
    link: str | None = None
    marks: frozenset[str] = frozenset()


def units(text: str) -> int:
    """The length Notion counts: UTF-16 code units."""
    return len(text) + sum(ch > "\uffff" for ch in text)


def whole(text: str) -> str:
    """The text as Unicode: two halves of a pair become their character, a lone half U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def split(text: str, limit: int = MAX_TEXT_UNITS) -> list[str]:
    """Pieces of at most `limit` units; nothing lost."""
    pieces = []
    start = 0
    while start < len(text):
        end = _end(text, start, limit)
        pieces.append(text[start:end])
        start = end
    return pieces


def _end(text: str, start: int, limit: int) -> int:
    """Where a piece that starts here ends: as late as it may, between two clusters if possible."""
    end, size = start, 0
    while end < len(text):
        size += 2 if text[end] > "\uffff" else 1
        if size > limit:
            break
        end += 1
    if end == len(text):
        return end
    for earlier in range(end, max(start, end - LONGEST_CLUSTER), -1):
        if not _joined(text, earlier):
            return earlier
    return end


def _joined(text: str, at: int) -> bool:
    """Whether the characters before and behind this place belong together.

    A good part of https://www.unicode.org/reports/tr29/, not all of it.
    """
    before, behind = text[at - 1], text[at]
    if JOINER in (before, behind) or (before, behind) == ("\r", "\n"):
        return True
    if unicodedata.combining(behind) or unicodedata.category(behind) in {"Mn", "Me", "Mc"}:
        return True
    if "\U0001f3fb" <= behind <= "\U0001f3ff" or "\U000e0020" <= behind <= "\U000e007f":
        return True
    return _is_flag(before) and _is_flag(behind) and _flags_before(text, at) % 2 == 1


def _is_flag(ch: str) -> bool:
    return "\U0001f1e6" <= ch <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    """How many flag letters stand directly before this place: two make a flag."""
    first = at
    while first > 0 and at - first < LONGEST_CLUSTER and _is_flag(text[first - 1]):
        first -= 1
    return at - first


def safe_link(url: str | None) -> str | None:
    """The address if it may be linked and Notion takes it: http, https with a host, or mailto."""
    if not url or units(url) > MAX_URL or _NO_ADDRESS.search(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme in WEB:
        return url if host else None
    return url if scheme in SCHEMES and parts.path else None


def web_link(url: str | None) -> str | None:
    """The address if something can be fetched from it: an image, a file."""
    found = safe_link(url)
    return found if found and not found.lower().startswith("mailto:") else None


def is_emoji(text: str) -> bool:
    """Whether this can be an icon: one sign beyond ASCII that is no letter and no blank."""
    if text.isascii() or any(ch.isspace() or (ch.isalpha() and ch != _LETTER) for ch in text):
        return False
    return all(_joined(text, at) for at in range(1, len(text)))


def rich_text(runs: Iterable[Run]) -> list[Json]:
    """Notion's objects, as many as it takes."""
    return [_piece(piece, run) for run in runs for piece in split(whole(run.text))]


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
            f"the text for {where} has {units(text):,} characters; Notion takes"
            f" {MAX_ARRAY * MAX_TEXT_UNITS:,}",
            remedy="Put it into the body, or shorten it with `| truncate`.",
        )
    return pieces


def plain_text(items: Sequence[Json]) -> str:
    """The words of rich text as read from Notion."""
    return "".join(
        str(item.get("plain_text") or (item.get("text") or {}).get("content", "")) for item in items
    )
