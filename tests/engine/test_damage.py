"""No damage to a rules file makes the loader fail: it loads, or says where and why not."""

import json
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from automation.engine.load import load
from automation.engine.problems import render
from tests.engine.loading import ACTIONS
from tests.engine.test_positions import DOCUMENTS

WHOLE = (Path(__file__).parent / "whole.toml").read_text(encoding="utf-8")
LINES = WHOLE.split("\n")
TABLES = tomllib.loads(WHOLE)

PIECES = st.sampled_from(
    [
        *(
            "",
            '"',
            "'",
            '"""',
            "[",
            "]",
            "{",
            "}",
            "[[rule]]",
            "=",
            ".",
            ",",
            "#",
            "\n",
            "\t",
            "\\",
        ),
        *("{{", "}}", "{%", "| nope", "nan", "09:00:00", "2026-11-24", "true", "[]", "{}", "-1"),
        *(
            "é",
            "👍",
            "\u2028",
            "\x00",
            "\ufeff",
            "not",
            "is",
            "when",
            "do",
            "id",
            "for_each",
            "with",
        ),
    ]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "{{ event.x }}", "{{ x", "2026-11-24", "14 days ago", "a.b"])
    | st.dates()
    | st.times(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["is", "not", "any", "x", "id", "pick", "cases", "do", "each", ""]),
            inner,
            max_size=2,
        )
    ),
    max_leaves=4,
)


def check(text: str) -> None:
    """Load it; every problem has a place in the text, and can be shown."""
    loaded = load({"r.toml": text}, actions=ACTIONS)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for problem in loaded.problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.message in render(problem, text)
    if any(problem.severity == "error" for problem in loaded.problems):
        assert loaded.rules.rules == {}


@given(DOCUMENTS)
def test_any_toml_loads_or_is_told_what_is_wrong(text: str) -> None:
    """Whatever tables and values there are."""
    check(text)


@given(st.text(max_size=80))
def test_any_text_loads_or_is_told_what_is_wrong(text: str) -> None:
    """Whether it is TOML or not."""
    check(text)


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE)), st.integers(0, 60), PIECES)
def test_any_edit_of_a_file_is_read_or_told_what_is_wrong(at: int, length: int, piece: str) -> None:
    """Some characters replaced by others, as while somebody is writing."""
    check(WHOLE[:at] + piece + WHOLE[at + length :])


@settings(max_examples=100)
@given(st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=4))
def test_any_lines_may_be_gone(gone: list[int]) -> None:
    """As while somebody is cutting."""
    check("\n".join(line for number, line in enumerate(LINES) if number not in gone))


@settings(max_examples=300)
@given(st.data())
def test_any_value_may_stand_anywhere(data: st.DataObject) -> None:
    """One value of the whole language replaced by another of any kind."""
    path = data.draw(st.sampled_from(_paths(TABLES)))
    check(_toml(_replaced(TABLES, path, data.draw(VALUES))))


Path_ = tuple[str | int, ...]


def _paths(value: Any, path: Path_ = ()) -> list[Path_]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[Path_] = []
    for key, one in items:
        found.append((*path, key))
        if isinstance(one, dict | list):
            found += _paths(one, (*path, key))
    return found


def _replaced(value: Any, path: Path_, new: Any) -> Any:
    if not path:
        return new
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    made = {key: _replaced(one, path[1:], new) if key == path[0] else one for key, one in items}
    return made if isinstance(value, dict) else list(made.values())


def _toml(tables: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(key)} = {_value(one)}\n" for key, one in tables.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps("" if value is None else value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key)
