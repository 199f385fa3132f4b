"""The index finds every rule that the plain loop finds, and passes most others by."""

from typing import Any

import pytest
from hypothesis import given, settings

from automation.engine.index import Index, needs
from automation.engine.plan import wanting, wants
from automation.engine.rules import Rule, RuleSet
from tests.engine.some import NOW, documents, loaded, names, rule_sets

STEP = '[[rule.do]]\ncreate = "Log"\nset.Name = "seen"\n'


def rule(conditions: str, *, on: str = "github.push", number: int = 0) -> str:
    return f'[[rule]]\nid = "r{number}"\non = "{on}"\n{conditions}\n{STEP}'


def candidates(rules: RuleSet, name: str, document: dict[str, Any]) -> list[str]:
    return [one.id for one in rules.index.candidates(name, document)]


@settings(max_examples=200, deadline=None)
@given(rules=rule_sets(), name=names, document=documents)
def test_the_index_finds_what_the_plain_loop_finds(
    rules: RuleSet, name: str, document: dict[str, Any]
) -> None:
    loop = [
        one.id
        for one in rules.rules.values()
        if one.enabled and wants(one, name, document, now=NOW)
    ]
    assert [one.id for one in wanting(name, document, rules, now=NOW)] == loop


@pytest.mark.parametrize(
    ("conditions", "document"),
    [
        ('when.repo = "acme/web"', {"repo": "acme/api"}),
        ("when.number = 1", {"number": True}),
        ("when.deleted = true", {"deleted": 1}),
        ("when.number = 1", {"number": "1"}),
        ('when.repo = ["acme/web", "acme/api"]', {"repo": "acme/app"}),
        ('when.repo = { is = "ACME/web", ignore_case = true }', {"repo": "acme/api"}),
        ('when.ref.starts_with = "refs/tags/"', {"ref": "refs/heads/main"}),
        ('when.ref.like = "refs/tags/*"', {"ref": "refs/heads/main"}),
        ('when.ref.like = "main"', {"ref": "main2"}),
        ('when.labels.name = "bug"', {"labels": [{"name": "docs"}, {"name": None}]}),
        ('when.labels.all_of = ["bug", "ui"]', {"labels": ["docs"]}),
        ('when = [{ repo = "a" }, { branch = "b" }]', {"repo": "b", "branch": "a"}),
        ('either = [{ repo = "a" }, { branch = "b" }]', {"repo": "b", "branch": "a"}),
        ('when.repo = "a"\nwhen.text.contains = "x"', {"repo": "b", "text": "x"}),
    ],
)
def test_a_rule_whose_need_is_not_there_is_no_candidate(
    conditions: str, document: dict[str, Any]
) -> None:
    assert candidates(loaded(rule(conditions)), "github.push", document) == []


@pytest.mark.parametrize(
    ("conditions", "document"),
    [
        ("when.number = 1", {"number": 1.0}),
        ('when.repo = { is = "ACME/web", ignore_case = true }', {"repo": "acme/WEB"}),
        ('when.labels.name = "bug"', {"labels": [[{"name": "docs"}], [{"name": ["x", "bug"]}]]}),
        ('when.ref.like = "a\\\\*b"', {"ref": "a*b"}),
        ('when.ref.like = "*"', {"ref": "anything"}),
        ("when.day = 2026-11-24", {"day": "2026-11-24T00:00:00Z"}),
        ('when.base = "{{ event.head }}"', {"base": "main", "head": "main"}),
        ('when.repo.not = "acme/web"', {}),
        ('when.repo = ["acme/web", { contains = "x" }]', {"repo": "axe"}),
        ("unless.deleted = true", {"deleted": False}),
    ],
)
def test_a_rule_that_fires_is_always_a_candidate(conditions: str, document: dict[str, Any]) -> None:
    rules = loaded(rule(conditions))
    assert wants(rules.rules["r0"], "github.push", document, now=NOW)
    assert candidates(rules, "github.push", document) == ["r0"]


def test_names_are_heard_by_their_beginning_at_a_dot() -> None:
    rules = loaded(rule("", on="github.issues"))
    heard = {
        name: candidates(rules, name, {})
        for name in ("github", "github.issues", "github.issues.opened", "github.issues_x")
    }
    assert heard == {
        "github": [],
        "github.issues": ["r0"],
        "github.issues.opened": ["r0"],
        "github.issues_x": [],
    }
    assert [rules.index.hears(name) for name in heard] == [False, True, True, False]


def test_a_schedule_rule_is_found_by_its_own_ticks_only() -> None:
    text = f'[[rule]]\nid = "digest"\non = "schedule"\nschedule.cron = "0 9 * * *"\n{STEP}'
    rules = loaded(text)
    assert candidates(rules, "schedule.digest", {}) == ["digest"]
    assert candidates(rules, "schedule.other", {}) == []


def test_candidates_come_in_the_order_of_the_rules() -> None:
    texts = [rule(f'when.repo = "{"ab"[number % 2]}"', number=number) for number in range(6)]
    rules = loaded("\n".join(texts))
    assert candidates(rules, "github.push", {"repo": "b"}) == ["r1", "r3", "r5"]


def test_the_need_that_fewest_rules_share_is_the_one_that_is_looked_up() -> None:
    texts = [
        rule(f'when.branch = "main"\nwhen.repo = "acme/r{number}"', number=number)
        for number in range(50)
    ]
    rules = loaded("\n".join(texts))
    assert candidates(rules, "github.push", {"branch": "main", "repo": "acme/r7"}) == ["r7"]
    assert candidates(rules, "github.push", {"branch": "main"}) == []


def test_the_needs_of_a_rule_are_sets_of_alternatives() -> None:
    made: Rule = loaded(
        rule('when.repo = ["a", "b"]\nwhen.text.contains = "x"\nunless.by = "bot"')
    ).rules["r0"]
    assert needs(made) == [frozenset({(("repo",), "exact", "a"), (("repo",), "exact", "b")})]


def test_a_disabled_rule_is_not_in_the_index() -> None:
    rules = loaded(rule("enabled = false"))
    assert list(Index(rules.rules.values()).candidates("github.push", {})) == []
