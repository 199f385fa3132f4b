"""The notation of field tables, and what is read from it."""

from automation.engine.outline import outline
from automation.model.fields import ANYTHING, Schema, below
from automation.sources.notation import read_schema

TABLE = """\
# A remark.

events *
sender user?

names push
branch text?                 the branch
sender text                  never seen: a field that is sent wins

event push
commits [table]
commits[].id text
commits[].files[].name text
payload any
either text|[number]

events issues
issue table?
issue.state "open"|"in work"

event issues.opened, issues.closed,
issues.reopened
+ extra

event issues.labeled
label text

event dispatch.*
+ extra
note number                  nearer than what it includes

type user
name text
parent user?

type extra
note text?
map.* number

hints
merged  say closed instead

quiet
*_url
"""
SCHEMA = read_schema("acme", TABLE)


def rows(schema: Schema, event: str) -> dict[str, str]:
    """Path to kind of one event."""
    return {one.text: one.kind for one in outline({event: schema.events[event]})}


def test_an_event_has_its_own_lines_and_those_of_what_covers_it() -> None:
    assert rows(SCHEMA, "push") == {
        "branch": "text",
        "commits": "list of tables",
        "commits[].id": "text",
        "commits[].files": "list of tables",
        "commits[].files[].name": "text",
        "payload": "anything",
        "either": "text or list of numbers",
        "sender": "table",
        "sender.name": "text",
        "sender.parent": "table",
    }
    assert rows(SCHEMA, "issues.closed") == {
        "note": "text",
        "map": "table",
        "issue": "table",
        "issue.state": "text",
        "sender": "table",
        "sender.name": "text",
        "sender.parent": "table",
    }


def test_what_is_nearer_wins_over_what_it_includes() -> None:
    assert rows(SCHEMA, "dispatch.*")["note"] == "number"


def test_texts_notes_and_what_may_be_missing() -> None:
    found = {one.text: one for one in outline({"x": SCHEMA.events["issues.opened"]})}
    assert found["issue.state"].values == ("open", "in work")
    assert (found["issue.state"].always, found["issue"].always) == (True, False)
    short = {one.text: one for one in outline({"x": SCHEMA.events["push"]})}["branch"]
    assert (short.short, short.note) == (True, "the branch")


def test_other_names_of_a_map_are_known() -> None:
    extra = below((SCHEMA.events["issues.opened"],), "map")
    assert below(extra, "whatever") == below(extra, "else") != ()
    assert below((SCHEMA.events["push"],), "whatever") == ()
    assert below(below((SCHEMA.events["push"],), "payload"), "whatever") == ANYTHING


def test_names_cover_what_is_below_them() -> None:
    def heard(name: str) -> list[str]:
        wanted = SCHEMA.heard(name)
        return [event for event, fields in SCHEMA.events.items() if fields in wanted]

    assert heard("issues") == [
        "issues.opened",
        "issues.closed",
        "issues.reopened",
        "issues.labeled",
    ]
    assert heard("issues.opened") == ["issues.opened"]
    assert heard("dispatch.deploy") == ["dispatch.*"]
    assert heard("dispatch") == ["dispatch.*"]
    assert heard("issue") == []
    assert len(heard("")) == len(SCHEMA.events)


def test_hints_and_quiet_names() -> None:
    assert SCHEMA.hints == {"merged": "say closed instead"}
    assert (SCHEMA.is_quiet("html_url"), SCHEMA.is_quiet("url")) == (True, False)
