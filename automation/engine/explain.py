"""Why a rule did or did not fire, line by line, with the conditions production uses.

Every line is tested, also after one failed, and quoted beside what the event had. The verdict is
`plan.wants`, the function that decides in production: the lines explain it and never replace it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from automation.engine.evidence import Evidence, evidence
from automation.engine.match import Scope, Table
from automation.engine.plan import listens, scope_of, wants
from automation.engine.problems import nearest
from automation.engine.rules import Rule
from automation.model.values import JsonObject

Word = Literal["on", "enabled", "when", "either", "unless"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedLine:
    """One line of the rule. `holds` is its test's own verdict; `passed` is whether it lets the rule fire.

    They differ only in `unless`, where lines that hold together stop the rule.
    """

    number: int
    text: str
    path: str
    holds: bool
    passed: bool
    had: Evidence

    def to_json(self, table: str) -> dict[str, Any]:
        """For machines. `table` is where in the rule it stands, such as `when` or `either[1]`."""
        return {
            "line": self.number,
            "text": self.text,
            "in": table,
            "holds": self.holds,
            "passed": self.passed,
            "had": str(self.had),
            "place": self.had.place,
            "hint": self.had.hint,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedTable:
    """Lines that stand together. `of` is how many alternatives there are; `place` is this one's, from 0."""

    word: Word
    place: int
    of: int
    passed: bool
    lines: tuple[TracedLine, ...]

    @property
    def name(self) -> str:
        """`when`, or `when[1]` for one of several."""
        return f"{self.word}[{self.place}]" if self.of > 1 or self.word == "either" else self.word


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One rule against one event."""

    rule: str
    file: str
    line: int
    heard: bool
    fires: bool
    tables: tuple[TracedTable, ...]

    @property
    def lines(self) -> tuple[TracedLine, ...]:
        """Every line, in the order of the rule's keys."""
        return tuple(line for table in self.tables for line in table.lines)

    @property
    def misses(self) -> int:
        """How many lines would have to say something else for the rule to fire."""
        return sum(
            _misses(word, self.tables) for word in ("on", "enabled", "when", "either")
        ) + sum(not table.passed for table in self.tables if table.word == "unless")

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "rule": self.rule,
            "file": self.file,
            "line": self.line,
            "fires": self.fires,
            "listens": self.heard,
            "lines": [line.to_json(table.name) for table in self.tables for line in table.lines],
        }


def _misses(word: str, tables: Sequence[TracedTable]) -> int:
    """Of alternatives, the one that comes nearest counts."""
    some = [table for table in tables if table.word == word]
    if not some or any(table.passed for table in some):
        return 0
    return min(sum(not line.holds for line in table.lines) for table in some)


def trace(name: str, document: JsonObject, rule: Rule, *, now: datetime) -> Trace:
    """Test every line of the rule against an event of that name."""
    scope = scope_of(rule, document, now)
    tables = [_on(rule, name)]
    if not rule.enabled:
        tables.append(_disabled(rule))
    for word, some in (("when", rule.when), ("either", rule.either), ("unless", rule.unless)):
        tables += _tables(word, some, document, scope)  # type: ignore[arg-type]  # the literal words
    return Trace(
        rule=rule.id,
        file=rule.file,
        line=rule.line,
        heard=listens(rule, name),
        fires=rule.enabled and wants(rule, name, document, now=now),
        tables=tuple(tables),
    )


def nearest_first(traces: Sequence[Trace]) -> list[Trace]:
    """Rules that fire, then those that nearly did, then those that listen to other names."""
    return sorted(traces, key=lambda one: (not one.fires, not one.heard, one.misses))


def _on(rule: Rule, name: str) -> TracedTable:
    heard = listens(rule, name)
    hint = ""
    if not heard:
        hint = "it hears only its own ticks" if rule.schedule else nearest(name, rule.on)
    line = TracedLine(
        number=rule.on_line,
        text=rule.on_text,
        path="on",
        holds=heard,
        passed=heard,
        had=Evidence(value=name, hint=hint),
    )
    return TracedTable(word="on", place=0, of=1, passed=heard, lines=(line,))


def _disabled(rule: Rule) -> TracedTable:
    line = TracedLine(
        number=rule.enabled_line,
        text="enabled = false",
        path="enabled",
        holds=False,
        passed=False,
        had=Evidence(value="the rule is switched off"),
    )
    return TracedTable(word="enabled", place=0, of=1, passed=False, lines=(line,))


def _tables(
    word: Word, tables: Sequence[Table], document: JsonObject, scope: Scope
) -> list[TracedTable]:
    return [
        _table(word, table, place, len(tables), document, scope)
        for place, table in enumerate(tables)
    ]


def _table(
    word: Word, table: Table, place: int, of: int, document: JsonObject, scope: Scope
) -> TracedTable:
    verdicts = [line.passes(document, scope) for line in table.lines]
    all_hold = table.passes(document, scope)
    # A table of `unless` stops the rule only when all of its lines hold.
    lets = [not all_hold] * len(verdicts) if word == "unless" else verdicts
    lines = tuple(
        TracedLine(
            number=line.number,
            text=line.text,
            path=".".join(line.path),
            holds=holds,
            passed=passed,
            had=evidence(line, document, scope),
        )
        for line, holds, passed in zip(table.lines, verdicts, lets, strict=True)
    )
    passed = not all_hold if word == "unless" else all_hold
    return TracedTable(word=word, place=place, of=of, passed=passed, lines=lines)
