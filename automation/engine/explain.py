"""Why a rule did or did not fire, line by line, with the conditions production uses.

Every line is tested, also after one failed, and quoted beside what the event had.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automation.engine.match import Line, Scope, Table
from automation.engine.plan import fires, listens, scope_of
from automation.engine.rules import Rule
from automation.model.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedLine:
    """One line of the rule. `passed` is whether it lets the rule fire; `had` is what the event had."""

    number: int
    text: str
    passed: bool
    had: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One rule against one event."""

    rule: str
    file: str
    fires: bool
    lines: tuple[TracedLine, ...]

    @property
    def heard(self) -> bool:
        """Whether the rule listens to events of this name."""
        return self.lines[0].passed

    @property
    def misses(self) -> int:
        """How many lines said no."""
        return sum(not line.passed for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "rule": self.rule,
            "file": self.file,
            "fires": self.fires,
            "lines": [
                {"line": line.number, "text": line.text, "passed": line.passed, "had": line.had}
                for line in self.lines
            ],
        }


def trace(name: str, document: JsonObject, rule: Rule, *, now: datetime) -> Trace:
    """Test every line of the rule against an event of that name."""
    scope = scope_of(rule, document, now)
    heard = listens(rule, name)
    on = TracedLine(number=rule.on_line, text=rule.on_text, passed=heard, had=name)
    lines = [on]
    if not rule.enabled:
        lines.append(
            TracedLine(
                number=rule.line,
                text="enabled = false",
                passed=False,
                had="the rule is switched off",
            )
        )
    for table in rule.when:
        lines += _traced(table, document, scope)
    for table in rule.either:
        lines += _traced(table, document, scope)
    for table in rule.unless:
        # A table of `unless` stops the rule only when all of its lines pass.
        stops = table.passes(document, scope)
        lines += [
            TracedLine(number=line.number, text=line.text, passed=not (stops and passed), had=had)
            for line, passed, had in _verdicts(table, document, scope)
        ]
    return Trace(
        rule=rule.id,
        file=rule.file,
        fires=heard and rule.enabled and fires(rule, document, scope),
        lines=tuple(lines),
    )


def _traced(table: Table, document: JsonObject, scope: Scope) -> list[TracedLine]:
    return [
        TracedLine(number=line.number, text=line.text, passed=passed, had=had)
        for line, passed, had in _verdicts(table, document, scope)
    ]


def _verdicts(table: Table, document: JsonObject, scope: Scope) -> list[tuple[Line, bool, str]]:
    return [
        (line, line.passes(document, scope), line.note(line.values(document), scope))
        for line in table.lines
    ]


def render(one: Trace) -> str:
    """As people read it."""
    verdict = "fires" if one.fires else "does not fire"
    width = max((len(line.text) for line in one.lines), default=0)
    rows = [
        f"  {'✓' if line.passed else '✗'} {line.number:>3}  {line.text:<{width}}  {line.had}".rstrip()
        for line in one.lines
    ]
    return "\n".join([f"{one.file}: {one.rule} {verdict}", *rows])
