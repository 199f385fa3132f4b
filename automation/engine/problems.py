"""What is wrong with a rule file: where, what, and what would help."""

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from automation.engine.positions import Span

WIDTH = 160
"""How much of a long line is shown."""

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem. An error disables its file; a warning does not."""

    path: str
    line: int
    column: int
    length: int
    message: str
    help: str = ""
    severity: Severity = "error"

    def to_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "length": self.length,
            "severity": self.severity,
            "message": self.message,
            "help": self.help,
        }


def at(
    path: str, span: Span, message: str, help_text: str = "", severity: Severity = "error"
) -> Problem:
    """A problem at a place."""
    return Problem(
        path=path,
        line=span.line,
        column=span.column,
        length=span.length,
        message=message,
        help=help_text,
        severity=severity,
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean `x`?``, or nothing."""
    names = list(known)
    near = difflib.get_close_matches(word.lower(), [name.lower() for name in names], n=1)
    found = next((name for name in names if near and name.lower() == near[0]), "")
    return f"did you mean `{found}`?" if found else ""


def render(problem: Problem, text: str | None) -> str:
    """The problem as people read it, with the line it is about."""
    head = f"{problem.severity}: {problem.message}\n --> {problem.path}:{problem.line}:{problem.column}"
    lines = _lines(text or "")
    if text is None or problem.line > len(lines):
        return head + (f"\n  = help: {problem.help}" if problem.help else "")
    number = str(problem.line)
    gutter = " " * len(number)
    source, start = _window(lines[problem.line - 1], problem.column - 1)
    marked = source[start : start + problem.length] or " "
    carets = _blank(source[:start]) + "^" * len(_blank(marked))
    shown = f"{head}\n{gutter} |\n{number} | {source}\n{gutter} | {carets}"
    return shown + (f"\n{gutter} = help: {problem.help}" if problem.help else "")


def _lines(text: str) -> list[str]:
    """The lines as they were counted, with nothing in them that a terminal would obey."""
    clean = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return [
        "".join("\N{REPLACEMENT CHARACTER}" if _is_control(char) else char for char in line)
        for line in clean.split("\n")
    ]


def _is_control(char: str) -> bool:
    return char != "\t" and unicodedata.category(char) in {"Cc", "Cf", "Cs"}


def _window(line: str, at: int) -> tuple[str, int]:
    """The part of a long line around a place, and where in it the place is."""
    begin = max(0, min(at - WIDTH // 2, len(line) - WIDTH))
    if begin == 0:
        return (line if len(line) <= WIDTH else line[:WIDTH] + "…"), at
    return "…" + line[begin : begin + WIDTH] + (
        "…" if begin + WIDTH < len(line) else ""
    ), at - begin + 1


def _blank(text: str) -> str:
    """Space as wide as the text is on a screen; a tab stays one."""
    return "".join("\t" if char == "\t" else " " * _width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
