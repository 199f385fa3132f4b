"""What is wrong with a rule file: where, what, and what would help."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from automation.engine.positions import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem. An error disables its file; a warning does not."""

    path: str
    line: int
    column: int
    length: int
    message: str
    help: str = ""
    severity: Literal["error", "warning"] = "error"

    def to_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "severity": self.severity,
            "message": self.message,
            "help": self.help,
        }


def at(path: str, span: Span, message: str, help_text: str = "") -> Problem:
    """An error at a place."""
    return Problem(
        path=path,
        line=span.line,
        column=span.column,
        length=span.length,
        message=message,
        help=help_text,
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean `x`?`, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def render(problem: Problem, text: str | None) -> str:
    """The problem as people read it, with the line it is about."""
    head = f"{problem.severity}: {problem.message}\n --> {problem.path}:{problem.line}:{problem.column}"
    lines = (text or "").splitlines()
    if text is None or problem.line > len(lines):
        return head + (f"\n  = help: {problem.help}" if problem.help else "")
    number = str(problem.line)
    gutter = " " * len(number)
    source = lines[problem.line - 1]
    carets = " " * (problem.column - 1) + "^" * max(
        1, min(problem.length, len(source) - problem.column + 1)
    )
    shown = f"{head}\n{gutter} |\n{number} | {source}\n{gutter} | {carets}"
    return shown + (f"\n{gutter} = help: {problem.help}" if problem.help else "")
