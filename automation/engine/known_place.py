"""What the checks of known fields share: the file they look at, and what a rule sees at a place in it.

Key positions cost as much as parsing, and nearly no rule has a problem: they are worked out at the first one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.engine.match import WORDS
from automation.engine.positions import Path, Positions, Span, scan
from automation.engine.problems import Problem
from automation.engine.trails import Ground
from automation.model.fields import Forms

_QUOTED_WORD = re.compile(rf"""["'](?:{"|".join(WORDS)})["']\s*[.=]""")


@dataclass(frozen=True, slots=True)
class Roots:
    """What a rule sees at one place: the events it listens to, and the roots of which something is known."""

    ground: Ground
    forms: Mapping[str, Forms]

    def with_root(self, name: str, forms: Forms) -> "Roots":
        """One root more."""
        return Roots(self.ground, {**self.forms, name: forms})

    def without(self, name: Any) -> "Roots":
        """From here on the name means something of which nothing is known, such as a step's answer."""
        if name not in self.forms:
            return self
        return Roots(self.ground, {key: one for key, one in self.forms.items() if key != name})


@dataclass(slots=True, kw_only=True)
class Place:
    """One rule file: where things stand in it, and what was found."""

    path: str
    text: str
    taken: set[tuple[int, int]]
    problems: list[Problem] = field(default_factory=list)
    _positions: Positions | None = None
    _lines: list[str] | None = None
    _has_quoted_words: bool | None = None

    @property
    def positions(self) -> Positions:
        """Where keys and values stand."""
        if self._positions is None:
            self._positions = scan(self.text)
        return self._positions

    @property
    def lines(self) -> list[str]:
        """The file's lines."""
        if self._lines is None:
            self._lines = self.text.replace("\r\n", "\n").split("\n")
        return self._lines

    def key(self, path: Path) -> Span:
        """Where a key stands."""
        return self.positions.key(path)

    def value(self, path: Path) -> Span:
        """Where a value stands."""
        return self.positions.value(path)

    def is_word(self, name: str, path: Path) -> bool:
        """Whether a key of a condition is a test, and no field in quotes."""
        if name not in WORDS:
            return False
        if self._has_quoted_words is None:
            self._has_quoted_words = _QUOTED_WORD.search(self.text) is not None
        return not self._has_quoted_words or path not in self.positions.quoted

    def wrong(self, span: Span, message: str, help_text: str, *, error: bool) -> None:
        """Note a problem, unless there is one at this place."""
        if (span.line, span.column) in self.taken:
            return
        self.taken.add((span.line, span.column))
        self.problems.append(
            Problem(
                path=self.path,
                line=span.line,
                column=span.column,
                length=span.length,
                message=message,
                help=help_text,
                severity="error" if error else "warning",
            )
        )

    def warn(self, span: Span, message: str, help_text: str = "") -> None:
        """Note something that is worth a question."""
        self.wrong(span, message, help_text, error=False)
