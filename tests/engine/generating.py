"""Conditions and documents made up by hypothesis, few words and many collisions.

A generated table is nested dicts whose keys are `Name`s (a key in quotes is a field) or test words;
`to_toml` writes it on one line, `quoted` tells which of its keys stand in quotes.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]


class Name(str):
    """A key that is a field; it is written in quotes."""

    __slots__ = ()


FIELDS = ("a", "b", "is", "not", "any", "x y")
WORDS = ("", "a", "A", "ab", "b*", "*", "ß", "SS", "1", "2026-11-24", "2026-11-24T10:00:00+02:00")

SCALARS: st.SearchStrategy[Any] = st.sampled_from(
    [*WORDS, 0, 1, 1.0, 2.5, -1, 2**60, True, False, None]
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(FIELDS),
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)

TEXTS = st.sampled_from([word for word in WORDS if word])
MOMENTS = st.sampled_from(
    [date(2026, 11, 24), datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9)]  # noqa: DTZ001
)
PHRASES = st.sampled_from(["now", "today", "tomorrow", "yesterday", "2 days ago", "in 1 week"])
BOUNDS = st.sampled_from([0, 1, 2.5, -1]) | MOMENTS | PHRASES
OPERANDS = (
    st.sampled_from([*WORDS, 0, 1, 1.0, 2.5, True, False])
    | MOMENTS
    | st.sampled_from(["{{ event.a }}", "{{ event.b }}", "{{ event.a.b }}"])
)


def _tests(plain: st.SearchStrategy[Any], lines: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Tables of tests; `ignore_case` only beside a test of texts."""
    texts = TEXTS | st.lists(TEXTS, min_size=1, max_size=2) | st.just("{{ event.a }}")
    others = {
        "exists": st.booleans(),
        "empty": st.booleans(),
        **dict.fromkeys(("any", "all", "none"), lines),
        **dict.fromkeys(("above", "below", "at_least", "at_most"), BOUNDS),
    }
    folding = {
        "is": plain,
        "not": plain,
        "all_of": st.lists(
            plain.filter(lambda one: not isinstance(one, list)), min_size=1, max_size=2
        ),
        **dict.fromkeys(("starts_with", "ends_with", "contains", "like"), texts),
    }
    some = st.sampled_from(sorted(others)).flatmap(
        lambda word: others[word].map(lambda value: {word: value})
    )
    texty = st.sampled_from(sorted(folding)).flatmap(
        lambda word: folding[word].map(lambda value: {word: value})
    )
    folded = st.tuples(texty, st.booleans()).map(lambda both: {**both[0], "ignore_case": both[1]})
    two = st.tuples(some | texty, some | texty).map(lambda both: {**both[0], **both[1]})
    return some | texty | folded | two


def _lines(plain: st.SearchStrategy[Any], tests: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Tables of fields and what is asked of them."""
    names = st.sampled_from(FIELDS).map(Name)
    return st.dictionaries(names, plain | tests, min_size=1, max_size=2)


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One level more: plain values with tests in them."""
    items = inner.filter(lambda one: not isinstance(one, list))
    tests = _tests(inner, _lines(inner, inner))
    return st.lists(items, min_size=1, max_size=3) | tests


PLAIN: st.SearchStrategy[Any] = st.recursive(OPERANDS, _grown, max_leaves=5)
TESTS = _tests(PLAIN, _lines(PLAIN, _tests(PLAIN, _lines(PLAIN, PLAIN))))
LINES = st.recursive(_lines(PLAIN, TESTS), lambda inner: _lines(PLAIN, TESTS | inner), max_leaves=3)


def to_toml(value: Any) -> str:
    """On one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {to_toml(one)}" for key, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(to_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _key(key: str) -> str:
    return f'"{key}"' if isinstance(key, Name) else key


def quoted(value: Any, at: Path = ()) -> Iterator[Path]:
    """The paths of keys in quotes."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in items:
        if isinstance(key, Name):
            yield (*at, str(key))
        if isinstance(one, dict | list):
            yield from quoted(one, (*at, str(key) if isinstance(key, str) else key))
