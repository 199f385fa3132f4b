"""A rules file's text to its tables, or the one place where it is not TOML.

Size and depth are looked at first, in one pass, so that no file however hostile holds the loader up.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from automation.engine.positions import TOP, Path, Source, Written, last_written
from automation.engine.problems import Problem, at

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 64
"""Tables in tables in lists, and the dots of one key."""
MAX_WORD = 1_000
"""Longest number or bare word."""

_PLACE = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)")
_TOKENS = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|(?P<word>[\w+-]++)"
    r"|(?P<mark>[\[\]{}.=,\n])"
    r"|(?P<open>[\"'])",
    re.DOTALL,
)
TWICE = (
    "Cannot overwrite a value",
    "Cannot redefine namespace",
    "Cannot mutate immutable namespace",
    "Cannot declare",
    "Duplicate inline table key",
)
"""How tomllib says that a key stands twice."""
LISTS = frozenset({"rule", "do", "test", "when", "either", "unless"})
"""Tables there may be many of, with [[two brackets]]."""


def clean(text: str) -> str:
    """The text as it is counted: no byte order mark, single line feeds."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def parse(path: str, text: str) -> Mapping[str, Any] | Problem:
    """Parse text that was cleaned."""
    if len(text) > MAX_CHARACTERS:
        return at(
            path,
            TOP,
            f"the file is too large: {len(text)} characters, and {MAX_CHARACTERS} are allowed",
            "split it into several files",
        )
    too_much = _too_much(path, text)
    if too_much is not None:
        return too_much
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _not_toml(path, text, str(error))


def _too_much(path: str, text: str) -> Problem | None:
    """What could hold the parser up: too deep, or a word too long."""
    levels: list[int] = []
    dots = 0
    for token in _TOKENS.finditer(text):
        mark, word = token["mark"], token["word"]
        if word is not None and len(word) > MAX_WORD:
            return _stop(path, text, token, f"a word of {len(word)} characters")
        if token["open"]:
            return None  # never closed: the parser will say so
        match mark:
            case "[" | "{":
                levels.append(dots + 1)
                dots = 0
            case "]" | "}":
                dots = 0
                del levels[-1:]
            case ".":
                dots += 1
            case "\n" | ",":
                dots = 0
            case _:
                continue
        if sum(levels) + dots > MAX_DEPTH:
            return _stop(path, text, token, f"this is nested deeper than {MAX_DEPTH} levels")
    return None


def _stop(path: str, text: str, token: re.Match[str], message: str) -> Problem:
    return at(path, Source(text).span(token.start(), token.end()), message)


# what tomllib says, in our words ------------------------------------------------------------------

_WORDS: tuple[tuple[str, str, str], ...] = (
    ("Invalid statement", "expected a key, a [table] or a comment", ""),
    (
        "Expected newline or end of document",
        "something follows the value on its line",
        "one key a line; a text stands in quotes",
    ),
    (
        "Expected '=' after a key",
        "`=` is missing after the key",
        'a key with spaces or signs stands in quotes: "Due date" = …',
    ),
    (
        "Invalid initial character for a key part",
        "a key cannot begin like this",
        'a key with spaces or signs stands in quotes: "Due date" = …',
    ),
    (
        "Invalid value",
        "this is not a value",
        "a text stands in quotes; true and false are written small",
    ),
    ("Unterminated string", "this text is never closed", "close it with the quotes it began with"),
    (
        "Illegal character '\\n'",
        "this text is not closed on its line",
        "close it with a quote; a text over several lines stands in three quotes",
    ),
    (
        "Unescaped '\\' in a string",
        "a backslash in a text is written twice",
        r"or put the text in single quotes: 'C:\temp'",
    ),
    ("Unclosed array", "the list is not closed, or a comma is missing", ""),
    ("Unclosed inline table", "the braces are not closed, or a comma is missing", ""),
    ("Invalid date or datetime", "there is no such date or time", ""),
    ("Expected ']]'", "`]]` is missing at the end of the header", ""),
    ("Expected ']'", "`]` is missing at the end of the header", ""),
)
"""How tomllib's message begins, what we say, and what would help."""

_OPEN = ("Unterminated string", "Illegal character '\\n'", "Expected \"'")
"""Messages about a text that is not closed: the place that matters is where it was opened."""


def _not_toml(path: str, text: str, message: str) -> Problem:
    source = Source(text)
    words = _PLACE.sub("", message)
    offset = _offset(source, message)
    if words.startswith(TWICE):
        written = last_written(text, offset)
        if written is not None:
            return _twice(path, source, written)
    if words.startswith("Unescaped"):
        offset -= 2  # it points behind the escape
    if words.startswith(_OPEN):
        offset = _opened(text, offset)
        words = words if words.startswith("Illegal") else "Unterminated string"
    if text.startswith("\n", offset) and words.startswith("Invalid initial"):
        span = source.span(offset, offset + 1)
        return at(path, span, "the braces are not closed", "a table in braces stands on one line")
    plain, help_text = next(
        ((ours, helps) for theirs, ours, helps in _WORDS if words.startswith(theirs)),
        (f"{words[0].lower()}{words[1:]}", ""),
    )
    return at(path, source.span(offset, offset + 1), f"this is not TOML: {plain}", help_text)


def _offset(source: Source, message: str) -> int:
    found = _PLACE.search(message)
    if found is None or found[1] is None:
        return len(source.text.rstrip())
    return source.offset(int(found[1]), int(found[2]))


def _opened(text: str, offset: int) -> int:
    """Where the text was opened that is not closed."""
    opened = (token.start() for token in _TOKENS.finditer(text) if token["open"])
    return next(opened, offset)


def _twice(path: str, source: Source, written: Written) -> Problem:
    """A key that stands twice, or a plain line and a test on one path."""
    key, span = written.path, written.span
    name = key[-1]
    above = next((key[:n] for n in range(1, len(key)) if key[:n] in written.values), None)
    if above is not None:
        return _below_a_value(path, source, written, above)
    line = written.keys[key].line if key in written.keys else span.line
    if not written.header and _has_below(written):
        return at(
            path,
            span,
            f"`{name}` has lines below it already, in line {line}, and cannot have a value too",
            f"write the value as a test: {name}.is = {source.at(written.values[key])}",
        )
    more = written.header and name in LISTS
    words = ".".join(part for part in key if isinstance(part, str))
    helps = f"write [[{words}]] for one more" if more else ""
    if not written.header and not helps:
        helps = f"several values stand in one list: {name} = [ … ]"
    return at(path, span, f"`{name}` stands twice; the first is in line {line}", helps)


def _has_below(written: Written) -> bool:
    """Whether lines below the key were written before it."""
    key, place = written.path, (written.span.line, written.span.column)
    return any(
        len(one) > len(key) and one[: len(key)] == key and (span.line, span.column) < place
        for one, span in written.keys.items()
    )


def _below_a_value(path: str, source: Source, written: Written, above: Path) -> Problem:
    name, line = above[-1], written.keys[above].line
    if isinstance(name, int):
        name = above[-2]
    return at(
        path,
        written.span,
        f"`{name}` has a value already, in line {line}, and nothing can stand below it",
        f"write that value as a test: {name}.is = {source.at(written.values[above])}",
    )
