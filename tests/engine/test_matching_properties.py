"""What holds for every condition and every document, whatever hypothesis thinks of."""

import tomllib
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.engine.explain import trace
from automation.engine.plan import fires, plan, scope_of
from automation.model.event import Event
from tests.engine.generating import DOCUMENTS, LINES, PLAIN, TESTS, Name, quoted, to_toml
from tests.engine.loading import HEAD, NOW, STEP, does_fire, load_text
from tests.engine.naive import Naive

ZONES = st.sampled_from(["UTC", "Europe/Paris"])
quiet = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TABLES = st.lists(LINES, min_size=1, max_size=2)


@quiet
@given(TABLES, TABLES, DOCUMENTS, ZONES)
def test_a_second_reading_of_the_language_agrees(
    when: list[Any], unless: list[Any], document: Any, zone: str
) -> None:
    """The compiled conditions and the naive evaluator say the same of every event."""
    lines = f"when = {to_toml(when)}\nunless = {to_toml(unless)}"
    fields = {("when", *path) for path in quoted(when)} | {
        ("unless", *path) for path in quoted(unless)
    }
    naive = Naive(document, NOW, ZoneInfo(zone), frozenset(fields))
    assert does_fire(lines, document, zone=zone) is naive.fires(tomllib.loads(lines))


@quiet
@given(PLAIN | TESTS, DOCUMENTS)
def test_not_is_exactly_the_complement(condition: Any, document: Any) -> None:
    """For a value, a list, or tests together; on whatever is there, or is not."""
    line = {Name("a"): condition}
    negated = {Name("a"): {"not": condition}}
    assert does_fire(f"when = {to_toml(line)}", document) is not does_fire(
        f"when = {to_toml(negated)}", document
    )


@quiet
@given(LINES, DOCUMENTS)
def test_none_is_the_complement_of_any(lines: Any, document: Any) -> None:
    """Over the elements of whatever is there."""
    line = {Name("a"): {"any": lines}}
    negated = {Name("a"): {"none": lines}}
    assert does_fire(f"when = {to_toml(line)}", document) is not does_fire(
        f"when = {to_toml(negated)}", document
    )


@quiet
@given(TABLES, TABLES, TABLES, DOCUMENTS)
def test_explain_and_plan_cannot_disagree(
    when: list[Any], either: list[Any], unless: list[Any], document: Any
) -> None:
    """The trace's verdict is whether a run is planned."""
    lines = "\n".join(
        f"{key} = {to_toml(value)}"
        for key, value in (("when", when), ("either", either), ("unless", unless))
    )
    rules = load_text(f"{HEAD}{lines}\n{STEP}").rules
    event = Event(
        id="e", source="test", name="test.event", keys=("k",), received_at=NOW, body=b"{}"
    )
    planned = plan(event, document, rules, now=NOW)
    traced = trace("test.event", document, rules.rules["r"], now=NOW)
    assert traced.fires is bool(planned.runs)


@quiet
@given(TABLES, TABLES, DOCUMENTS)
def test_the_index_never_hides_a_rule_that_fires(
    when: list[Any], either: list[Any], document: Any
) -> None:
    """Whatever the conditions are made of."""
    rules = load_text(f"{HEAD}when = {to_toml(when)}\neither = {to_toml(either)}\n{STEP}").rules
    rule = rules.rules["r"]
    if fires(rule, document, scope_of(rule, document, NOW)):
        assert list(rules.index.candidates("test.event", document)) == [rule]
