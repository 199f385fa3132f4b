"""Conditions held to the fields of events: what is said, where, and what is left alone."""

import pytest

from tests.engine.knowing import problems, rule, said

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
            '4:18+11 error: `begins_with` is neither a field of `title` nor a test (did you mean `starts_with`? A field of that name stands in quotes: "begins_with")'
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
}


@pytest.mark.parametrize(("on", "lines"), GOOD.values(), ids=GOOD)
def test_a_line_that_can_be_meant_is_left_alone(on: str, lines: str) -> None:
    found = [one for one in problems(rule(on, lines)) if "not known to send" not in one.message]
    assert found == []
