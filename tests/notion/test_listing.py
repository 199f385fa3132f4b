"""Everything the connection sees, asked of the emulator: also what search does not tell."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from automation.model.lock import Lock, Locked, LockedPage, LockedSource
from automation.model.target import TargetKind, TargetName
from automation.notion.finding import SHARE
from automation.notion.listing import Survey, again, survey
from tests.emulator.api import Api, connect
from tests.notion.test_finding import drive

pytestmark = pytest.mark.anyio

NOTHING = Lock()


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """The demo workspace."""
    async with connect("demo") as made:
        yield made


async def seen(
    api: Api, names: Mapping[str, TargetName] | None = None, before: Lock = NOTHING
) -> Survey:
    """The survey of the workspace."""
    made: Survey = await drive(api, survey(names or {}, before))
    return made


def name(text: str, kind: TargetKind | None = None) -> TargetName:
    """A target."""
    return TargetName(name=text, text=text, kind=kind)


def titles(found: Survey) -> list[str]:
    """What is there, in order."""
    things: list[Locked] = [*found.lock.sources, *found.lock.pages]
    return [one.title for one in things]


async def test_every_data_source_is_listed_with_its_schema(api: Api) -> None:
    found = await seen(api)
    assert titles(found) == ["Commits", "Meetings", "Tasks"]
    tasks = found.lock.sources[2]
    meeting, status = tasks.find("Meeting"), tasks.find("Status")
    assert meeting is not None
    assert status is not None
    assert meeting.relation == found.lock.sources[1].id
    assert status.options[0].name == "Not started"


async def test_more_than_one_page_of_search_is_read(api: Api) -> None:
    for number in range(120):
        await api.source({}, f"Nr {number:03}")
    assert len((await seen(api)).lock.sources) == 123


async def test_what_is_in_the_trash_is_not_there(api: Api) -> None:
    tasks = api.facts["data_sources"]["Tasks"]
    await api.ok("PATCH", f"/data_sources/{tasks}", {"in_trash": True})
    before = Lock(sources=(LockedSource(id=tasks, database="", title="", url="", properties=()),))
    assert titles(await seen(api, before=before)) == ["Commits", "Meetings"]


async def test_what_search_does_not_tell_yet_is_asked_for_by_its_id(api: Api) -> None:
    before = (await seen(api)).lock
    api.space.search_lag = 3600
    assert titles(await seen(api)) == []
    assert (await seen(api, before=before)).lock == before
    tasks = api.facts["data_sources"]["Tasks"]
    assert titles(await seen(api, {tasks: name(tasks)})) == ["Tasks"]


async def test_targets_are_found_as_the_service_finds_them(api: Api) -> None:
    database = (await seen(api)).lock.sources[2].database
    log = api.facts["pages"]["Engineering log"]
    names = {
        "Tasks": name("Tasks"),
        "by-database": name(database, TargetKind.DATA_SOURCE),
        "Engineering log": name("Engineering log", TargetKind.PAGE),
        "by-id": name(log),
    }
    found = await seen(api, names)
    assert found.missing == {}
    assert {text: one.title for text, one in found.targets.items()} == {
        "Tasks": "Tasks",
        "by-database": "Tasks",
        "Engineering log": "Engineering log",
        "by-id": "Engineering log",
    }
    assert [one.id for one in found.lock.pages] == [log]


async def test_a_target_that_is_not_there_is_told_with_what_to_do(api: Api) -> None:
    found = await seen(api, {"Tsks": name("Tsks")})
    assert found.missing == {
        "Tsks": f"there is no `Tsks` in Notion that the connection can see. {SHARE}"
    }


async def test_a_row_is_kept_with_its_data_source(api: Api) -> None:
    tasks = api.facts["data_sources"]["Tasks"]
    row: Any = await api.ok(
        "POST", "/pages", {"parent": {"data_source_id": tasks}, "properties": {}}
    )
    found = await seen(api, {"row": name(row["id"])})
    assert found.lock.pages == (LockedPage(id=row["id"], title="", url=row["url"], source=tasks),)


async def test_again_looks_at_the_pages_of_the_lock(api: Api) -> None:
    log = api.facts["pages"]["Engineering log"]
    lock = (await seen(api, {"log": name(log)})).lock
    made: Survey = await drive(api, again(lock))
    assert made.lock == lock
    await api.ok("PATCH", f"/pages/{log}", {"in_trash": True})
    gone: Survey = await drive(api, again(lock))
    assert gone.lock.pages == ()
