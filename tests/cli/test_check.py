"""`automation check`: every problem with its place, for people and machines, and what it ends with."""

import json
from pathlib import Path

import pytest

from automation.cli.rules import check_rules

GOOD = '[[rule]]\nid = "good"\non = "github.push"\n[[rule.do]]\nappend = "Log"\nbody = "x"\n'
BAD = GOOD.replace('"good"', '"bad"') + 'bdy = "{{ evnt.x }}"\n'
WARNED = GOOD.replace('"good"', '"warned"') + '\n[[rule.do]]\ncomment = "Log"\nbody = "x"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good file, and room for others."""
    (tmp_path / "good.toml").write_text(GOOD)
    return tmp_path


def test_good_files_are_all_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout, and success."""
    assert check_rules([str(folder)], as_json=False) == 0
    assert capsys.readouterr().out == ""


def test_a_broken_file_is_shown_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the specification prints it."""
    (folder / "bad.toml").write_text(BAD)
    assert check_rules([str(folder)], as_json=False) == 1
    shown = capsys.readouterr().out
    assert shown.startswith(
        "error: `bdy` is not a key of an `append` step\n"
        f" --> {folder / 'bad.toml'}:7:1\n"
        "  |\n"
        '7 | bdy = "{{ evnt.x }}"\n'
        "  | ^^^\n"
        "  = help: did you mean `body`?\n"
    )


def test_a_warning_is_shown_and_does_not_fail(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It disables nothing."""
    (folder / "warned.toml").write_text(WARNED)
    assert check_rules([str(folder)], as_json=False) == 0
    assert "warning: `comment` is not built into this version yet" in capsys.readouterr().out


def test_problems_are_json_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of all files, in the order of their places."""
    (folder / "bad.toml").write_text(BAD)
    (folder / "warned.toml").write_text(WARNED)
    assert check_rules([str(folder)], as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(Path(one["path"]).name, one["line"], one["severity"]) for one in found] == [
        ("bad.toml", 7, "error"),
        ("warned.toml", 9, "warning"),
    ]
    assert found[0] == {
        "path": str(folder / "bad.toml"),
        "line": 7,
        "column": 1,
        "length": 3,
        "severity": "error",
        "message": "`bdy` is not a key of an `append` step",
        "help": "did you mean `body`?",
    }


def test_a_file_may_be_named(folder: Path) -> None:
    """Only it is looked at."""
    (folder / "bad.toml").write_text(BAD)
    assert check_rules([str(folder / "good.toml")], as_json=False) == 0
