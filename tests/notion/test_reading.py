"""What is read from Notion: plain values, schemas, ids."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from automation.model.errors import StepFailed
from automation.notion.ids import page_id
from automation.notion.schema import read_schema
from automation.notion.values import plain_page, plain_value, title_of

ID = "7855b161-f63e-4683-b7c7-8ca6e97ee266"
PLAIN = ID.replace("-", "")


def value(kind: str, inner: Any) -> Any:
    """A property value as Notion gives it."""
    return {"id": "x", "type": kind, kind: inner}


VALUES: list[tuple[Any, Any]] = [
    (value("title", [{"plain_text": "a"}, {"plain_text": "b"}]), "ab"),
    (value("rich_text", []), ""),
    (value("number", 1.5), 1.5),
    (value("number", None), None),
    (value("select", {"name": "Low"}), "Low"),
    (value("select", None), None),
    (value("status", {"name": "Done"}), "Done"),
    (value("multi_select", [{"name": "a"}, {"name": "b"}]), ["a", "b"]),
    (value("date", None), None),
    (value("date", {"start": "2026-11-23", "end": None}), date(2026, 11, 23)),
    (
        value("date", {"start": "2026-11-23T09:30:00.000+00:00", "end": None}),
        datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    ),
    (
        value("date", {"start": "2026-11-23", "end": "2026-11-24"}),
        {"start": date(2026, 11, 23), "end": date(2026, 11, 24)},
    ),
    (value("checkbox", True), True),
    (value("url", None), None),
    (value("email", "a@example.com"), "a@example.com"),
    (value("people", [{"id": "1", "name": "Ada"}]), ["1"]),
    (value("relation", [{"id": "1"}, {"id": "2"}]), ["1", "2"]),
    (value("files", [{"name": "a.pdf"}, {}]), ["a.pdf", ""]),
    (value("created_time", "2026-11-23T09:30:00.000Z"), datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
    (value("created_by", {"id": "1"}), "1"),
    (value("unique_id", {"prefix": "T", "number": 3}), "T-3"),
    (value("unique_id", {"prefix": None, "number": 3}), 3),
    (value("formula", {"type": "string", "string": "x"}), "x"),
    (value("formula", {"type": "date", "date": {"start": "2026-11-23"}}), date(2026, 11, 23)),
    (value("rollup", {"type": "number", "number": 2, "function": "sum"}), 2),
    (
        value("rollup", {"type": "array", "array": [value("title", [{"plain_text": "a"}])]}),
        ["a"],
    ),
    (value("button", {}), {}),
    (None, None),
    ({}, None),
]


@pytest.mark.parametrize(("given", "plain"), VALUES, ids=[f"{one}"[:40] for one, _ in VALUES])
def test_a_value_is_plain(given: Any, plain: Any) -> None:
    assert plain_value(given) == plain


def test_a_page_keeps_its_own_words() -> None:
    page = {
        "id": ID,
        "url": "https://www.notion.so/x",
        "created_time": "2026-11-23T09:30:00.000Z",
        "last_edited_time": "2026-11-23T09:31:00.000Z",
        "properties": {"Name": value("title", [{"plain_text": "A"}]), "url": value("url", "mine")},
    }
    assert plain_page(page) == {
        "Name": "A",
        "properties": {"Name": "A", "url": "mine"},
        "id": ID,
        "url": "https://www.notion.so/x",
        "title": "A",
        "created_time": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        "last_edited_time": datetime(2026, 11, 23, 9, 31, tzinfo=UTC),
    }
    assert title_of({}) == ""


IDS: list[tuple[Any, str | None]] = [
    (ID, ID),
    (PLAIN, ID),
    (PLAIN.upper(), ID),
    (f" {ID} ", ID),
    (f"https://www.notion.so/{PLAIN}", ID),
    (f"https://www.notion.so/acme/My-page-{PLAIN}?pvs=4#x", ID),
    (f"https://notion.so/{ID}", ID),
    (f"https://app.notion.com/p/My-page-{PLAIN}", ID),
    (f"https://acme.notion.site/My-page-{PLAIN}", ID),
    (f"https://www.notion.so/{'0' * 32}?v={PLAIN}", "00000000-0000-0000-0000-000000000000"),
    ({"id": ID}, ID),
    ({"id": None}, None),
    (f"https://example.com/{PLAIN}", None),
    (f"https://notion.so.example.com/{PLAIN}", None),
    ("https://www.notion.so/no-id", None),
    (f"{PLAIN}0", None),
    ("a title", None),
    ("", None),
    (None, None),
    (3, None),
]


@pytest.mark.parametrize(("given", "found"), IDS, ids=[f"{one}"[:50] for one, _ in IDS])
def test_an_id_is_read(given: Any, found: str | None) -> None:
    assert page_id(given) == found


def test_a_schema_knows_its_properties_by_name_and_id() -> None:
    schema = read_schema(
        "Tasks",
        {
            "Name": {"id": "title", "type": "title", "title": {}},
            "Größe": {"id": "%3Fb%3A", "type": "number", "number": {}},
            "Kind": {"id": "k", "type": "select", "select": {"options": [{"name": "a"}]}},
        },
    )
    assert schema.title == "Name"
    assert schema.get("Kind").options == ("a",)
    assert {schema.get(one).name for one in ("Größe", "%3Fb%3A", "?b:")} == {"Größe"}
    with pytest.raises(StepFailed) as refused:
        schema.get("Grösse")
    assert (str(refused.value), refused.value.remedy) == (
        "Tasks has no property `Grösse`",
        "Did you mean `Größe`?",
    )
