"""`automation notion`: everything that is shared into a file, and what changed since, against a local Notion."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import typer

from automation.cli.app import app
from automation.cli.exits import Exit
from automation.cli.files import recipes
from automation.emulator import serve as local
from automation.emulator.seed import describe
from automation.emulator.versions import CURRENT
from automation.model.lock import LOCK_FILE
from automation.notion.locking import read_lock
from tests.cli.calling import Desk
from tests.reading_docs import ROOT, code, section


class Workspace:
    """A local Notion that serves beside the test, and what a person does in it."""

    def __init__(self) -> None:
        self.emulator = local.build("demo", 0)
        self._socket = local.listen(0)
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.facts = describe(self.emulator.workspace, self.base_url)
        self._server = local.server(self.emulator)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request of somebody else's."""
        headers = {"Authorization": f"Bearer {self.facts['token']}", "Notion-Version": CURRENT}
        with httpx.Client(base_url=self.base_url, trust_env=False, verify=False) as client:
            answer = client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def change(self, name: str, **properties: Any) -> None:
        """Change the schema of a data source."""
        identity = self.facts["data_sources"][name]
        self.ask("PATCH", f"/v1/data_sources/{identity}", {"properties": properties})


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """The demo workspace."""
    with Workspace() as made:
        yield made


@pytest.fixture
def office(desk: Desk, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk with the recipes, at which the token is known."""
    for path in recipes().glob("*.toml"):
        shutil.copyfile(path, desk.folder / "rules" / path.name)
    monkeypatch.setenv("NOTION_TOKEN", workspace.facts["token"])
    monkeypatch.setenv("NOTION_BASE_URL", workspace.base_url)
    return desk


def lock_of(desk: Desk) -> Path:
    """Where the lock is."""
    return desk.folder / "rules" / LOCK_FILE


# pull ---------------------------------------------------------------------------------------------


def test_the_recipes_hold_to_what_was_pulled(office: Desk) -> None:
    pulled = office.call("notion", "pull")
    assert (pulled.code, pulled.out) == (0, "rules/notion.lock: written\n")
    assert pulled.err.splitlines() == [
        "3 data sources, 1 page",
        "  Commits          8 properties   named by the rules",
        "  Meetings         9 properties   named by the rules",
        "  Tasks            12 properties  named by the rules",
        "  Engineering log  page           named by the rules",
    ]
    checked = office.call("check")
    assert (checked.code, checked.out) == (0, "")
    assert checked.err == "6 files, 6 rules, held to rules/notion.lock: all good\n"


def test_what_did_not_change_is_not_written_again(office: Desk) -> None:
    office.call("notion", "pull")
    before = lock_of(office).stat()
    again = office.call("notion", "pull")
    assert (again.code, again.out) == (0, "rules/notion.lock: up to date\n")
    after = lock_of(office).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [path.name for path in lock_of(office).parent.glob(".*")] == []


def test_check_writes_nothing_and_says_whether_it_would(office: Desk, workspace: Workspace) -> None:
    missing = office.call("notion", "pull", "--check")
    assert missing.code == Exit.WRONG
    assert not lock_of(office).exists()
    office.call("notion", "pull")
    assert office.call("notion", "pull", "--check").code == Exit.DONE
    workspace.change("Tasks", Effort={"number": {}})
    text = lock_of(office).read_text()
    stale = office.call("notion", "pull", "--check")
    assert (stale.code, lock_of(office).read_text()) == (Exit.WRONG, text)
    assert (
        stale.out == "rules/notion.lock: out of date; `automation notion diff` says what changed\n"
    )


def test_nothing_secret_and_nothing_that_only_time_changes_is_in_the_file(
    office: Desk, workspace: Workspace
) -> None:
    office.call("notion", "pull")
    text = lock_of(office).read_text()
    for path in ("Tasks", "Meetings"):
        workspace.ask(
            "POST",
            "/v1/pages",
            {"parent": {"data_source_id": workspace.facts["data_sources"][path]}, "properties": {}},
        )
    office.call("notion", "pull")
    assert lock_of(office).read_text() == text
    assert workspace.facts["token"] not in text
    assert "@" not in text


def test_targets_that_are_not_shared_are_told_with_the_remedy(office: Desk) -> None:
    office.rules('[target.Ideas]\ndata_source = "Ideas"\n', "ideas.toml")
    pulled = office.call("notion", "pull", "--json")
    assert pulled.code == 0
    assert pulled.data["changed"] is True
    assert [one["title"] for one in pulled.data["data_sources"]] == ["Commits", "Meetings", "Tasks"]
    assert [one["title"] for one in pulled.data["pages"]] == ["Engineering log"]
    found = {one["target"]: one["found"] for one in pulled.data["targets"]}
    assert found == {
        "Ideas": False,
        "Tasks": True,
        "Commits": True,
        "Meetings": True,
        "Engineering log": True,
    }
    assert "not there: Ideas: there is no `Ideas` in Notion" in pulled.err
    assert "Share it with the connection" in pulled.err


def test_a_lock_that_cannot_be_read_is_told_and_made_anew(office: Desk) -> None:
    lock_of(office).write_text("<<<<<<< ours\n")
    checked = office.call("check", "--json")
    assert checked.code == Exit.WRONG
    (problem,) = checked.data
    assert (problem["path"], problem["line"], problem["help"]) == (
        "rules/notion.lock",
        1,
        "make it anew with `automation notion pull`",
    )
    assert office.call("notion", "diff").code == Exit.WRONG
    assert office.call("notion", "pull").code == 0
    assert office.call("check").code == 0


def test_it_waits_as_long_as_notion_asks(office: Desk, workspace: Workspace) -> None:
    fault = {"path": "/search", "kind": "429", "retry_after": 0, "times": 2}
    workspace.ask("POST", "/_emulator/faults", [fault])
    pulled = office.call("notion", "pull")
    assert pulled.code == 0
    assert pulled.err.count("Notion asks to wait 0 s") == 2


# check --------------------------------------------------------------------------------------------

WRONG = """
[[rule]]
id = "wrong"
on = "github.issues"
[[rule.do]]
create = "Work"
set.Nam = "{{ event.issue.title }}"
"""


def test_a_file_alone_is_held_to_the_lock_and_the_targets_beside_it(office: Desk) -> None:
    office.rules('[target.Work]\ndata_source = "Tasks"\n', "work.toml")
    office.rules(WRONG, "deep/wrong.toml")
    office.call("notion", "pull")
    found = office.call("check", "rules/deep/wrong.toml", "--json")
    assert [(one["line"], one["message"]) for one in found.data] == [
        (7, "`Tasks` has no property `Nam`")
    ]
    assert found.err.startswith("1 file, 1 rule, held to rules/notion.lock: 1 error")


def test_without_a_lock_nothing_changes(office: Desk) -> None:
    office.rules(WRONG.replace("Work", "Tasks"))
    found = office.call("check")
    assert (found.code, found.out, found.err) == (0, "", "7 files, 7 rules: all good\n")


# diff ---------------------------------------------------------------------------------------------


def test_nothing_changed(office: Desk) -> None:
    office.call("notion", "pull")
    found = office.call("notion", "diff")
    assert (found.code, found.out) == (0, "")
    assert found.err == "nothing changed since notion.lock\n"


def test_what_changed_is_told_with_the_rules_it_breaks(office: Desk, workspace: Workspace) -> None:
    office.call("notion", "pull")
    text = lock_of(office).read_text()
    workspace.change(
        "Tasks",
        Status={"name": "State"},
        Number={"rich_text": {}},
        Repository=None,
        Effort={"number": {}},
        Priority={"select": {"options": [{"name": "Low"}, {"name": "High"}, {"name": "Urgent"}]}},
    )
    found = office.call("notion", "diff")
    assert found.code == Exit.WRONG
    assert found.out.splitlines() == [
        "Tasks: `Number` was a number and is a rich_text now",
        "  touches rules/github-issue-to-task.toml:16:5 github-issue-to-task",
        "Tasks: `Priority` has no option `Medium` any more",
        "Tasks: `Priority` has a new option `Urgent`",
        "Tasks: `Repository` (rich_text) is removed",
        (
            "  breaks  rules/github-issue-to-task.toml:15:5 github-issue-to-task:"
            " `Tasks` has no property `Repository`"
        ),
        "Tasks: `Status` is called `State` now",
        (
            "  breaks  rules/github-issue-to-task.toml:17:10 github-issue-to-task:"
            " `Tasks` has no property `Status`"
        ),
        (
            "  breaks  rules/github-issue-to-task.toml:49:5 github-issue-state:"
            " `Tasks` has no property `Status`"
        ),
        "  breaks  rules/weekday-digest.toml:12:7 weekday-digest: `Tasks` has no property `Status`",
        "Tasks: `Effort` (number) is new",
    ]
    assert found.err == (
        "6 changes since notion.lock, 3 rules broken; `automation notion pull` takes the changes"
        " over\n"
    )
    assert lock_of(office).read_text() == text
    office.call("notion", "pull")
    errors = [one for one in office.call("check", "--json").data if one["severity"] == "error"]
    assert len(errors) == 4


def test_changes_that_break_nothing_end_well(office: Desk, workspace: Workspace) -> None:
    office.call("notion", "pull")
    workspace.change("Tasks", Effort={"number": {}})
    found = office.call("notion", "diff", "--json")
    assert found.code == Exit.DONE
    assert found.data == {
        "breaks": False,
        "changes": [
            {
                "kind": "property added",
                "id": workspace.facts["data_sources"]["Tasks"],
                "title": "Tasks",
                "property": "Effort",
                "was": None,
                "now": "number",
                "words": "Tasks: `Effort` (number) is new",
                "breaks": False,
                "rules": [],
            }
        ],
    }


def test_what_is_gone_breaks_the_rules_that_name_it(office: Desk, workspace: Workspace) -> None:
    office.call("notion", "pull")
    workspace.ask(
        "PATCH",
        f"/v1/data_sources/{workspace.facts['data_sources']['Commits']}",
        {"in_trash": True},
    )
    workspace.ask(
        "PATCH", f"/v1/pages/{workspace.facts['pages']['Engineering log']}", {"in_trash": True}
    )
    found = office.call("notion", "diff", "--json")
    assert found.code == Exit.WRONG
    assert [
        (one["words"], sorted({rule["rule"] for rule in one["rules"] if rule["breaks"]}))
        for one in found.data["changes"]
    ] == [
        ("Commits: the data source is gone, or no longer shared", ["github-commits"]),
        (
            "Engineering log: the page is gone, or no longer shared",
            ["slack-mention", "weekday-digest"],
        ),
    ]


# how they are described ---------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["pull", "diff"])
def test_every_option_is_described(command: str) -> None:
    group: Any = typer.main.get_command(app)
    wanted = {
        option
        for param in group.commands["notion"].commands[command].params
        for option in param.opts
        if option != "--help"
    }
    assert {"--json", "--rules"} <= wanted
    assert wanted - set(code(section(ROOT / "docs" / "commands.md", "## `notion`"))) == set()


# how they end -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("notion", "pull"), ("notion", "diff")])
def test_without_a_token_the_setting_is_named(
    office: Desk, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    office.call("notion", "pull")
    monkeypatch.delenv("NOTION_TOKEN")
    ended = office.call(*words)
    assert (ended.code, ended.out) == (Exit.SETTINGS, "")
    assert ended.err.startswith("automation: NOTION_TOKEN: is not set")


def test_a_refused_token_is_the_setting_s_fault(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTION_TOKEN", "ntn_of_somebody_else")
    ended = office.call("notion", "pull")
    assert ended.code == Exit.SETTINGS
    assert "NOTION_TOKEN: Notion refuses it: API token is invalid" in ended.err
    assert "ntn_of" not in ended.err


def test_a_difference_to_nothing_is_not_there(office: Desk) -> None:
    ended = office.call("notion", "diff")
    assert ended.code == Exit.NOT_THERE
    assert "there is no rules/notion.lock yet; `automation notion pull` writes it" in ended.err


def test_without_a_rules_folder_it_says_how_to_make_one(office: Desk) -> None:
    ended = office.call("notion", "pull", "--rules", "nowhere")
    assert ended.code == Exit.WRONG
    assert "there is no rules folder nowhere" in ended.err


def test_the_lock_that_is_read_is_the_one_that_was_written(office: Desk) -> None:
    office.call("notion", "pull")
    lock = read_lock(lock_of(office).read_text(encoding="utf-8"))
    assert json.loads(office.call("notion", "pull", "--json").out)["changed"] is False
    assert [one.title for one in lock.sources] == ["Commits", "Meetings", "Tasks"]
