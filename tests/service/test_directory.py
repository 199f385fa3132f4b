"""The directory of targets, and the memory of rule sets: what is known, and for how long."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from automation.actions.discover import discover as actions
from automation.directory import ASK_AGAIN, FRESH, LOOK_AGAIN, Directory
from automation.model.errors import Deferred, NotSent, RuleError
from automation.model.request import Notion, Request, Response
from automation.model.target import TargetName
from automation.rulebook import SETS_AT_HAND, RuleBook
from automation.store.sqlite import MEMORY, SqliteStore
from tests.clocks import VirtualClock

pytestmark = pytest.mark.anyio

# the directory --------------------------------------------------------------------------------------


class Search:
    """Notion as far as a directory sees it: data sources by title, or nothing at all."""

    def __init__(self, *titles: str) -> None:
        self.titles = set(titles)
        self.away = False
        self.asked = 0

    async def send(self, request: Request) -> Response:
        assert isinstance(request, Notion)
        self.asked += 1
        if self.away:
            raise NotSent("cannot reach Notion")
        kind = (request.body or {})["filter"]["value"]
        found = [source(title) for title in self.titles] if kind == "data_source" else []
        return Response(status=200, body={"results": found, "next_cursor": None})


def source(title: str) -> Mapping[str, Any]:
    text = [{"plain_text": title, "type": "text", "text": {"content": title}}]
    return {"id": f"id of {title}", "title": text, "properties": {"at": title}, "in_trash": False}


def directory(search: Search | None, clock: VirtualClock) -> Directory:
    made = Directory(search.send if search else None, clock)
    made.expect({name: TargetName(name=name, text=name) for name in ("Tasks", "Log")})
    return made


async def test_a_target_is_found_once_and_read_again_when_it_is_old() -> None:
    search, clock = Search("Tasks"), VirtualClock()
    found = directory(search, clock)
    assert (await found.find(["Tasks"]))["Tasks"].id == "id of Tasks"
    await found.find(["Tasks"])
    assert search.asked == 1
    clock.put(FRESH)
    await found.find(["Tasks"])
    assert search.asked == 2


async def test_a_missing_target_is_looked_for_again_after_a_while() -> None:
    search, clock = Search("Tasks"), VirtualClock()
    found = directory(search, clock)
    assert list(await found.find(["Tasks", "Log"])) == ["Tasks"]
    assert "there is no `Log` in Notion" in found.missing(["Tasks", "Log"])["Log"]
    search.titles.add("Log")
    assert await found.look_again() == ["Tasks"]
    clock.put(LOOK_AGAIN)
    assert await found.look_again() == ["Tasks", "Log"]
    assert found.missing(["Tasks", "Log"]) == {}


async def test_while_notion_is_away_nothing_is_called_missing() -> None:
    """What was found before still serves; of the other nothing is known, and its runs are tried again."""
    search, clock = Search("Tasks", "Log"), VirtualClock()
    found = directory(search, clock)
    await found.find(["Tasks"])
    search.away = True
    clock.put(FRESH)
    assert list(await found.find(["Tasks"])) == ["Tasks"]
    with pytest.raises(Deferred, match="cannot reach Notion"):
        await found.find(["Tasks", "Log"])
    assert found.missing(["Log"]) == {}
    assert found.unknown(["Log"]) == {"Log": "cannot reach Notion"}
    asked = search.asked
    with pytest.raises(Deferred):
        await found.find(["Log"])
    assert search.asked == asked
    search.away = False
    clock.put(ASK_AGAIN)
    assert list(await found.find(["Log"])) == ["Log"]


async def test_many_who_ask_at_once_ask_notion_once() -> None:
    search, clock = Search("Tasks"), VirtualClock()
    found = directory(search, clock)
    await asyncio.gather(*(found.find(["Tasks"]) for _ in range(20)))
    assert search.asked == 1


async def test_without_a_token_everything_is_missing_and_says_why() -> None:
    found = directory(None, VirtualClock())
    assert await found.find(["Tasks"]) == {}
    assert found.missing(["Tasks"]) == {"Tasks": "there is no Notion token (set NOTION_TOKEN)"}


async def test_a_target_that_is_named_anew_is_looked_up_anew() -> None:
    search, clock = Search("Tasks", "Chores"), VirtualClock()
    found = directory(search, clock)
    await found.find(["Tasks"])
    found.expect({"Tasks": TargetName(name="Tasks", text="Chores")})
    assert (await found.find(["Tasks"]))["Tasks"].id == "id of Chores"


async def test_what_was_read_before_a_moment_is_outdated_once() -> None:
    search, clock = Search("Tasks"), VirtualClock()
    found = directory(search, clock)
    await found.find(["Tasks"])
    assert not found.outdated(["Tasks"], since=clock.now())
    clock.put(timedelta(seconds=1))
    assert found.outdated(["Tasks", "Log"], since=clock.now())
    assert not found.outdated(["Tasks"], since=clock.now())
    await found.find(["Tasks"])
    assert search.asked == 2


# the memory of rule sets ----------------------------------------------------------------------------


def book(folder: Path, store: SqliteStore, told: Callable[[Any], None]) -> RuleBook:
    return RuleBook(folder, actions=actions(), store=store, changed=told, published={})


async def test_an_old_rule_set_is_found_in_the_store_and_few_are_kept_at_hand(
    tmp_path: Path,
) -> None:
    store, told = SqliteStore(MEMORY), list[Any]()
    await store.open()
    rules = book(tmp_path, store, told.append)
    digests = []
    for number in range(SETS_AT_HAND * 2):
        text = f'[[rule]]\nid = "r{number}"\non = "x.y"\n[[rule.do]]\ncreate = "Tasks"\n'
        (tmp_path / "a.toml").write_text(text)
        assert rules.load()
        assert not rules.load()
        digests.append((await rules.keep()).hash)
    assert len(told) == SETS_AT_HAND * 2
    assert len(rules._sets) == SETS_AT_HAND
    assert (await rules.pinned(digests[0], "r0")).id == "r0"
    with pytest.raises(RuleError, match="is not in the rule set"):
        await rules.pinned(digests[0], "r1")
    await store.close()


async def test_without_a_folder_there_are_no_rules_and_the_reason_is_said(tmp_path: Path) -> None:
    store = SqliteStore(MEMORY)
    await store.open()
    rules = book(tmp_path / "none", store, lambda _: None)
    with pytest.raises(RuleError, match="there is no rules folder"):
        rules.load()
    await rules.reload()
    assert [one.path for one in rules.problems] == [str(tmp_path / "none")]
    await store.close()
