"""What the documentation shows works: every row of the tables, every TOML block, every explanation.

There are five kinds of TOML blocks, told by the word behind the fence: a whole file (`toml`), the keys of
one rule (`toml rule`), the keys of one step (`toml step`), a test of a rule (`toml test`), and a file that
must not load (`toml wrong`), which is followed by what `automation check` says about it.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from automation.actions.discover import discover as discover_actions
from automation.cli.explain import explain_event
from automation.cli.files import recipes
from automation.cli.trials import run_tests
from automation.engine import match
from automation.engine.load import load
from automation.engine.problems import render
from automation.engine.template import compile_text
from automation.model.fields import Catalogue
from automation.sources.catalogue import Published
from tests.reading_docs import DOCS, README, ROOT, Block, blocks, code, rows, section

RULES = ROOT / "docs" / "rules.md"
ACTIONS = discover_actions()
CATALOGUE = Catalogue(published=Published())

NOTHING = object()


def condition_rows() -> Iterator[tuple[str, str, bool]]:
    """(line, value as JSON, whether it passes) of the table of tests."""
    for cells in rows(section(RULES, "## Conditions")):
        if len(cells) == 3:
            for cell, passes in ((cells[1], True), (cells[2], False)):
                values = code(cell) + (["nothing"] if cell.endswith("nothing") else [])
                yield from ((code(cells[0])[0], value, passes) for value in values)


@pytest.mark.parametrize(("line", "value", "passes"), list(condition_rows()))
def test_a_line_passes_for_what_the_table_says(line: str, value: str, passes: bool) -> None:
    text = f'[[rule]]\nid = "a"\non = "x"\nwhen.{line}\n[[rule.do]]\nfind = "Tasks"\n'
    loaded = load({"a.toml": text}, actions=ACTIONS)
    assert loaded.problems == ()
    document = {} if value == "nothing" else {"x": json.loads(value)}
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    scope = match.Scope(roots={"event": document}, now=now, zone=ZoneInfo("UTC"))
    assert loaded.rules.rules["a"].when[0].passes(document, scope) is passes


def filter_rows() -> Iterator[tuple[str, str]]:
    """(template, what it gives) of the table of filters."""
    for cells in rows(section(RULES, "## Templates")):
        yield code(cells[1])[0], code(cells[2])[0]


@pytest.mark.parametrize(("source", "gives"), list(filter_rows()))
def test_a_filter_gives_what_the_table_says(source: str, gives: str) -> None:
    event = next(span for span in code(section(RULES, "## Templates")) if span.startswith("{ "))
    value = compile_text(source).render({"event": json.loads(event)})
    shown = value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
    assert shown == gives


def whole(block: Block) -> str:
    """A TOML block as a rules file."""
    kind = block.info.removeprefix("toml").strip()
    head = {"": "", "wrong": "", "rule": '[[rule]]\nid = "example"\n'}
    if kind == "step":
        return f'[[rule]]\nid = "example"\non = "github"\n[[rule.do]]\n{block.text}'
    if kind == "test":
        return f'[[rule]]\nid = "example"\non = "github"\n[[rule.do]]\nfind = "Tasks"\n{block.text}'
    ending = (
        "" if kind != "rule" or "[[rule.do]]" in block.text else '[[rule.do]]\nfind = "Tasks"\n'
    )
    return head[kind] + block.text + ending


TOML = [block for path in DOCS for block in blocks(path) if block.info.startswith("toml")]


@pytest.mark.parametrize("block", TOML, ids=lambda block: block.where)
def test_every_toml_block_loads_or_fails_as_it_says(block: Block) -> None:
    text = whole(block)
    loaded = load({"rules/example.toml": text}, actions=ACTIONS, catalogue=CATALOGUE)
    if block.info != "toml wrong":
        assert [render(problem, text) for problem in loaded.problems] == []
        return
    everything = blocks(RULES)
    said = everything[everything.index(block) + 1].text
    assert "\n\n".join(render(problem, text) for problem in loaded.problems) + "\n" == said


TESTED = [
    block for block in TOML if block.info in {"toml", "toml rule"} and "[[rule.test]]" in block.text
]


@pytest.mark.parametrize("block", TESTED, ids=lambda block: block.where)
def test_the_tests_in_toml_blocks_pass(
    block: Block, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "example.toml").write_text(whole(block), encoding="utf-8")
    code = run_tests([str(tmp_path)], rule_id="", quiet=True, as_json=False)
    assert (code, capsys.readouterr().out) == (0, "")


CONSOLE = [
    (block, line.removeprefix("$ automation explain ").split())
    for path in DOCS
    for block in blocks(path)
    for line in block.text.splitlines()[:1]
    if block.info == "console" and line.startswith("$ automation explain ")
]


@pytest.mark.parametrize(("block", "words"), CONSOLE, ids=[block.where for block, _ in CONSOLE])
def test_explain_says_what_the_documentation_shows(
    block: Block,
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    rule = words[words.index("--rule") + 1] if "--rule" in words else ""
    assert explain_event(words[0], name="", rule_id=rule, folder="rules", as_json=False) == 0
    assert capsys.readouterr().out == "\n".join(block.text.splitlines()[1:]) + "\n"


def test_what_the_readme_shows_of_a_rule_is_in_one_that_ships() -> None:
    shown = [block.text for block in blocks(README) if block.info.startswith("toml")]
    shipped = [path.read_text() for path in recipes().glob("*.toml")]
    assert shown
    assert [one for one in shown if not any(one in text for text in shipped)] == []
