"""Plain values to property values: every type, every form, every refusal, as a table."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from automation.model.errors import StepFailed
from automation.notion.properties import encode_all
from automation.notion.schema import PropertySchema, Schema

BERLIN = ZoneInfo("Europe/Berlin")
PAGE = "7855b161-f63e-4683-b7c7-8ca6e97ee266"
OTHER = "393abc1e-edcd-81d2-b73d-feaa29f12025"

TYPES = {
    "Name": "title", "Text": "rich_text", "Number": "number", "Kind": "select",
    "Tags": "multi_select", "State": "status", "Date": "date", "Done": "checkbox", "Link": "url",
    "Mail": "email", "Phone": "phone_number", "For": "relation", "Who": "people", "Files": "files",
    "Sum": "formula", "Roll": "rollup", "Id": "unique_id", "Made": "created_time",
    "Maker": "created_by", "Edited": "last_edited_time", "Editor": "last_edited_by",
    "Press": "button", "Ok": "verification",
}  # fmt: skip
OPTIONS = {
    "Kind": ("Low", "High"),
    "Tags": ("bug", "Feature"),
    "State": ("Not started", "In progress", "Done"),
}
SCHEMA = Schema(
    where="Tasks",
    properties={
        name: PropertySchema(
            id="title" if kind == "title" else f"%3F{name}",
            name=name,
            type=kind,
            options=OPTIONS.get(name, ()),
        )
        for name, kind in TYPES.items()
    },
)


def encoded(
    name: str, value: Any, *, allow: bool = False, before: Mapping[str, Any] | None = None
) -> Any:
    """The property value of one value."""
    made = encode_all(SCHEMA, {name: value}, zone=BERLIN, refuse_unknown=not allow, before=before)
    return made[SCHEMA.get(name).name] if made else None


def text(content: str) -> list[Any]:
    """Rich text of one piece."""
    return [{"type": "text", "text": {"content": content}}]


GOOD: list[tuple[str, Any, Any]] = [
    ("Name", "A task", {"title": text("A task")}),
    ("Name", "", {"title": []}),
    ("Name", None, {"title": []}),
    ("Text", "x" * 2001, {"rich_text": text("x" * 2000) + text("x")}),
    ("Text", 3, {"rich_text": text("3")}),
    ("Text", 1.5, {"rich_text": text("1.5")}),
    ("Text", True, {"rich_text": text("true")}),
    ("Text", ["a", "b"], {"rich_text": text("a, b")}),
    ("Text", date(2026, 11, 23), {"rich_text": text("2026-11-23")}),
    ("Text", "a\ud83d", {"rich_text": text("a\ufffd")}),
    ("Text", [], {"rich_text": []}),
    ("Number", 42, {"number": 42}),
    ("Number", -1.5, {"number": -1.5}),
    ("Number", 0, {"number": 0}),
    ("Number", None, {"number": None}),
    ("Number", "", {"number": None}),
    ("Kind", "Low", {"select": {"name": "Low"}}),
    ("Kind", " low ", {"select": {"name": "Low"}}),
    ("Kind", ["High"], {"select": {"name": "High"}}),
    ("Kind", None, {"select": None}),
    ("Kind", "", {"select": None}),
    ("Kind", [], {"select": None}),
    ("State", "done", {"status": {"name": "Done"}}),
    ("State", None, {"status": None}),
    ("Tags", ["bug", "FEATURE", "Bug"], {"multi_select": [{"name": "bug"}, {"name": "Feature"}]}),
    ("Tags", "bug", {"multi_select": [{"name": "bug"}]}),
    ("Tags", ["bug", "", None], {"multi_select": [{"name": "bug"}]}),
    ("Tags", [], {"multi_select": []}),
    ("Tags", None, {"multi_select": []}),
    ("Date", date(2026, 11, 23), {"date": {"start": "2026-11-23"}}),
    ("Date", "2026-11-23", {"date": {"start": "2026-11-23"}}),
    ("Date", datetime(2026, 11, 23, 9, 30), {"date": {"start": "2026-11-23T09:30:00+01:00"}}),  # noqa: DTZ001
    ("Date", datetime(2026, 7, 23, 9, 30), {"date": {"start": "2026-07-23T09:30:00+02:00"}}),  # noqa: DTZ001
    ("Date", datetime(2026, 11, 23, 9, 30, tzinfo=UTC), {"date": {"start": "2026-11-23T09:30:00+00:00"}}),
    (
        "Date",
        datetime(2026, 11, 23, 9, 30, 59, 999, tzinfo=timezone(timedelta(hours=-5))),
        {"date": {"start": "2026-11-23T09:30:59-05:00"}},
    ),
    ("Date", "2026-11-23T09:30:00Z", {"date": {"start": "2026-11-23T09:30:00+00:00"}}),
    ("Date", "2026-11-23T09:30", {"date": {"start": "2026-11-23T09:30:00+01:00"}}),
    ("Date", "2026-11-23 09:30:00+05:30", {"date": {"start": "2026-11-23T09:30:00+05:30"}}),
    ("Date", None, {"date": None}),
    ("Date", "", {"date": None}),
    (
        "Date",
        {"start": "2026-11-23", "end": date(2026, 11, 24)},
        {"date": {"start": "2026-11-23", "end": "2026-11-24"}},
    ),
    (
        "Date",
        {"start": "2026-11-23T09:00Z", "end": "2026-11-23T10:00+01:00"},
        {"date": {"start": "2026-11-23T09:00:00+00:00", "end": "2026-11-23T10:00:00+01:00"}},
    ),
    ("Date", {"start": "2026-11-23"}, {"date": {"start": "2026-11-23"}}),
    ("Date", {"start": "2026-11-23", "end": None}, {"date": {"start": "2026-11-23"}}),
    ("Date", {"start": None, "end": ""}, {"date": None}),
    ("Done", True, {"checkbox": True}),
    ("Done", False, {"checkbox": False}),
    ("Done", None, {"checkbox": False}),
    ("Done", "", {"checkbox": False}),
    ("Link", "https://example.com", {"url": "https://example.com"}),
    ("Link", "", {"url": None}),
    ("Link", "  ", {"url": None}),
    ("Mail", " ada@example.com ", {"email": "ada@example.com"}),
    ("Mail", None, {"email": None}),
    ("Phone", "+49 30 1234", {"phone_number": "+49 30 1234"}),
    ("Phone", 112, {"phone_number": "112"}),
    ("For", PAGE, {"relation": [{"id": PAGE}]}),
    ("For", PAGE.replace("-", "").upper(), {"relation": [{"id": PAGE}]}),
    ("For", f"https://www.notion.so/My-task-{PAGE.replace('-', '')}?pvs=4", {"relation": [{"id": PAGE}]}),
    ("For", f"https://app.notion.com/p/My-task-{PAGE.replace('-', '')}", {"relation": [{"id": PAGE}]}),
    ("For", {"id": PAGE, "title": "x"}, {"relation": [{"id": PAGE}]}),
    ("For", [PAGE, {"id": OTHER}, PAGE], {"relation": [{"id": PAGE}, {"id": OTHER}]}),
    ("For", [], {"relation": []}),
    ("For", None, {"relation": []}),
    ("Who", [PAGE], {"people": [{"object": "user", "id": PAGE}]}),
    ("%3FNumber", 1, {"number": 1}),
    ("?Number", 1, {"number": 1}),
    ("title", "by id", {"title": text("by id")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "expected"), GOOD, ids=[f"{name} {value!r:.30}" for name, value, _ in GOOD]
)
def test_a_value_becomes_a_property_value(name: str, value: Any, expected: Any) -> None:
    assert encoded(name, value) == expected


BAD: list[tuple[str, Any, str, str]] = [
    ("Nope", 1, "Tasks has no property `Nope`", "It has: Date, Done,"),
    ("Nummer", 1, "Tasks has no property `Nummer`", "Did you mean `Number`?"),
    ("Text", {"a": 1}, "`Text` of Tasks takes a text, not a table: {'a': 1}", "| json"),
    ("Number", "42", "`Number` of Tasks takes a number, not '42'", "`| to_number`"),
    ("Number", True, "`Number` of Tasks takes a number, not true", "`| to_number`"),
    ("Number", [1], "`Number` of Tasks takes a number, not [1]", "`| to_number`"),
    ("Number", math.nan, "`Number` of Tasks takes a number that Notion can keep, not nan", ""),
    ("Number", math.inf, "`Number` of Tasks takes a number that Notion can keep, not inf", ""),
    ("Number", 10**400, "`Number` of Tasks takes a number that Notion can keep, not 1000", ""),
    ("Done", "true", "`Done` of Tasks is a checkbox: it takes true or false, not 'true'", ""),
    ("Done", 1, "`Done` of Tasks is a checkbox: it takes true or false, not 1", ""),
    ("Kind", "Hihg", "`Kind` of Tasks has no option 'Hihg'", "Did you mean `High`? [defaults]"),
    ("Kind", "zzz", "`Kind` of Tasks has no option 'zzz'", "It has: Low, High. [defaults]"),
    ("Kind", ["Low", "High"], "`Kind` of Tasks is a select: it takes one option, not 2", ""),
    ("Kind", {"name": "Low"}, "`Kind` of Tasks takes the name of an option", ""),
    ("Tags", ["bug", "bux"], "`Tags` of Tasks has no option 'bux'", "Did you mean `bug`?"),
    ("State", "Finished", "`State` of Tasks has no option 'Finished'", "made in Notion, by hand"),
    ("Date", "tomorrow", "`Date` of Tasks takes a date, not 'tomorrow'", "ISO 8601"),
    ("Date", 1700000000, "`Date` of Tasks takes a date, not 1700000000", ""),
    ("Date", {"from": "2026-11-23"}, "`Date` of Tasks takes a date, or { start, end }", ""),
    (
        "Date",
        {"start": "2026-11-23", "end": "2026-11-23T10:00Z"},
        "`Date` of Tasks: start and end must both be days or both be times",
        "`| date_only`",
    ),
    (
        "Date",
        {"start": "2026-11-23", "end": "2026-11-22"},
        "`Date` of Tasks: the range ends (2026-11-22) before it starts (2026-11-23)",
        "",
    ),
    (
        "Date",
        {"start": None, "end": "2026-11-22"},
        "`Date` of Tasks: a range needs a start, not only an end",
        "",
    ),
    ("Link", ["a", "b"], "`Link` of Tasks takes one text, not a list", ""),
    ("Link", "x" * 2001, "`Link` of Tasks takes 2,000 characters, not 2,001", ""),
    ("Mail", "x" * 201, "`Mail` of Tasks takes 200 characters, not 201", ""),
    ("Phone", "x" * 201, "`Phone` of Tasks takes 200 characters, not 201", ""),
    ("For", "A title", "`For` of Tasks takes ids or addresses, not 'A title'", "`find`"),
    ("For", [PAGE, 3], "`For` of Tasks takes ids or addresses, not 3", ""),
    ("For", "https://example.com/" + PAGE, "`For` of Tasks takes ids or addresses", ""),
    (
        "For",
        [f"{n:08x}-f63e-4683-b7c7-8ca6e97ee266" for n in range(101)],
        "`For` of Tasks: Notion takes at most 100 in one request, not 101",
        "",
    ),
    ("Who", "ada@example.com", "`Who` of Tasks takes ids or addresses, not 'ada@example.com'", ""),
    ("Files", "x", "`Files` of Tasks is a files, which cannot be set yet", ""),
    ("Text", {"add": "x"}, "`Text` of Tasks is a rich_text: there is nothing to add to", ""),
    ("Text", {"value": "x", "if_empty": "write"}, '`Text` of Tasks: `if_empty` is "keep"', ""),
    *[
        (name, "x", f"`{name}` of Tasks is a {TYPES[name]}: Notion fills it, nobody can set it", "Leave it out")
        for name in ("Sum", "Roll", "Id", "Made", "Maker", "Edited", "Editor", "Press", "Ok")
    ],
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "message", "remedy"),
    BAD,
    ids=[f"{name} {value!r:.30}" for name, value, *_ in BAD],
)
def test_a_value_that_does_not_fit_is_refused_plainly(
    name: str, value: Any, message: str, remedy: str
) -> None:
    with pytest.raises(StepFailed) as refused:
        encoded(name, value)
    assert str(refused.value).startswith(message)
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Kind", "Brand new", {"select": {"name": "Brand new"}}),
        ("Tags", ["bug", "New", "new"], {"multi_select": [{"name": "bug"}, {"name": "New"}]}),
        ("Kind", "x" * 100, {"select": {"name": "x" * 100}}),
    ],
)
def test_an_unknown_option_is_made_where_the_file_allows_it(
    name: str, value: Any, expected: Any
) -> None:
    assert encoded(name, value, allow=True) == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("State", "New", "`State` of Tasks has no option 'New'"),
        ("Kind", "a, b", "`Kind` of Tasks: Notion's options cannot hold a comma: 'a, b'"),
        ("Tags", ["a,b"], "`Tags` of Tasks: Notion's options cannot hold a comma: 'a,b'"),
        ("Kind", "x" * 101, "`Kind` of Tasks: an option may have 100 characters, not 101"),
        ("Tags", [str(n) for n in range(101)], "`Tags` of Tasks: Notion takes at most 100"),
    ],
    ids=["status", "comma", "comma in a list", "too long", "too many"],
)
def test_some_options_are_never_made(name: str, value: Any, message: str) -> None:
    with pytest.raises(StepFailed) as refused:
        encoded(name, value, allow=True)
    assert str(refused.value).startswith(message)


def before(name: str, inner: Any) -> dict[str, Any]:
    """A page's property as Notion gave it."""
    kind = TYPES[name]
    return {name: {"id": "x", "type": kind, kind: inner}}


TAGS = [{"id": "1", "name": "bug", "color": "red"}, {"id": "2", "name": "Old", "color": "red"}]
LINKS = [{"id": PAGE}]
CHANGES: list[tuple[str, Any, Any, Any]] = [
    ("Tags", {"add": ["Feature"], "remove": ["bug"]}, TAGS[:1], [{"name": "Feature"}]),
    ("Tags", {"add": "BUG"}, TAGS[:1], [{"name": "bug"}]),
    ("Tags", {"remove": ["BUG"]}, TAGS[:1], []),
    ("Tags", {"add": ["Feature"]}, [], [{"name": "Feature"}]),
    ("For", {"add": OTHER.replace("-", "")}, LINKS, [{"id": PAGE}, {"id": OTHER}]),
    ("For", {"add": [PAGE]}, LINKS, LINKS),
    ("For", {"remove": f"https://www.notion.so/{PAGE}"}, LINKS, []),
    ("Who", {"add": OTHER}, [{"object": "user", "id": PAGE, "name": "Ada"}], [{"object": "user", "id": PAGE}, {"object": "user", "id": OTHER}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change", "there", "expected"),
    CHANGES,
    ids=[f"{name} {change!r:.40}" for name, change, *_ in CHANGES],
)
def test_something_is_added_or_removed(name: str, change: Any, there: Any, expected: Any) -> None:
    assert encoded(name, change, before=before(name, there)) == {TYPES[name]: expected}


KEPT: list[tuple[str, Any, bool]] = [
    ("Text", [{"plain_text": "by hand"}], True),
    ("Text", [], False),
    ("Number", 0, True),
    ("Number", None, False),
    ("Done", False, True),
    ("Tags", [], False),
    ("Kind", {"id": "1", "name": "Low", "color": "red"}, True),
]


@pytest.mark.parametrize(
    ("name", "there", "kept"), KEPT, ids=[f"{n} {t!r:.20}" for n, t, _ in KEPT]
)
def test_what_a_person_wrote_is_kept(name: str, there: Any, kept: bool) -> None:
    values = {"Text": "new", "Number": 1, "Done": True, "Tags": "bug", "Kind": "High"}
    change = {"value": values[name], "if_empty": "keep"}
    made = encoded(name, change, before=before(name, there))
    assert made == (None if kept else encoded(name, values[name]))


def test_all_values_are_encoded_by_name() -> None:
    values = {"title": "A", "Number": 1}
    made = encode_all(SCHEMA, values, zone=BERLIN, refuse_unknown=True)
    assert made == {"Name": {"title": text("A")}, "Number": {"number": 1}}
