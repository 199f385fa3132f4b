"""The service holds rules to the fields of events: it learns from what came in, and keeps what was in force."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import ReturnLogger

from automation.learning import MAX_BYTES, MAX_EVENTS, MAX_OF_ONE_NAME, PAGE, learned, recent
from automation.model.event import Event
from automation.rulebook import RuleBook
from automation.store.base import Store
from automation.store.sqlite import MEMORY, SqliteStore
from automation.wiring import actions, published

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SENDER = '[source.acme]\nsecret_env = "S"\nsignature = { header = "X-Signature" }\n'


@pytest.fixture(autouse=True)
def own_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule book logs to nobody: a logger keeps the stderr of the test that used it first."""
    monkeypatch.setattr("automation.rulebook.log", structlog.wrap_logger(ReturnLogger()))


@pytest.fixture
async def store() -> Any:
    """A store in memory."""
    made = SqliteStore(MEMORY)
    await made.open()
    yield made
    await made.close()


def delivered(number: int, name: str, /, problem: str | None = None, **fields: Any) -> Event:
    """An event of our own."""
    return Event(
        id=f"{number:020x}",
        source=name.partition(".")[0],
        name=name,
        keys=(f"k{number}",),
        received_at=NOW,
        body=json.dumps(fields).encode(),
        problem=problem,
    )


def book(folder: Path, store: Store) -> RuleBook:
    """A rule book over a folder."""
    return RuleBook(
        folder,
        actions=actions(),
        store=store,
        changed=lambda rules: None,
        published=published(),
    )


def rule(on: str, line: str) -> str:
    """A rule with one line."""
    return f'[[rule]]\nid = "r"\non = "{on}"\n{line}\n\n[[rule.do]]\nappend = "Log"\nbody = "x"\n'


def said(book: RuleBook) -> list[str]:
    """What the book says is wrong."""
    return [f"{one.severity}: {one.message}" for one in book.problems]


async def test_a_rule_about_a_field_that_is_not_there_is_not_in_force(
    tmp_path: Path, store: Store
) -> None:
    (tmp_path / "a.toml").write_text(rule("github.push", 'when.brnch = "main"'))
    rules = book(tmp_path, store)
    rules.load()
    assert said(rules) == ["error: `brnch` is not a field of `github.push`"]
    assert not rules.in_force("r")


async def test_what_came_in_is_learned_before_the_rules_are_read(
    tmp_path: Path, store: Store
) -> None:
    (tmp_path / "a.toml").write_text(SENDER + rule("acme.order", "when.totl = 5"))
    rules = book(tmp_path, store)
    await rules.learn()
    rules.load()
    assert said(rules) == []
    await store.append(delivered(1, "acme.order", total=12.5))
    await rules.learn()
    rules.load()
    assert said(rules) == ["warning: `totl` is not a field of `acme.order`"]
    assert rules.in_force("r")


async def test_what_was_in_force_stays_while_a_file_names_a_field_that_is_not_there(
    tmp_path: Path, store: Store
) -> None:
    path = tmp_path / "a.toml"
    path.write_text(rule("github.push", 'when.branch = "main"'))
    rules = book(tmp_path, store)
    rules.load()
    good = rules.current.hash
    path.write_text(rule("github.push", 'when.brnch = "main"'))
    rules.load()
    assert said(rules) == ["error: `brnch` is not a field of `github.push`"]
    assert (rules.current.hash, rules.in_force("r")) == (good, True)


async def test_a_kept_rule_set_is_read_whatever_is_known_by_now(
    tmp_path: Path, store: Store
) -> None:
    """A run is pinned to its rules: a catalogue that knows better must not park it."""
    from automation.engine.load import load

    old = load({"a.toml": rule("github.push", "when.gone = 1")}, actions=actions()).rules
    digest = await store.keep_text(old.text)
    assert (await book(tmp_path, store).pinned(digest, "r")).id == "r"


# bounds -------------------------------------------------------------------------------------------


async def test_a_busy_source_does_not_hide_a_quiet_one(store: Store) -> None:
    await store.append(delivered(1, "acme.order", total=1))
    for number in range(2, 100):
        await store.append(delivered(number, "github.push", ref="x"))
    found = await recent(store)
    names = [event.name for event in found]
    assert (names.count("github.push"), names.count("acme.order")) == (MAX_OF_ONE_NAME, 1)


async def test_only_so_many_events_are_looked_at(store: Store) -> None:
    for number in range(1, MAX_EVENTS + PAGE * 3):
        await store.append(delivered(number, f"acme.n{number}"))
    assert len(await recent(store)) == MAX_EVENTS


async def test_only_so_many_bytes_are_looked_at(store: Store) -> None:
    for number in range(1, 40):
        await store.append(delivered(number, f"acme.n{number}", text="x" * (MAX_BYTES // 10)))
    assert len(await recent(store)) <= 10 + PAGE


async def test_of_what_is_published_nothing_is_learned(store: Store) -> None:
    await store.append(delivered(1, "github.push", brand_new=1))
    await store.append(delivered(2, "github.brand_new.made", brand_new=1))
    await store.append(delivered(3, "acme.order", total=1))
    found = await learned(store, published())
    assert {source: [*schema.events] for source, schema in found.items()} == {
        "acme": ["order"],
        "github": ["brand_new.made"],
    }


async def test_what_cannot_be_read_teaches_nothing(store: Store) -> None:
    await store.append(delivered(1, "acme.unreadable", problem="no JSON", a=1))
    broken = delivered(2, "acme.order")
    await store.append(
        Event(
            **{
                name: getattr(broken, name)
                for name in ("id", "source", "name", "keys", "received_at")
            },
            body=b"{",
        )
    )
    assert await learned(store, {}) == {}
