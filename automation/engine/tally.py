"""Which line of a rule said no how often, over many events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from automation.engine.explain import Trace, TracedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTally:
    """One line: how often it failed, how often it alone did, and what an event had when it last failed."""

    number: int
    text: str
    failed: int
    alone: int
    had: str

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "line": self.number,
            "text": self.text,
            "failed": self.failed,
            "alone": self.alone,
            "had": self.had,
        }


def tally(traces: Sequence[Trace]) -> list[LineTally]:
    """Every line of one rule, in its order. `traces` are of that rule, newest event first."""
    found: dict[tuple[int, str, str], list[tuple[TracedLine, bool]]] = {}
    for trace in traces:
        for line in trace.lines:
            key = (line.number, line.text, line.path)
            alone = not trace.fires and not line.passed and trace.misses == 1
            found.setdefault(key, []).append((line, alone))
    return [_line(number, text, seen) for (number, text, _), seen in found.items()]


def _line(number: int, text: str, seen: Sequence[tuple[TracedLine, bool]]) -> LineTally:
    failed = [line for line, _ in seen if not line.passed]
    return LineTally(
        number=number,
        text=text,
        failed=len(failed),
        alone=sum(alone for _, alone in seen),
        had=str(failed[0].had) if failed else "",
    )
