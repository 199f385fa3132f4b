"""Names in `on`, what deliveries showed, and whatever else may stand in a rule file."""

from typing import Any

import pytest

from automation.cli.files import recipes
from automation.engine.known import KnownFields
from automation.engine.learned import learn
from automation.engine.load import load
from automation.engine.rules import RuleSet
from automation.model.fields import Catalogue
from automation.wiring import actions
from tests.engine.knowing import PUBLISHED, problems, rule, said

NAMES = {
    "a-letter-is-missing": (
        "github.isues.opened",
        [
            "3:6+21 error: `github` is not known to send `github.isues.opened` (did you mean `github.issues.opened`?)"
        ],
    ),
    "two-letters-swapped": (
        "github.psuh",
        ["3:6+13 error: `github` is not known to send `github.psuh` (did you mean `github.push`?)"],
    ),
    "large-letters": (
        "github.Push",
        [
            (
                "3:6+13 error: event names are in small letters (source.type.action, such as"
                ' "github.issues.opened"; "github.issues" covers all below it)'
            ),
        ],
    ),
    "an-action-nearly": (
        "zoom.meeting.end",
        [
            "3:6+18 warning: `zoom` is not known to send `zoom.meeting.end` (did you mean `zoom.meeting.ended`?)"
        ],
    ),
    "people-try-it": (
        "github.pull_request.merged",
        [
            (
                "3:6+28 warning: `github` is not known to send `github.pull_request.merged` (listen to"
                " github.pull_request.closed, and say pull_request.merged = true)"
            )
        ],
    ),
    "new": (
        "github.qqqqqq.zzz",
        [
            (
                "3:6+19 warning: `github` is not known to send `github.qqqqqq.zzz`"
                " (`automation fields github` lists what is known)"
            )
        ],
    ),
    "a-subtype-nearly": (
        "slack.message.bot_mesage",
        [
            (
                "3:6+26 warning: `slack` is not known to send `slack.message.bot_mesage`"
                " (did you mean `slack.message.bot_message`?)"
            )
        ],
    ),
    "a-source-nearly": (
        "githb.push",
        ["3:6+12 error: there is no source `githb` in these files (did you mean `github`?)"],
    ),
    "a-source-nobody-is": (
        "acme.order",
        [
            "3:6+12 warning: there is no source `acme` in these files (declare it with [source.acme])"
        ],
    ),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.values(), ids=NAMES)
def test_a_name_nobody_sends_is_said(name: str, expected: list[str]) -> None:
    assert said(problems(rule(f'"{name}"', ""))) == expected


def test_a_sender_declared_in_another_file_is_known() -> None:
    sender = '[source.acme]\nsecret_env = "S"\nsignature = { header = "X-Signature" }\n'
    files = {"a.toml": rule('"acme.order"', "when.what.ever = 1"), "b.toml": sender}
    assert load(files, actions=actions(), catalogue=PUBLISHED).problems == ()


# what is learned ----------------------------------------------------------------------------------

ORDER: dict[str, Any] = {
    "total": 12.5,
    "customer": {"name": "Ines"},
    "lines": [{"sku": "a"}, {"sku": "b", "gift": True}],
    "raw": {},
}
LEARNED = Catalogue(published=PUBLISHED.published, learned=learn([("acme.order", ORDER)]))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "when.totl.above = 10",
            ["4:6+4 warning: `totl` is not a field of `acme.order` (did you mean `total`?)"],
        ),
        (
            'when.custommer.name = "x"',
            [
                "4:6+9 warning: `custommer` is not a field of `acme.order` (did you mean `customer`?)"
            ],
        ),
        (
            "when.qqq.zzz = 1",
            ["4:6+3 warning: `qqq` is not a field of `acme.order` (no stored delivery had it)"],
        ),
        ("when.lines.gift = true", []),
        ('when.total = "12.5"', []),
        ("when.raw.any.thing = 1", []),
    ],
    ids=["a-slip", "a-slip-above", "nothing-near", "in-one-element", "a-type-is-no-promise", "raw"],
)
def test_what_was_learned_only_warns(lines: str, expected: list[str]) -> None:
    text = rule('"acme.order"', lines)
    found = [one for one in problems(text, LEARNED) if "no source" not in one.message]
    assert said(found) == expected


def test_deliveries_do_not_make_a_published_event_larger() -> None:
    """A rule file is right or wrong whatever the database holds."""
    learned = learn([("github.push", {"brand_new": 1})])
    found = problems(
        rule('"github.push"', "when.brand_new = 1"),
        Catalogue(published=PUBLISHED.published, learned=learned),
    )
    assert [one.severity for one in found] == ["error"]


def test_deliveries_make_an_unpublished_event_of_a_known_source_known() -> None:
    learned = learn([("github.brand_new.made", {"brand": {"name": "x"}})])
    found = problems(
        rule('"github.brand_new.made"', 'when.brand.nme = "x"'),
        Catalogue(published=PUBLISHED.published, learned=learned),
    )
    assert said(found) == [
        "4:12+3 warning: `brand.nme` is not a field of `github.brand_new.made` (did you mean `name`?)"
    ]


# around -------------------------------------------------------------------------------------------


def test_without_a_catalogue_nothing_is_checked() -> None:
    assert problems(rule('"github.isues"', "when.whatever = 1"), Catalogue()) == ()


def test_a_place_with_a_problem_gets_no_second_one() -> None:
    found = problems(rule('"github.issues.opened"', 'when.issue.title.start_with = "x"'))
    assert [(one.line, one.column) for one in found] == [(4, 18)]


def test_a_rule_file_with_many_mistakes_is_read_to_its_end_in_bounded_time() -> None:
    """So many that to look for what each of them meant would take minutes."""
    lines = "\n".join(f"when.issue.a{number}.b = 1" for number in range(3000))
    found = problems(rule('"github.issues"', lines))
    assert len(found) == 3000
    assert found[-1].help == ""


@pytest.mark.parametrize(
    "raw",
    [
        {"rule": 5},
        {"rule": [5, None]},
        {"rule": [{"on": []}]},
        {"rule": [{"on": [5, ""]}]},
        {"rule": [{"on": "github.push", "when": 5, "unless": [5], "do": 5, "lane": 5}]},
        {"rule": [{"on": "github.push", "when": {"": {"": 1}, "ref": {}}}]},
        {"rule": [{"on": "github.push", "do": [5, {"id": [], "as": [], "for_each": []}]}]},
        {"rule": [{"on": "github.push", "do": [{"for_each": "{{ event.commits }}", "as": []}]}]},
        {"rule": [{"on": "github.push", "do": [{"if": 5, "only": {"event": 5}}]}]},
        {"rule": [{"on": "github.push", "do": [{"wait_for": [], "same": 5, "id": {}}]}]},
        {"rule": [{"on": "github.push", "do": [{"body": "{{ event. }} {% event.x"}]}]},
        {"rule": [{"on": "schedule", "when": {"rule": {"any": 5, "none": {"not": []}}}}]},
    ],
    ids=repr,
)
def test_whatever_stands_in_a_file_is_survived(raw: dict[str, Any]) -> None:
    assert isinstance(KnownFields(PUBLISHED).check("a.toml", "", raw, ()), list)


def test_recipes_hold() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in recipes().glob("*.toml")}
    made = load(files, actions=actions(), catalogue=PUBLISHED)
    assert made.problems == ()
    assert isinstance(made.rules, RuleSet)
