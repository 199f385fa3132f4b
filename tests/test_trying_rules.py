"""docs/trying-rules.md shows what the commands do."""

import re
from pathlib import Path

import pytest

from automation.engine.grammar import TEST
from tests.cli.calling import Desk

PAGE = (Path(__file__).parent.parent / "docs" / "trying-rules.md").read_text(encoding="utf-8")


def block(info: str, number: int = 0) -> str:
    """The text of a fenced block of that kind."""
    found = re.findall(rf"^```{info}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found[number])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_the_example_passes_its_own_tests(desk: Desk) -> None:
    desk.rules('[[rule]]\nid = "example"\n' + block("toml rule"))
    said = desk.call("test", "--json")
    assert [one["passed"] for one in said.data["tests"]] == [True, True]


def test_a_failing_test_looks_as_shown(desk: Desk) -> None:
    text = block("toml rule").replace("Test the cart", "Test the card")
    desk.rules('[[rule]]\nid = "example"\n' + text, folder="my-rules")
    said = desk.call("test", "my-rules")
    shown = block("console").splitlines()
    assert [*said.out.splitlines(), *said.err.splitlines()] == shown[1:]


def test_every_key_of_a_test_is_in_the_table() -> None:
    table = set(re.findall(r"^\| `([a-z]+)(?:\.<step>)?` \|", PAGE, re.MULTILINE))
    assert table == set(TEST.keys)


def test_every_option_of_plan_is_described() -> None:
    for option in ("--rules", "--current", "--since", "--markdown", "--json"):
        assert f"`{option}" in PAGE
