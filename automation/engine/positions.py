"""Where each key and value stands in TOML text that already parsed.

No TOML library for Python gives positions; over text that is known to be valid a small scanner does.
Lines and columns count from 1, columns in characters.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_ESCAPES = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    '"': '"',
    "\\": "\\",
    "e": "\x1b",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A place: where it starts, and how many characters of that line it covers."""

    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True)
class Positions:
    """Spans by path. `quoted` holds the paths whose last key is in quotes."""

    keys: Mapping[Path, Span]
    values: Mapping[Path, Span]
    quoted: frozenset[Path]

    def key(self, path: Path) -> Span:
        """The span of the key, or of the nearest one above it."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, Span(1, 1, 1))

    def value(self, path: Path) -> Span:
        """The span of the value, or of the nearest key above it."""
        return self.values[path] if path in self.values else self.key(path)


def scan(text: str) -> Positions:
    """Find every key and value. `text` must have parsed as TOML."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return Positions(scanner.keys, scanner.values, frozenset(scanner.quoted))


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.keys: dict[Path, Span] = {}
        self.values: dict[Path, Span] = {}
        self.quoted: set[Path] = set()
        self.arrays: dict[Path, int] = {}
        self.line_no = 0

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

    def _span(self, start: int, end: int) -> Span:
        while (
            self.line_no + 1 < len(self.line_starts) and self.line_starts[self.line_no + 1] <= start
        ):
            self.line_no += 1
        while self.line_starts[self.line_no] > start:
            self.line_no -= 1
        line_end = self.text.find("\n", start, end)
        stop = end if line_end < 0 else line_end
        return Span(
            self.line_no + 1, start - self.line_starts[self.line_no] + 1, max(1, stop - start)
        )

    def _header(self) -> Path:
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        parts = self._key()
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        path: Path = ()
        for name, _, _, _ in parts[:-1]:
            path = self._inside((*path, name))
        name, start, end, quoted = parts[-1]
        path = (*path, name)
        self._put_key(path, start, end, quoted)
        if many:
            self.arrays[path] = self.arrays.get(path, 0) + 1
            path = (*path, self.arrays[path] - 1)
            self._put_key(path, start, end, quoted)
            self._forget_below(path)
            return path
        return self._inside(path)

    def _inside(self, path: Path) -> Path:
        return (*path, self.arrays[path] - 1) if path in self.arrays else path

    def _forget_below(self, path: Path) -> None:
        for deeper in [
            one for one in self.arrays if len(one) > len(path) and one[: len(path)] == path
        ]:
            del self.arrays[deeper]

    def _put_key(self, path: Path, start: int, end: int, quoted: bool) -> None:
        self.keys.setdefault(path, self._span(start, end))
        if quoted:
            self.quoted.add(path)

    def _key(self) -> list[tuple[str, int, int, bool]]:
        parts = []
        while True:
            self._blank()
            start = self.at
            quoted = self.text[start] in "\"'"
            name = self._string() if quoted else self._bare()
            parts.append((name, start, self.at, quoted))
            self._blank()
            if self.at >= len(self.text) or self.text[self.at] != ".":
                return parts
            self.at += 1

    def _blank(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1

    def _bare(self) -> str:
        found = _BARE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return found[0]

    def _pair(self, table: Path) -> None:
        path = table
        for name, start, end, quoted in self._key():
            path = (*path, name)
            self._put_key(path, start, end, quoted)
        self.at += 1  # the equals sign
        self._blank()
        self._value(path)

    def _value(self, path: Path) -> None:
        start = self.at
        first = self.text[start]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline(path)
        else:
            found = _SCALAR.match(self.text, start)
            assert found is not None
            self.at = start + len(found[0].rstrip())
        self.values[path] = self._span(start, self.at)

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

    def _string(self) -> str:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            return self._long_string(quote * 3)
        start = self.at + 1
        end = start
        while self.text[end] != quote:
            end += 2 if quote == '"' and self.text[end] == "\\" else 1
        self.at = end + 1
        return _unescape(self.text[start:end]) if quote == '"' else self.text[start:end]

    def _long_string(self, mark: str) -> str:
        end = self.at + 3
        while not self.text.startswith(mark, end):
            end += 2 if mark[0] == '"' and self.text[end] == "\\" else 1
        while self.text.startswith(mark[0], end + 3):
            end += 1
        text = self.text[self.at + 3 : end]
        self.at = end + 3
        return text


def _unescape(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)", one, text)
