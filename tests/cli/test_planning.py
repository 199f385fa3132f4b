"""`automation plan`: what proposed rules would do otherwise, as text, JSON and Markdown."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from automation.cli.planning import moment
from automation.model.errors import SettingsError
from automation.model.request import Notion, Repeat, Response
from automation.model.run import Entry
from automation.store.base import Store
from tests.cli.calling import NOW, Desk, made

COMMITS = """\
[[rule]]
id = "commits"
on = "github.push"
when.branch = "main"

[[rule.do]]
upsert = "Commits"
match.SHA = "{{ event.sha }}"
set.Name = "{{ event.name }}"
"""
PROPOSED = COMMITS.replace("event.name }}", "event.name | upcase }}") + COMMITS.replace(
    "commits", "others"
).replace('"main"', '"dev"')
SINCE = ("--since", "2026-11-01")


@pytest.fixture
def planned(desk: Desk) -> Desk:
    """Three pushes that were planned with the rules in force, and rules that are proposed."""
    desk.rules(COMMITS)
    desk.rules(PROPOSED, folder="proposed")
    desk.planned(
        made(1, branch="main", sha="a", name="Ada"),
        made(2, branch="dev", sha="b", name="Bob"),
        made(3, branch="main", sha="c", name="Eve"),
        made(4, "slack.message", text="hi"),
    )
    return desk


def test_the_difference_is_told_rule_by_rule(planned: Desk) -> None:
    said = planned.call("plan", "--rules", "proposed", *SINCE)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("rules → proposed: 3 recorded events since 2026-11-01")
    assert "~ commits  changed: writes something else for 2 events" in lines
    assert "+ others  new rule: fires now for 1 event" in lines
    assert '        Name  "Eve" → "EVE"' in lines
    assert '      upsert Commits (SHA = "b")' in lines
    assert '        Name  → "Bob"' in lines
    assert lines[-1] == (
        "about 6 requests to Notion instead of 4: less than a minute more of a budget of 180 a minute"
    )


def test_the_cost_is_held_against_the_budget_that_is_set(
    planned: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTION_REQUESTS_PER_MINUTE", "1")
    said = planned.call("plan", "--rules", "proposed", *SINCE)
    assert said.out.splitlines()[-1].endswith(": 2.0 minutes more of a budget of 1 a minute")


def test_json_has_counts_examples_and_cost(planned: Desk) -> None:
    data = planned.call("plan", "--rules", "proposed", *SINCE, "--json").data
    assert (data["events"], data["unchanged"], data["requests"]) == (
        3,
        0,
        {"before": 4, "after": 6},
    )
    commits, others = data["rules"]
    assert {
        key: commits[key] for key in ("rule", "kind", "starts", "stops", "both", "differs")
    } == {
        "rule": "commits",
        "kind": "changed",
        "starts": 0,
        "stops": 0,
        "both": 2,
        "differs": 2,
    }
    assert others["pages"] == {"upsert": 1}
    assert others["examples"] == [
        {
            "event": made(2).id,
            "name": "github.push",
            "at": NOW.isoformat(),
            "why": "starts",
            "failed": "",
            "changes": [
                {
                    "verb": "upsert",
                    "target": "Commits",
                    "key": {"SHA": "b"},
                    "page": "",
                    "gone": False,
                    "properties": [
                        {"name": "SHA", "new": "b"},
                        {"name": "Name", "new": "Bob"},
                    ],
                }
            ],
        }
    ]


def test_markdown_is_a_table_with_the_examples_folded_away(planned: Desk) -> None:
    lines = planned.call("plan", "--rules", "proposed", *SINCE, "--markdown").out.splitlines()
    assert "| `commits` | changed | writes something else for 2 events | 2 pages made or changed | +0 |" in lines  # fmt: skip
    assert "| `others` | new rule | fires now for 1 event | 1 page made or changed | +2 |" in lines
    assert "<details><summary>Examples for <code>others</code></summary>" in lines


def test_what_a_journal_knows_of_a_page_stands_as_the_old_value(planned: Desk) -> None:
    page = {
        "object": "page",
        "id": "p1",
        "url": "https://notion.example/p1",
        "properties": {
            "SHA": {"type": "rich_text", "rich_text": [{"plain_text": "b", "text": {"content": "b"}}]},
            "Name": {"type": "title", "title": [{"plain_text": "Old", "text": {"content": "Old"}}]},
        },
    }  # fmt: skip

    async def write(store: Store) -> None:
        """The run of another event saw this page; the event that would start gets that run here."""
        (claim,) = await store.claim_runs(owner="me", now=NOW, lease_until=NOW, limit=1)
        request = Notion(method="POST", path="/data_sources/d/query", body={}, repeat=Repeat.READ)
        found = Response(status=200, body={"object": "list", "results": [page]})
        entry = Entry(key="upsert-1//0", request=request, sent_at=NOW, response=found)
        await store.record(claim, [entry])

    planned.store(write)
    planned.rules(
        COMMITS.replace("event.sha", "event.sha | replace: 'a', 'b'"),
        folder="proposed",
        name="a.toml",
    )
    (commits,) = planned.call("plan", "--rules", "proposed", *SINCE, "--json").data["rules"]
    changes = {one["event"]: one["changes"] for one in commits["examples"]}
    (new, gone) = changes[made(1).id]
    assert (new["page"], gone["gone"]) == ("https://notion.example/p1", True)
    assert new["properties"] == [{"name": "Name", "old": "Old", "new": "Ada"}]


def test_only_events_since_then_count(planned: Desk) -> None:
    later = NOW + timedelta(days=1)
    planned.planned(
        dataclasses.replace(made(9, branch="dev", sha="z", name="Z"), received_at=later)
    )
    data = planned.call("plan", "--rules", "proposed", "--since", "2026-11-25", "--json").data
    assert [(one["rule"], one["starts"], one["both"]) for one in data["rules"]] == [
        ("commits", 0, 0),
        ("others", 1, 0),
    ]


def test_many_events_are_read_page_by_page(planned: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automation.cli.planning.PAGE", 2)
    planned.planned(*(made(n, branch="dev", sha=str(n), name="N") for n in range(10, 25)))
    data = planned.call("plan", "--rules", "proposed", *SINCE, "--json").data
    assert (data["events"], data["rules"][1]["starts"]) == (18, 16)


def test_rules_that_say_the_same_differ_in_nothing(planned: Desk) -> None:
    planned.rules("# a comment\n" + COMMITS, folder="same")
    said = planned.call("plan", "--rules", "same", *SINCE)
    assert said.out.splitlines()[-1] == "no rule differs"


def test_nothing_is_written_or_changed(planned: Desk) -> None:
    def runs() -> object:
        return planned.call("runs", "--json").data, planned.call("events", "--json").data

    before = runs()
    assert planned.call("plan", "--rules", "proposed", *SINCE).code == 0
    assert runs() == before


def test_a_proposed_rule_that_does_not_load_is_told(planned: Desk) -> None:
    planned.rules(COMMITS.replace("when", "wen"), folder="proposed")
    said = planned.call("plan", "--rules", "proposed", *SINCE)
    assert (said.code, said.out) == (1, "")
    assert "proposed/a.toml:4:1" in said.err


def test_without_recorded_events_there_is_nothing_to_plan_over(desk: Desk) -> None:
    desk.rules(COMMITS)
    said = desk.call("plan", "--rules", "rules")
    assert (said.code, "there is no database" in said.err) == (4, True)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12)),
        ("90 minutes", NOW - timedelta(minutes=90)),
        ("2 weeks", NOW - timedelta(weeks=2)),
        ("2026-11-23T10:00:00+00:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
    ],
)
def test_since_is_a_span_or_a_moment(text: str, then: datetime) -> None:
    assert moment(text, NOW) == then


def test_since_anything_else_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="--since: is a span such as 7d, or a date"):
        moment("last week", NOW)
