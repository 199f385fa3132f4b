"""Where each key and value stands in TOML text.

No TOML library for Python gives positions; over text that is known to be valid a small scanner does.
Lines and columns count from 1, columns in characters. A table written over several lines has the
place of its first header or key.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine import literals

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\]++|\\.)*+"'
    r"|'[^']*'",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A place: where it starts, and how many characters of that line it covers."""

    line: int
    column: int
    length: int


TOP = Span(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Positions:
    """Spans by path. `quoted` holds the paths whose last key is in quotes."""

    source: "Source"
    keys: Mapping[Path, Span]
    values: Mapping[Path, Span]
    strings: Mapping[Path, tuple[int, int]]
    quoted: frozenset[Path]

    def key(self, path: Path) -> Span:
        """The span of the key, or of the nearest one above it."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, TOP)

    def value(self, path: Path) -> Span:
        """The span of the value, or of the nearest key above it."""
        return self.values[path] if path in self.values else self.key(path)

    def inside(self, path: Path, offset: int, length: int = 1) -> Span:
        """The span of characters inside a text value, counted as the text is read."""
        if path not in self.strings:
            return self.value(path)
        start, end = self.strings[path]
        places = literals.read(self.source.text[start:end]).offsets
        first = places[min(offset, len(places) - 1)]
        last = places[min(offset + max(1, length), len(places) - 1)]
        return self.source.span(start + first, start + max(last, first + 1))


class Source:
    """Text by lines: offsets to spans. Line ends are single line feeds."""

    __slots__ = ("_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def span(self, start: int, end: int) -> Span:
        """The span from one offset to another; of several lines, what is on the first."""
        line = bisect_right(self._starts, start)
        line_end = self.text.find("\n", start, end)
        stop = end if line_end < 0 else line_end
        return Span(line, start - self._starts[line - 1] + 1, max(1, stop - start))

    def offset(self, line: int, column: int) -> int:
        """The offset of a place."""
        return self._starts[line - 1] + column - 1

    def at(self, span: Span) -> str:
        """The text of a span."""
        start = span.column - 1
        return self.line(span.line)[start : start + span.length]

    def line(self, number: int) -> str:
        """The text of a line."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


def scan(text: str) -> Positions:
    """Find every key and value. `text` must have parsed as TOML, and have single line feeds."""
    scanner = _Scanner(text)
    scanner.document()
    return Positions(
        scanner.source,
        scanner.keys,
        scanner.values,
        scanner.strings,
        frozenset(scanner.quoted),
    )


@dataclass(frozen=True, slots=True)
class Written:
    """The last key or header of a text: its path and place, and what was written up to it."""

    path: Path
    span: Span
    keys: Mapping[Path, Span]
    values: Mapping[Path, Span]
    header: bool


def last_written(text: str, offset: int) -> Written | None:
    """The key or header that ends at the offset; the text before it must be valid TOML."""
    scanner = _Scanner(text, until=offset)
    try:
        scanner.document()
    except _Reached as reached:
        return Written(reached.path, reached.span, scanner.keys, scanner.values, reached.header)
    return None


class _Reached(Exception):
    def __init__(self, path: Path, span: Span, *, header: bool) -> None:
        super().__init__(path)
        self.path = path
        self.span = span
        self.header = header


class _Scanner:
    """One pass over the text. With `until`, it stops there by raising _Reached."""

    def __init__(self, text: str, *, until: int | None = None) -> None:
        self.source = Source(text)
        self.text = text
        self.at = 0
        self.until = until
        self.keys: dict[Path, Span] = {}
        self.values: dict[Path, Span] = {}
        self.strings: dict[Path, tuple[int, int]] = {}
        self.quoted: set[Path] = set()
        self.arrays: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip() < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _skip(self) -> int:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return self.at

    def _blank(self) -> None:
        while self.text[self.at : self.at + 1] in {" ", "\t"}:
            self.at += 1

    def _check(self, path: Path, start: int, end: int, *, header: bool = False) -> None:
        if self.until is not None and self.at >= self.until:
            raise _Reached(path, self.source.span(start, end), header=header)

    # keys -----------------------------------------------------------------------------------------

    def _header(self) -> Path:
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        parts = self._key()
        path: Path = ()
        for name, start, end, quoted in parts[:-1]:
            path = (*path, name)
            self._put_key(path, start, end, quoted=quoted)
            path = self._inside(path)
        name, start, end, quoted = parts[-1]
        path = (*path, name)
        self._check(path, parts[0][1], end, header=True)
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        self._put_key(path, start, end, quoted=quoted)
        if not many:
            return self._inside(path)
        self.arrays[path] = self.arrays.get(path, 0) + 1
        path = (*path, self.arrays[path] - 1)
        self._put_key(path, start, end, quoted=quoted)
        return path

    def _inside(self, path: Path) -> Path:
        return (*path, self.arrays[path] - 1) if path in self.arrays else path

    def _put_key(self, path: Path, start: int, end: int, *, quoted: bool) -> None:
        if path not in self.keys:
            self.keys[path] = self.source.span(start, end)
        if quoted:
            self.quoted.add(path)

    def _key(self) -> list[tuple[str, int, int, bool]]:
        parts = []
        while True:
            self._blank()
            start = self.at
            quoted = self.text[start] in "\"'"
            name = self._name(quoted=quoted)
            parts.append((name, start, self.at, quoted))
            self._blank()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _name(self, *, quoted: bool) -> str:
        start = self.at
        if quoted:
            self._string()
            return literals.read(self.text[start : self.at]).text
        found = _BARE.match(self.text, start)
        assert found is not None
        self.at = found.end()
        return found[0]

    def _pair(self, table: Path) -> None:
        path = table
        parts = self._key()
        for name, start, end, quoted in parts:
            path = (*path, name)
            self._put_key(path, start, end, quoted=quoted)
        self.at += 1  # the equals sign
        self._blank()
        self._value(path)
        self._check(path, parts[0][1], parts[-1][2])

    # values ---------------------------------------------------------------------------------------

    def _value(self, path: Path) -> None:
        start = self.at
        first = self.text[start]
        if first in "\"'":
            self._string()
            self.strings[path] = (start, self.at)
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline(path)
        else:
            found = _SCALAR.match(self.text, start)
            assert found is not None
            self.at = start + len(found[0].rstrip())
        self.values[path] = self.source.span(start, self.at)

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.text[self._skip()] != "]":
            self._value((*path, index))
            index += 1
            if self.text[self._skip()] == ",":
                self.at += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self.text[self._skip()] != "}":
            self._pair(path)
            if self.text[self._skip()] == ",":
                self.at += 1
        self.at += 1

    def _string(self) -> None:
        """Go behind the string that begins here."""
        found = _STRING.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
