"""`automation test`: the tests in rule files. No token, no network, no store."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from automation.cli.casting import cast
from automation.cli.explain import load_all, sources_of
from automation.cli.files import rule_files
from automation.cli.tracing import fit, lines_of, show, stdout
from automation.engine.problems import nearest
from automation.engine.rehearse import Effect
from automation.engine.rules import Case, Rule, RuleSet
from automation.engine.showing import written
from automation.engine.trial import Mismatch, Trial, attempt
from automation.model.errors import AutomationError, NotInStore, RuleError
from automation.wiring import actions

MOST_LINES = 12
"""How much of a body is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrun:
    """A test whose event cannot be read."""

    rule: str
    file: str
    case: Case
    reason: str
    passed: bool = False


Result = Trial | Unrun


def run_tests(paths: Sequence[str] | None, *, rule_id: str, quiet: bool, as_json: bool) -> int:
    """Run them; 1 if one fails or a rule does not load."""
    try:
        rules = load_all(rule_files(list(paths or ()), os.environ.get("AUTOMATION_RULES", "rules")))
    except RuleError as error:
        print(error, file=sys.stderr)
        return 1
    chosen = _chosen(rules, rule_id)
    results = [one for rule in chosen for one in _results(rule, rules)]
    untested = [rule for rule in chosen if not rule.tests]
    if as_json:
        print(json.dumps(_json(results, untested), indent=2, ensure_ascii=False, default=_text))
    else:
        _print(results, untested, quiet=quiet)
    failed = sum(not one.passed for one in results)
    words = f"{len(results)} test{'' if len(results) == 1 else 's'}"
    print(f"{words}: {failed} failed" if failed else f"{words}: all good", file=sys.stderr)
    return 1 if failed else 0


def _chosen(rules: RuleSet, rule_id: str) -> list[Rule]:
    if rule_id and rule_id not in rules.rules:
        hint = nearest(rule_id, rules.rules)
        raise NotInStore(f"there is no rule `{rule_id}`" + (f"; {hint}" if hint else ""))
    return [rule for name, rule in rules.rules.items() if rule_id in {"", name}]


def _results(rule: Rule, rules: RuleSet) -> Iterator[Result]:
    sources, verbs = sources_of(rules), actions()
    for case in rule.tests:
        try:
            event = cast(case, rule, sources)
        except AutomationError as error:
            yield Unrun(rule=rule.id, file=rule.file, case=case, reason=str(error))
        else:
            yield attempt(rule, case, name=event.name, document=event.document, actions=verbs)


# for machines -------------------------------------------------------------------------------------


def _json(results: Sequence[Result], untested: Sequence[Rule]) -> Mapping[str, Any]:
    return {
        "passed": sum(one.passed for one in results),
        "failed": sum(not one.passed for one in results),
        "tests": [_result_json(one) for one in results],
        "without_tests": [
            {"rule": rule.id, "file": rule.file, "line": rule.line} for rule in untested
        ],
    }


def _result_json(one: Result) -> Mapping[str, Any]:
    head = {
        "rule": one.rule,
        "file": one.file,
        "line": one.case.line,
        "name": one.case.name,
        "passed": one.passed,
    }
    if isinstance(one, Unrun):
        return {**head, "problem": one.reason}
    return {
        **head,
        "fires": one.fires,
        "expected": one.case.fires,
        "problem": one.failed,
        "steps": [_effect_json(effect) for effect in one.effects],
        "mismatches": [
            {"line": miss.line, "what": miss.what, "expected": miss.expected, "actual": miss.actual}
            for miss in one.mismatches
        ],
        "lines": one.trace.to_json()["lines"],
    }  # fmt: skip


def _effect_json(one: Effect) -> Mapping[str, Any]:
    return {
        "step": one.step,
        "element": one.element,
        "verb": one.verb,
        "target": one.target,
        "writes": one.writes,
        "keys": {key: value for key, value in one.keys.items() if key != one.verb},
    }


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | time) else str(value)


# for people ---------------------------------------------------------------------------------------


def _print(results: Sequence[Result], untested: Sequence[Rule], *, quiet: bool) -> None:
    console = stdout()
    rule = ""
    for one in results:
        if quiet and one.passed:
            continue
        lines = (
            []
            if rule == one.rule
            else [Text.assemble((f"{one.file}: ", "dim"), (one.rule, "bold"))]
        )
        rule = one.rule
        show([*lines, *_result(one, console.width)], console)
    for without in untested:
        show([Text(f"{without.file}:{without.line}: {without.id} has no tests", "yellow")], console)


def _result(one: Result, width: int) -> Iterator[Text]:
    mark, style = ("✓", "green") if one.passed else ("✗", "bold red")
    verdict = "" if isinstance(one, Unrun) else "  fires" if one.fires else "  does not fire"
    yield Text.assemble("  ", (mark, style), f" {one.case.name}", (verdict, "dim"))
    if isinstance(one, Unrun):
        yield Text(f"      line {one.case.line}: {one.reason}", "red")
        return
    for miss in one.mismatches:
        yield from _miss(miss)
    if one.fires != one.case.fires:
        # Why it fired or did not is what a person asks next.
        yield from (Text.assemble("    ", line) for line in lines_of(one.trace, width - 4)[1:])
    for effect in one.effects:
        yield from _effect(effect, width)


def _miss(one: Mismatch) -> Iterator[Text]:
    yield Text(f"      line {one.line}: {one.what}", "red")
    yield Text.assemble(("        expected  ", "dim"), one.expected)
    yield Text.assemble(("        actual    ", "dim"), (one.actual, "red"))


def _effect(one: Effect, width: int) -> Iterator[Text]:
    element = f" for {one.element}" if one.element else ""
    yield Text.assemble(
        "      ", (one.verb, "bold" if one.writes else "dim"), f" {_target(one)}", (element, "dim")
    )
    rows = list(_rows(one.keys, one.verb))
    longest = max((cell_len(name) for name, _ in rows), default=0)
    for name, value in rows:
        if name == "body" and isinstance(value, str):
            yield from _body(value, width)
        else:
            room = max(24, width - longest - 12)
            yield Text(f"        {fit(name, longest)}  {written(value, min(room, 300))}")


def _target(one: Effect) -> str:
    return one.target if isinstance(one.target, str) else written(one.target, 60)


def _rows(keys: Mapping[str, Any], verb: str) -> Iterator[tuple[str, Any]]:
    """Property by property."""
    for key, value in keys.items():
        if key in {"match", "set", "set_once", "where"} and isinstance(value, Mapping):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        elif key != verb:
            yield key, value


def _body(text: str, width: int) -> Iterator[Text]:
    yield Text("        body")
    lines = text.strip().splitlines()
    for line in lines[:MOST_LINES]:
        room = max(24, width - 12)
        yield Text.assemble("          ", ("│ ", "dim"), fit(line, room))
    if len(lines) > MOST_LINES:
        yield Text(f"          … ({len(lines)} lines in all)", "dim")
