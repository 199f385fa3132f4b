"""Values in a Markdown body go in as plain text: they cannot make headings, lists, links or mentions.

How a value is made harmless depends on where in the body it stands, which the template's own text
tells: in prose, on a line that must stay one (a heading, a row of a table), in `code`, or in a fence.
https://spec.commonmark.org/0.31.2/
"""

import re
from enum import StrEnum

from automation.engine.data import Markdown, as_text, fits

SIGNS = "\\`*_{}[]<>()#+-.!|~$^=:@&"
"""Signs that mean something in Markdown, here or in what others make of it."""

_ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in SIGNS})
_LINE_END = re.compile(r"\r\n?|[\n\v\f\x85\u2028\u2029]")
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)
_ONE_LINE = re.compile(r"[ \t>*+-]*(#{1,6}[ \t]|\|)")
_NO_ENTITY = frozenset("\x0b\x1c\x1d\x1e\x1f\x85")
"""Control characters that count as blanks and that no entity can stand for; nobody sees them."""


class Place(StrEnum):
    """Where in a body a value stands."""

    PROSE = "prose"
    ONE_LINE = "one line"
    CODE = "code"
    FENCE = "fence"


def place_of(source: str, index: int) -> Place:
    """The place of a `{{ … }}` that begins at the index, by the text before it."""
    before = source[:index]
    if len(_FENCE.findall(before)) % 2:
        return Place.FENCE
    line = before.rpartition("\n")[2]
    if line.count("`") % 2:
        return Place.CODE
    return Place.ONE_LINE if _ONE_LINE.match(line) else Place.PROSE


def in_body(value: object, place: Place) -> str:
    """The value as it goes into a body: Markdown as it is, anything else harmless."""
    text = as_text(value)
    if isinstance(value, Markdown):
        return text
    match place:
        case Place.PROSE:
            return escape_markdown(text)
        case Place.ONE_LINE:
            return escape_markdown(one_line(text))
        case Place.CODE:
            return one_line(text).replace("`", "'")
        case Place.FENCE:
            text = _LINE_END.sub("\n", text)
            return text.replace("```", "`\u200b``").replace("~~~", "~\u200b~~")


def one_line(text: str) -> str:
    """With spaces for line breaks."""
    return _LINE_END.sub(" ", text.strip("\r\n"))


def escape_markdown(text: str) -> str:
    """The text as plain text inside Markdown: a line break stays one, and no block is ever made.

    A blank line would end the paragraph; as a lone backslash it is one more break. Blanks at the ends
    of a line would vanish, or make code of it; as entities they are text.
    https://spec.commonmark.org/0.31.2/#hard-line-breaks
    """
    *lines, last = _LINE_END.sub("\n", text).strip("\n").split("\n")
    broken = (f"{_escaped_line(line)}  \n" if line else "\\\n" for line in lines)
    return "".join(broken) + _escaped_line(last)


def _escaped_line(line: str) -> str:
    words = line.strip()
    start = line.index(words) if words else len(line)
    before, behind = line[:start], line[start + len(words) :]
    return _entities(before) + words.translate(_ESCAPES) + _entities(behind)


def _entities(blanks: str) -> str:
    fits(5 * len(blanks))
    return "".join(f"&#{ord(ch)};" for ch in blanks if ch not in _NO_ENTITY)
