"""How commands end, and what they say then: in words on stderr that name the thing, never a traceback."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from automation.cli.app import main
from automation.cli.exits import Exit

RULE = '[[rule]]\nid = "a"\non = "github.push"\n[[rule.do]]\ncreate = "Tasks"\n'
Automation = Callable[..., tuple[int, str]]


@pytest.fixture
def automation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Automation:
    """Runs a command in a folder with good rules and bad neighbours; gives its code and its stderr."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.toml").write_text(RULE)
    (tmp_path / "broken.toml").write_text(RULE.replace("create =", "creat ="))
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    (tmp_path / "notes.db").write_text("these are my notes, and long enough to be read as a header")
    (tmp_path / "payload.json").write_text("{}")
    monkeypatch.chdir(tmp_path)

    def run(*words: str, **environ: str) -> tuple[int, str]:
        monkeypatch.setattr(os, "environ", environ)
        monkeypatch.setattr("sys.argv", ["automation", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return run


SQLITE = "sqlite:///notes.db"
CASES = {
    "version": (("--version",), {}, Exit.DONE, ""),
    "good-rules": (("check",), {}, Exit.DONE, "1 file, 1 rule: all good"),
    "broken-rules": (("check", "broken.toml"), {}, Exit.WRONG, "1 error\n"),
    "rules-that-are-not-text": (("check", "latin.toml"), {}, Exit.WRONG, "1 error"),
    "no-such-rule-file": (("check", "no.toml"), {}, Exit.WRONG, "there is no rule file no.toml"),
    "no-rules-folder": (("check", "nowhere"), {}, Exit.WRONG, "there is no rules folder nowhere"),
    "init-over-something": (("init", "rules"), {}, Exit.WRONG, "not empty"),
    "no-such-command": (("frobnicate",), {}, Exit.USAGE, "No such command"),
    "no-such-option": (("check", "--frobnicate"), {}, Exit.USAGE, "No such option"),
    "no-such-seed": (("emulator", "--seed", "x"), {}, Exit.USAGE, "--seed is one of"),
    "no-such-state": (("runs", "--state", "x"), {}, Exit.USAGE, "--state is one of pending"),
    "no-such-source": (("send", "payload.json"), {}, Exit.USAGE, "'payload' is no source"),
    "wrong-setting": (("serve",), {"NOTION_PLAN": "gold"}, Exit.SETTINGS, "NOTION_PLAN"),
    "unknown-setting": (("serve",), {"AUTOMATION_PROT": "1"}, Exit.SETTINGS, "AUTOMATION_PORT?"),
    "no-secret": (("send", "github.push"), {}, Exit.SETTINGS, "GITHUB_WEBHOOK_SECRET"),
    "no-database": (("events",), {}, Exit.NOT_THERE, "there is no database automation.db"),
    "memory": (("runs",), {"AUTOMATION_DATABASE": "memory:"}, Exit.NOT_THERE, "in memory"),
    "no-such-sample": (("send", "github.pushh"), {}, Exit.NOT_THERE, "github.push"),
    "a-ping": (("explain", "github.ping"), {}, Exit.NOT_THERE, "not for rules"),
    "no-database-file": (
        ("events",),
        {"AUTOMATION_DATABASE": SQLITE},
        Exit.WRONG,
        "not a database",
    ),
}


@pytest.mark.parametrize(("words", "environ", "code", "said"), CASES.values(), ids=CASES.keys())
def test_a_command_ends_with_its_code_and_says_why(
    automation: Automation, words: tuple[str, ...], environ: dict[str, str], code: Exit, said: str
) -> None:
    ended, err = automation(*words, **environ)
    assert ended == code
    assert said in err


@pytest.mark.parametrize("command", ["serve", "emulator"])
def test_a_port_that_is_taken_is_said_in_one_line(automation: Automation, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended, err = automation(command, "--port", port)
    assert ended == Exit.SETTINGS
    assert f"{port}: address already in use" in err.lower()
    assert len(err.splitlines()) == 1
