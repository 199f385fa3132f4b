"""What the checks of known fields share: the file they look at, and what a rule sees at a place in it.

Key positions cost as much as parsing, and nearly no rule has a problem: they are worked out at the first one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.engine.match import WORDS
from automation.engine.positions import Path, Positions, Span, scan
from automation.engine.problems import Problem
from automation.engine.trails import Ground
from automation.model.fields import Forms

MAX_HELPED = 200
"""So many problems of one file are thought about; those behind them are only named."""

Help = str | Callable[[], str]
"""What would help, or how to find out: looking for what was meant takes time."""

_QUOTED_WORD = re.compile(rf"""["'](?:{"|".join(WORDS)})["']\s*[.=]""")


@dataclass(frozen=True, slots=True)
class Root:
    """A name that templates and conditions begin with: what it may be, and the events that comes from."""

    forms: Forms
    ground: Ground


@dataclass(frozen=True, slots=True)
class Roots:
    """The roots of which something is known at one place of a rule."""

    known: Mapping[str, Root]

    def with_root(self, name: str, root: Root) -> "Roots":
        """One root more."""
        return Roots({**self.known, name: root})

    def without(self, name: Any) -> "Roots":
        """From here on the name means something of which nothing is known, such as a step's answer."""
        if not isinstance(name, str) or name not in self.known:
            return self
        return Roots({key: one for key, one in self.known.items() if key != name})


@dataclass(slots=True, kw_only=True)
class RuleFile:
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
            self._positions = scan(self.text.replace("\r\n", "\n"))
        return self._positions

    @property
    def lines(self) -> list[str]:
        """The file's lines."""
        if self._lines is None:
            self._lines = self.text.replace("\r\n", "\n").split("\n")
        return self._lines

    @property
    def thinks(self) -> bool:
        """Whether there are still few enough problems to look for what was meant."""
        return len(self.problems) < MAX_HELPED

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

    def wrong(self, span: Span, message: str, helps: Help = "", *, error: bool) -> None:
        """Note a problem, unless there is one at this place."""
        if (span.line, span.column) in self.taken:
            return
        self.taken.add((span.line, span.column))
        help_text = helps if isinstance(helps, str) else helps() if self.thinks else ""
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

    def warn(self, span: Span, message: str, helps: Help = "") -> None:
        """Note something that is worth a question."""
        self.wrong(span, message, helps, error=False)
