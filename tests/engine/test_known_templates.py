"""Templates, loops and steps held to the fields of events."""

import pytest

from tests.engine.knowing import problems, rule, said

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
