"""One file while it is compiled: where everything in it stands, and what is wrong with it."""

from collections.abc import Collection
from dataclasses import dataclass

from automation.engine.positions import Path, Positions, Span
from automation.engine.problems import Problem, at
from automation.engine.template import Template, examine


@dataclass(frozen=True, slots=True)
class Where:
    """The file's path, its lines, the places in it, and where problems go."""

    path: str
    lines: tuple[str, ...]
    positions: Positions
    problems: list[Problem]

    def wrong(self, span: Span, message: str, help_text: str = "") -> None:
        """Note an error at a place."""
        self.problems.append(at(self.path, span, message, help_text))

    def wrong_key(self, place: Path, message: str, help_text: str = "") -> None:
        """Note an error at a key."""
        self.wrong(self.positions.key(place), message, help_text)

    def wrong_value(self, place: Path, message: str, help_text: str = "") -> None:
        """Note an error at a value."""
        self.wrong(self.positions.value(place), message, help_text)

    def warn(self, place: Path, message: str, help_text: str = "") -> None:
        """Note a warning at a key."""
        span = self.positions.key(place)
        self.problems.append(at(self.path, span, message, help_text, "warning"))

    def line(self, place: Path) -> str:
        """The line a key stands in, as written."""
        number = self.positions.key(place).line
        return self.lines[number - 1].strip() if number <= len(self.lines) else ""

    def quoted(self, place: Path) -> bool:
        """Whether the key is in quotes."""
        return place in self.positions.quoted

    def template(
        self, source: str, place: Path, roots: Collection[str], *, body: bool = False
    ) -> Template | None:
        """Compile a template; every fault is noted where it stands inside the text."""
        template, found = examine(source, roots, body=body)
        for fault in found:
            span = self.positions.inside(place, fault.offset, fault.length)
            self.wrong(span, fault.message, fault.help)
        return template
