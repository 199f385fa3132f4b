"""Commands as people and scripts start them: as processes, with pipes, signals and an environment."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from automation.cli.exits import Exit
from automation.cli.files import samples
from automation.sources.discover import discover
from automation.store.sqlite import SqliteStore
from tests.cli.calling import Said, called, made
from tests.processes import COMMAND, EmulatorProcess, Process, clean

SECRETS = {source.secret_variable: "a secret of these tests" for source in discover().values()}


def run(
    folder: Path, *words: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command, to its end."""
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, env=clean(environ or {}), capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Town"]:
    """A service with its own local Notion, in a folder made by `init`, and something done there."""
    made = Town(tmp_path_factory.mktemp("town"))
    yield made
    made.process.stop()


class Town:
    """Where it is, and how one talks to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        assert run(folder, "init").returncode == 0
        self.environ = {**SECRETS, "AUTOMATION_PORT": "0"}
        self.process = Process(folder, "serve", "--emulator", environ=self.environ)
        self.address = self.process.address()

    def call(self, *words: str, **environ: str) -> Said:
        """A command in this process: starting one costs half a second."""
        return called(self.folder, *words, environ={**self.environ, **environ})

    def data(self, *words: str) -> Any:
        said = self.call(*words, "--json")
        assert (said.code, said.err) == (0, "")
        return said.data


def test_the_version_is_told_without_loading_the_service(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['automation', '--version']\n"
        "from automation.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'uvicorn', 'httpx', 'pydantic', 'starlette', 'apscheduler', 'rich', 'asyncio'}"
        " & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=clean({}), cwd=tmp_path
    )
    assert said.stderr == ""
    version, loaded = said.stdout.splitlines()
    assert version.startswith("automation ")
    assert loaded == "[]"


def test_every_sample_is_sent_and_taken(town: Town) -> None:
    """Each signed as its sender would; handshakes are answered, and no rule hears of them."""
    taken = {}
    for name, _ in samples():
        said = town.call("send", name, "--to", town.address, "--json")
        assert (said.code, said.data["status"]) == (0, 200), (name, said.err)
        taken[name] = said.data["body"]
    stored = {one["name"] for one in town.data("events", "-n", "100")}
    assert stored >= {
        "github.push",
        "github.issues.opened",
        "slack.app_mention",
        "zoom.meeting.ended",
    }
    assert "github.ping" not in stored
    assert json.loads(taken["github.push"]).keys() == {"event"}
    zoom = json.loads(taken["zoom.endpoint.url_validation"])
    assert zoom.keys() == {"plainToken", "encryptedToken"}
    challenge = json.loads(dict(samples())["slack.url_verification"].read_bytes())["challenge"]
    assert (taken["slack.url_verification"], taken["github.ping"]) == (challenge, "{}")


def test_what_was_done_is_listed_for_people_and_for_machines(town: Town) -> None:
    town.call("send", "github.push", "--to", town.address)
    deadline = time.monotonic() + 20
    while not (found := [one for one in town.data("runs") if one["state"] == "done"]):
        assert time.monotonic() < deadline
    assert found[0].keys() >= {"id", "event", "rule", "state", "attempts", "reason", "wrote"}
    assert "github-commits" in town.call("runs").out
    events = run(town.folder, "events", environ=town.environ)
    assert "github.push" in events.stdout
    assert (events.returncode, events.stderr) == (0, "")


def test_an_event_is_explained_by_its_id_without_token_and_network(town: Town) -> None:
    town.call("send", "github.push", "--to", town.address)
    event = town.data("events", "--name", "github.push")[0]
    deadline = time.monotonic() + 20
    while town.data("events", "--name", "github.push")[0]["state"] == "new":
        assert time.monotonic() < deadline
    nowhere = {"NOTION_BASE_URL": "https://notion.invalid", "NOTION_TOKEN": ""}
    said = town.call("explain", event["id"][:8], **nowhere)
    assert (said.code, "github-commits" in said.out) == (0, True)


def test_a_payload_file_is_explained_without_a_service(tmp_path: Path) -> None:
    called(tmp_path, "init", environ={})
    body = dict(samples())["github.push"].read_bytes()
    (tmp_path / "what-came.json").write_bytes(body)
    said = called(tmp_path, "explain", "what-came.json", "--event", "github.push", environ={})
    assert (said.code, "github-commits" in said.out) == (0, True)
    assert list(tmp_path.glob("automation.db*")) == []


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of more events than a pipe holds in a list."""
    folder = tmp_path_factory.mktemp("crowd")

    async def fill() -> None:
        store = SqliteStore(str(folder / "automation.db"))
        await store.open()
        await asyncio.gather(*(store.append(made(number)) for number in range(3_000)))
        await store.close()

    asyncio.run(fill())
    return folder


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
def test_a_reader_that_has_enough_ends_the_command_in_silence(
    crowd: Path, form: tuple[str, ...]
) -> None:
    """`automation events | head -1`."""
    command = " ".join([*COMMAND, "events", "-n", "10000", *form])
    script = f"{command} | head -c 10 > /dev/null; echo ${{PIPESTATUS[0]}}"
    said = subprocess.run(
        ["bash", "-c", script], cwd=crowd, env=clean({}), capture_output=True, text=True
    )
    assert (said.stdout.strip(), said.stderr) == (str(int(Exit.UNHEARD)), "")


def test_a_closed_stdout_is_no_traceback(tmp_path: Path) -> None:
    script = f"{' '.join(COMMAND)} send github.push --to http://127.0.0.1:1 --json | true"
    said = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=clean(SECRETS), capture_output=True, text=True
    )
    assert "Traceback" not in said.stderr
    assert "Exception ignored" not in said.stderr


@pytest.mark.parametrize("colours", [{"NO_COLOR": "1"}, {}])
def test_no_colour_is_written_where_nobody_looks(town: Town, colours: Mapping[str, str]) -> None:
    for words in (("events",), ("runs",), ("check",), ("explain", "github.push"), ("rules",)):
        said = town.call(*words, **colours)
        assert "\x1b" not in said.out + said.err, words


def test_a_terminal_that_cannot_show_a_sign_is_no_traceback(tmp_path: Path) -> None:
    called(tmp_path, "init", environ={})
    said = run(tmp_path, "explain", "github.push", environ={"PYTHONIOENCODING": "ascii"})
    assert (said.returncode, "Traceback" in said.stderr) == (0, False)
    assert "\\u2713" in said.stdout


def test_ctrl_c_ends_a_demo_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    environ = {"TMPDIR": str(tmp_path)}
    process = Process(tmp_path, "demo", environ=environ)
    process.heard(r"sent github\.push")
    process.tell(signal.SIGINT)
    assert process.ended() == Exit.INTERRUPTED
    assert "Traceback" not in process.err.read_text()
    assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == []


def test_two_demos_at_once_leave_nothing_behind(tmp_path: Path) -> None:
    folder, scratch = tmp_path / "here", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    pair = [
        subprocess.Popen(
            [*COMMAND, "demo", "--json"], cwd=folder, env=clean({"TMPDIR": str(scratch)}),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    reports = [json.loads(one.communicate(timeout=60)[0]) for one in pair]
    assert [one.returncode for one in pair] == [0, 0]
    assert [one["good"] for one in reports] == [True, True]
    assert list(folder.iterdir()) == list(scratch.iterdir()) == []


def test_the_emulator_says_in_one_line_where_it_is_and_serves(tmp_path: Path) -> None:
    emulator = EmulatorProcess(tmp_path)
    try:
        facts = emulator.facts
        assert facts.keys() == {"base_url", "token", "root_page_id", "data_sources", "pages"}
        assert facts["data_sources"].keys() == {"Tasks", "Meetings", "Commits"}
        assert facts["pages"].keys() == {"Engineering log"}
        headers = {"Authorization": f"Bearer {facts['token']}", "Notion-Version": "2026-03-11"}
        with httpx.Client(base_url=facts["base_url"], headers=headers, trust_env=False) as client:
            found = client.get(f"/v1/data_sources/{facts['data_sources']['Tasks']}").json()
            assert found["properties"].keys() >= {"Name", "Automation key"}
            assert client.get(f"/v1/pages/{facts['root_page_id']}").status_code == 200
        emulator.tell(signal.SIGINT)
        assert emulator.ended() == 0
    finally:
        emulator.stop()
    assert len(emulator.out.read_text().splitlines()) == 1
    assert emulator.err.read_text() == ""


def test_a_running_service_says_where_it_is_and_what_is_open(town: Town) -> None:
    said = town.process.err.read_text()
    assert town.address in said
    assert "open    /hooks/github" in said
    assert "a local Notion is at" in said
    assert town.process.out.read_text() == ""


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"AUTOMATION_HOST": "203.0.113.7"}, "AUTOMATION_HOST"),
        ({"AUTOMATION_HOST": "no.such.host.invalid"}, "AUTOMATION_HOST"),
        ({"AUTOMATION_HOST": "a" * 70 + ".b"}, "AUTOMATION_HOST"),
        ({"AUTOMATION_RULES": "nowhere"}, "AUTOMATION_RULES"),
        ({"AUTOMATION_RULES": "a-file"}, "AUTOMATION_RULES"),
        ({"NOTION_TOKEN": "with space"}, "NOTION_TOKEN"),
        ({"AUTOMATION_PORT": "70000", "NOTION_PLAN": "x"}, "NOTION_PLAN"),
    ],
    ids=["not ours", "unknown", "no name", "no folder", "a file", "a token", "two at once"],
)
def test_a_wrong_setting_stops_the_start_by_name(
    tmp_path: Path, environ: Mapping[str, str], named: str
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "a-file").touch()
    said = called(tmp_path, "serve", environ={"AUTOMATION_PORT": "0", **environ})
    assert (said.code, said.out) == (Exit.SETTINGS, "")
    assert any(line.startswith(f"automation: {named}: ") for line in said.err.splitlines())


def test_a_negative_port_is_not_the_default_one(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    said = called(tmp_path, "serve", "--port", "-5", environ={})
    assert (said.code, "AUTOMATION_PORT" in said.err) == (Exit.SETTINGS, True)


def test_a_database_that_is_none_stops_the_start_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "notes.txt").write_text("these are notes, and long enough for a header of a file")
    environ = {"AUTOMATION_PORT": "0", "AUTOMATION_DATABASE": "sqlite:///notes.txt"}
    said = run(tmp_path, "serve", environ=environ)
    assert said.returncode == Exit.WRONG
    assert "notes.txt cannot be used: file is not a database" in said.stderr
    assert (tmp_path / "notes.txt").read_text().startswith("these are notes")


@pytest.mark.parametrize(
    "words",
    [("init", "rules"), ("init", "a-file"), ("init", "a-file/below"), ("emulator", "--port", "70000"),
     ("emulator", "--requests-per-minute", "-1"), ("events", "-n", "0"), ("demo", "now")],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.toml").write_text("# mine\n")
    (tmp_path / "a-file").write_text("a file")
    said = called(tmp_path, *words, environ={})
    assert said.code in {Exit.WRONG, Exit.USAGE}
    assert said.err
    assert [one.name for one in (tmp_path / "rules").iterdir()] == ["mine.toml"]
    assert (tmp_path / "a-file").read_text() == "a file"


def test_a_title_from_outside_cannot_move_the_cursor(tmp_path: Path) -> None:
    """The title of an issue stands in lists; what it holds for a terminal stands there in words."""
    called(tmp_path, "init", environ={})
    body = json.loads(dict(samples())["github.issues.opened"].read_bytes())
    body["issue"]["title"] = "\x1b[2Jgone\x07\u202e"
    (tmp_path / "issue.json").write_text(json.dumps(body))
    environ = {**SECRETS, "AUTOMATION_PORT": "0"}
    process = Process(tmp_path, "serve", "--emulator", environ=environ)
    try:
        words = ("send", "issue.json", "--as", "github.issues.opened", "--to", process.address())
        assert called(tmp_path, *words, environ=environ).code == 0
        deadline = time.monotonic() + 20
        while "gone" not in (listed := called(tmp_path, "runs", environ=environ).out):
            assert time.monotonic() < deadline
    finally:
        process.stop()
    event = called(tmp_path, "events", "--json", environ=environ).data[0]["id"]
    explained = called(tmp_path, "explain", event, environ=environ)
    for text in (listed, explained.out, explained.err, process.err.read_text()):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_files_that_cannot_be_read_are_problems_among_others(tmp_path: Path) -> None:
    """All of them are said in one go, and machines read them all."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.toml").write_text("x =")
    (rules / "b.toml").write_bytes(b"# caf\xe9\n")
    (rules / "c.toml").symlink_to("/etc/hostname")
    said = called(tmp_path, "check", "--json", environ={})
    assert said.code == Exit.WRONG
    assert [(one["path"], one["line"], one["severity"]) for one in said.data] == [
        (f"rules/{name}.toml", 1, "error") for name in "abc"
    ]


def test_serving_with_an_emulator_ends_with_0_too(tmp_path: Path) -> None:
    called(tmp_path, "init", environ={})
    process = Process(tmp_path, "serve", "--emulator", environ={**SECRETS, "AUTOMATION_PORT": "0"})
    process.address()
    process.tell(signal.SIGTERM)
    assert process.ended() == 0


def test_a_declared_sender_is_sent_for_too(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "acme.toml").write_text(
        '[source.acme]\nsecret_env = "ACME_SECRET"\nname = "{{ body.type }}"\n'
        'signature = { header = "X-Acme-Signature", prefix = "sha256=" }\n'
    )
    (tmp_path / "order.json").write_text('{"type": "order.paid", "id": 7}')
    environ = {"AUTOMATION_PORT": "0", "ACME_SECRET": "a secret of these tests"}
    process = Process(tmp_path, "serve", environ=environ)
    try:
        words = ("send", "order.json", "--as", "acme.order.paid", "--to", process.address())
        said = called(tmp_path, *words, environ=environ)
        assert said.code == 0, said.err
        listed = called(tmp_path, "events", "--json", environ=environ)
        assert [one["name"] for one in listed.data] == ["acme.order.paid"]
    finally:
        process.stop()


def test_a_service_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ("send", "github.push", "--to", f"http://127.0.0.1:{port}")
    said = called(tmp_path, *words, environ=SECRETS)
    assert (said.code, said.out) == (Exit.WRONG, "")
    assert "is `automation serve` running?" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_refused_delivery_is_1_and_says_what_was_answered(town: Town) -> None:
    words = ("send", "github.push", "--to", town.address)
    said = town.call(*words, GITHUB_WEBHOOK_SECRET="another secret altogether")
    assert (said.code, said.out) == (
        Exit.WRONG,
        'github.push: 401 {"error": "bad signature"}\n',
    )
