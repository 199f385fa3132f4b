"""Explain says why, and never anything else than what production decides."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from automation.engine.evidence import Evidence
from automation.engine.explain import Trace, nearest_first, trace
from automation.engine.plan import plan
from automation.engine.rules import RuleSet
from automation.model.event import Event
from tests.engine.some import NOW, documents, loaded, names, rule_sets

STEP = '[[rule.do]]\ncreate = "Log"\nset.Name = "seen"\n'


def explained(conditions: str, name: str = "github.push", /, **document: Any) -> Trace:
    rules = loaded(f'[[rule]]\nid = "r"\non = "github.push"\n{conditions}\n{STEP}')
    return trace(name, document, rules.rules["r"], now=NOW)


def last(one: Trace) -> str:
    return str(one.lines[-1].had)


def event(name: str) -> Event:
    return Event(
        id="e", source="github", name=name, keys=("k",), received_at=NOW, body=b"{}"
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(rules=rule_sets(), name=names, document=documents)
def test_the_verdict_is_the_plans(rules: RuleSet, name: str, document: dict[str, Any]) -> None:
    planned = {run.rule_id for run in plan(event(name), document, rules, now=NOW).runs}
    traces = [trace(name, document, rule, now=NOW) for rule in rules.rules.values()]
    assert {one.rule for one in traces if one.fires} == planned


@settings(max_examples=150, deadline=None)
@given(rules=rule_sets(most=3), name=names, document=documents)
def test_the_lines_account_for_the_verdict(
    rules: RuleSet, name: str, document: dict[str, Any]
) -> None:
    """A rule that fires has no miss, and one that does not has at least one."""
    for rule in rules.rules.values():
        one = trace(name, document, rule, now=NOW)
        assert one.fires is (one.misses == 0)


def test_every_line_is_tested_also_after_one_failed() -> None:
    one = explained(
        'when.repo = ["acme/web", "acme/api"]\nwhen.deleted = false\nunless.by.ends_with = "[bot]"',
        repo="acme/Web",
        by="dependabot[bot]",
    )
    assert [(line.number, line.text, line.passed, str(line.had)) for line in one.lines] == [
        (3, 'on = "github.push"', True, "github.push"),
        (
            4,
            'when.repo = ["acme/web", "acme/api"]',
            False,
            '"acme/Web" (differs only in upper/lower case; add ignore_case = true)',
        ),
        (5, "when.deleted = false", False, "the event has no `deleted`"),
        (6, 'unless.by.ends_with = "[bot]"', False, '"dependabot[bot]"'),
    ]
    assert (one.fires, one.misses) == (False, 3)


@pytest.mark.parametrize(
    ("condition", "document", "had"),
    [
        ('when.a = "x"', {"a": "X"}, '"X" (differs only in upper/lower case; add ignore_case = true)'),
        ('when.a.starts_with = "x"', {"a": "Xy"}, '"Xy" (differs only in upper/lower case; add ignore_case = true)'),
        ('when.a.not = "x"', {"a": "X"}, '"X" (differs only in upper/lower case; add ignore_case = true)'),
        ('when.a = "x"', {"a": "x "}, '"x " (differs only in white space around it)'),
        ('when.a = "x"', {"a": "x\u200b"}, r'"x\u200b" (differs only in characters that cannot be seen)'),
        ('when.a = "x y"', {"a": "x\u00a0y"}, r'"x\u00a0y" (differs only in characters that cannot be seen)'),
        ('when.a = "é"', {"a": "e\u0301"}, '"e\u0301" (differs only in how its accents are encoded)'),
        ("when.a = 1", {"a": "1"}, '"1" (differs only in type: the event has a text; write "1", in quotes)'),
        ("when.a = true", {"a": "true"}, '"true" (differs only in type: the event has a text; write "true", in quotes)'),
        ('when.a = "1"', {"a": 1}, "1 (differs only in type: the event has a number; write 1, without quotes)"),
        ('when.a = "true"', {"a": True}, "true (differs only in type: the event has true/false; write true, without quotes)"),
        ("when.a = 1", {"a": True}, "true (differs only in type: true and false are not 1 and 0)"),
        ("when.a.above = 1", {"a": "5"}, '"5" (it is a text, not a number; they never convert)'),
        ("when.a.above = 2026-01-01", {"a": "soon"}, '"soon" (it is not a date)'),
        ('when.a.contains = "x"', {"a": 5}, "5 (it is a number, not a text)"),
        ('when.a.below = "2 days ago"', {"a": "2026-11-24T00:00:00Z"}, '"2026-11-24T00:00:00Z" (2 days ago was 2026-11-22 12:00)'),
        ('when.a = "{{ event.b }}"', {"a": "x", "b": "y"}, '"x" (the line asks for "y")'),
('when.a = "x"', {"a": "y"}, '"y"'),
        ('when.a = "x"', {"a": {"b": 1, "c": 2}}, "{ b, c }"),
        ('when.a = "x"', {"a": "\x1b[31mred"}, r'"\u001b[31mred"'),
        ('when.a = "x"', {"a": "y" * 100}, f'"{"y" * 59}…"'),
        ("when.a.exists = false", {"a": [1, 2]}, "[1, 2]"),
    ],
)  # fmt: skip
def test_what_the_event_had_and_why_it_nearly_passed(
    condition: str, document: dict[str, Any], had: str
) -> None:
    assert last(explained(condition, **document)) == had


def test_a_line_that_cannot_be_rendered_says_why() -> None:
    one = explained('when.a = "{{ event.b }}"', a="x")
    assert last(one).startswith('"x" (the line cannot be rendered: ')
    assert not one.fires


@pytest.mark.parametrize(
    ("condition", "document", "had"),
    [
        ("when.a = 1", {}, "the event has no `a`"),
        ("when.a.b = 1", {"a": {"c": 1}}, "the event has `a` but no `a.b`"),
        ("when.issue.titel = 1", {"issue": {"title": 1}}, "the event has `issue` but no `issue.titel` (did you mean `title`?)"),
        ("when.isue.title = 1", {"issue": {"title": 1}}, "the event has no `isue` (did you mean `issue`?)"),
        ("when.title = 1", {"issue": {"title": 1}}, "the event has no `title` (did you mean `issue.title`?)"),
        ("when.title = 1", {"raw": {"title": 1}}, "the event has no `title`"),
        ("when.a = 1", {"a": None}, "`a` is null"),
        ("when.a.b = 1", {"a": None}, "`a` is null"),
        ("when.a.b = 1", {"a": []}, "`a` is an empty list"),
        ("when.a.b = 1", {"a": "x"}, "`a` is a text, not a table: it has no `b`"),
        ("when.a.b.c = 1", {"a": [{"b": 5}]}, "`a.b` is a number, not a table: it has no `c`"),
        ("when.sender.logni.not = 1", {"sender": {"login": 1}}, "the event has `sender` but no `sender.logni` (did you mean `login`?)"),
        ('when."a.b" = 1', {"a": {"b": 1}}, "the event has no `a.b`"),
    ],
)  # fmt: skip
def test_a_missing_field_is_named_with_what_is_there(
    condition: str, document: dict[str, Any], had: str
) -> None:
    assert last(explained(condition, **document)) == had


LABELS = {"labels": [{"name": "docs"}, {"name": "Bug"}, {"name": "ui"}]}


@pytest.mark.parametrize(
    ("condition", "had"),
    [
        ('when.labels.name = "ui"', Evidence(value='"ui"', place="labels[2].name")),
        ('when.labels.name.not = "ui"', Evidence(value='"ui"', place="labels[2].name")),
        ('when.labels.name.not = "x"', Evidence(value='"docs", "Bug", "ui"')),
        ('when.labels.name = "x"', Evidence(value='"docs", "Bug", "ui"')),
        ('when.labels.name.all_of = ["ui", "docs"]', Evidence(value='"docs", "Bug", "ui"')),
        ('when.labels.name.all_of = ["ui", "x"]', Evidence(value='"docs", "Bug", "ui"', hint='"x" is not among them')),
        ('when.labels.any = { name = "ui" }', Evidence(value="{ name }", place="labels[2]")),
        ('when.labels.none = { name = "ui" }', Evidence(value="{ name }", place="labels[2]")),
        ('when.labels.all = { name.not = "ui" }', Evidence(value="{ name }", place="labels[2]")),
    ],
)  # fmt: skip
def test_the_element_of_a_list_that_decided_is_named(condition: str, had: Evidence) -> None:
    assert explained(condition, **LABELS).lines[-1].had == had


def test_alternatives_say_which_of_them_passed() -> None:
    one = explained(
        'either = [{ by = "a" }, { by = "b", repo = "x" }]\nwhen = [{ repo = "x" }, { repo = "y" }]',
        by="b",
        repo="x",
    )
    assert [(table.name, table.passed) for table in one.tables] == [
        ("on", True),
        ("when[0]", True),
        ("when[1]", False),
        ("either[0]", False),
        ("either[1]", True),
    ]
    assert (one.fires, one.misses) == (True, 0)


def test_the_alternative_that_came_nearest_counts() -> None:
    one = explained("when = [{ a = 1, b = 1, c = 1 }, { a = 1, b = 2 }]", a=1, b=1)
    assert (one.fires, one.misses) == (False, 1)


def test_lines_of_unless_stop_a_rule_only_together() -> None:
    condition = 'unless.by = "bot"\nunless.branch = "main"'
    stopped = explained(condition, by="bot", branch="main")
    assert [(line.holds, line.passed) for line in stopped.lines[1:]] == [(True, False)] * 2
    fired = explained(condition, by="bot", branch="dev")
    assert [(line.holds, line.passed) for line in fired.lines[1:]] == [(True, True), (False, True)]
    assert (stopped.misses, fired.misses) == (1, 0)


def test_a_disabled_rule_says_so_on_its_own_line() -> None:
    one = explained("enabled = false")
    assert [(line.number, line.text, line.passed) for line in one.lines] == [
        (3, 'on = "github.push"', True),
        (4, "enabled = false", False),
    ]
    assert not one.fires


def test_another_event_is_no_match_and_a_near_name_is_offered() -> None:
    one = explained("when.a = 1", "github.pushed", a=1)
    assert (one.heard, one.fires) == (False, False)
    assert str(one.lines[0].had) == "github.pushed (did you mean `github.push`?)"


def test_the_nearest_miss_comes_first() -> None:
    fires, near, far = (
        explained("", a=1),
        explained("when.a = 2", a=1),
        explained("when.b.c = 1\nwhen.a = 2", a=1),
    )
    deaf = replace(explained("", "zoom.x"), rule="deaf")
    assert nearest_first([far, deaf, near, fires]) == [fires, near, far, deaf]


def test_json_says_for_each_line_where_it_stands_and_what_was_there() -> None:
    made = explained('either = [{ labels.name = "bug" }]', **LABELS).to_json()
    assert made == {
        "rule": "r",
        "file": "a.toml",
        "line": 1,
        "fires": False,
        "listens": True,
        "lines": [
            {
                "line": 3, "text": 'on = "github.push"', "in": "on", "holds": True, "passed": True,
                "had": "github.push", "place": "", "hint": "",
            },
            {
                "line": 4, "text": 'either = [{ labels.name = "bug" }]', "in": "either[0]",
                "holds": False, "passed": False,
                "had": '"docs", "Bug", "ui" (differs only in upper/lower case; add ignore_case = true)',
                "place": "", "hint": "differs only in upper/lower case; add ignore_case = true",
            },
        ],
    }  # fmt: skip
