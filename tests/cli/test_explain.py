"""`automation explain`: for a payload, for an event of the store, and over the last events of a rule."""

import dataclasses
import json
from datetime import timedelta

from automation.store.base import Store
from tests.cli.calling import NOW, Desk, made, sample

COMMITS = """\
[[rule]]
id = "commits"
on = "github.push"
when.branch = "main"
when.repo = ["Acme/web", "acme/api"]
unless.by.ends_with = "[bot]"

[[rule.do]]
create = "Commits"
set.Name = "{{ event.repo }}"
"""
MEETINGS = """\
[[rule]]
id = "meetings"
on = "zoom.meeting.ended"

[[rule.do]]
create = "Meetings"
set.Name = "{{ event.topic }}"
"""


def test_every_line_stands_beside_what_the_event_had(desk: Desk) -> None:
    desk.rules(COMMITS)
    said = desk.call("explain", "github.push")
    assert said.code == 0
    assert said.out == (
        "rules/a.toml: commits does not fire\n"
        '  ✓   3  on = "github.push"                    github.push\n'
        '  ✓   4  when.branch = "main"                  "main"\n'
        '  ✗   5  when.repo = ["Acme/web", "acme/api"]  "acme/web" (differs only in upper/lower case;'
        " add ignore_case = true)\n"
        '  ✓   6  unless.by.ends_with = "[bot]"         "ines"\n'
    )


def test_json_is_an_array_of_rules(desk: Desk) -> None:
    desk.rules(COMMITS + MEETINGS)
    said = desk.call("explain", "github.push", "--json")
    assert [(one["rule"], one["fires"], one["listens"]) for one in said.data] == [
        ("commits", False, True),
        ("meetings", False, False),
    ]
    assert said.data[0]["lines"][2]["passed"] is False


def test_only_the_rule_that_was_asked_for_is_explained(desk: Desk) -> None:
    desk.rules(COMMITS + MEETINGS)
    said = desk.call("explain", "github.push", "--rule", "meetings", "--json")
    assert [one["rule"] for one in said.data] == ["meetings"]
    unknown = desk.call("explain", "github.push", "--rule", "comits")
    assert (unknown.code, unknown.out) == (4, "")
    assert "did you mean `commits`?" in unknown.err


def test_a_payload_file_tells_by_its_name_what_it_is(desk: Desk) -> None:
    desk.rules(COMMITS)
    body = json.dumps({"ref": "refs/heads/main", "repository": {"full_name": "acme/api"}})
    (desk.folder / "github.push.json").write_text(body)
    (desk.folder / "hook.json").write_text(body)
    for arguments in (["github.push.json"], ["hook.json", "--event", "github.push"]):
        said = desk.call("explain", *arguments, "--json")
        assert [one["fires"] for one in said.data] == [True], said.err
    nameless = desk.call("explain", "hook.json")
    assert nameless.code == 2
    assert "say what the payload is" in nameless.err


def test_a_payload_of_a_sender_that_the_rules_declare_is_read_its_way(desk: Desk) -> None:
    desk.rules(
        '[source.acme]\nsecret_env = "ACME_SECRET"\nsignature = { header = "X-Acme" }\n'
        'name = "{{ body.type }}"\ninner = "data"\n'
        '[[rule]]\nid = "orders"\non = "acme.order"\nwhen.total.above = 10\n'
        '[[rule.do]]\ncreate = "Orders"\nset.Name = "x"\n'
    )
    (desk.folder / "acme.order.json").write_text('{"type": "order", "data": {"total": 11}}')
    said = desk.call("explain", "acme.order.json", "--json")
    assert [one["fires"] for one in said.data] == [True], said.err


def test_a_rule_that_does_not_load_is_told_and_nothing_else(desk: Desk) -> None:
    desk.rules(COMMITS)
    desk.rules(MEETINGS.replace("on =", "onn ="), "b.toml")
    said = desk.call("explain", "github.push", "--json")
    assert (said.code, said.out) == (1, "")
    assert "`onn` is not a key of a rule" in said.err
    assert "rules/b.toml:3:1" in said.err


def test_a_payload_the_store_has_already_is_called_a_duplicate(desk: Desk) -> None:
    desk.rules(COMMITS)
    assert "duplicate" not in desk.call("explain", "github.push").err
    event = sample("github.push")
    desk.planned(event)
    said = desk.call("explain", "github.push")
    assert f"the service has this delivery already, as event {event.id[:8]}" in said.err


def test_no_rule_that_listens_is_said_with_what_they_listen_to(desk: Desk) -> None:
    desk.rules(COMMITS)
    said = desk.call("explain", "slack.message")
    assert said.out == ('no rule listens to slack.message; they listen to:\n  on = "github.push"\n')


# an event of the store ----------------------------------------------------------------------------


def test_a_stored_event_is_explained_by_the_rules_of_its_time(desk: Desk) -> None:
    path = desk.rules(COMMITS.replace("Acme/web", "acme/web"))
    event = sample("github.push")
    desk.planned(event)
    path.write_text(COMMITS + MEETINGS.replace("zoom.meeting.ended", "github"))
    (commits, later) = desk.call("explain", event.id[:8], "--json").data
    assert (commits["rule"], commits["fires"]) == ("commits", True)
    assert [one["stage"] for one in commits["stages"]] == ["pending", "changed"]
    assert (later["rule"], later["fires"]) == ("meetings", False)
    assert [one["stage"] for one in later["stages"]] == ["newer"]
    assert "today it would fire" in later["stages"][0]["text"]


def test_the_planning_time_counts_and_not_today(desk: Desk) -> None:
    desk.rules(COMMITS.replace('when.branch = "main"\n', 'when.head_commit.timestamp.above = "1 day ago"\n').replace("Acme/web", "acme/web"))  # fmt: skip
    event = dataclasses.replace(sample("github.push"), received_at=NOW.replace(day=23, hour=16))
    desk.planned(event)
    assert [one["fires"] for one in desk.call("explain", event.id, "--json").data] == [True]
    assert [one["fires"] for one in desk.call("explain", "github.push", "--json").data] == [False]


def test_a_file_that_broke_since_is_named_with_its_problem(desk: Desk) -> None:
    path = desk.rules(COMMITS)
    event = sample("github.push")
    desk.planned(event)
    path.write_text(COMMITS.replace("id =", "enable = true\nid ="))
    (commits,) = desk.call("explain", event.id, "--json").data
    (stage,) = commits["stages"]
    assert stage["stage"] == "broken"
    assert "rules/a.toml:2:1: `enable` is not a key of a rule" in stage["text"]


def test_a_rule_that_is_gone_since_says_so(desk: Desk) -> None:
    path = desk.rules(COMMITS)
    event = sample("github.push")
    desk.planned(event)
    path.write_text(MEETINGS)
    (commits, meetings) = desk.call("explain", event.id, "--json").data
    assert [one["stage"] for one in commits["stages"]] == ["gone"]
    assert [one["stage"] for one in meetings["stages"]] == ["newer"]


def test_what_became_of_the_run_stands_behind_its_lines(desk: Desk) -> None:
    desk.rules(COMMITS.replace("Acme/web", "acme/web"))
    event = sample("github.push")
    desk.planned(event)

    def stages() -> list[str]:
        (rule,) = desk.call("explain", event.id, "--json").data
        return [f"{one['stage']}: {one['text']}" for one in rule["stages"]]

    (waiting,) = stages()
    assert waiting.startswith("pending: waits for its turn in the lane new:")

    async def budget(store: Store) -> None:
        later = NOW + timedelta(days=36_500)
        await store.pause("token", until=later, reason="Notion asked to wait")

    desk.store(budget)
    assert stages()[1].startswith("budget: the request budget is closed until ")

    async def retry(store: Store) -> None:
        (claim,) = await store.claim_runs(owner="me", now=NOW, lease_until=NOW, limit=1)
        await store.retry(claim, at=NOW, reason="Notion is away")

    desk.store(retry)
    assert stages()[0] == "retry: 1 attempt made, due: Notion is away"

    async def park(store: Store) -> None:
        (claim,) = await store.claim_runs(owner="me", now=NOW, lease_until=NOW, limit=1)
        await store.park(claim, reason="no such option", remedy="Mend it.", now=NOW)

    desk.store(park)
    assert stages() == ["parked: parked, it needs a person: no such option Mend it."]


def test_a_run_that_waits_says_what_for(desk: Desk) -> None:
    desk.rules(COMMITS.replace("Acme/web", "acme/web"))
    event = sample("github.push")
    desk.planned(event)

    async def wait(store: Store) -> None:
        (claim,) = await store.claim_runs(owner="me", now=NOW, lease_until=NOW, limit=1)
        await store.wait(claim, what="target:Commits", reason="not shared")

    desk.store(wait)
    said = desk.call("explain", event.id)
    assert said.out.endswith(
        "\n  → waits until the target `Commits` is found: share it with the connection in Notion"
        " (not shared)\n"
    )


def test_an_event_that_is_not_there_is_not_found(desk: Desk) -> None:
    desk.rules(COMMITS)
    assert desk.call("explain", "abcd1234").code == 4
    desk.planned(sample("github.push"))
    said = desk.call("explain", "abcd1234")
    assert (said.code, said.out) == (4, "")
    assert "not the start of exactly one event's id" in said.err


# over the last events -----------------------------------------------------------------------------


def test_how_often_each_line_failed_is_counted(desk: Desk) -> None:
    desk.rules(COMMITS)
    events = [
        made(1, branch="main", repo="acme/api"),
        made(2, branch="main", repo="acme/web"),
        made(3, branch="dev", repo="acme/web"),
        made(4, branch="dev", repo="acme/api"),
        made(5, "zoom.meeting.ended"),
    ]
    desk.planned(*events)
    (found,) = desk.call("explain", "--rule", "commits", "--last", "3", "--json").data
    assert (found["events"], found["fires"]) == (3, 0)
    assert [(one["line"], one["failed"], one["alone"]) for one in found["lines"]] == [
        (3, 0, 0),
        (4, 2, 1),
        (5, 2, 1),
        (6, 0, 0),
    ]
    assert found["lines"][1]["had"] == '"dev"'
    said = desk.call("explain", "--rule", "commits", "--last", "20")
    near = '"acme/web" (differs only in upper/lower case; add ignore_case = true)'
    assert said.out.splitlines() == [
        "rules/a.toml: commits as it is now fires for 1 of the last 4 events it listens to",
        f"{'':8}{'':36}  failed  alone  when it last failed",
        '  ✓   3  on = "github.push"                         0      0',
        '  ✗   4  when.branch = "main"                       2      1  "dev"',
        f'  ✗   5  when.repo = ["Acme/web", "acme/api"]       2      1  {near}',
        '  ✓   6  unless.by.ends_with = "[bot]"              0      0',
    ]


def test_either_an_event_or_the_last_ones_of_a_rule(desk: Desk) -> None:
    desk.rules(COMMITS)
    for arguments in ([], ["--last", "3"], ["github.push", "--rule", "commits", "--last", "3"]):
        said = desk.call("explain", *arguments)
        assert said.code == 2
        assert "--rule ID --last N" in said.err
