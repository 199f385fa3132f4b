"""Templates: what they give, what they refuse, and that values stay data."""

import inspect
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.engine.filters import FILTERS
from automation.engine.nothing import NOTHING
from automation.engine.template import compile_text, examine
from automation.model.errors import TemplateFailed

EVENT: dict[str, Any] = {
    "title": "Fix *it*\n\nnow",
    "n": 3,
    "price": 2.5,
    "ok": True,
    "off": False,
    "none": None,
    "zero": 0,
    "empty": "",
    "tags": ["b", "a", None, "b"],
    "labels": [{"name": "bug", "n": 2}, {"name": "Ui", "n": 1}, {"n": 3}],
    "user": {"login": "ann", "size": "large", "items": "mine"},
    "at": "2026-11-24T23:30:00+02:00",
    "day": "2026-11-24",
    "sly": "{{ event.user.login }}{% if true %}",
    "007": "007",
}
ROOTS: dict[str, Any] = {
    "event": EVENT,
    "now": datetime(2026, 3, 28, 12, 0, tzinfo=ZoneInfo("Europe/Paris")),
    "rule": {"id": "r", "description": ""},
    "skipped": NOTHING,
    "task": {"Name": "T", "Due date": date(2026, 11, 24), "properties": {"url": "u"}},
}


def render(source: str, *, body: bool = False, **roots: Any) -> Any:
    """The value of a template over the roots above."""
    return compile_text(source, body=body).render({**ROOTS, **roots})


VALUES: dict[str, list[tuple[str, Any]]] = {
    "a single output keeps the type": [
        ("{{ event.n }}", 3),
        ("{{ event.price }}", 2.5),
        ("{{ event.ok }}", True),
        ("{{ event.off }}", False),
        ("{{ event.none }}", None),
        ("{{ event.tags }}", ["b", "a", None, "b"]),
        ("{{ event.user }}", EVENT["user"]),
        ("{{ task['Due date'] }}", date(2026, 11, 24)),
        ("{{- event.n -}}", 3),
        ("{{ event['007'] }}", "007"),
        ("{{ '007' }}", "007"),
        ("{{ 7 }}", 7),
        ("{{ 1.50 }}", 1.5),
        ("{{ true }}", True),
        ("{{ nil }}", None),
        ("{{ (1..3) }}", [1, 2, 3]),
        ("{{ event.labels[1].name }}", "Ui"),
        ("{{ event.labels.first.n }}", 2),
        ("{{ event.labels[-1].n }}", 3),
        ("{{ event.tags.size }}", 4),
        ("{{ event.user.size }}", "large"),
        ("{{ event.user.items }}", "mine"),
        ("{{ now | date_only }}", date(2026, 3, 28)),
        ("{{ rule.id }}", "r"),
    ],
    "anything around it makes text": [
        ("{{ event.n }} ", "3 "),
        ("n={{ event.n }}", "n=3"),
        ("{{ event.n }}{{ event.n }}", "33"),
        ("{{ event.price }}!", "2.5!"),
        ("{{ 2.0 }}!", "2!"),
        ("{{ event.ok }}!", "true!"),
        ("{{ event.none }}!", "!"),
        ("{{ event.tags }}!", "b, a, b!"),
        ("{{ task['Due date'] }}!", "2026-11-24!"),
        ("{% if event.ok %}yes{% endif %}", "yes"),
        ("{% comment %}x{% endcomment %}y", "y"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{% # a note %}z", "z"),
        ("no template", "no template"),
        ("{ {x} }", "{ {x} }"),
    ],
    "conditions and loops": [
        ("{% if event.n == 3 and event.ok %}a{% else %}b{% endif %}", "a"),
        ("{% unless event.off %}a{% endunless %}", "a"),
        ("{% if event.none %}a{% elsif event.zero %}b{% endif %}", "b"),
        ("{% if event['empty'] == empty %}a{% endif %}", "a"),
        ("{% if event.tags contains 'a' %}a{% endif %}", "a"),
        ("{% if event.ok == 1 %}a{% else %}b{% endif %}", "b"),
        ("{% case event.user.login %}{% when 'bob', 'ann' %}a{% else %}b{% endcase %}", "a"),
        ("{% for t in event.tags %}{{ forloop.index }}{{ t }};{% endfor %}", "1b;2a;3;4b;"),
        ("{% for t in event.tags limit: 1 offset: 1 %}{{ t }}{% endfor %}", "a"),
        ("{% for i in (1..3) reversed %}{{ i }}{% endfor %}", "321"),
        ("{% for i in (1..9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "12"),
        ("{% for x in skipped %}{{ x }}{% else %}none{% endfor %}", "none"),
        ("{% assign x = event.n | plus: 1 %}{{ x }}.", "4."),
    ],
    "nothing": [
        ("{{ skipped }}", None),
        ("{{ skipped.a.b[0] }}", None),
        ("{{ skipped.a }}!", "!"),
        ("{{ skipped.a | or_else: 'x' }}", "x"),
        ("{{ skipped | size }}", 0),
        ("{% if skipped.a %}a{% else %}b{% endif %}", "b"),
        ("{% if skipped == nil %}a{% endif %}", "a"),
        ("{{ event.none | or_else: 'x' }}", "x"),
        ("{{ event.nope | or_else: 'x' }}", "x"),
        ("{{ event.nope.deeper | or_else: 'x' }}", "x"),
        ("{{ event.off | or_else: 'x' }}", False),
        ("{{ event.zero | or_else: 'x' }}", 0),
        ("{{ event['empty'] | or_else: 'x' }}", ""),
        ("{{ event.off | default: 'x' }}", "x"),
        ("{{ event['empty'] | default: 'x' }}", "x"),
        ("{{ event.zero | default: 'x' }}", 0),
        ("{{ event.nope | default: 'x' }}", "x"),
        ("{{ event.nope | or_else: event.n }}", 3),
        ("{{ event.nope | or_else: nil }}", None),
    ],
    "values are data": [
        ("{{ event.sly }}", "{{ event.user.login }}{% if true %}"),
        ("{{ event.sly }}.", "{{ event.user.login }}{% if true %}."),
        ("{{ event.sly | upcase }}", "{{ EVENT.USER.LOGIN }}{% IF TRUE %}"),
    ],
}


@pytest.mark.parametrize(
    ("source", "value"),
    [pytest.param(*case, id=f"{kind}: {case[0]}") for kind in VALUES for case in VALUES[kind]],
)
def test_a_template_gives(source: str, value: Any) -> None:
    """The value, and of the same type."""
    found = render(source)
    assert (type(found), found) == (type(value), value)


FAILS: dict[str, list[tuple[str, str]]] = {
    "what is not there": [
        ("{{ event.nope }}", "`event.nope` is not there"),
        ("{{ event.nope.deep }}!", "`event.nope` is not there"),
        ("{{ event.none.deep }}", "`event.none.deep` is not there"),
        ("{{ event.nope | upcase }}", "`event.nope` is not there"),
        ("{{ event.n | plus: event.nope }}", "`event.nope` is not there"),
        ("{{ event.n | or_else: event.nope }}", "`event.nope` is not there"),
        ("{{ event.nope | size }}", "`event.nope` is not there"),
        ("{{ event.title.upper }}", "`event.title.upper` is not there"),
        ("{{ event.user.__class__ }}", "`event.user.__class__` is not there"),
        ("{{ event.title[0] }}", "`event.title` is not there"),
        ("{{ event.tags[9] }}", "is not there"),
        ("{% if event.nope %}{% endif %}", "`event.nope` is not there"),
        ("{% for x in event.nope %}{% endfor %}", "`event.nope` is not there"),
        ("{% if event.nope == 'x' %}{% endif %}", "`event.nope` is not there"),
        ("{% case event.nope %}{% when 1 %}{% endcase %}", "`event.nope` is not there"),
        ("{{ today }}", "`today` is not there"),
    ],
    "tables in text": [
        ("{{ event.user }}!", "a table cannot stand inside text"),
        ("{{ event.labels }}!", "a table cannot stand inside text"),
        ("{{ event.user | upcase }}", "a table cannot stand inside text"),
        ("{{ event.labels | join }}", "a table cannot stand inside text"),
    ],
    "numbers are never made of texts": [
        ("{{ '5' | plus: 1 }}", "'5' is not a number; `to_number` makes one of a text"),
        ("{{ event.ok | plus: 1 }}", "'true' is not a number"),
        ("{{ 'x1' | to_number }}", "'x1' is not a number"),
        ("{{ '1e5' | to_number }}", "'1e5' is not a number"),
        ("{{ '٣' | to_number }}", "'٣' is not a number"),
        ("{% if event.n < '5' %}{% endif %}", "not supported between"),
        ("{{ event.n | divided_by: 0 }}", "divided by 0"),
        ("{{ event.title | truncate: 2.5 }}", "2.5 is not a whole number"),
    ],
    "dates": [
        ("{{ 'now' | date: '%Y' }}", "'now' is not a date"),
        ("{{ event.n | date: '%Y' }}", "'3' is not a date"),
        ("{{ event.day | date: '%9999999d' }}", "is not a pattern for dates"),
        ("{{ event.day | date: '%s' }}", "is not a pattern for dates"),
        ("{{ event.day | plus_time: '2 months' }}", "is not a duration"),
        ("{{ '9999-12-31' | plus_time: '9 days' }}", "date value out of range"),
    ],
    "comparisons": [
        ("{% if event.tags == event.labels %}{% endif %}", "a list or a table cannot be compared"),
        ("{% if event.tags contains event.user %}{% endif %}", "cannot be compared"),
        ("{% case event.tags %}{% when 1 %}{% endcase %}", "cannot be compared"),
    ],
}


@pytest.mark.parametrize(
    ("source", "message"),
    [pytest.param(*case, id=f"{kind}: {case[0]}") for kind in FAILS for case in FAILS[kind]],
)
def test_a_template_fails_saying(source: str, message: str) -> None:
    """In words, and quoting the template."""
    with pytest.raises(TemplateFailed) as failed:
        render(source)
    assert message in str(failed.value)
    assert str(failed.value).endswith(f"in `{source}`")


# filters ------------------------------------------------------------------------------------------

GIVES: Mapping[str, list[tuple[str, Any]]] = {
    "abs": [("{{ -3 | abs }}", 3), ("{{ -2.5 | abs }}", 2.5)],
    "append": [("{{ event.n | append: 'x' }}", "3x")],
    "at_least": [("{{ 1 | at_least: 2 }}", 2)],
    "at_most": [("{{ 3 | at_most: 2 }}", 2)],
    "bullets": [("{{ event.tags | bullets }}", "- b\n- a\n- \n- b")],
    "capitalize": [("{{ 'aBC d' | capitalize }}", "Abc d")],
    "ceil": [("{{ 1.2 | ceil }}", 2), ("{{ -1.2 | ceil }}", -1)],
    "compact": [("{{ event.tags | compact }}", ["b", "a", "b"])],
    "concat": [("{{ event.tags | compact | concat: event.n }}", ["b", "a", "b", 3])],
    "date": [
        ("{{ event.at | date: '%A %-d %B %Y, %H:%M' }}", "Tuesday 24 November 2026, 23:30"),
        ("{{ event.day | date: '%V/%j/%%' }}", "48/328/%"),
        ("{{ task['Due date'] | date: '%d.%m.' }}", "24.11."),
    ],
    "date_only": [
        ("{{ event.at | date_only }}", date(2026, 11, 24)),
        ("{{ '2026-11-24T23:30:00Z' | date_only }}", date(2026, 11, 24)),
    ],
    "default": [("{{ event.none | default: 1 }}", 1), ("{{ event.tags | default: 1 | size }}", 4)],
    "divided_by": [("{{ 7 | divided_by: 2 }}", 3), ("{{ 7 | divided_by: 2.0 }}", 3.5)],
    "downcase": [("{{ 'ÀB' | downcase }}", "àb")],
    "find": [("{{ event.labels | find: 'n', 1 }}", {"name": "Ui", "n": 1})],
    "find_index": [
        ("{{ event.labels | find_index: 'n', 3 }}", 2),
        ("{{ event.labels | find_index: 'n', '3' }}", None),
    ],
    "first": [("{{ event.tags | first }}", "b"), ("{{ skipped | first }}", None)],
    "first_line": [(b"{{ '  a \\r\\n b' | first_line }}".decode("unicode_escape"), "a")],
    "floor": [("{{ 1.8 | floor }}", 1)],
    "has": [
        ("{{ event.labels | has: 'name', 'bug' }}", True),
        ("{{ event.labels | has: 'name', 'ui' }}", False),
    ],
    "join": [("{{ event.tags | join: '/' }}", "b/a/b"), ("{{ event.tags | join }}", "b, a, b")],
    "json": [
        ("{{ event.labels | last | json }}", '{"n": 3}'),
        ("{{ 'é' | json }}", '"é"'),
        ("{{ skipped | json }}", "null"),
        ("{{ event.day | date_only | json }}", '"2026-11-24"'),
    ],
    "last": [("{{ event.tags | last }}", "b")],
    "lstrip": [("{{ ' a ' | lstrip }}", "a ")],
    "map": [("{{ event.labels | map: 'name' }}", ["bug", "Ui", None])],
    "markdown": [("{{ event.title | markdown }}", "Fix *it*\n\nnow")],
    "minus": [("{{ 5 | minus: 2 }}", 3), ("{{ 0.3 | minus: 0.1 }}", 0.2)],
    "minus_time": [
        (
            "{{ '2026-11-24T10:00:00Z' | minus_time: '90 minutes' }}",
            datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
        )
    ],
    "modulo": [
        ("{{ 7 | modulo: 3 }}", 1),
        ("{{ -7 | modulo: 3 }}", 2),
        ("{{ 7.5 | modulo: 2 }}", 1.5),
    ],
    "or_else": [("{{ event.none | or_else: 1 }}", 1)],
    "pluck": [("{{ event.labels | pluck: 'name' }}", ["bug", "Ui"])],
    "plus": [("{{ 0.1 | plus: 0.2 }}", 0.3), ("{{ 1 | plus: 1 }}", 2)],
    "plus_time": [
        ("{{ now | plus_time: '1 day' | date: '%d %H:%M %z' }}", "29 12:00 +0200"),
        ("{{ now | plus_time: '24 hours' | date: '%d %H:%M %z' }}", "29 13:00 +0200"),
    ],
    "prepend": [("{{ 'b' | prepend: 'a' }}", "ab")],
    "quote": [("{{ 'a\n\nb' | quote }}", "> a  \n> \\\n> b")],
    "reject": [("{{ event.labels | reject: 'name' | size }}", 1)],
    "remove": [("{{ 'a-b-c' | remove: '-' }}", "abc")],
    "remove_first": [("{{ 'a-b-c' | remove_first: '-' }}", "ab-c")],
    "remove_last": [("{{ 'a-b-c' | remove_last: '-' }}", "a-bc")],
    "replace": [
        ("{{ 'a-b' | replace: '-', '+' }}", "a+b"),
        ("{{ 'ab' | replace: '', 'x' }}", "ab"),
    ],
    "replace_first": [("{{ 'aa' | replace_first: 'a', 'b' }}", "ba")],
    "replace_last": [("{{ 'aa' | replace_last: 'a', 'b' }}", "ab")],
    "reverse": [("{{ event.tags | reverse }}", ["b", None, "a", "b"])],
    "round": [
        ("{{ 2.5 | round }}", 3),
        ("{{ -2.5 | round }}", -3),
        ("{{ 1.005 | round: 2 }}", 1.01),
        ("{{ 7 | round: 2 }}", 7),
    ],
    "rstrip": [("{{ ' a ' | rstrip }}", " a")],
    "size": [("{{ event.tags | size }}", 4), ("{{ 'aé' | size }}", 2), ("{{ event.n | size }}", 0)],
    "slice": [
        ("{{ 'abcdef' | slice: 1, 3 }}", "bcd"),
        ("{{ 'abcdef' | slice: -2, 2 }}", "ef"),
        ("{{ 'abcdef' | slice: 2 }}", "c"),
        ("{{ event.tags | slice: 0, 2 }}", ["b", "a"]),
        ("{{ 'ab' | slice: -9, 1 }}", "a"),
    ],
    "sort": [
        ("{{ event.tags | sort }}", ["a", "b", "b", None]),
        ("{{ event.labels | sort: 'n' | map: 'n' }}", [1, 2, 3]),
    ],
    "sort_natural": [("{{ event.labels | sort_natural: 'name' | pluck: 'name' }}", ["bug", "Ui"])],
    "split": [
        ("{{ 'a,b,' | split: ',' }}", ["a", "b", ""]),
        ("{{ '' | split: ',' }}", []),
        ("{{ 'ab' | split: '' }}", ["a", "b"]),
    ],
    "squish": [("{{ ' a \n  b ' | squish }}", "a b")],
    "strip": [("{{ ' a ' | strip }}", "a")],
    "strip_html": [("{{ '<b>a</b> &amp;lt; &#39;' | strip_html }}", "a &lt; '")],
    "strip_newlines": [("{{ 'a\nb' | strip_newlines }}", "ab")],
    "sum": [("{{ event.labels | sum: 'n' }}", 6), ("{{ skipped | sum }}", 0)],
    "times": [("{{ 1.1 | times: 3 }}", 3.3), ("{{ 2 | times: 3 }}", 6)],
    "to_number": [
        ("{{ ' -12 ' | to_number }}", -12),
        ("{{ '1.50' | to_number }}", 1.5),
        ("{{ event.n | to_number }}", 3),
    ],
    "todos": [("{{ 'a' | todos }}", "- [ ] a")],
    "truncate": [("{{ 'abcdef' | truncate: 4 }}", "abc…"), ("{{ 'ab' | truncate: 4, '' }}", "ab")],
    "truncatewords": [
        ("{{ 'a b c' | truncatewords: 2 }}", "a b…"),
        ("{{ 'a b' | truncatewords: 2 }}", "a b"),
    ],
    "uniq": [
        ("{{ event.tags | uniq }}", ["b", "a", None]),
        ("{{ event.labels | uniq: 'x' | size }}", 1),
    ],
    "upcase": [("{{ 'straße' | upcase }}", "STRASSE")],
    "url_decode": [("{{ 'a%2Fb+c' | url_decode }}", "a/b c")],
    "url_encode": [("{{ 'a/b c' | url_encode }}", "a%2Fb+c")],
    "where": [
        ("{{ event.labels | where: 'name' | size }}", 2),
        ("{{ event.labels | where: 'n', 2 | pluck: 'name' }}", ["bug"]),
    ],
    "without": [
        ("{{ event.tags | without: 'b' }}", ["a", None]),
        ("{{ 'a-b' | without: '-' }}", "ab"),
        ("{{ event.tags | without: event.tags }}", []),
    ],
}


@pytest.mark.parametrize(("source", "value"), [case for cases in GIVES.values() for case in cases])
def test_a_filter_gives(source: str, value: Any) -> None:
    """Each filter by example."""
    assert repr(render(source)) == repr(value)


def test_every_filter_has_an_example_and_says_how_it_is_written() -> None:
    """`text | filter: values`, then what it does; the values are those it takes."""
    assert set(GIVES) == set(FILTERS)
    for name, function in FILTERS.items():
        usage = (function.__doc__ or "").partition("\n")[0]
        assert f"| {name}" in usage
        needed = [
            one
            for one in list(inspect.signature(function).parameters.values())[1:]
            if one.default is inspect.Parameter.empty
        ]
        assert (f"| {name}: " in usage) or not needed


# bodies -------------------------------------------------------------------------------------------

BODIES: list[tuple[str, str, str]] = [
    ("in prose, signs are text", "{{ v }}", "\\# a \\*b\\*"),
    ("Markdown that is meant", "{{ v | markdown }}", "# a *b*"),
    ("in code, as it is", "run `{{ v }}` now", "run `# a *b*` now"),
    ("in a fence, as it is", "```\n{{ v }}\n```", "```\n# a *b*\n```"),
    ("behind a fence, prose again", "```\nx\n```\n{{ v }}", "```\nx\n```\n\\# a \\*b\\*"),
    ("a list of it", "{{ v | bullets }}", "- \\# a \\*b\\*"),
]


@pytest.mark.parametrize(
    ("source", "text"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES]
)
def test_a_value_in_a_body_is_text_where_it_stands(source: str, text: str) -> None:
    """Escaped in prose, and as it is where nothing means anything."""
    assert render(source, body=True, v="# a *b*") == text


@pytest.mark.parametrize(
    ("source", "value", "text"),
    [
        ("# {{ v }}", "a\n\nb", "# a  b"),
        ("| {{ v }} |", "a|b\nc", "| a\\|b c |"),
        ("`{{ v }}`", "a`b\nc", "`a'b c`"),
        ("```\n{{ v }}\n```", "a\n```\nb", "```\na\n`\u200b``\nb\n```"),
        ("{{ v }}", "a\n\nb", "a  \n\\\nb"),
        ("{{ v }}", "    code", "&#32;&#32;&#32;&#32;code"),
    ],
    ids=["heading", "table", "code", "fence", "paragraph", "indented"],
)
def test_a_value_cannot_leave_the_place_it_was_put_in(source: str, value: str, text: str) -> None:
    """A line break ends no heading, no row, no code; a fence is not closed by what is inside."""
    assert render(source, body=True, v=value) == text


# what is found at load ----------------------------------------------------------------------------


@given(st.text(st.sampled_from("{}%|:.'\" abc12()[]-=<>\n"), max_size=40))
def test_any_text_compiles_or_is_told_where_it_is_wrong(source: str) -> None:
    """No text makes the compiler fail in any other way, and every fault lies inside the text."""
    template, found = examine(source, {"event"})
    assert (template is None) <= bool(found)
    for fault in found:
        assert 0 <= fault.offset <= len(source)
        assert fault.message


@pytest.mark.parametrize(
    "source",
    [
        "{{" * 10_000,
        "{% if a %}" * 2_000,
        "{{ a }}" * 2_857,
        "{% raw %}" * 2_000,
        "{{ '" + "a" * 2_100 + "' }}",
    ],
    ids=["open-braces", "open-tags", "outputs", "raw", "long-expression"],
)
def test_a_text_of_any_kind_is_read_or_refused_at_once(source: str) -> None:
    """What is never closed is not looked for from every place anew."""
    assert examine(source, ())[1] != ()


def test_an_unknown_filter_does_not_compile() -> None:
    """Also where nobody looks at the faults."""
    with pytest.raises(TemplateFailed, match="there is no filter `nope`"):
        compile_text("{{ event.x | nope }}")


def test_a_template_knows_no_clock_and_no_names_but_its_roots() -> None:
    """python-liquid's own `now` and `today` are gone."""
    assert [fault.message for fault in examine("{{ now }}{{ today }}", {"event"})[1]] == [
        "there is nothing called `now` here",
        "there is nothing called `today` here",
    ]
    with pytest.raises(TemplateFailed):
        compile_text("{{ now }}").render({"event": {}})
