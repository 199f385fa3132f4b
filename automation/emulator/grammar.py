"""The grammar of formulas: a text becomes a tree of calls.

https://www.notion.com/help/formula-syntax
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class Unsupported(Exception):
    """The formula uses what the emulator does not know."""


@dataclass(frozen=True, slots=True)
class Call:
    """A node: an operator or function with its arguments; `prop` and literals too."""

    name: str
    arguments: tuple[Any, ...]


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[A-Za-z_]\w*)
    |(?P<sign>\|\||&&|==|!=|>=|<=|[-+*/%^<>!?:(),.\[\]]))""",
    re.VERBOSE,
)
_REFERENCE = re.compile(r"\{\{notion:block_property:([^:}]+)(?::[^}]*)?\}\}")
PROP = re.compile(r'prop\(\s*"((?:[^"\\]|\\.)*)"\s*\)')
BINARY = (
    ("or", "||"), ("and", "&&"), ("==", "!="), (">", "<", ">=", "<="), ("+", "-"), ("*", "/", "%"), ("^",),
)  # fmt: skip
"""From the loosest to the tightest."""


def parse(expression: str) -> Call:
    """The tree. Raises Unsupported for what it cannot read."""
    parser = _Parser(_tokens(_REFERENCE.sub(r'prop("\1")', expression).removeprefix("=")))
    tree = parser.ternary()
    parser.end()
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unsupported(text[at:])
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, expected: str = "") -> tuple[str, str]:
        if self._at >= len(self._tokens) or (expected and self._peek() != expected):
            raise Unsupported(expected)
        self._at += 1
        return self._tokens[self._at - 1]

    def end(self) -> None:
        """Refuse what is left over."""
        if self._at < len(self._tokens):
            raise Unsupported(self._peek())

    def ternary(self) -> Call:
        """`a ? b : c`"""
        test = self._binary(0)
        if self._peek() != "?":
            return test
        self._take("?")
        yes = self.ternary()
        self._take(":")
        return Call("if", (test, yes, self.ternary()))

    def _binary(self, level: int) -> Call:
        if level == len(BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in BINARY[level]:
            sign = self._take()[1]
            left = Call(sign, (left, self._binary(level + 1)))
        return left

    def _unary(self) -> Call:
        if self._peek() in {"-", "not", "!"}:
            sign = self._take()[1]
            return Call("negate" if sign == "-" else "not", (self._unary(),))
        return self._postfix(self._primary())

    def _postfix(self, node: Call) -> Call:
        while self._peek() == ".":
            self._take(".")
            name = self._take()[1]
            node = Call(name, (node, *(self._arguments() if self._peek() == "(" else ())))
        return node

    def _primary(self) -> Call:
        kind, text = self._take()
        if kind == "number":
            return Call("literal", (float(text) if "." in text else int(text),))
        if kind == "text":
            return Call("literal", (re.sub(r"\\(.)", r"\1", text[1:-1]),))
        if text in {"true", "false"}:
            return Call("literal", (text == "true",))
        if text == "(":
            inner = self.ternary()
            self._take(")")
            return inner
        if kind == "word" and self._peek() == "(":
            return Call(text, tuple(self._arguments()))
        raise Unsupported(text)

    def _arguments(self) -> list[Call]:
        self._take("(")
        found = []
        while self._peek() != ")":
            found.append(self.ternary())
            if self._peek() == ",":
                self._take(",")
        self._take(")")
        return found
