"""Filters that make Markdown, for a `body`."""

from typing import Any

from automation.engine.data import Markdown, as_text, fits, items_of
from automation.engine.escaping import escape_markdown, one_line


def markdown(value: Any) -> Markdown:
    """`text | markdown`: the text is Markdown and is meant to be."""
    return Markdown(as_text(value))


def bullets(value: Any) -> Markdown:
    """`list | bullets`: a Markdown list, one line per element."""
    return _listed(value, "- ")


def todos(value: Any) -> Markdown:
    """`list | todos`: Markdown to-dos, none of them done."""
    return _listed(value, "- [ ] ")


def _listed(value: Any, mark: str) -> Markdown:
    lines, length = [], 0
    for item in items_of(value):
        lines.append(mark + _one_line(item))
        length += len(lines[-1]) + 1
        fits(length)
    return Markdown("\n".join(lines))


def _one_line(value: Any) -> str:
    if isinstance(value, Markdown):
        return value.replace("\n", " ")
    return escape_markdown(one_line(as_text(value)))


def quote(value: Any) -> Markdown:
    """`text | quote`: a Markdown quotation."""
    escaped = escape_markdown(as_text(value))
    fits(len(escaped))
    return Markdown("\n".join(f"> {line}" for line in escaped.split("\n")))
