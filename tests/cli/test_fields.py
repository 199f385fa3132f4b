"""`automation fields`, and what `check` says about fields, as a person calls them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from automation.model.event import Event
from automation.store.base import Store
from tests.cli.calling import Desk, Said

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def event(number: int, name: str, /, inner: tuple[str, ...] = (), **fields: Any) -> Event:
    """An event of our own."""
    return Event(
        id=f"{number:020x}",
        source=name.partition(".")[0],
        name=name,
        keys=(f"k{number}",),
        received_at=NOW,
        body=json.dumps(fields).encode(),
        inner=inner,
    )


def keep(desk: Desk, *events: Event) -> None:
    """Put events into the database."""

    async def work(store: Store) -> None:
        for one in events:
            await store.append(one)

    desk.store(work)


def row(said: Said, path: str) -> list[str]:
    """The cells of the line about a path."""
    return next(
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in said.out.splitlines()
        if line.split("  ")[0] == path
    )


def test_the_events_are_listed_by_kind(desk: Desk) -> None:
    said = desk.call("fields")
    assert said.code == 0
    assert row(said, "github.push") == ["github.push"]
    assert row(said, "github.issue_comment") == ["github.issue_comment", "created, deleted, edited"]
    assert row(said, "schedule") == ["schedule"]
    assert "automation fields EVENT" in said.err


def test_a_field_is_told_with_an_example_of_the_samples(desk: Desk) -> None:
    said = desk.call("fields", "github.push")
    assert said.code == 0
    assert said.out.splitlines()[0].split() == ["path", "type", "example", "what", "it", "is"]
    assert row(said, "branch") == ["branch", "text", '"main"', "the branch, where one was pushed"]
    assert row(said, "commits") == ["commits", "list of tables"]
    assert row(said, "commits[].author")[-1] == "as in pusher"


def test_short_names_come_first_and_the_delivery_last(desk: Desk) -> None:
    lines = desk.call("fields", "zoom.meeting.summary_completed").out.splitlines()
    paths = [line.split("  ")[0] for line in lines]
    assert paths[1:4] == ["uuid", "topic", "host"]
    assert paths.index("summary_content") < paths.index("raw") < paths.index("raw.event_ts")


def test_examples_come_from_what_was_delivered(desk: Desk) -> None:
    keep(
        desk,
        event(1, "github.push", ref="refs/heads/old"),
        event(2, "github.push", ref="refs/heads/new"),
    )
    assert row(desk.call("fields", "github.push"), "ref")[:3] == ["ref", "text", '"refs/heads/new"']


def test_secrets_are_no_examples(desk: Desk) -> None:
    secret = {"object": {"uuid": "u", "password": "hunter2"}}
    keep(desk, event(1, "zoom.meeting.created", ("payload", "object"), payload=secret))
    for arguments in (["--all"], ["--json"], ["--find", "password"]):
        said = desk.call("fields", "zoom.meeting.created", *arguments)
        assert "(hidden)" in said.out
        assert "hunter2" not in said.out


def test_a_covering_name_says_which_of_its_events_have_a_field(desk: Desk) -> None:
    said = desk.call("fields", "github.issues")
    assert row(said, "label")[-1] == "only in edited, labeled, unlabeled"
    assert "which is 18 events" in said.err


def test_a_word_is_looked_for_everywhere(desk: Desk) -> None:
    said = desk.call("fields", "github.issues.opened", "--find", "Title")
    paths = [line.split("  ")[0] for line in said.out.splitlines()[1:]]
    assert "issue.title" in paths
    assert all("title" in path for path in paths)


def test_all_of_them_are_more(desk: Desk) -> None:
    few, many = (desk.call("fields", "github.push", *some).out for some in ([], ["--all"]))
    assert "repository.owner.node_id" in many
    assert "repository.owner.node_id" not in few
    assert len(few.splitlines()) * 2 < len(many.splitlines())


def test_the_beginning_of_a_name_lists_what_begins_so(desk: Desk) -> None:
    said = desk.call("fields", "slack.reac")
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == [
        "slack.reaction_added",
        "slack.reaction_removed",
    ]


def test_an_unknown_name_gets_the_nearest(desk: Desk) -> None:
    said = desk.call("fields", "github.isues")
    assert (said.code, said.out) == (4, "")
    assert "there are github.issues," in said.err


def test_json_is_whole(desk: Desk) -> None:
    found = {one["path"]: one for one in desk.call("fields", "github.push", "--json").data}
    assert found["deleted"] == {
        "path": "deleted",
        "type": "true/false",
        "values": [],
        "short": False,
        "always": True,
        "note": "",
        "events": ["github.push"],
        "example": False,
    }
    names = desk.call("fields", "--json").data
    assert {"event": "github.push", "published": True} in names


def test_a_source_of_which_only_deliveries_are_known(desk: Desk) -> None:
    keep(desk, event(1, "acme.order", total=12.5, lines=[{"sku": "a"}]))
    assert row(desk.call("fields"), "acme.order") == ["acme.order"]
    said = desk.call("fields", "acme.order")
    assert row(said, "total") == ["total", "number", "12.5"]
    assert row(said, "lines[].sku") == ["lines[].sku", "text", '"a"']
    assert "as stored deliveries showed them" in said.err
    assert {"event": "acme.order", "published": False} in desk.call("fields", "--json").data


# check --------------------------------------------------------------------------------------------

SENDER = '[source.acme]\nsecret_env = "S"\nsignature = { header = "X-Signature" }\n'


def rule(on: str, line: str) -> str:
    """A rule with one line."""
    return f'[[rule]]\nid = "r"\non = "{on}"\n{line}\n\n[[rule.do]]\nappend = "Log"\nbody = "x"\n'


def test_check_refuses_a_field_that_is_not_there(desk: Desk) -> None:
    desk.rules(rule("github.push", 'when.brnch = "main"'))
    said = desk.call("check")
    assert said.code == 1
    assert "did you mean `branch`?" in said.out
    assert "1 error" in said.err


def test_check_warns_of_what_deliveries_never_showed(desk: Desk) -> None:
    keep(desk, event(1, "acme.order", total=12.5))
    desk.rules(SENDER + rule("acme.order", "when.totl = 5"))
    said = desk.call("check")
    assert said.code == 0
    assert "warning: `totl` is not a field of `acme.order`" in said.out
    assert "1 warning" in said.err


def test_check_needs_no_database(desk: Desk) -> None:
    desk.rules(SENDER + rule("acme.order", "when.totl = 5"))
    said = desk.call("check")
    assert (said.code, said.out) == (0, "")
    assert not desk.database.exists()


def test_check_survives_a_database_that_is_none(desk: Desk) -> None:
    desk.database.write_bytes(b"this is no database" * 100)
    desk.rules(SENDER + rule("acme.order", "when.totl = 5"))
    said = desk.call("check")
    assert said.code == 0
    assert "stored deliveries are not looked at" in said.err


def test_check_asks_no_database_about_what_is_published(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.database.write_bytes(b"this is no database" * 100)
    desk.rules(rule("github.push", 'when.branch = "main"'))
    assert desk.call("check").err == "1 file, 1 rule: all good\n"
