"""`notion.lock` as text: what is written is read again, and nothing else is."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.model.errors import RuleError
from automation.model.lock import (
    Lock,
    Locked,
    LockedOption,
    LockedPage,
    LockedProperty,
    LockedSource,
)
from automation.notion.locking import (
    in_order,
    locked_page,
    locked_source,
    read_lock,
    write_lock,
)
from tests.engine.locking import LOCK

WORDS = st.text(max_size=20)


def unlike(some: list[str]) -> bool:
    return len(set(some)) == len(some)


NAMES = st.lists(WORDS, max_size=4).filter(unlike)
PROPERTIES = NAMES.flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                LockedProperty,
                id=WORDS,
                name=st.just(name),
                type=WORDS,
                options=NAMES.map(lambda o: tuple(LockedOption(id=f"i{n}", name=n) for n in o)),
                relation=WORDS,
            )
            for name in sorted(names, key=lambda name: (name.casefold(), name))
        )
    )
)
SOURCES = st.builds(
    LockedSource, id=WORDS, database=WORDS, title=WORDS, url=WORDS, properties=PROPERTIES
)
PAGES = st.builds(LockedPage, id=WORDS, title=WORDS, url=WORDS, source=WORDS)
LOCKS = st.builds(
    Lock,
    sources=st.lists(SOURCES, max_size=3).map(tuple),
    pages=st.lists(PAGES, max_size=3).map(tuple),
)


@given(LOCKS)
def test_what_is_written_is_read_again(lock: Lock) -> None:
    """Whatever people call their pages: quotes, line ends, emoji, control characters."""
    assert read_lock(write_lock(lock)) == in_order(lock)


@given(LOCKS)
def test_the_order_in_which_notion_tells_makes_no_difference(lock: Lock) -> None:
    turned = Lock(sources=lock.sources[::-1], pages=lock.pages[::-1])
    things: list[Locked] = [*lock.sources, *lock.pages]
    if unlike([one.title.casefold() + one.id for one in things]):
        assert write_lock(turned) == write_lock(lock)


def test_half_a_character_does_not_spoil_the_file() -> None:
    odd = replace(LOCK.pages[0], title="a\ud83d")
    assert read_lock(write_lock(Lock(pages=(odd,)))).pages[0].title == "a\N{REPLACEMENT CHARACTER}"


def test_each_property_has_a_line_of_its_own() -> None:
    lines = write_lock(LOCK).splitlines()
    assert 'Number = { type = "number", id = "NUMBER" }' in lines
    assert (
        'Status = { type = "status", id = "STATUS", options = { "Not started" = "Status:Not started",'
        ' "In progress" = "Status:In progress", Done = "Status:Done" } }'
    ) in lines
    assert tomllib.loads("\n".join(lines))["version"] == 1


SOURCE = {
    "object": "data_source",
    "id": "s",
    "title": [{"plain_text": "Tasks"}],
    "url": "https://www.notion.so/x",
    "parent": {"type": "database_id", "database_id": "d"},
    "created_time": "2026-06-27T17:11:00.000Z",
    "last_edited_by": {"object": "user", "id": "u"},
    "properties": {
        "b": {"id": "1", "type": "select", "select": {"options": [{"id": "o", "name": "x"}]}},
        "A": {"id": "2", "type": "relation", "relation": {"data_source_id": "r"}},
        "c": {"id": "3", "type": "place", "place": None},
        "d": {"id": "4", "type": "rollup"},
    },
}


def test_a_data_source_is_known_by_what_rules_can_depend_on() -> None:
    assert locked_source(SOURCE) == LockedSource(
        id="s",
        database="d",
        title="Tasks",
        url="https://www.notion.so/x",
        properties=(
            LockedProperty(id="2", name="A", type="relation", relation="r"),
            LockedProperty(
                id="1", name="b", type="select", options=(LockedOption(id="o", name="x"),)
            ),
            LockedProperty(id="3", name="c", type="place"),
            LockedProperty(id="4", name="d", type="rollup"),
        ),
    )


def test_a_row_is_known_with_its_data_source() -> None:
    title = {"Name": {"type": "title", "title": [{"plain_text": "One"}]}}
    page = {"id": "p", "parent": {"data_source_id": "s"}, "properties": title}
    assert locked_page(page) == LockedPage(id="p", title="One", url="", source="s")


GOOD = write_lock(LOCK)
BROKEN = {
    "no-toml": ("<<<<<<< HEAD\n" + GOOD, "it is not TOML: Invalid statement (at line 1, column 1)"),
    "empty": ("", "it is of version None, and this reads 1"),
    "of-the-future": (
        GOOD.replace("version = 1", "version = 2"),
        "it is of version 2, and this reads 1",
    ),
    "an-unknown-key": (
        GOOD + 'colour = "red"\n',
        "`page.1.colour`: extra inputs are not permitted",
    ),
    "a-missing-key": (
        GOOD.replace('url = ""\n', "", 1),
        "`data_source.0.url`: field required",
    ),
    "a-wrong-value": (
        GOOD.replace('type = "number"', "type = 5"),
        "`data_source.1.properties.Number.type`: input should be a valid string",
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_was_not_written_so_is_refused(text: str, said: str) -> None:
    with pytest.raises(RuleError) as refused:
        read_lock(text)
    assert str(refused.value) == said


def test_line_ends_and_marks_of_other_systems_are_no_change() -> None:
    assert read_lock("\ufeff" + GOOD.replace("\n", "\r\n")) == in_order(LOCK)
