"""Rules held to the fields of events: what is said, where, and what is left alone."""

from collections.abc import Sequence
from typing import Any

import pytest

from automation.engine.learned import learn
from automation.engine.load import load
from automation.engine.problems import Problem
from automation.engine.rules import RuleSet
from automation.model.fields import Catalogue
from automation.wiring import actions, published

PUBLISHED = Catalogue(published=published())
STEP = '[[rule.do]]\nappend = "Log"\nbody = "x"\n'


def problems(text: str, catalogue: Catalogue = PUBLISHED) -> tuple[Problem, ...]:
    """What a file's text gives."""
    return load({"a.toml": text}, actions=actions(), catalogue=catalogue).problems


def rule(on: str, lines: str, steps: str = STEP) -> str:
    """A rule whose own lines begin at line 4."""
    return f'[[rule]]\nid = "r"\non = {on}\n{lines}\n\n{steps}'


def said(found: Sequence[Problem]) -> list[str]:
    """Problems as `line:column severity: message (help)`, and how much of the line they mark."""
    return [
        f"{one.line}:{one.column}+{one.length} {one.severity}: {one.message} ({one.help})"
        for one in found
    ]


CONDITIONS: dict[str, tuple[str, str, list[str]]] = {
    "a-slip-in-a-name": (
        '"github.issues.opened"',
        'when.issue.titel = "x"',
        [
            "4:12+5 error: `issue.titel` is not a field of `github.issues.opened` (did you mean `title`?)"
        ],
    ),
    "the-first-unknown-step-is-marked": (
        '"github.issues.opened"',
        'when.isue.user.login.starts_with = "x"',
        ["4:6+4 error: `isue` is not a field of `github.issues.opened` (did you mean `issue`?)"],
    ),
    "the-same-name-elsewhere": (
        '"github.issues.opened"',
        'when.issue.reporter.login = "x"',
        [
            (
                "4:12+8 error: `issue.reporter` is not a field of `github.issues.opened` (the event has"
                " `issue.assignee.login`, `issue.closed_by.login`, `issue.user.login`)"
            )
        ],
    ),
    "the-envelope-is-taken-off": (
        '"zoom.meeting.ended"',
        'when.payload.object.topic.contains = "x"',
        ["4:6+7 error: `payload` is not a field of `zoom.meeting.ended` (the event has `topic`)"],
    ),
    "a-short-name-of-other-events": (
        '"zoom.meeting.ended"',
        'when.summary_content.contains = "x"',
        [
            (
                "4:6+15 error: `summary_content` is not a field of `zoom.meeting.ended` (it is in"
                " `zoom.meeting.summary_completed`, `zoom.meeting.summary_updated`,"
                " `zoom.meeting.summary_shared`)"
            )
        ],
    ),
    "nothing-near": (
        '"github.push"',
        "when.qqqqq = 1",
        [
            (
                "4:6+5 error: `qqqqq` is not a field of `github.push` (`automation fields` lists what"
                " there is; what is newer than that is under `raw`)"
            )
        ],
    ),
    "a-test-that-is-none": (
        '"github.issues.opened"',
        'when.issue.title.begins_with = "x"',
        [
            "4:18+11 error: `begins_with` is neither a field of `title` nor a test (did you mean `ends_with`?)"
        ],
    ),
    "unless": (
        '"github.push"',
        'unless.pusher.nme = "x"',
        ["4:15+3 error: `pusher.nme` is not a field of `github.push` (did you mean `name`?)"],
    ),
    "either": (
        '"github.push"',
        '[[rule.either]]\npusher.name = "a"\n[[rule.either]]\npusher.nme = "b"',
        ["7:8+3 error: `pusher.nme` is not a field of `github.push` (did you mean `name`?)"],
    ),
    "in-an-element": (
        '"github.issues.opened"',
        'when.issue.labels.any = { name = "bug", colour = "red" }',
        [
            (
                "4:41+6 error: `issue.labels.colour` is not a field of `github.issues.opened`"
                " (did you mean `color`?)"
            )
        ],
    ),
    "in-the-template-of-a-line": (
        '"github.pull_request.opened"',
        'when.pull_request.base.ref.not = "{{ event.pull_request.hed.ref }}"',
        [
            (
                "4:57+3 error: `event.pull_request.hed` is not a field of `github.pull_request.opened`"
                " (did you mean `head`?)"
            )
        ],
    ),
    "several-events-none-has-it": (
        '["github.issues.opened", "github.push"]',
        'when.isue.title = "x"',
        ["4:6+4 error: `isue` is not a field of these events (did you mean `issue`?)"],
    ),
    "not-behind-a-list": (
        '"github.issues.opened"',
        'when.issue.labels.name.not = "bug"',
        [
            (
                "4:24+3 error: `not` behind the list `issue.labels` can be read in two ways (no element"
                ' is: `issue.labels.none = { name = "bug" }`; some element is not:'
                ' `issue.labels.any = { name.not = "bug" }`)'
            )
        ],
    ),
    "not-a-test-behind-a-list": (
        '"github.push"',
        'when.commits.author.name.not = { ends_with = "[bot]" }',
        [
            (
                "4:26+3 error: `not` behind the list `commits` can be read in two ways (no element is:"
                ' `commits.none = { author.name = { ends_with = "[bot]" } }`; some element is not:'
                ' `commits.any = { author.name.not = { ends_with = "[bot]" } }`)'
            )
        ],
    ),
    "two-lines-in-one-list": (
        '"github.issues.opened"',
        'when.issue.labels.name = "bug"\nwhen.issue.labels.color.starts_with = "d"',
        [
            (
                "5:25+11 error: two lines look into the list `issue.labels`, and can be read in two ways"
                ' (one element with both: `issue.labels.any = { name = "bug", color.starts_with = "d" }`;'
                ' each in some element: `issue.labels.any = { name = "bug" }` and this line as it is)'
            )
        ],
    ),
    "a-text-that-never-stands-there": (
        '"github.issues"',
        'when.action = "open"',
        ['4:15+6 warning: `action` is never "open", as far as is known (did you mean `opened`?)'],
    ),
    "one-of-several-texts": (
        '"github.issues"',
        'when.action = ["opened", "reopend"]',
        [
            '4:26+9 warning: `action` is never "reopend", as far as is known (did you mean `reopened`?)'
        ],
    ),
    "another-case": (
        '"github.pull_request.opened"',
        'when.pull_request.state = "OPEN"',
        [
            '4:27+6 warning: `pull_request.state` is never "OPEN", as far as is known (did you mean `open`?)'
        ],
    ),
    "a-number-in-quotes": (
        '"github.issues.opened"',
        'when.issue.number = "12"',
        ["4:21+4 warning: `issue.number` is a number: it never equals a text (remove the quotes)"],
    ),
    "a-truth-in-quotes": (
        '"github.push"',
        'when.deleted.not = "true"',
        ["4:20+6 warning: `deleted` is true or false: it never equals a text (remove the quotes)"],
    ),
    "a-number-for-a-text": (
        '"slack.command"',
        "when.text = 5",
        ["4:13+1 warning: `text` is a text: it never equals a number (put it in quotes)"],
    ),
    "a-text-test-of-a-number": (
        '"github.issues.opened"',
        'when.issue.number.contains = "4"',
        ["4:19+8 warning: `contains` tests texts, and `issue.number` is a number ()"],
    ),
    "a-comparison-of-a-text": (
        '"github.issues.opened"',
        "when.issue.title.above = 3",
        ["4:26+1 warning: `issue.title` is a text, never a number ()"],
    ),
    "a-table-for-a-value": (
        '"github.issues.opened"',
        'when.issue.assignees = "ines"',
        [
            (
                "4:24+6 warning: `issue.assignees` is a table: test a field of it"
                " (such as `issue.assignees.login`)"
            )
        ],
    ),
}


@pytest.mark.parametrize(("on", "lines", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_line_that_cannot_be_meant_is_said(on: str, lines: str, expected: list[str]) -> None:
    assert said(problems(rule(on, lines))) == expected


GOOD = {
    "a-field": ('"github.issues.opened"', 'when.issue.title = "x"'),
    "a-short-name": ('"github.push"', 'when.branch = "main"'),
    "through-a-list": ('"github.issues.opened"', 'when.issue.labels.name = "bug"'),
    "two-tests-of-one-path": (
        '"github.push"',
        'when.commits.message = { starts_with = "fix", contains = "(shop)" }',
    ),
    "lines-in-two-lists": (
        '"github.issues.opened"',
        'when.issue.labels.name = "bug"\nwhen.issue.assignees.login = "ines"',
    ),
    "one-line-and-a-quantifier": (
        '"github.issues.opened"',
        'when.issue.labels.any = { name = "bug" }\nwhen.issue.labels.color = "red"',
    ),
    "both-lines-of-one-element": (
        '"github.issues.opened"',
        'when.issue.labels.any = { name = "bug", color.not = "red" }',
    ),
    "not-at-a-list-of-texts": ('"github.push"', 'when.repository.topics.not = "shop"'),
    "several-events-one-has-it": (
        '["github.issues.opened", "github.push"]',
        'when.issue.title = "x"\nwhen.branch = "main"',
    ),
    "a-covering-name": ('"github.issues"', 'when.label.name = "bug"'),
    "a-whole-source": ('"github"', 'when.release.tag_name = "x"'),
    "beside-an-event-that-is-not-known": (
        '["github.push", "github.brand_new.made"]',
        "when.brand.new = true",
    ),
    "an-action-the-caller-names": (
        '"github.repository_dispatch.deploy"',
        'when.client_payload.environment.name = "live"',
    ),
    "a-message-of-any-subtype": ('"slack.message.bot_add"', 'when.text.contains = "x"'),
    "what-is-newer": ('"github.push"', 'when.raw.brand.new = "x"'),
    "a-quoted-field": ('"github.issues.opened"', 'when."issue"."title".exists = true'),
    "a-field-called-like-a-test": (
        '"github.repository_dispatch.deploy"',
        'when.client_payload."not" = "x"',
    ),
    "a-number-of-two-kinds": ('"zoom.meeting.ended"', 'when.id = ["86012345678", 86012345678]'),
    "any-case": (
        '"github.pull_request.opened"',
        'when.pull_request.state = { is = "OPEN", ignore_case = true }',
    ),
    "a-date": ('"github.issues.opened"', "when.issue.created_at.at_least = 2026-01-01"),
    "a-template-for-a-value": (
        '"github.issues.opened"',
        'when.issue.number = "{{ event.issue.comments }}"',
    ),
    "a-tick": ('"schedule.nightly"', 'when.rule = "nightly"'),
}


@pytest.mark.parametrize(("on", "lines"), GOOD.values(), ids=GOOD)
def test_a_line_that_can_be_meant_is_left_alone(on: str, lines: str) -> None:
    found = [one for one in problems(rule(on, lines)) if "not known to send" not in one.message]
    assert found == []


TEMPLATES: dict[str, tuple[str, str, list[str]]] = {
    "in-a-property": (
        '"github.issues.opened"',
        'create = "T"\nset.Name = "{{ event.issue.titel | upcase }}"',
        [
            (
                "8:28+5 error: `event.issue.titel` is not a field of `github.issues.opened`"
                " (did you mean `title`?)"
            )
        ],
    ),
    "below-a-text": (
        '"github.issues.opened"',
        'create = "T"\nset.Name = "{{ event.issue.title.text }}"',
        ["8:34+4 error: `event.issue.title` is a text: there is no `text` in it ()"],
    ),
    "a-name-of-a-list": (
        '"github.issues.opened"',
        'create = "T"\nset.Name = "{{ event.issue.labels.name }}"',
        [
            (
                "8:35+4 error: `event.issue.labels` is a list, and a list has no `name` (of each:"
                ' `event.issue.labels | pluck: "name"`; of the first: `event.issue.labels[0].name`)'
            )
        ],
    ),
    "in-an-element": (
        '"github.issues.opened"',
        'create = "T"\nset.Name = "{{ event.issue.labels[0].nam }}"',
        [
            (
                "8:38+3 error: `event.issue.labels[0].nam` is not a field of `github.issues.opened`"
                " (did you mean `name`?)"
            )
        ],
    ),
    "behind-escapes": (
        '"github.push"',
        'create = "T"\nset.Name = "a \\"b\\" \\u00e9 {{ event.reff }}"',
        ["8:37+4 error: `event.reff` is not a field of `github.push` (did you mean `ref`?)"],
    ),
    "lines-below": (
        '"github.push"',
        'append = "T"\nbody = """\n# Title\n  \\\n   and {{ event.reff }}\n"""',
        ["11:17+4 error: `event.reff` is not a field of `github.push` (did you mean `ref`?)"],
    ),
    "with-no-escapes": (
        '"github.push"',
        "append = \"T\"\nbody = '''\nC:\\new {{ event.reff }}'''",
        ["9:17+4 error: `event.reff` is not a field of `github.push` (did you mean `ref`?)"],
    ),
    "in-a-tag": (
        '"github.push"',
        'append = "T"\nbody = "{% if event.forcd %}x{% endif %}"',
        ["8:21+5 error: `event.forcd` is not a field of `github.push` (did you mean `forced`?)"],
    ),
    "in-a-filter": (
        '"github.push"',
        'append = "T"\nbody = "{{ event.tag | or_else: event.brnch }}"',
        ["8:39+5 error: `event.brnch` is not a field of `github.push` (did you mean `branch`?)"],
    ),
    "an-element-of-a-loop": (
        '"github.push"',
        (
            'for_each = "{{ event.commits | reverse }}"\nas = "commit"\n'
            'only.commit.author.nme.not = "x"\nappend = "T"\nbody = "{{ commit.mesage }}"'
        ),
        [
            "9:20+3 error: `commit.author.nme` is not a field of `github.push` (did you mean `name`?)",
            "11:19+6 error: `commit.mesage` is not a field of `github.push` (did you mean `message`?)",
        ],
    ),
    "an-element-of-an-element": (
        '"github.push"',
        (
            'for_each = "{{ event.commits }}"\nas = "commit"\n[[rule.do.do]]\n'
            'for_each = "{{ commit.added }}"\nas = "file"\nappend = "T"\nbody = "{{ file.name }}"'
        ),
        ["13:17+4 error: `file` is a text: there is no `name` in it ()"],
    ),
    "elsewhere-in-an-element": (
        '"github.push"',
        'for_each = "{{ event.commits }}"\nas = "commit"\nappend = "T"\nbody = "{{ commit.email }}"',
        [
            (
                "10:19+5 error: `commit.email` is not a field of `github.push`"
                " (there is `commit.author.email`, `commit.committer.email`)"
            )
        ],
    ),
    "not-a-list": (
        '"github.push"',
        'for_each = "{{ event.repository }}"\nappend = "T"\nbody = "x"',
        ["7:12+24 warning: `for_each` needs a list, and `{{ event.repository }}` is a table ()"],
    ),
    "a-condition-of-a-step": (
        '"github.push"',
        'append = "T"\nbody = "x"\nif.event.forcd = true',
        ["9:10+5 error: `event.forcd` is not a field of `github.push` (did you mean `forced`?)"],
    ),
    "what-is-waited-for": (
        '"zoom.meeting.ended"',
        (
            'id = "notes"\nwait_for = "zoom.meeting.summary_completed"\nwithin = "1 hour"\n'
            'same.uid = "{{ event.uuid }}"\n[[rule.do]]\nappend = "T"\nbody = "{{ notes.summary_contents }}"'
        ),
        [
            "10:6+3 error: `uid` is not a field of `zoom.meeting.summary_completed` (did you mean `uuid`?)",
            (
                "13:18+16 error: `notes.summary_contents` is not a field of"
                " `zoom.meeting.summary_completed` (did you mean `summary_content`?)"
            ),
        ],
    ),
}


@pytest.mark.parametrize(("on", "step", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_path_of_a_template_that_is_not_there_is_said(
    on: str, step: str, expected: list[str]
) -> None:
    found = problems(f'[[rule]]\nid = "r"\non = {on}\n\n\n[[rule.do]]\n{step}\n')
    assert said(found) == expected


GOOD_TEMPLATES = {
    "a-path": "{{ event.head_commit.author.name }}",
    "an-index": "{{ event.commits[0].id }}",
    "the-words-of-a-list": "{{ event.commits.first.id }} {{ event.commits.size }} {{ event.ref.size }}",
    "a-name-in-brackets": "{{ event['head_commit']['id'] }}",
    "an-index-that-the-event-decides": "{{ event.commits[event.size].id }}",
    "a-name-the-template-makes": "{% for event in event.commits %}{{ event.titel }}{% endfor %}",
    "a-text-that-looks-like-a-path": "{{ event.ref | append: 'event.titel' }}",
    "the-delivery": "{{ event.raw.brand.new }}",
    "other-roots": "{{ now }} {{ rule.id }}",
}


@pytest.mark.parametrize("template", GOOD_TEMPLATES.values(), ids=GOOD_TEMPLATES)
def test_a_template_that_can_be_meant_is_left_alone(template: str) -> None:
    step = f'[[rule.do]]\nappend = "Log"\nbody = "{template}"\n'
    found = [one for one in problems(rule('"github.push"', "", step)) if "size" not in one.message]
    assert found == []


def test_a_step_takes_its_id_from_what_was_known() -> None:
    steps = (
        '[[rule.do]]\nid = "commit"\nfind = "Tasks"\n'
        '[[rule.do]]\nappend = "Log"\nbody = "{{ commit.Name }}"\n'
    )
    assert problems(rule('"github.push"', "", steps)) == ()


# names --------------------------------------------------------------------------------------------

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
        ["3:6+13 error: `github` is not known to send `github.Push` (did you mean `github.push`?)"],
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
    from automation.engine.known import KnownFields

    assert isinstance(KnownFields(PUBLISHED).check("a.toml", "", raw, ()), list)


def test_recipes_hold() -> None:
    from automation.cli.files import recipes

    files = {path.name: path.read_text(encoding="utf-8") for path in recipes().glob("*.toml")}
    made = load(files, actions=actions(), catalogue=PUBLISHED)
    assert made.problems == ()
    assert isinstance(made.rules, RuleSet)
