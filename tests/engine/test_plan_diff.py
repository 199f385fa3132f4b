"""Proposed rules over recorded events: what would be otherwise, and how it is counted."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.engine import diff
from automation.engine.changes import (
    Change,
    KnownPage,
    Property,
    against_known,
    between,
    requests,
)
from automation.engine.diff import Comparison, RuleDifference, Seen
from automation.engine.fingerprint import fingerprints
from automation.engine.plan import plan
from automation.engine.rehearse import Effect, rehearse
from automation.engine.rules import Rule, RuleSet
from automation.engine.walk import walk
from automation.model.event import Event
from automation.model.request import Notion, Response
from automation.model.target import Target, TargetKind
from automation.wiring import actions
from tests.engine.some import NOW, documents, loaded, names, rule_sets

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


def seen(number: int, name: str = "github.push", /, **document: Any) -> Seen:
    return Seen(id=f"e{number}", name=name, now=NOW, read=lambda: document)


def compared(before: str, after: str, events: Sequence[Seen]) -> Comparison:
    made = Comparison(loaded(before), loaded(after), actions=actions())
    for event in events:
        made.add(event)
    return made


PUSHES = [
    seen(1, branch="main", sha="a", name="A"),
    seen(2, branch="dev", sha="b", name="B"),
    seen(3, branch="main", sha="c", name="C"),
    seen(4, "slack.message", branch="main"),
]


def counts(one: RuleDifference) -> dict[str, tuple[int, int]]:
    return {why: (tally.events, tally.differing) for why, tally in one.tallies.items()}


def test_rules_that_are_the_same_are_not_looked_at() -> None:
    same = COMMITS.replace("when.branch", "# a comment\nwhen.branch")
    tested = same + '\n[[rule.test]]\nname = "t"\nevent = {}\nfires = false\n'
    made = compared(COMMITS, tested, PUSHES)
    assert (made.rules, made.unchanged, made.names()) == ({}, 1, [])


def test_a_rule_that_hears_more_starts_for_the_others() -> None:
    made = compared(COMMITS, COMMITS.replace('when.branch = "main"\n', ""), PUSHES)
    one = made.rules["commits"]
    assert (one.kind, counts(one)) == ("changed", {"both": (2, 0), "starts": (1, 1)})
    assert [(example.event, example.why) for example in one.examples] == [("e2", "starts")]
    assert one.examples[0].changes == (
        Change(
            place='["upsert", "Commits", {"SHA": "b"}]#0',
            verb="upsert",
            target="Commits",
            key={"SHA": "b"},
            properties=(
                Property(name="SHA", old=None, new="b", was=False),
                Property(name="Name", old=None, new="B", was=False),
            ),
        ),
    )
    assert (one.pages, one.requests) == ({"upsert": 1}, (4, 6))


def test_a_rule_that_hears_less_stops() -> None:
    made = compared(COMMITS, COMMITS.replace("when.", 'when.sha = "a"\nwhen.'), PUSHES)
    one = made.rules["commits"]
    assert counts(one) == {"both": (1, 0), "stops": (1, 1)}
    assert [(change.key, change.gone) for change in one.examples[0].changes] == [
        ({"SHA": "c"}, True)
    ]
    assert (one.pages, one.requests) == ({}, (4, 2))


def test_a_rule_that_writes_something_else_shows_old_and_new() -> None:
    made = compared(COMMITS, COMMITS.replace("event.name }}", "event.name | upcase }}!"), PUSHES)
    one = made.rules["commits"]
    assert counts(one) == {"both": (2, 2)}
    assert one.differing == 2
    assert [change.properties for change in one.examples[0].changes] == [
        (Property(name="Name", old="A", new="A!"),)
    ]


def test_new_and_gone_and_disabled_rules_are_told_apart() -> None:
    other = COMMITS.replace("commits", "other")
    made = compared(COMMITS + other, COMMITS.replace("id =", "enabled = false\nid =") + other.replace('"other"', '"third"'), PUSHES)  # fmt: skip
    assert {name: (one.kind, counts(one)) for name, one in made.rules.items()} == {
        "commits": ("changed", {"stops": (2, 2)}),
        "third": ("new", {"starts": (2, 2)}),
        "other": ("gone", {"stops": (2, 2)}),
    }


def test_a_target_or_default_that_changes_changes_the_rules_that_rest_on_it() -> None:
    target = '[target.Commits]\ndata_source = "Commits"\n'
    before, after = loaded(target + COMMITS), loaded(target.replace("= ", "= ") + COMMITS)
    assert fingerprints(before) == fingerprints(after)
    for changed in (
        target.replace('"Commits"', '"Other"') + COMMITS,
        target + '[defaults]\ntimezone = "Europe/Paris"\n' + COMMITS,
    ):
        assert fingerprints(loaded(changed)) != fingerprints(before)


def test_events_that_no_changed_rule_hears_are_not_read() -> None:
    def unread() -> Any:
        raise AssertionError("this event was read")

    made = Comparison(loaded(COMMITS), loaded(COMMITS.replace("main", "dev")), actions=actions())
    made.add(Seen(id="x", name="zoom.meeting.ended", now=NOW, read=unread))
    assert (made.events, made.names()) == (1, ["github.push"])


def test_the_names_that_matter_are_none_below_another() -> None:
    before = COMMITS.replace("github.push", "github.issues.opened")
    after = COMMITS.replace('"github.push"', '["github.issues", "slack.message"]')
    assert compared(before, after, []).names() == ["github.issues", "slack.message"]


def test_beyond_a_bound_what_is_written_is_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff, "MOST_REHEARSED", 10)
    events = [seen(n, branch="main", sha=str(n), name="A") for n in range(40)]
    one = compared(COMMITS, COMMITS.replace("event.name", "event.sha"), events).rules["commits"]
    assert (one.tallies["both"].rehearsed, one.differing, one.exact) == (10, 40, False)
    assert (one.pages, one.requests) == ({"upsert": 10}, (80, 80))


def test_a_run_that_would_park_is_counted_and_shown() -> None:
    one = compared(COMMITS, COMMITS.replace("event.name", "event.nam"), PUSHES).rules["commits"]
    assert one.tallies["both"].failing == 2
    assert one.examples[0].failed != ""


def test_a_page_is_made_for_every_event_and_upserted_once() -> None:
    events = [seen(n, branch="main", sha="same", name="A") for n in range(5)]
    upsert = compared("", COMMITS, events).rules["commits"]
    create = COMMITS.replace('upsert = "Commits"\nmatch', 'create = "Commits"\nset')
    assert upsert.pages == {"upsert": 1}
    assert compared("", create, events).rules["commits"].pages == {"create": 5}


@settings(max_examples=60, deadline=None)
@given(
    before=rule_sets(most=4),
    after=rule_sets(most=4),
    events=st.lists(st.tuples(names, documents), max_size=4),
)
def test_what_starts_and_stops_is_what_the_plans_differ_in(
    before: RuleSet, after: RuleSet, events: list[tuple[str, dict[str, Any]]]
) -> None:
    made = Comparison(before, after, actions=actions())
    starts: list[str] = []
    stops: list[str] = []
    for number, (name, document) in enumerate(events):
        made.add(Seen(id=str(number), name=name, now=NOW, read=lambda document=document: document))  # type: ignore[misc]
        old, new = (fired(rules, name, document) for rules in (before, after))
        starts += new - old
        stops += old - new
    found = {name: one.tallies for name, one in made.rules.items()}
    assert {name: some["starts"].events for name, some in found.items() if "starts" in some} == {
        name: starts.count(name) for name in starts
    }
    assert {name: some["stops"].events for name, some in found.items() if "stops" in some} == {
        name: stops.count(name) for name in stops
    }


def fired(rules: RuleSet, name: str, document: dict[str, Any]) -> set[str]:
    event = Event(
        id="e", source="github", name=name, keys=("k",), received_at=NOW, body=b"{}"
    )  # fmt: skip
    return {run.rule_id for run in plan(event, document, rules, now=NOW).runs}


# pages --------------------------------------------------------------------------------------------

ZONE = loaded(COMMITS).rules["commits"].zone


def effect(verb: str = "upsert", /, **keys: Any) -> Effect:
    return Effect(step="s", element="", verb=verb, line=1, keys={verb: "Tasks", **keys})


def test_steps_are_paired_by_the_page_they_write() -> None:
    old = [effect(match={"URL": "a"}, set={"S": "x"}), effect(match={"URL": "b"}, set={"S": "x"})]
    new = [effect(match={"URL": "b"}, set={"S": "y"}), effect(match={"URL": "a"}, set={"S": "x"})]
    assert [(one.key, one.properties) for one in between(old, new, ZONE)] == [
        ({"URL": "b"}, (Property(name="S", old="x", new="y"),))
    ]


def test_a_property_that_is_not_written_any_more_is_no_empty_one() -> None:
    (one,) = between([effect(set={"A": 1, "B": 2})], [effect(set={"A": 1})], ZONE)
    assert one.properties == (Property(name="B", old=2, new=None, stays=False),)


PAGE = KnownPage(id="p-1", url="https://n/p1", properties={"URL": "a", "Status": "Done", "Nr": 1})


def test_what_is_known_of_a_page_stands_beside_what_would_be_written() -> None:
    (made,) = between([], [effect(match={"URL": "a"}, set={"Status": "Open", "Nr": 1, "New": 5})], ZONE)  # fmt: skip
    known = against_known(made, [PAGE], ZONE)
    assert (known.page, known.properties) == (
        "https://n/p1",
        (
            Property(name="Status", old="Done", new="Open"),
            Property(name="New", old=None, new=5, was=False),
        ),
    )


def test_an_update_finds_its_page_by_the_id() -> None:
    (made,) = between([], [Effect(step="s", element="", verb="update", line=1, keys={"update": "p1", "set": {"Status": "Open"}})], ZONE)  # fmt: skip
    assert against_known(made, [PAGE], ZONE).properties == (
        Property(name="Status", old="Done", new="Open"),
    )


def test_another_page_tells_nothing() -> None:
    (made,) = between([], [effect(match={"URL": "b"}, set={"Status": "Open"})], ZONE)
    assert against_known(made, [PAGE], ZONE) == made


# the cost -----------------------------------------------------------------------------------------

TARGET = Target(
    name="Tasks",
    kind=TargetKind.DATA_SOURCE,
    id="d1",
    title="Tasks",
    url="",
    properties={"Name": {"id": "n", "name": "Name", "type": "title", "title": {}}},
)
LOG = Target(name="Log", kind=TargetKind.PAGE, id="1" * 32, title="Log", url="", properties={})
ANSWERED: dict[str, Any] = {
    "id": "1" * 32, "object": "page", "url": "u", "parent": {"data_source_id": "d1"},
    "properties": {}, "results": [{"id": "b1"}],
}  # fmt: skip


@pytest.mark.parametrize(
    "step",
    [
        'find = "Tasks"',
        'create = "Tasks"\nset.Name = "x"',
        'upsert = "Tasks"\nmatch.Name = "x"',
        f'update = "{"1" * 32}"\nset.Name = "x"',
        'append = "Log"\nbody = "x"',
    ],
    ids=lambda step: step.split()[0],
)
def test_the_estimate_of_requests_is_what_the_verbs_send(step: str) -> None:
    """Each verb walked against a Notion in which nothing is there yet."""
    rules = loaded(f'[[rule]]\nid = "r"\non = "x.y"\n[[rule.do]]\n{step}\n')
    rule = rules.rules["r"]
    sent = 0
    for request in _requests(rule):
        sent += isinstance(request, Notion)
    effects = rehearse(rule, document={}, now=NOW, actions=actions()).effects
    assert requests(effects) == sent


def _requests(rule: Rule) -> list[Any]:
    talk = walk(
        rule,
        document={},
        actions=actions(),
        targets={"Tasks": TARGET, "Log": LOG},
        now=NOW,
        key_of=lambda step, element: step,
    )
    asked = []
    try:
        request = next(talk).request
        while True:
            asked.append(request)
            nothing = isinstance(request, Notion) and request.path.endswith("/query")
            schema = isinstance(request, Notion) and request.path.startswith("/data_sources/")
            body = {**ANSWERED, "properties": TARGET.properties} if schema else ANSWERED
            answer = {"results": [], "next_cursor": None} if nothing else body
            request = talk.send(Response(status=200, body=answer)).request
    except StopIteration:
        return asked
