"""What deliveries show of a source that publishes nothing."""

from typing import Any

import pytest

from automation.engine.learned import MAX_NAMES, learn
from automation.engine.outline import outline
from automation.model.fields import ANYTHING, below


def paths(*documents: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """What is known after these deliveries: path, kind, always there."""
    schema = learn([("acme.order", one) for one in documents])["acme"]
    rows = outline({"order": schema.events["order"]})
    return [(row.text, row.kind, row.always) for row in rows if row.path != ("raw",)]


def test_every_kind_of_value_is_told_apart() -> None:
    document = {
        "text": "a",
        "number": 1.5,
        "truth": True,
        "time": "2026-11-24T12:00:00Z",
        "nothing": None,
        "table": {"x": 1},
        "list": [{"y": "b"}, {"z": False}],
        "texts": ["a", "b"],
        "empty": [],
    }
    assert paths(document) == [
        ("text", "text", True),
        ("number", "number", True),
        ("truth", "true/false", True),
        ("time", "time", True),
        ("nothing", "anything", True),
        ("table", "table", True),
        ("table.x", "number", True),
        ("list", "list of tables", True),
        ("list[].y", "text", False),
        ("list[].z", "true/false", False),
        ("texts", "list of texts", True),
        ("empty", "list", True),
    ]


def test_deliveries_add_up() -> None:
    assert paths({"id": 1, "at": "2026-11-24T12:00:00Z"}, {"id": "x", "at": "soon"}, {"id": 2}) == [
        ("id", "number or text", True),
        ("at", "text", False),
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"of": {f"user-{number}": 1 for number in range(MAX_NAMES + 1)}},
        {"of": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}}}}}},
    ],
    ids=["as-many-names-as-data-has", "very-deep"],
)
def test_what_is_data_and_no_field_is_left_open(document: dict[str, Any]) -> None:
    event = learn([("acme.order", document)])["acme"].events["order"]
    forms = below((event,), "of")
    while below(forms, "a") not in ((), ANYTHING):
        forms = below(forms, "a")
    assert below(forms, "whatever") == ANYTHING


def test_events_are_kept_apart_by_name() -> None:
    learned = learn([("acme.order", {"a": 1}), ("acme.order.paid", {"b": 1}), ("other.x", {})])
    assert {source: sorted(schema.events) for source, schema in learned.items()} == {
        "acme": ["order", "order.paid"],
        "other": ["x"],
    }
    assert not learned["acme"].published
