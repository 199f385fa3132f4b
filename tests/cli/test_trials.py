"""`automation test`: the tests in rule files, for people and for machines; and those of the recipes."""

import json
from pathlib import Path

import pytest

from automation.cli.files import recipes, rule_files
from automation.engine.rules import Rule
from tests.cli.calling import Desk
from tests.engine.some import rule_set

RULE = """\
[[rule]]
id = "commits"
on = "github.push"
when.branch = "main"

[[rule.do]]
id = "row"
upsert = "Commits"
match.SHA = "{{ event.after }}"
set.Name = "{{ event.by }}"
body = "By {{ event.by }}"
"""
GOOD = """
[[rule.test]]
name = "a push to main"
event = "github.push"
expect.row.set.Name = "ines"
"""
BAD = """
[[rule.test]]
name = "a push by somebody else"
event = "github.push"
expect.row.set.Name = "tomas"
"""


def test_what_would_be_written_is_shown(desk: Desk) -> None:
    desk.rules(RULE + GOOD)
    said = desk.call("test")
    assert (said.code, said.err) == (0, "1 test: all good\n")
    assert said.out == (
        "rules/a.toml: commits\n"
        "  ✓ a push to main  fires\n"
        "      upsert Commits\n"
        '        match.SHA  "00ff11ee22dd33cc44bb55aa66997788a9b8c7d6"\n'
        '        set.Name   "ines"\n'
        "        body\n"
        "          │ By ines\n"
    )


def test_a_failing_test_shows_what_was_expected_beside_what_came(desk: Desk) -> None:
    desk.rules(RULE + GOOD + BAD)
    said = desk.call("test", "--quiet")
    assert (said.code, said.err) == (1, "2 tests: 1 failed\n")
    assert said.out.splitlines()[:5] == [
        "rules/a.toml: commits",
        "  ✗ a push by somebody else  fires",
        "      line 21: row.set.Name",
        '        expected  "tomas"',
        '        actual    "ines"',
    ]


def test_a_rule_that_should_have_fired_is_explained(desk: Desk) -> None:
    desk.rules(RULE + '[[rule.test]]\nname = "t"\nevent = { branch = "Main" }\nfires = true\n')
    said = desk.call("test")
    near = '"Main" (differs only in upper/lower case; add ignore_case = true)'
    assert said.code == 1
    assert said.out.splitlines()[2:] == [
        "      line 12: fires",
        "        expected  true",
        "        actual    false",
        '      ✓   3  on = "github.push"    github.push',
        f'      ✗   4  when.branch = "main"  {near}',
    ]


def test_json_has_every_step_and_mismatch(desk: Desk) -> None:
    desk.rules(RULE + BAD)
    said = desk.call("test", "--json")
    (one,) = said.data["tests"]
    assert (said.code, said.data["passed"], said.data["failed"]) == (1, 0, 1)
    assert one["steps"] == [
        {
            "step": "row",
            "element": "",
            "verb": "upsert",
            "target": "Commits",
            "writes": True,
            "keys": {
                "match": {"SHA": "00ff11ee22dd33cc44bb55aa66997788a9b8c7d6"},
                "set": {"Name": "ines"},
                "body": "By ines",
            },
        }
    ]
    assert one["mismatches"] == [
        {"line": 16, "what": "row.set.Name", "expected": '"tomas"', "actual": '"ines"'}
    ]


def test_rules_without_tests_are_named(desk: Desk) -> None:
    desk.rules(RULE)
    said = desk.call("test")
    assert (said.code, said.out) == (0, "rules/a.toml:1: commits has no tests\n")
    assert desk.call("test", "--json").data["without_tests"] == [
        {"rule": "commits", "file": "rules/a.toml", "line": 1}
    ]


def test_files_and_rules_can_be_chosen(desk: Desk) -> None:
    desk.rules(RULE + GOOD)
    other = desk.rules(RULE.replace("commits", "other") + BAD, "b.toml")
    assert desk.call("test", "rules/a.toml").code == 0
    assert desk.call("test", str(other)).code == 1
    assert desk.call("test", "--rule", "commits").code == 0
    assert desk.call("test", "--rule", "other").code == 1
    said = desk.call("test", "--rule", "comits")
    assert (said.code, "did you mean `commits`?" in said.err) == (4, True)


def test_a_rule_that_does_not_load_fails_and_is_told(desk: Desk) -> None:
    desk.rules(RULE.replace("when.", "wen.") + GOOD)
    said = desk.call("test")
    assert (said.code, said.out) == (1, "")
    assert "`wen` is not a key of a rule" in said.err


# where the event is from --------------------------------------------------------------------------


def events(desk: Desk, test: str, on: str = "github.push", when: str = "") -> tuple[bool, str]:
    """Whether the rule fires for the test's event, and what was wrong with it."""
    step = '[[rule.do]]\ncreate = "Log"\nset.Name = "x"\n'
    desk.rules(f'[[rule]]\nid = "r"\non = "{on}"\n{when}\n{step}[[rule.test]]\n{test}\n')
    (one,) = desk.call("test", "--json").data["tests"]
    return one["passed"], one.get("problem", "")


@pytest.mark.parametrize("name", ["github.push.json", "github/push.json", "hook.json"])
def test_a_payload_file_lies_beside_the_rules_and_is_read_by_its_source(
    desk: Desk, name: str
) -> None:
    path = desk.folder / "rules" / "payloads" / name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"ref": "refs/heads/main", "repository": {"full_name": "a/b"}}))
    assert events(
        desk,
        f'event = "payloads/{name}"\nfires = true',
        when='when.repo = "a/b"\nwhen.branch = "main"\nwhen.raw.ref = "refs/heads/main"',
    ) == (True, "")


def test_a_payload_that_is_nowhere_is_named_with_its_place(desk: Desk) -> None:
    assert events(desk, 'event = "github.pushed"\nfires = true') == (
        False,
        "there is no payload file rules/github.pushed, and no sample `github.pushed`",
    )


def test_a_payload_that_cannot_be_read_says_why(desk: Desk) -> None:
    (desk.folder / "rules" / "github.push.json").write_text("{")
    passed, problem = events(desk, 'event = "github.push.json"\nfires = true')
    assert (passed, problem.startswith("it cannot be read as github.push: ")) == (False, True)


@pytest.mark.parametrize(
    ("on", "event", "when"),
    [
        ("github.push", '{ ref = "refs/heads/main" }', 'when.branch = "main"'),
        ("github.push", '{ branch = "main" }', 'when.branch = "main"'),
        ("github.push", '{ branch = "dev", ref = "refs/heads/main" }', 'when.branch = "main"'),
        ("github.issues", '{ action = "opened", issue.html_url = "u" }', 'when.url = "u"'),
        ("zoom.meeting.ended", '{ topic = "T" }', 'when.topic = "T"\nwhen.raw.payload.object.topic = "T"'),
        ("zoom.meeting.summary_completed", '{ meeting_topic = "T" }', 'when.topic = "T"'),
        ("zoom.meeting.ended", '{ event = "meeting.ended", payload.object.topic = "T" }', 'when.topic = "T"'),
        ("slack.app_mention", '{ user = "U1", text = "hi" }', 'when.by = "U1"\nwhen.type = "app_mention"'),
        ("slack.command", '{ command = "/task", user_name = "ines" }', 'when.by = "ines"'),
        ("nobody.knows", "{ a = 1 }", "when.a = 1\nwhen.raw.a = 1"),
        ("github.push", "{ day = 2026-11-24 }", "when.day = 2026-11-24"),
    ],
)  # fmt: skip
def test_fields_written_out_are_read_as_the_source_would(
    desk: Desk, on: str, event: str, when: str
) -> None:
    expected = "false" if '"dev"' in event else "true"
    assert events(desk, f"event = {event}\nfires = {expected}", on, when) == (True, "")


def test_a_declared_sender_is_read_its_own_way(desk: Desk) -> None:
    desk.rules(
        '[source.acme]\nsecret_env = "ACME_SECRET"\nsignature = { header = "X-Acme" }\ninner = "data.object"\n',
        "acme.toml",
    )
    for event in ("{ total = 11 }", "{ data.object.total = 11 }"):
        test = f"event = {event}\nfires = true"
        when = "when.total.above = 10\nwhen.raw.data.object.total = 11"
        assert events(desk, test, "acme.event", when) == (True, "")


def test_the_name_of_an_event_can_be_said(desk: Desk) -> None:
    on = "github.issues"
    assert events(desk, 'on = "github.issues.closed"\nevent = {}\nfires = true', on) == (True, "")
    assert events(desk, 'on = "github.push"\nevent = {}\nfires = false', on) == (True, "")


def test_a_tick_needs_no_event(desk: Desk) -> None:
    when = 'schedule.cron = "0 9 * * *"\nwhen.at = "2026-11-23T08:00:00Z"\nwhen.rule = "r"'
    test = "at = 2026-11-23T09:00:00+01:00\nfires = true"
    assert events(desk, test, "schedule", when) == (True, "")


# the recipes --------------------------------------------------------------------------------------


def recipe_rules() -> list[Rule]:
    return list(rule_set(rule_files([str(recipes())], "")).rules.values())


@pytest.mark.parametrize("rule", recipe_rules(), ids=lambda rule: str(rule.id))
def test_a_recipe_has_a_test_that_fires_and_one_that_does_not(rule: Rule) -> None:
    assert {case.fires for case in rule.tests} == {True, False}


def test_the_tests_of_the_recipes_pass_wherever_they_are_copied_to(desk: Desk) -> None:
    assert desk.call("init", "mine").code == 0
    said = desk.call("test", "mine", "--json")
    failed = [one["name"] for one in said.data["tests"] if not one["passed"]]
    assert (said.code, failed, said.data["without_tests"]) == (0, [], [])
    assert len(said.data["tests"]) >= 2 * len(recipe_rules())


def test_tests_need_no_token_no_store_and_no_network(desk: Desk, tmp_path: Path) -> None:
    desk.rules(RULE + GOOD)
    before = sorted(tmp_path.rglob("*"))
    assert desk.call("test").code == 0
    assert sorted(tmp_path.rglob("*")) == before
