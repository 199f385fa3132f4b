"""Rules and events for hypothesis: few fields and few values, so that they often meet, and often nearly."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from automation.engine.load import load
from automation.engine.rules import RuleSet
from automation.wiring import actions

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

TEXTS = ("a", "A", "ab", "b ", "1", "true", "straße", "refs/heads/ab")
FIELDS = ("x", "y", "z")
NAMES = ("github.push", "github.issues.opened", "github.issues", "github", "slack.message")

somethings = st.one_of(st.sampled_from(TEXTS), st.sampled_from((0, 1, 1.0, 2.5, -1)), st.booleans())
scalars = st.one_of(somethings, st.none())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3)
    ),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(FIELDS), values, max_size=3)
names = st.sampled_from(NAMES)

_literal = somethings.map(json.dumps)
_text = st.sampled_from(TEXTS).map(json.dumps)
_list = st.lists(_literal, min_size=1, max_size=3).map(lambda some: f"[{', '.join(some)}]")
_test = st.one_of(
    st.builds("{}".format, _literal),
    st.builds("{}".format, _list),
    st.builds("{{ is = {}, ignore_case = true }}".format, st.one_of(_literal, _list)),
    st.builds("{{ not = {} }}".format, st.one_of(_literal, _list)),
    st.builds("{{ starts_with = {} }}".format, _text),
    st.builds("{{ ends_with = {}, ignore_case = true }}".format, _text),
    st.builds("{{ contains = {} }}".format, _text),
    st.builds('{{ like = "{}" }}'.format, st.sampled_from(("a*", "*", "a", "*b", "refs/*/a*"))),
    st.builds("{{ all_of = {} }}".format, _list),
    st.builds("{{ exists = {} }}".format, st.sampled_from(("true", "false"))),
    st.builds("{{ empty = {} }}".format, st.sampled_from(("true", "false"))),
    st.builds("{{ above = {} }}".format, st.sampled_from((0, 1, 2))),
    st.builds("[{}, {{ starts_with = {} }}]".format, _literal, _text),
    st.builds("{{ any = {{ x = {} }} }}".format, _literal),
    st.builds("{{ none = {{ x = {} }} }}".format, _literal),
)
_path = st.lists(st.sampled_from(FIELDS), min_size=1, max_size=2).map(".".join)


@st.composite
def _tables(draw: st.DrawFn, key: str) -> str:
    """A table, or an array of them, as TOML lines of one rule."""
    many = draw(st.booleans()) or key == "either"
    made = []
    for _ in range(draw(st.integers(1, 2)) if many else 1):
        # One first field each, so that no table is written twice.
        fields = draw(st.lists(st.sampled_from(FIELDS), unique=True, min_size=1, max_size=2))
        lines = [
            f"{field}{draw(st.sampled_from(('', '.x', '.y')))} = {draw(_test)}" for field in fields
        ]
        head = f"[[rule.{key}]]" if many else f"[rule.{key}]"
        made.append("\n".join([head, *lines]))
    return "\n".join(made)


@st.composite
def rule_texts(draw: st.DrawFn, number: int = 0) -> str:
    """One rule as TOML."""
    on = json.dumps(draw(st.lists(names, min_size=1, max_size=2)))
    enabled = "" if draw(st.integers(0, 9)) else "enabled = false\n"
    parts = [
        draw(_tables(key)) for key in ("when", "either", "unless") if draw(st.integers(0, 2)) > 0
    ]
    step = '[[rule.do]]\ncreate = "Log"\nset.Name = "seen"'
    return "\n".join([f'[[rule]]\nid = "r{number}"\non = {on}\n{enabled}', *parts, step])


@st.composite
def rule_sets(draw: st.DrawFn, most: int = 8) -> RuleSet:
    """Rules, loaded."""
    count = draw(st.integers(1, most))
    return loaded("\n".join(draw(rule_texts(number)) for number in range(count)))


def loaded(text: str, path: str = "a.toml") -> RuleSet:
    """The rules of a text without a mistake."""
    return rule_set({path: text})


def rule_set(files: Mapping[str, str]) -> RuleSet:
    """The rules of several files without a mistake."""
    made = load(files, actions=actions())
    assert [one for one in made.problems if one.severity == "error"] == [], files
    return made.rules


def nested(**fields: Any) -> dict[str, Any]:
    """A document from dotted names with `__` for the dot."""
    made: dict[str, Any] = {}
    for path, value in fields.items():
        *above, last = path.split("__")
        at = made
        for name in above:
            at = at.setdefault(name, {})
        at[last] = value
    return made
