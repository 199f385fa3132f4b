"""TOML string literals: what they say, and where each character of it stands in the source.

All four kinds: "basic", 'literal', and both with three quotes. The literal must be valid.
https://toml.io/en/v1.0.0#string
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_LINE_END = re.compile(r"\\[ \t]*\n\s*")
_UNICODE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")


@dataclass(frozen=True, slots=True)
class Literal:
    """A string as read. `offsets[i]` is where character i begins in the source; one more is its end."""

    text: str
    offsets: tuple[int, ...]


def read(source: str) -> Literal:
    """Read a whole literal, quotes included."""
    mark = source[:3] if source.startswith(('"""', "'''")) else source[:1]
    start, end = len(mark), len(source) - len(mark)
    if len(mark) == 3 and source.startswith("\n", start):
        start += 1
    raw = mark[0] == "'"
    pieces = list(_raw(source, start, end) if raw else _basic(source, start, end))
    return Literal("".join(char for char, _ in pieces), (*(at for _, at in pieces), end))


def _raw(source: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    for at in range(start, end):
        yield source[at], at


def _basic(source: str, at: int, end: int) -> Iterator[tuple[str, int]]:
    while at < end:
        if source[at] != "\\":
            yield source[at], at
            at += 1
        elif folded := _LINE_END.match(source, at, end):
            at = folded.end()
        elif code := _UNICODE.match(source, at, end):
            yield chr(int(code[1] or code[2], 16)), at
            at = code.end()
        else:
            yield ESCAPES.get(source[at + 1], source[at + 1]), at
            at += 2
