"""Loops, conditions of steps, and what is refused before the first write."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from automation.actions.base import Params
from automation.engine.load import load
from automation.engine.nothing import NOTHING
from automation.engine.rules import Rule
from automation.engine.walk import walk
from automation.model.action import Action, Call, Conversation, StepResult
from automation.model.errors import GuardRefused, StepFailed, TemplateFailed
from automation.model.request import Notion, Repeat, Response
from automation.model.values import Value
from tests.engine.loading import ACTIONS, HEAD, NOW


class PutParams(Params):
    """Keys of a `put` step."""

    put: Value
    set: Mapping[str, Value] = {}


@dataclass(frozen=True)
class Put:
    """Writes once; its value is what it was told to put. "bad" fails."""

    verb = "put"
    params = PutParams
    literal: frozenset[str] = frozenset()
    writes = True

    def steps(self, call: Call) -> Conversation:
        assert isinstance(call.params, PutParams)
        if call.params.put == "bad":
            raise StepFailed("it is bad")
        yield Notion(method="POST", path=f"/{call.params.put}", repeat=Repeat.DOUBLES)
        return StepResult(value={"id": call.params.put, "set": dict(call.params.set)})


VERBS: dict[str, Action] = {**ACTIONS, "put": Put()}


def rule(lines: str) -> Rule:
    """A rule with these steps."""
    loaded = load({"r.toml": HEAD + lines}, actions=VERBS)
    assert [one.message for one in loaded.problems if one.severity == "error"] == []
    return loaded.rules.rules["r"]


def go(lines: str, event: Any) -> tuple[list[str], dict[str, Any]]:
    """Do it: the journal keys in order, and what the steps gave."""
    talk = walk(
        rule(lines),
        document=event,
        actions=VERBS,
        targets={},
        now=NOW,
        key_of=lambda step, element: f"{step}:{element}",
    )
    keys: list[str] = []
    try:
        asked = next(talk)
        while True:
            keys.append(asked.key)
            asked = talk.send(Response(status=200))
    except StopIteration as end:
        return keys, dict(end.value.steps)


def refused(lines: str, event: Any) -> tuple[list[str], Exception]:
    """Do it until it fails: the journal keys so far, and the failure."""
    keys: list[str] = []
    talk = walk(
        rule(lines),
        document=event,
        actions=VERBS,
        targets={},
        now=NOW,
        key_of=lambda step, element: f"{step}:{element}",
    )
    try:
        asked = next(talk)
        while True:
            keys.append(asked.key)
            asked = talk.send(Response(status=200))
    except (StepFailed, TemplateFailed) as error:
        return keys, error


def ids(value: Any) -> Any:
    """What was put, in the shape of the loops around it."""
    if isinstance(value, list):
        return [ids(one) for one in value]
    return value["id"] if value is not NOTHING else None


# loops --------------------------------------------------------------------------------------------

INNER = """
[[rule.do]]
id = "outer"
for_each = "{{ event.names }}"
as = "name"
key = "{{ name }}"

  [[rule.do.do]]
  id = "one"
  put = "{{ name }}"
  {inner}

  [[rule.do.do]]
  id = "two"
  put = "{{ one.id | or_else: 'none' }}!"

[[rule.do]]
id = "last"
put = "{{ one | map: 'id' | join: '+' }}/{{ two | size }}"
"""


def inner(lines: str = "") -> str:
    """The loop above, with a line more in its first inner step."""
    return INNER.replace("{inner}", lines)


def test_an_inner_id_is_the_list_of_its_values_behind_the_loop() -> None:
    """In the order of the elements; and inside, steps see each other's values."""
    keys, steps = go(inner(), {"names": ["a", "b"]})
    assert keys == ["one/a/0", "two/a/0", "one/b/0", "two/b/0", "last//0"]
    assert ids(steps["one"]) == ["a", "b"]
    assert ids(steps["two"]) == ["a!", "b!"]
    assert ids(steps["last"]) == "a+b/2"


def test_an_inner_step_that_is_skipped_leaves_nothing_in_its_place() -> None:
    """So that the lists stay beside each other."""
    _, steps = go(inner('if.name.not = "a"'), {"names": ["a", "b"]})
    assert ids(steps["one"]) == [None, "b"]
    assert ids(steps["two"]) == ["none!", "b!"]


def test_an_inner_step_that_fails_may_leave_nothing_in_its_place() -> None:
    """With `on_failure = "continue"`."""
    _, steps = go(inner('on_failure = "continue"'), {"names": ["bad", "b"]})
    assert ids(steps["one"]) == [None, "b"]


def test_a_loop_that_goes_on_leaves_nothing_for_an_element_that_failed() -> None:
    """Each element by itself, whatever its inner steps are."""
    lines = inner().replace('id = "outer"', 'id = "outer"\non_failure = "continue"')
    keys, steps = go(lines, {"names": ["bad", "b"]})
    assert keys == ["one/b/0", "two/b/0", "last//0"]
    assert ids(steps["two"]) == [None, "b!"]


def test_loops_in_loops_give_lists_of_lists() -> None:
    """And the key of an inner element stands behind that of the outer one."""
    lines = """
[[rule.do]]
for_each = "{{ event.rows }}"
as = "row"

  [[rule.do.do]]
  for_each = "{{ row }}"
  as = "cell"
  key = "{{ cell }}"

    [[rule.do.do.do]]
    id = "deep"
    put = "{{ cell }}"
"""
    keys, steps = go(lines, {"rows": [["a/b", "c"], []]})
    assert keys == ["deep/0/a%2Fb/0", "deep/0/c/0"]
    assert ids(steps["deep"]) == [["a/b", "c"], []]


LOOP = '[[rule.do]]\nid = "x"\nfor_each = "{{ event.names }}"\nas = "name"\nput = "{{ name }}"\n'


@pytest.mark.parametrize(
    ("lines", "names", "done"),
    [
        ("", ["a", "b"], ["a", "b"]),
        ("", [], []),
        ("", None, []),
        ('only.name.not = "a"', ["a", "b"], ["b"]),
        ("at_most = 1", ["a", "b"], ["a"]),
        ('only.name.not = "a"\nat_most = 1', ["a", "b", "c"], ["b"]),
        ('if.name.not = "a"', ["a", "b"], ["b"]),
        ("if.event.go = true", ["a"], None),
        ('if.event.names = "a"\nif.name = "b"', ["a", "b"], ["b"]),
        ('if.event.first.not = "{{ name }}"', ["a", "b"], ["b"]),
    ],
    ids=[
        "all",
        "empty",
        "nothing",
        "only",
        "at-most",
        "at-most-of-only",
        "if-element",
        "if-once",
        "if-both",
        "if-template",
    ],
)
def test_which_elements_are_done(lines: str, names: Any, done: Any) -> None:
    """`only` and `at_most` choose elements; `if` may be about the element, or about the whole loop."""
    _, steps = go(LOOP + lines, {"names": names, "first": "a"})
    assert ids(steps["x"]) == done


def test_an_element_keeps_its_key_whatever_stands_before_it() -> None:
    """By default its index in the whole list."""
    keys, _ = go(LOOP + 'only.name.not = "a"', {"names": ["a", "b"]})
    assert keys == ["x/1/0"]


@pytest.mark.parametrize(
    ("lines", "names", "message"),
    [
        (
            'key = "{{ name | slice: 0 }}"',
            ["ab", "ac"],
            "two elements of step `x` have the `key` 'a'",
        ),
        ('key = "{{ event.none }}"', ["a"], "the `key` of element 0 of step `x` is nothing"),
        ("", "text", "`for_each` of step `x` needs a list, not a text"),
        ("", {"a": 1}, "`for_each` of step `x` needs a list, not a table"),
        ("", list(range(10_001)), "step `x` has 10001 elements, and 10000 is the most"),
    ],
    ids=["same-key", "no-key", "text", "table", "too-many"],
)
def test_elements_that_cannot_be_told_apart_are_refused_before_any_is_done(
    lines: str, names: Any, message: str
) -> None:
    """None is done twice, and none is lost."""
    keys, error = refused(LOOP + lines, {"names": names, "none": None})
    assert keys == []
    assert message in str(error)


# before the first write ---------------------------------------------------------------------------

FIRST = '[[rule.do]]\nput = "first"\n'

FORESEEN = {
    "a later step": '[[rule.do]]\nid = "b"\nput = "{{ event.nope }}"\n',
    "inside a loop": LOOP + 'set.A = "{{ name.nope }}"\n',
    "inside an inner step": inner('set.A = "{{ event.nope }}"'),
    "behind a condition that holds": '[[rule.do]]\nid = "b"\nif.event.names.exists = true\nput = "{{ event.nope }}"\n',
    "the chosen case": '[[rule.do]]\nid = "b"\nput = "x"\nset.A = { pick = "{{ event.state }}", cases = { open = "{{ event.nope }}" } }\n',
    "no case": '[[rule.do]]\nid = "b"\nput = "x"\nset.A = { pick = "{{ event.state }}", cases = { closed = 1 } }\n',
    "a verb of later": '[[rule.do]]\nid = "b"\ncomment = "{{ event.state }}"\nbody = "x"\n',
    "a key of later": '[[rule.do]]\nid = "b"\ncreate = "T"\ntemplate = "x"\n',
}


@pytest.mark.parametrize("lines", FORESEEN.values(), ids=FORESEEN.keys())
def test_what_is_sure_to_fail_fails_before_the_first_write(lines: str) -> None:
    """Nothing is half done that need not be."""
    keys, error = refused(FIRST + lines, {"names": ["a"], "state": "open"})
    assert keys == []
    assert isinstance(error, TemplateFailed | StepFailed)


UNFORESEEN = {
    "it may be skipped": '[[rule.do]]\nid = "b"\nif.put-1.id = "x"\nput = "{{ event.nope }}"\n',
    "it is skipped": '[[rule.do]]\nid = "b"\nif.event.nope.exists = true\nput = "{{ event.nope }}"\n',
    "the rule goes on": '[[rule.do]]\nid = "b"\non_failure = "continue"\nput = "{{ event.nope }}"\n',
    "another case is chosen": '[[rule.do]]\nid = "b"\nput = "x"\nset.A = { pick = "{{ event.state }}", cases = { open = "{{ event.state }}", closed = "{{ event.nope }}" } }\n',
    "the loop is empty": LOOP.replace("event.names", "event.empties")
    + 'set.A = "{{ event.nope }}"\n',
    "a verb of later that is skipped": '[[rule.do]]\nid = "b"\nif.event.nope = 1\ncomment = "Log"\nbody = "x"\n',
}


@pytest.mark.parametrize("lines", UNFORESEEN.values(), ids=UNFORESEEN.keys())
def test_what_may_not_be_done_does_not_stop_the_rule(lines: str) -> None:
    """A step that is skipped needs nothing."""
    keys, _ = go(FIRST + lines, {"names": ["a"], "empties": [], "state": "open"})
    assert keys[0] == "put-1//0"


def test_a_verb_of_later_parks_where_it_is_reached() -> None:
    """In words, with what to do."""
    _, error = refused('[[rule.do]]\nid = "b"\ncomment = "Log"\nbody = "x"\n', {})
    assert str(error) == "`comment` is not built into this version yet"
    assert isinstance(error, StepFailed)
    assert error.remedy.startswith("Take step `b` out of the rule")


def test_a_value_that_waits_for_a_person_is_not_written() -> None:
    """`ask_first` is not built, and what it guards is refused, also where the rule goes on."""
    step = '[[rule.do]]\nput = "x"\non_failure = "continue"\nset.Status = "{{ event.s }}"\n'
    lines = f'guard.ask_first.Status = ["Cancelled", "Gone"]\n{step}'
    assert go(lines, {"s": "Open"})[0] == ["put-1//0"]
    keys, error = refused(lines, {"s": "Gone"})
    assert keys == []
    assert isinstance(error, GuardRefused)
    assert "`Status` = 'Gone' waits for a person" in str(error)


def test_a_property_called_pick_is_a_property() -> None:
    """The words of the closed tables count one level below the property."""
    _, steps = go(
        '[[rule.do]]\nid = "x"\nput = "x"\nset.pick = "a"\nset.cases = "b"\nset.else = "c"\n', {}
    )
    assert steps["x"]["set"] == {"pick": "a", "cases": "b", "else": "c"}


@pytest.mark.parametrize(
    ("pick", "value"),
    [
        ('{ pick = "{{ event.s }}", cases = { open = 1, closed = 2 } }', 1),
        ('{ pick = "{{ event.yes }}", cases = { true = 1, false = 2 } }', 1),
        ('{ pick = "{{ event.n }}", cases = { 1 = "one" } }', "one"),
        ('{ pick = "{{ event.none }}", cases = { a = 1 }, else = 9 }', 9),
        ('{ pick = "{{ event.s }}", cases = { open = { start = 2026-11-24 } } }', None),
        ('{ pick = "{{ event.s }}", cases = { open = "{{ event.s | upcase }}" } }', "OPEN"),
    ],
    ids=["text", "switch", "number", "else", "table", "template"],
)
def test_pick_chooses_a_case(pick: str, value: Any) -> None:
    """By the choice as text; the value of a case keeps its type."""
    event = {"s": "open", "yes": True, "n": 1.0, "none": None}
    _, steps = go(f'[[rule.do]]\nid = "x"\nput = "x"\nset.A = {pick}\n', event)
    found = steps["x"]["set"]["A"]
    assert found == value if value is not None else isinstance(found, dict)
