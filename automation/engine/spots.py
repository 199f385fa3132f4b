"""Where a place inside a text of a rule file stands: a template's third word, not just its value."""

import re
from collections.abc import Sequence

from automation.engine.positions import Span

_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[ \t]*\n[ \t\r\n]*|.)")


def spot(lines: Sequence[str], value: Span, offset: int, length: int) -> Span:
    """The span of `length` characters at `offset` of the text whose value stands at `value`.

    `lines` are the file's. Where the way cannot be followed, the value's own span.
    """
    rest = "\n".join((lines[value.line - 1][value.column - 1 :], *lines[value.line :]))
    quote = rest[:1]
    if quote not in {'"', "'"}:
        return value
    at = 3 if rest.startswith(quote * 3) else 1
    if at == 3 and rest.startswith("\n", at):
        at += 1
    for _ in range(offset):
        if at >= len(rest):
            return value
        at = _next(rest, at) if quote == '"' else at + 1
    if quote == '"':
        at = _past_line_ends(rest, at)
    before = rest[:at]
    start = before.rfind("\n")
    if start < 0:
        return Span(value.line, value.column + at, length)
    return Span(value.line + before.count("\n"), at - start, length)


def _next(text: str, at: int) -> int:
    """Behind the character that the text at `at` stands for."""
    at = _past_line_ends(text, at)
    found = _ESCAPE.match(text, at)
    return found.end() if found else at + 1


def _past_line_ends(text: str, at: int) -> int:
    """A backslash at the end of a line stands for nothing."""
    while (found := _ESCAPE.match(text, at)) and "\n" in found[0]:
        at = found.end()
    return at
