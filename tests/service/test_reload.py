"""Rule files that change while the service runs: what is good takes effect, what is broken changes nothing."""

import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from automation import rulebook
from automation.emulator import databases
from automation.model.run import State
from automation.rulefiles import Prints, prints_of
from tests.living import (
    CREATE,
    TARGETS,
    Live,
    LocalNotion,
    environment,
    eventually,
    live,
    write,
)

pytestmark = pytest.mark.anyio


def rule(rule_id: str, on: str = "github.issues", *, more: str = "") -> str:
    return f'[[rule]]\nid = "{rule_id}"\non = "{on}"\n{more}[[rule.do]]\ncreate = "Tasks"\nset.Name = "x"\n'


def ids(service: Live) -> set[str]:
    return set(service.service.rules.current.rules)


def have(service: Live, *wanted: str) -> Callable[[], Awaitable[bool]]:
    async def told() -> bool:
        return ids(service) == set(wanted)

    return told


async def problems(service: Live) -> list[str]:
    return [one["message"] for one in (await service.ready())["broken"]]


async def test_files_are_added_changed_broken_mended_and_deleted(tmp_path: Path) -> None:
    async with live(tmp_path, rule("one")) as service:
        service.rule(rule("two"), "b.toml")
        await eventually(have(service, "one", "two"), what="a new file")
        service.rule(rule("zwei"), "b.toml")
        await eventually(have(service, "one", "zwei"), what="a changed file")
        service.rule("[[rule]\n", "b.toml")
        await eventually(lambda: problems(service), what="a broken file")
        assert ids(service) == {"one", "zwei"}
        [broken] = (await service.ready())["broken"]
        assert (broken["path"], broken["line"]) == (str(tmp_path / "rules" / "b.toml"), 1)
        service.rule(rule("drei"), "b.toml")
        await eventually(have(service, "one", "drei"), what="a mended file")
        assert await problems(service) == []
        (tmp_path / "rules" / "b.toml").unlink()
        await eventually(have(service, "one"), what="a deleted file")
        (tmp_path / "rules" / "deeper").mkdir()
        service.rule(rule("four"), "deeper/d.toml")
        await eventually(have(service, "one", "four"), what="a file in a new folder")


async def test_a_half_written_file_changes_nothing_until_it_is_whole(tmp_path: Path) -> None:
    text = rule("one") + rule("two")
    path = tmp_path / "rules" / "a.toml"
    async with live(tmp_path, rule("one")) as service:
        path.write_text(text[: len(text) - 12])
        await eventually(lambda: problems(service), what="the half file")
        assert ids(service) == {"one"}
        path.write_text(text)
        await eventually(have(service, "one", "two"), what="the whole file")


async def test_deliveries_are_accepted_with_every_file_broken(tmp_path: Path) -> None:
    """And no event is lost to the rules: what stood before is still in force."""
    async with live(tmp_path, CREATE) as service:
        service.rule("id =")
        await eventually(lambda: problems(service), what="the broken file")
        await service.issue("one")

        async def planned() -> bool:
            return len(await service.runs()) == 1

        await eventually(planned, what="its plan")
        assert (await service.ready())["ready"]


async def test_a_service_starts_with_every_file_broken(tmp_path: Path) -> None:
    async with live(tmp_path, "[[[", "id =") as service:
        assert (await service.deliver("github.push", {})).status_code == 200
        assert len(await problems(service)) == 2


async def test_the_last_good_version_stands_over_a_restart(tmp_path: Path) -> None:
    """Else what comes in between the restart and the mending would be wanted by no rule."""
    async with live(tmp_path, rule("one"), rule("two")):
        pass
    write(tmp_path / "rules" / "b.toml", "broken =")
    async with live(tmp_path) as service:
        assert ids(service) == {"one", "two"}
        assert len(await problems(service)) == 1
        (tmp_path / "rules" / "b.toml").unlink()
        await eventually(have(service, "one"), what="the deleted file")
        service.rule("broken =", "b.toml")
        await eventually(lambda: problems(service), what="the broken file")
        assert ids(service) == {"one"}


async def test_of_two_files_with_the_same_rule_the_one_that_stood_before_stands(
    tmp_path: Path,
) -> None:
    """`a.toml` comes first by name, and yet the new one is the problem."""
    async with live(tmp_path) as service:
        service.rule(rule("one") + rule("two"), "b.toml")
        await eventually(have(service, "one", "two"), what="the first file")
        service.rule(rule("one", "slack.message") + rule("three"), "a.toml")
        told = await eventually(lambda: problems(service), what="the twin")
        assert told == [f"there is another rule `one`, in {tmp_path / 'rules' / 'b.toml'}:2"]
        assert ids(service) == {"one", "two"}
        service.rule(rule("two"), "b.toml")
        await eventually(have(service, "one", "two", "three"), what="the moved rule")
        assert await problems(service) == []


def a_link_out(folder: Path) -> None:
    outside = folder.parent / "outside.toml"
    outside.write_text(rule("outside"))
    (folder / "z.toml").symlink_to(outside)


def a_link_to_itself(folder: Path) -> None:
    (folder / "z.toml").symlink_to(folder / "z.toml")


def a_link_to_nothing(folder: Path) -> None:
    (folder / "z.toml").symlink_to(folder / "nothing")


def a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "z.toml")


def ten_megabytes(folder: Path) -> None:
    (folder / "z.toml").write_text("# " + "x" * 10_000_000)


def latin(folder: Path) -> None:
    (folder / "z.toml").write_bytes(b"# caf\xe9\n")


def a_latin_name(folder: Path) -> None:
    (folder / os.fsdecode(b"z\xe9.toml")).write_text("x =")


def deep(folder: Path) -> None:
    (folder / "z.toml").write_text("x = " + "[" * 5000 + "]" * 5000)


UNREADABLE = {
    "a link out of the folder": (a_link_out, "leads out of the rules folder"),
    "a link to itself": (a_link_to_itself, "cannot be read"),
    "a link to nothing": (a_link_to_nothing, "leads nowhere"),
    "a pipe": (a_pipe, "not a file"),
    "ten megabytes": (ten_megabytes, "larger than 1000000 bytes"),
    "not UTF-8": (latin, "cannot be read"),
    "a name that is not UTF-8": (a_latin_name, "this is not TOML"),
    "five thousand deep": (deep, "nested deeper"),
}


@pytest.mark.parametrize(("make", "says"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_said_and_the_others_stand(
    tmp_path: Path,
    make: Callable[[Path], None],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rulebook, "LOOK_EVERY_SECONDS", 0.2)
    async with live(tmp_path, rule("one")) as service:
        make(tmp_path / "rules")
        [told] = await eventually(lambda: problems(service), what="the problem")
        assert says in told
        assert ids(service) == {"one"}
        assert (await service.deliver("github.push", {})).status_code == 200
    async with live(tmp_path) as service:
        assert ids(service) == {"one"}
        assert len(await problems(service)) == 1


async def test_other_things_in_the_folder_are_no_rule_files(tmp_path: Path) -> None:
    """A lock of an editor, a hidden copy, a folder with an odd name."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / ".#a.toml").symlink_to("ada@host.123")
    (folder / ".a.toml.swp").write_text("x =")
    (folder / "..2026_11_25").mkdir()
    (folder / "..2026_11_25" / "a.toml").write_text(rule("one"))
    (folder / "old.toml").mkdir()
    async with live(tmp_path, rule("one")) as service:
        assert (ids(service), await problems(service)) == ({"one"}, [])


async def test_rules_mounted_into_a_container_are_read_and_reloaded(tmp_path: Path) -> None:
    """Files are links to a folder of a hidden link, which is swapped whole."""
    folder = tmp_path / "rules"
    for version in ("1", "2"):
        (folder / f"..v{version}").mkdir(parents=True)
        (folder / f"..v{version}" / "a.toml").write_text(rule(f"version-{version}"))
    (folder / "..data").symlink_to("..v1")
    (folder / "a.toml").symlink_to("..data/a.toml")
    async with live(tmp_path) as service:
        assert ids(service) == {"version-1"}
        (folder / "..tmp").symlink_to("..v2")
        (folder / "..tmp").rename(folder / "..data")
        await eventually(have(service, "version-2"), what="the new version")


async def test_a_folder_that_goes_away_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules stay in force, the service stays up, and new files are seen again."""
    monkeypatch.setattr(rulebook, "LOOK_EVERY_SECONDS", 0.1)
    async with live(tmp_path, rule("one")) as service:
        (tmp_path / "rules").rename(tmp_path / "moved")
        [told] = await eventually(lambda: problems(service), what="the missing folder")
        assert "there is no rules folder" in told
        assert ids(service) == {"one"}
        (tmp_path / "rules").mkdir()
        service.rule(rule("two"))
        await eventually(have(service, "two"), what="the new folder")
        assert await problems(service) == []


async def test_changes_are_seen_where_the_system_tells_of_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(*_: object, **__: object) -> object:
        raise OSError("inotify watch limit reached")

    monkeypatch.setattr(rulebook, "awatch", deaf)
    monkeypatch.setattr(rulebook, "LOOK_EVERY_SECONDS", 0.1)
    async with live(tmp_path, rule("one")) as service:
        service.rule(rule("two"))
        await eventually(have(service, "two"), what="the changed file")


async def test_a_rule_whose_target_is_missing_waits_says_so_and_goes_on_when_it_appears(
    tmp_path: Path, notion: LocalNotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automation.directory.LOOK_AGAIN", timedelta(0))
    missing = CREATE.replace('"issue"', '"later"').replace("Tasks", "Not yet shared")
    async with live(tmp_path, TARGETS, CREATE, missing, **notion.settings) as service:
        for number in range(3):
            await service.issue(f"n{number}")

        async def waiting() -> bool:
            return len(await service.runs(State.WAITING)) == 3

        await eventually(waiting, what="the waiting runs")
        [told] = (await service.ready())["waiting"]
        assert (told["rule"], told["target"]) == ("later", "Not yet shared")
        assert "there is no `Not yet shared` in Notion" in told["reason"]
        space = notion.emulator.workspace
        databases.create(
            space,
            {
                "parent": {"page_id": notion.facts["root_page_id"]},
                "title": [{"type": "text", "text": {"content": "Not yet shared"}}],
                "initial_data_source": {"properties": {"Name": {"title": {}}}},
            },
        )
        runs = await service.settled(6)
        assert {run.state for run in runs} == {State.DONE}
        assert (await service.ready())["waiting"] == []


async def test_a_rule_that_is_switched_off_holds_its_runs_until_it_is_switched_on(
    tmp_path: Path, notion: LocalNotion
) -> None:
    """Also when it was switched on while no process was up."""
    off = CREATE.replace("on =", "enabled = false\non =")
    await notion.go()
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")

        async def tried() -> bool:
            return any(run.attempts for run in await service.runs())

        await eventually(tried, what="a try")
        service.rule(off, "b.toml")

        async def held() -> bool:
            return [run.reason for run in await service.runs(State.WAITING)] == [
                "its rule is disabled or gone"
            ]

        await eventually(held, what="the held run")
        await notion.come()
    write(tmp_path / "rules" / "b.toml", CREATE)
    async with live(tmp_path, **notion.settings) as service:
        [run] = await service.settled(1)
        assert run.state is State.DONE
    assert notion.titles() == ["one"]


async def test_a_run_keeps_the_rules_it_was_planned_with(
    tmp_path: Path, notion: LocalNotion
) -> None:
    await notion.go()
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")
        await eventually(service.runs, what="the plan")
        service.rule(CREATE.replace("{{ event.issue.title }}", "today's"), "b.toml")

        async def new() -> bool:
            return "today's" in service.service.rules.current.text

        await eventually(new, what="the new text")
        await notion.come()
        await service.settled(1)
        await service.issue("two")
        await service.settled(2)
    assert notion.titles() == ["one", "today's"]


async def test_a_database_in_the_rules_folder_does_not_keep_it_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`AUTOMATION_RULES=.` puts the database beside the rules, and it changes all the time."""
    looks: list[Path] = []

    def look(folder: Path) -> Prints | None:
        looks.append(folder)
        return prints_of(folder)

    monkeypatch.setattr(rulebook, "prints_of", look)
    monkeypatch.setattr(rulebook, "LOOK_EVERY_SECONDS", 60)
    (tmp_path / "rules").mkdir()
    database = environment(tmp_path)["AUTOMATION_RULES"] + "/automation.db"
    async with live(tmp_path, AUTOMATION_DATABASE=f"sqlite:///{database}") as service:
        for number in range(60):
            await service.deliver("github.push", {"n": number})
        assert len(looks) <= 2
