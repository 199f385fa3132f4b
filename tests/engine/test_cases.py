"""Tests in rules: what can be wrong with them is said at load, and what they see is what production does."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from automation.engine.load import load
from automation.engine.plan import plan
from automation.engine.rehearse import Effect, rehearse
from automation.engine.rules import Case, Rule, RuleSet
from automation.engine.trial import Mismatch, Trial, agree, attempt
from automation.engine.walk import walk
from automation.model.event import Event
from automation.model.request import Notion, Response
from automation.model.target import Target, TargetKind
from automation.wiring import actions
from tests.engine.some import NOW, documents, loaded, names, rule_sets

HEAD = '[[rule]]\nid = "r"\non = "github.push"\nwhen.branch = "main"\n'
ROW = """\
[[rule.do]]
id = "row"
upsert = "Commits"
match.SHA = "{{ event.sha }}"
set.Name = "{{ event.name | or_else: '' }}"
set.Count = "{{ event.count | or_else: 0 }}"
set.Tags = "{{ event.tags | or_else: '' }}"
body = "Hello {{ event.name | or_else: 'nobody' }}"
"""
TEST = '[[rule.test]]\nname = "t"\n'


def problems(test: str, steps: str = ROW) -> list[tuple[int, int, str, str]]:
    made = load({"a.toml": f"{HEAD}{steps}{TEST}{test}"}, actions=actions())
    return [(one.line, one.column, one.message, one.help) for one in made.problems]


def tried(test: str, steps: str = ROW, head: str = HEAD) -> Trial:
    rule = loaded(f"{head}{steps}{TEST}{test}").rules["r"]
    (case,) = rule.tests
    return run(rule, case)


def run(rule: Rule, case: Case, name: str = "github.push") -> Trial:
    assert isinstance(case.event, Mapping)
    return attempt(rule, case, name=name, document=case.event, actions=actions())


def mismatches(one: Trial) -> list[tuple[str, str, str]]:
    return [(miss.what, miss.expected, miss.actual) for miss in one.mismatches]


# what is written ----------------------------------------------------------------------------------


def test_a_test_is_read_whole() -> None:
    rule = loaded(
        f"{HEAD}{ROW}{TEST}"
        'on = "github.push"\nevent = { branch = "main" }\nat = 2026-11-23T09:00:00+01:00\n'
        "given.row = { created = false }\nfires = true\n"
    ).rules["r"]
    assert rule.tests == (
        Case(
            name="t",
            line=13,
            on="github.push",
            event={"branch": "main"},
            at=datetime.fromisoformat("2026-11-23T09:00:00+01:00"),
            given={"row": {"created": False}},
            fires=True,
        ),
    )


WIDE = 'event = { branch = "main" }\n'


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ('fires = true', (13, 8, "a test needs an `event`", 'a payload file such as "github.push.json", or a table of the event\'s fields')),
        (WIDE, (13, 8, "this test expects nothing", "write `fires = true`, `fires = false`, or `expect.<step>.set.<Property> = …`")),
        (f"{WIDE}fires = 1", (16, 9, "`fires` is true or false", "")),
        (f"{WIDE}fire = true\nfires = true", (16, 1, "`fire` is not a key of a test", "did you mean `fires`?")),
        ("event = 5\nfires = true", (15, 9, "`event` is a text or a table", "")),
        (f'{WIDE}at = "2026-11-23"\nfires = true', (16, 6, "`at` is a date or a time, without quotes", "such as 2026-11-24T09:00:00+01:00")),
        (f"{WIDE}fires = true\ngiven.rowe = {{}}", (17, 7, "there is no step `rowe`", "did you mean `row`?")),
        (f"{WIDE}given = 5\nfires = true", (16, 9, "`given` is a table", "")),
        (f"{WIDE}expect.raw.set.Name = 1", (16, 8, "there is no step `raw`", "did you mean `row`?")),
        (f"{WIDE}expect.row.sett.Name = 1", (16, 12, "step `row` has no `sett`", "did you mean `set`?")),
        (f"{WIDE}expect.row.set.Nam = 1", (16, 16, "`set` of step `row` has no `Nam`", "did you mean `Name`?")),
        (f"{WIDE}expect.row = 1", (16, 14, "what `row` is given is a table of its keys", "")),
        (f"{WIDE}fires = false\nexpect.row.body = ''", (17, 1, "a rule that does not fire performs no step to expect", "")),
        (f'{WIDE}expect.row.body.starts_with = ""', (16, 31, "`starts_with` is a text that is not empty, or a list of them", "")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_test_is_said_when_it_loads(
    test: str, found: tuple[int, int, str, str]
) -> None:
    assert problems(test) == [found]


def test_the_words_of_an_expectation_are_checked_as_in_a_condition() -> None:
    for wrong in ('starts_with = ""', "above = true", "exists = 1"):
        assert len(problems(f"{WIDE}expect.row.body.{wrong}")) == 1


LOOP = """\
[[rule.do]]
id = "found"
find = "Tasks"

[[rule.do]]
for_each = "{{ found }}"
as = "task"

  [[rule.do.do]]
  id = "change"
  update = "{{ task.id }}"
  set.Name = "{{ task.Name }} of {{ task.title }}"
"""


def test_the_answers_of_a_step_in_a_loop_are_a_list() -> None:
    assert [one[2] for one in problems(f"{WIDE}fires = true\ngiven.change = {{}}", LOOP)] == [
        "`change` stands in a loop: its answers are a list, one for each time"
    ]
    assert [one[2] for one in problems(f"{WIDE}fires = true\ngiven.found = {{}}", LOOP)] == [
        "`found` finds pages: its answer is a list of tables"
    ]


# what comes of it ---------------------------------------------------------------------------------


def test_what_would_be_written_is_seen_property_by_property() -> None:
    one = tried('event = { branch = "main", sha = "a1", name = "Ada", count = 2 }\nfires = true')
    assert one.effects == (
        Effect(
            step="row",
            element="",
            verb="upsert",
            line=5,
            keys={
                "upsert": "Commits",
                "match": {"SHA": "a1"},
                "set": {"Name": "Ada", "Count": 2, "Tags": ""},
                "body": "Hello Ada",
            },
        ),
    )
    assert (one.fires, one.passed, one.failed) == (True, True, "")


GIVEN = 'event = { branch = "main", sha = "a1", name = "Ada", count = 2, tags = ["x", "y"] }\n'


@pytest.mark.parametrize(
    "expect",
    [
        'expect.row.set.Name = "Ada"',
        "expect.row.set.Count = 2.0",
        'expect.row.set.Tags = ["x", "y"]',
        'expect.row.match.SHA = "a1"',
        'expect.row.upsert = "Commits"',
        'expect.row.body = """\nHello Ada\n"""',
        'expect.row.body.contains = "Ada"',
        'expect.row.set.Count = { at_least = 2, below = 3 }',
        'expect.row.set.Name = { is = "ADA", ignore_case = true }',
        'expect.row.set.Tags.all_of = ["y"]',
        'expect.row = [{ set.Name = "Ada" }]',
        'expect.row.0.set.Name = "Ada"',
    ],
)  # fmt: skip
def test_what_is_expected_and_comes_passes(expect: str) -> None:
    assert mismatches(tried(GIVEN + expect)) == []


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ('expect.row.set.Name = "ada"', ("row.set.Name", '"ada"', '"Ada"')),
        ('expect.row.set.Count = "2"', ("row.set.Count", '"2"', "2")),
        ("expect.row.set.Count = true", ("row.set.Count", "true", "2")),
        ('expect.row.set.Tags = ["y", "x"]', ("row.set.Tags", '["y", "x"]', '["x", "y"]')),
        ('expect.row.set.Tags = "x"', ("row.set.Tags", '"x"', '["x", "y"]')),
        ('expect.row.set.Name = ""', ("row.set.Name", '""', '"Ada"')),
        ('expect.row.body.contains = "Bob"', ("row.body", 'contains "Bob"', '"Hello Ada"')),
        ("expect.row.set.Count = { above = 1, below = 2 }", ("row.set.Count", "above 1 and below 2", "2")),
        ("expect.row = []", ("row", "0 times", "1 times")),
        ("expect.row = [{}, {}]", ("row", "2 times", "1 times")),
        ('expect.row.1.set.Name = "Ada"', ("row.set.Name", '"Ada"', "the step is not performed for the element 1")),
        ("fires = false", ("fires", "false", "true")),
    ],
)  # fmt: skip
def test_what_is_expected_and_does_not_come_is_shown_beside_what_came(
    expect: str, found: tuple[str, str, str]
) -> None:
    one = tried(GIVEN + expect)
    assert (one.passed, mismatches(one)) == (False, [found])


def test_a_rule_that_should_have_fired_shows_its_lines() -> None:
    one = tried('event = { branch = "Main" }\nfires = true')
    assert mismatches(one) == [("fires", "true", "false")]
    assert one.trace.lines[-1].had.hint.startswith("differs only in upper/lower case")


def test_a_run_that_would_park_fails_its_test_with_the_reason() -> None:
    (found,) = tried('event = { branch = "main" }\nfires = true').mismatches
    assert (found.line, found.what, found.expected) == (13, "the run", "goes to its end")
    assert found.actual.startswith("parks: ")


def test_a_mismatch_names_the_line_of_its_expectation() -> None:
    one = tried(f'{GIVEN}expect.row.set.Count = 2\nexpect.row.set.Name = "Bob"')
    assert one.mismatches == (
        Mismatch(line=17, what="row.set.Name", expected='"Bob"', actual='"Ada"'),
    )


def test_the_clock_is_the_tests_own() -> None:
    head = HEAD + 'when.day.below = "14 days ago"\n'
    event = 'event = { branch = "main", sha = "a", day = 2026-11-09 }\n'
    assert tried(event + "at = 2026-11-24T09:00:00Z\nfires = true", head=head).passed
    assert tried(event + "at = 2026-11-20T09:00:00Z\nfires = false", head=head).passed


def test_without_a_clock_a_test_says_the_same_every_day() -> None:
    rule = loaded(f"{HEAD}{ROW}{TEST}{GIVEN}fires = true").rules["r"]
    assert rule.tests[0].at == datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def test_a_rule_that_is_switched_off_is_tested_all_the_same() -> None:
    assert tried(GIVEN + "fires = true", head=HEAD + "enabled = false\n").passed


def test_a_guard_is_kept_and_a_dry_run_shows_what_it_holds_back() -> None:
    held = tried(GIVEN + "fires = true", head=HEAD + 'guard.only_set = ["Name"]\n')
    assert "the guard does not let step `row` set" in held.failed
    many = tried(
        f'{WIDE}given.found = [{{ Name = "A" }}, {{ Name = "B" }}]\nfires = true',
        LOOP,
        HEAD + "guard.max_writes = 1\n",
    )
    assert "guard.max_writes is 1" in many.failed
    assert [effect.verb for effect in many.effects] == ["find", "update"]
    dry = tried(GIVEN + 'expect.row.set.Name = "Ada"', head=HEAD + "guard.dry_run = true\n")
    assert dry.passed


def test_found_pages_are_as_find_gives_them() -> None:
    one = tried(
        f'{WIDE}given.found = [{{ id = "p1", Name = "A" }}, {{ Name = "B", title = "T" }}]\n'
        'expect.change = [{ update = "p1", set.Name = "A of {{ found[0].title }}" },'
        ' { update = "{{ found[1].id }}", set.Name = "B of T" }]',
        LOOP,
    )
    assert mismatches(one) == []
    assert [effect.element for effect in one.effects if effect.step == "change"] == ["0", "1"]


def test_nothing_is_found_unless_the_test_says_what() -> None:
    assert mismatches(tried(f"{WIDE}expect.change = []", LOOP)) == []


def test_a_page_that_is_made_hands_on_an_id_that_says_where_it_is_from() -> None:
    steps = (
        ROW + '[[rule.do]]\nid = "again"\nupdate = "{{ row.id }}"\nset.New = "{{ row.created }}"\n'
    )
    expect = 'expect.again = [{ update = "{{ row.id }}", set.New = true }]'
    assert mismatches(tried(GIVEN + expect, steps)) == []
    given = 'given.row = { id = "p9", created = false }\n'
    expect = 'expect.again = [{ update = "p9", set.New = false }]'
    assert mismatches(tried(GIVEN + given + expect, steps)) == []


@pytest.mark.parametrize(
    ("actual", "wanted", "equal"),
    [
        (None, "", True),
        ("", "", True),
        (None, 0, False),
        (1, 1.0, True),
        (True, 1, False),
        ("2026-11-24", date(2026, 11, 24), True),
        ("2026-11-24T09:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC) - timedelta(hours=1), True),
        ({"start": "a", "end": None}, {"start": "a", "end": ""}, True),
        ({"start": "a"}, {"start": "a", "end": ""}, False),
        ([1, [2]], [1, [2]], True),
        ([1], [1, 2], False),
        ("x", {"a": 1}, False),
    ],
)
def test_equality_is_that_of_conditions(actual: Any, wanted: Any, equal: bool) -> None:
    assert agree(actual, wanted, loaded(HEAD + ROW).rules["r"].zone) is equal


# as in production ---------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(rules=rule_sets(), name=names, document=documents)
def test_a_test_sees_a_rule_fire_exactly_when_it_is_planned(
    rules: RuleSet, name: str, document: dict[str, Any]
) -> None:
    event = Event(
        id="e", source="github", name=name, keys=("k",), received_at=NOW, body=b"{}"
    )  # fmt: skip
    planned = {run.rule_id for run in plan(event, document, rules, now=NOW).runs}
    case = Case(name="t", line=1, on=name, event=document, at=NOW, given={}, fires=True)
    seen = {
        rule.id for rule in rules.rules.values() if rule.enabled and run(rule, case, name).passed
    }
    assert seen == planned


def test_what_a_rehearsal_sees_is_what_notion_is_sent() -> None:
    """The same rule walked with the real verbs, against answers that say nothing is there."""
    rule = loaded(HEAD + ROW).rules["r"]
    document = {"branch": "main", "sha": "a1", "name": "Ada", "count": 2}
    (effect,) = rehearse(rule, document=document, now=NOW, actions=actions()).effects
    created = _created(rule, document)
    assert {name: next(iter(value.values())) for name, value in created.items()} == {
        "SHA": [_text(effect.keys["match"]["SHA"])],
        "Name": [_text(effect.keys["set"]["Name"])],
        "Count": effect.keys["set"]["Count"],
        "Tags": None,
    }


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"content": text}}


def _created(rule: Rule, document: dict[str, Any]) -> Mapping[str, Any]:
    properties = {
        "SHA": {"type": "rich_text", "rich_text": {}},
        "Name": {"type": "title", "title": {}},
        "Count": {"type": "number", "number": {}},
        "Tags": {"type": "select", "select": {"options": []}},
    }
    target = Target(
        name="Commits",
        kind=TargetKind.DATA_SOURCE,
        id="d1",
        title="Commits",
        url="",
        properties={name: {**one, "name": name, "id": name} for name, one in properties.items()},
    )
    talk = walk(
        rule,
        document=document,
        actions=actions(),
        targets={"Commits": target},
        now=NOW,
        key_of=lambda step, element: step,
    )
    request = next(talk).request
    assert isinstance(request, Notion)
    request = talk.send(Response(status=200, body={"results": []})).request
    assert isinstance(request, Notion)
    assert request.body is not None
    made: Mapping[str, Any] = request.body["properties"]
    return made
