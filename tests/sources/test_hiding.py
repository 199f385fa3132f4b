"""Secrets of a payload are hidden wherever it is shown."""

from typing import Any

import pytest

from automation.sources.hiding import HIDDEN, hide


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ({"token": "t", "a": 1}, {"token": HIDDEN, "a": 1}),
        ({"token": None}, {"token": HIDDEN}),
        ({"a": {"b": "s", "c": 2}}, {"a": {"b": HIDDEN, "c": 2}}),
        ({"a": [{"b": "s"}, {"c": 2}]}, {"a": [{"b": HIDDEN}, {"c": 2}]}),
        ({"a": "text"}, {"a": "text"}),
        ([1, 2], [1, 2]),
        (None, None),
    ],
    ids=["top", "null", "below", "in-a-list", "a-text-on-the-way", "a-list", "nothing"],
)
def test_what_a_source_names_is_hidden(payload: Any, shown: Any) -> None:
    assert hide(payload, [("token",), ("a", "b")]) == shown


def test_the_payload_itself_stays_as_it_was() -> None:
    payload = {"a": {"b": "s"}}
    hide(payload, [("a", "b")])
    assert payload == {"a": {"b": "s"}}
