"""`automation rules`: what there is, what fired, what is held up."""

from automation.store.base import Store
from tests.cli.calling import NOW, Desk, made

RULE = """\
[[rule]]
id = "commits"
description = "Rows"
on = "github.push"

[[rule.do]]
create = "Commits"
set.Name = "x"
"""
QUIET = RULE.replace("commits", "quiet").replace("github.push", "slack.message")


def test_every_rule_says_where_it_is_and_whether_it_fired(desk: Desk) -> None:
    desk.rules(RULE + QUIET.replace("[[rule.do]]", "enabled = false\n[[rule.do]]"))
    desk.planned(made(1), made(2), made(3, "slack.message"))
    said = desk.call("rules", "--json")
    assert said.code == 0
    assert said.data == [
        {
            "rule": "commits",
            "description": "Rows",
            "file": "rules/a.toml",
            "line": 1,
            "on": ["github.push"],
            "state": "in force",
            "problem": "",
            "tests": 0,
            "fired": 2,
            "last_fired_at": NOW.isoformat(),
            "never_fired": False,
            "runs": {"pending": 2},
            "waiting": 0,
            "waiting_for": {},
            "parked": 0,
        },
        {
            "rule": "quiet",
            "description": "Rows",
            "file": "rules/a.toml",
            "line": 9,
            "on": ["slack.message"],
            "state": "disabled",
            "problem": "",
            "tests": 0,
            "fired": 0,
            "last_fired_at": None,
            "never_fired": True,
            "runs": {},
            "waiting": 0,
            "waiting_for": {},
            "parked": 0,
        },
    ]


def test_before_anything_came_nothing_is_claimed(desk: Desk) -> None:
    desk.rules(RULE)
    said = desk.call("rules")
    assert "there is no database yet" in said.err
    assert "never" not in said.out
    assert desk.call("rules", "--json").data[0]["never_fired"] is None
    assert not desk.database.exists()


def test_a_broken_file_is_listed_with_its_rules_and_first_problem(desk: Desk) -> None:
    desk.rules(RULE.replace("on =", "onn ="))
    desk.rules("[[rule\n", "b.toml")
    said = desk.call("rules", "--json")
    assert [(one["rule"], one["file"], one["state"]) for one in said.data] == [
        ("commits", "rules/a.toml", "broken"),
        ("?", "rules/b.toml", "broken"),
    ]
    assert said.data[0]["problem"].startswith("rules/a.toml:")


def test_runs_that_wait_or_are_parked_are_counted_with_what_for(desk: Desk) -> None:
    desk.rules(RULE)
    desk.planned(made(1), made(2))

    async def hold(store: Store) -> None:
        for _ in range(2):
            (claim,) = await store.claim_runs(owner="me", now=NOW, lease_until=NOW, limit=1)
            if claim.run.event_id.endswith("1"):
                await store.wait(claim, what="target:Commits", reason="")
            else:
                await store.park(claim, reason="no", remedy="", now=NOW)

    desk.store(hold)
    (one,) = desk.call("rules", "--json").data
    assert (one["waiting"], one["waiting_for"], one["parked"]) == (1, {"target:Commits": 1}, 1)
    assert "in force; 1 waiting for target:Commits; 1 parked" in desk.call("rules").out


def test_a_rule_that_is_gone_and_still_has_runs_is_not_forgotten(desk: Desk) -> None:
    path = desk.rules(RULE)
    desk.planned(made(1))
    path.write_text(QUIET)
    assert [(one["rule"], one["state"]) for one in desk.call("rules", "--json").data] == [
        ("quiet", "in force"),
        ("commits", "gone"),
    ]


def test_events_that_no_rule_wanted_can_be_listed(desk: Desk) -> None:
    desk.rules(RULE)
    desk.planned(made(1), made(2, "slack.message"))
    said = desk.call("events", "--unmatched", "--json")
    assert [(one["name"], one["matched"]) for one in said.data] == [("slack.message", 0)]
