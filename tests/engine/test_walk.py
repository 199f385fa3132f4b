"""One run as a conversation: its guard, its refusals, its nothings; and the same requests at every restart."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.actions.base import Params
from automation.actions.wait_for import WaitFor
from automation.engine.load import load
from automation.engine.rules import Rule
from automation.engine.walk import Asked, Finished, walk
from automation.model.action import Action, Call, Conversation, StepResult, Wrote
from automation.model.errors import GuardRefused, StepFailed, TemplateFailed
from automation.model.request import TIMED_OUT, Notion, Repeat, Request, Response, Same, Wait
from automation.model.values import Value

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class LookParams(Params):
    look: Value
    where: Value = None


class PutParams(Params):
    put: Value
    match: Mapping[str, Value] = {}
    set: Mapping[str, Value] = {}
    set_once: Mapping[str, Value] = {}


@dataclass(frozen=True)
class Look:
    """Reads once; its value is the answer."""

    verb = "look"
    params = LookParams
    literal: frozenset[str] = frozenset()
    writes = False

    def steps(self, call: Call) -> Conversation:
        assert isinstance(call.params, LookParams)
        path = f"/look/{call.params.look}/{call.params.where}"
        answer = yield Notion(method="GET", path=path)
        return StepResult(value=answer.body)


@dataclass(frozen=True)
class Put:
    """Reads what is there, and writes twice where it differs."""

    verb = "put"
    params = PutParams
    literal: frozenset[str] = frozenset()
    writes = True

    def steps(self, call: Call) -> Conversation:
        assert isinstance(call.params, PutParams)
        name = str(call.params.put)
        before = yield Notion(method="GET", path=f"/pages/{name}")
        if before.body == "same":
            return _put("unchanged", name)
        body = {"set": dict(call.params.set), "key": call.key}
        for _ in range(2):
            yield Notion(method="PATCH", path=f"/pages/{name}", body=body, repeat=Repeat.SAFE)
        return _put("created" if before.body is None else "updated", name)


def _put(what: str, name: str) -> StepResult:
    wrote = Wrote(what=what, page_id=name, url=f"https://n/{name}", title=name)
    return StepResult(value={"id": name}, wrote=(wrote,))


ACTIONS: dict[str, Action] = {"look": Look(), "put": Put(), "wait_for": WaitFor()}


def rule(text: str) -> Rule:
    loaded = load({"r.toml": f'[[rule]]\nid = "r"\non = "x.y"\n{text}'}, actions=ACTIONS)
    assert [one.message for one in loaded.problems if one.severity == "error"] == []
    return loaded.rules.rules["r"]


def begin(
    one: Rule, event: Mapping[str, Any] | None = None
) -> Generator[Asked, Response, Finished]:
    return walk(
        one,
        document=event or {},
        actions=ACTIONS,
        targets={},
        now=NOW,
        key_of=lambda step, element: f"{step}:{element}",
    )


def answer(request: Request, there: Mapping[str, Any]) -> Response:
    """What is there by path; writes are just done."""
    if isinstance(request, Notion) and request.repeat is Repeat.READ:
        return Response(status=200, body=there.get(request.path))
    return Response(status=200)


def go(
    one: Rule, event: Mapping[str, Any] | None = None, there: Mapping[str, Any] | None = None
) -> tuple[list[Asked], Finished]:
    """Drive it to its end: everything it asked, and how it finished."""
    talk, asked = begin(one, event), []
    try:
        asked.append(next(talk))
        while True:
            asked.append(talk.send(answer(asked[-1].request, there or {})))
    except StopIteration as end:
        return asked, end.value


def refused(
    one: Rule, event: Mapping[str, Any] | None = None, there: Mapping[str, Any] | None = None
) -> tuple[list[str], Exception]:
    """Drive it until it fails: the keys of what it asked, and the failure."""
    talk, keys = begin(one, event), []
    try:
        asked = next(talk)
        while True:
            keys.append(asked.key)
            asked = talk.send(answer(asked.request, there or {}))
    except (StepFailed, TemplateFailed) as error:
        return keys, error


LOOP = """
{guard}

[[rule.do]]
for_each = "{{{{ event.names }}}}"
as = "name"
key = "{{{{ name }}}}"

  [[rule.do.do]]
  id = "inner"
  put = "{{{{ name }}}}"
  set.A = "1"
  {more}

[[rule.do]]
id = "last"
put = "z"
"""


def loop(guard: str = "", more: str = "") -> Rule:
    return rule(LOOP.format(guard=guard, more=more))


# max_writes ---------------------------------------------------------------------------------------


def test_writes_are_counted_over_loops() -> None:
    keys, error = refused(loop("guard = { max_writes = 2 }"), {"names": ["a", "b", "c"]})
    assert keys == [
        *(f"inner/{name}/{ordinal}" for name in "ab" for ordinal in range(3)),
        "inner/c/0",
    ]
    assert isinstance(error, GuardRefused)
    assert str(error) == "guard.max_writes is 2, and this would be one more"


def test_as_many_writes_as_are_allowed_are_made() -> None:
    _, finished = go(loop("guard = { max_writes = 3 }"), {"names": ["a", "b"]})
    assert [one.page_id for one in finished.wrote] == ["a", "b", "z"]


def test_a_step_that_finds_all_as_it_should_be_does_not_count() -> None:
    there = {"/pages/a": "same", "/pages/b": "same"}
    _, finished = go(loop("guard = { max_writes = 1 }"), {"names": ["a", "b"]}, there)
    assert [one.what for one in finished.wrote] == ["unchanged", "unchanged", "created"]


def test_a_guard_is_not_passed_by_going_on_after_failures() -> None:
    _, error = refused(
        loop("guard = { max_writes = 1 }", 'on_failure = "continue"'), {"names": ["a", "b"]}
    )
    assert isinstance(error, GuardRefused)


def test_the_first_write_of_each_step_is_the_one_that_counts() -> None:
    asked, _ = go(loop(), {"names": ["a"]})
    assert [(one.key, one.counts) for one in asked] == [
        ("inner/a/0", False),
        ("inner/a/1", True),
        ("inner/a/2", False),
        ("last//0", False),
        ("last//1", True),
        ("last//2", False),
    ]


# only_set -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["set", "set_once", "match"])
def test_properties_that_are_not_allowed_are_refused_before_anything_is_asked(table: str) -> None:
    one = rule(
        'guard = { only_set = ["A"] }\n[[rule.do]]\nput = "x"\nset.A = "1"\n'
        f'[[rule.do]]\nid = "two"\nput = "y"\n{table}.B = "1"\n'
    )
    keys, error = refused(one)
    assert keys == []
    assert isinstance(error, GuardRefused)
    assert str(error) == "the guard does not let step `two` set `B`"
    assert error.remedy == f"Add it to guard.only_set, or take it out of `{table}`."


def test_properties_inside_a_loop_are_looked_at_before_anything_is_asked() -> None:
    keys, error = refused(loop('guard = { only_set = ["B"] }'), {"names": ["a"]})
    assert (keys, str(error)) == ([], "the guard does not let step `inner` set `A`")


def test_properties_that_are_allowed_are_set() -> None:
    _, finished = go(loop('guard = { only_set = ["A"] }'), {"names": ["a"]})
    assert [one.page_id for one in finished.wrote] == ["a", "z"]


def test_an_empty_list_allows_no_property_and_forbids_no_step() -> None:
    one = rule('guard = { only_set = [] }\n[[rule.do]]\nput = "x"\n')
    assert [each.what for each in go(one)[1].wrote] == ["created"]


# dry_run ------------------------------------------------------------------------------------------


def test_a_dry_run_tells_what_it_would_have_written() -> None:
    one = loop("guard = { dry_run = true }")
    there = {"/pages/a": "same", "/pages/b": "other"}
    _, finished = go(one, {"names": ["a", "b"]}, there)
    assert finished.wrote == (
        Wrote(what="unchanged", page_id="a", url="https://n/a", title="a"),
        Wrote(what="would update", page_id="b", url="https://n/b", title="b"),
        Wrote(what="would create", page_id="", title="z"),
    )


# what this version cannot do ----------------------------------------------------------------------


def comment(changes: str = "", **step: Any) -> Rule:
    """A rule whose second step has a verb that is not built."""
    one = rule(f'[[rule.do]]\nput = "x"\n[[rule.do]]\nid = "c"\nput = "y"\n{changes}\n')
    later = replace(one.steps[1], verb="comment", **step)
    return replace(one, steps=(one.steps[0], later))


def test_a_verb_that_is_not_built_is_refused_before_anything_is_asked() -> None:
    keys, error = refused(comment())
    assert keys == []
    assert isinstance(error, StepFailed)
    assert str(error) == "`comment` is not built into this version yet"
    assert error.remedy.startswith("Take step `c` out of the rule, or use a version that has it")


def test_a_verb_that_is_not_built_leaves_nothing_where_the_rule_goes_on() -> None:
    _, finished = go(comment(on_failure="continue"))
    assert [one.page_id for one in finished.wrote] == ["x"]
    assert not finished.steps["c"]


def test_a_verb_that_is_not_built_does_not_matter_where_it_is_not_reached() -> None:
    _, finished = go(comment("if.event.never.exists = true"))
    assert [one.page_id for one in finished.wrote] == ["x"]


def test_a_verb_that_is_not_built_is_refused_where_only_an_earlier_step_leads_to_it() -> None:
    keys, error = refused(comment("if.put-1.id.exists = true"), {"x": 1})
    assert keys == ["put-1//0", "put-1//1", "put-1//2"]
    assert str(error) == "`comment` is not built into this version yet"


# nothing ------------------------------------------------------------------------------------------

NOTHING = """
[[rule.do]]
id = "found"
look = "f"

[[rule.do]]
if.found.exists = true
put = "if"

[[rule.do]]
if.found.inner.it.exists = true
put = "deep"

[[rule.do]]
put = "{{ found.name | or_else: 'none' }}"
"""


@pytest.mark.parametrize(
    ("found", "written"),
    [
        (None, ["none"]),
        ({"name": "n"}, ["if", "n"]),
        ({"name": "n", "inner": {"it": 1}}, ["if", "deep", "n"]),
    ],
    ids=["nothing", "something", "deep"],
)
def test_a_step_without_a_value_is_nothing_and_so_is_all_below_it(
    found: Any, written: list[str]
) -> None:
    _, finished = go(rule(NOTHING), there={"/look/f/None": found})
    assert [one.page_id for one in finished.wrote] == written


# loops --------------------------------------------------------------------------------------------


def test_two_elements_of_one_key_are_refused_before_the_loop_begins() -> None:
    keys, error = refused(loop(), {"names": ["a", "b", "a"]})
    assert keys == []
    assert isinstance(error, TemplateFailed)
    assert "have the `key` 'a'" in str(error)


def test_more_elements_than_a_loop_takes_are_refused_and_not_cut() -> None:
    keys, error = refused(loop(), {"names": [str(number) for number in range(10_001)]})
    assert keys == []
    assert "10001 elements" in str(error)


def test_values_that_do_not_fit_park_with_their_place() -> None:
    one = rule('[[rule.do]]\nid = "p"\nput = "x"\nset = { A = "1" }\n')
    broken = replace(one, steps=(replace(one.steps[0], shape={"put": "x", "set": "text"}),))
    _, error = refused(broken)
    assert isinstance(error, StepFailed)
    assert str(error).startswith("step `p`: `set`: ")


# wait_for -----------------------------------------------------------------------------------------

WAIT = """
[[rule.do]]
id = "paid"
wait_for = "acme.paid"
same.order.id = "{{ event.id }}"
same."a.b" = 1.5
same.day = 2026-11-24
within = "2 hours"
look_back = "3 days"

[[rule.do]]
put = "{{ paid.by | or_else: 'nobody' }}"
"""


def test_a_wait_asks_for_the_event_and_reads_it() -> None:
    talk = begin(rule(WAIT), {"id": 7})
    assert next(talk).request == Wait(
        event="acme.paid",
        same=(
            Same(path=("order", "id"), value=7),
            Same(path=("a.b",), value=1.5),
            Same(path=("day",), value="2026-11-24T00:00:00+00:00", moment=True),
        ),
        since=(NOW - timedelta(days=3)).isoformat(),
        until=(NOW + timedelta(hours=2)).isoformat(),
    )
    asked = talk.send(Response(status=200, body={"by": "me", "raw": {}}))
    assert asked.request == Notion(method="GET", path="/pages/me")


def test_a_wait_that_ends_without_its_event_is_nothing() -> None:
    talk = begin(rule(WAIT), {"id": 7})
    next(talk)
    asked = talk.send(Response(status=TIMED_OUT))
    assert asked.request == Notion(method="GET", path="/pages/nobody")


def test_a_wait_has_a_day_to_each_side_where_nothing_is_said() -> None:
    one = rule('[[rule.do]]\nwait_for = "acme.paid"\nsame.id = "1"\n')
    request = next(begin(one)).request
    assert isinstance(request, Wait)
    assert (request.since, request.until) == (
        (NOW - timedelta(days=1)).isoformat(),
        (NOW + timedelta(days=1)).isoformat(),
    )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('same.a = "1"\nwithin = "soon"', "`within` is a duration"),
        ('same.a = "1"\nlook_back = "1 month"', "`look_back` is a duration"),
        ("same.a = [1, 2]", "`same`: `a` needs one value, and there is a list"),
        ("same = {}", '`same`: it needs a line, such as same.uuid = "{{ event.uuid }}"'),
        ("", "a `wait_for` step needs `same`"),
        ('same.a = "1"\nbefore = "1 day"', "`before` is not a key of a `wait_for` step"),
    ],
    ids=["within", "look-back", "list", "empty", "missing", "unknown"],
)
def test_a_wait_that_cannot_be_meant_is_a_problem_at_load(keys: str, message: str) -> None:
    text = f'[[rule]]\nid = "r"\non = "x.y"\n[[rule.do]]\nwait_for = "a.b"\n{keys}\n'
    assert [one.message for one in load({"r.toml": text}, actions=ACTIONS).problems] == [message]


def test_the_event_waited_for_is_written_out() -> None:
    text = '[[rule]]\nid = "r"\non = "x.y"\n[[rule.do]]\nwait_for = "{{ event.n }}"\nsame.a = 1\n'
    [problem] = load({"r.toml": text}, actions=ACTIONS).problems
    assert "an event's name, written out" in problem.message


# the same again -----------------------------------------------------------------------------------

WHOLE = """
[[rule.do]]
id = "found"
look = "{{ event.what }}"

[[rule.do]]
id = "paid"
wait_for = "acme.paid"
same.id = "{{ found.id | or_else: 'none' }}"

[[rule.do]]
id = "outer"
for_each = "{{ found.names | or_else: event.names }}"
as = "name"
at_most = 3

  [[rule.do.do]]
  id = "seen"
  look = "{{ name }}"
  where = "{{ paid.by | or_else: 'nobody' }}"

  [[rule.do.do]]
  id = "kept"
  if.seen.exists = true
  put = "{{ name }}"
  on_failure = "continue"
  set.A = "{{ seen }}"

  [[rule.do.do]]
  for_each = "{{ event.names }}"
  as = "other"
  only.other.not = "b"
  put = "{{ other }}"

[[rule.do]]
put = "{{ outer | size }}"
"""
VALUES = st.one_of(st.none(), st.text("abc", max_size=3), st.integers(-3, 3))
FOUND = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"id": st.text("ab", min_size=1, max_size=2)},
        optional={"names": st.lists(st.sampled_from("abcd"), unique=True, max_size=4)},
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_at_every_prefix_of_its_journal_a_run_asks_the_same_again(data: st.DataObject) -> None:
    """Answers of every kind, refusals too: a new walk that hears the first n of them asks the next
    request that the first walk asked."""
    one = rule(WHOLE)
    event = {"what": "w", "names": data.draw(st.lists(st.sampled_from("abc"), unique=True))}

    def reply(request: Request) -> Response | StepFailed:
        match request:
            case Wait():
                by = data.draw(st.one_of(st.none(), st.just({"by": "me"})))
                return Response(status=TIMED_OUT if by is None else 200, body=by)
            case Notion(path="/look/w/None"):
                return Response(status=200, body=data.draw(FOUND))
            case Notion(repeat=Repeat.SAFE) if data.draw(st.integers(0, 5)) == 0:
                return StepFailed("Notion said no")
            case _:
                return Response(status=200, body=data.draw(VALUES))

    journal: Journal = []
    end = _drive(one, event, journal, reply)
    for length, (asked, _) in enumerate(journal):
        assert _restarted(one, event, journal[:length]) == asked
    told = iter([heard for _, heard in journal])
    again: Journal = []
    assert _drive(one, event, again, lambda _: next(told)) == end
    assert again == journal


Journal = list[tuple[Asked, Response | StepFailed]]


def _restarted(one: Rule, event: Any, known: Journal) -> Asked:
    """What a new walk asks when it has heard what is known."""
    talk = begin(one, event)
    asked = next(talk)
    for _, heard in known:
        asked = talk.throw(heard) if isinstance(heard, StepFailed) else talk.send(heard)
    return asked


def _drive(one: Rule, event: Any, journal: Journal, reply: Any) -> Any:
    """Drive a walk, noting each request with its answer; what it ends with, or how it fails."""
    talk = begin(one, event)
    try:
        asked = next(talk)
        while True:
            heard = reply(asked.request)
            journal.append((asked, heard))
            asked = talk.throw(heard) if isinstance(heard, StepFailed) else talk.send(heard)
    except StopIteration as end:
        return end.value.wrote
    except (StepFailed, TemplateFailed) as error:
        return str(error)
