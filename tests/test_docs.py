"""The documentation is held to the code: what exists is written down, and nothing that does not.

`test_docs_examples.py` tests that what is written down works.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from starlette.routing import Route

from automation import settings
from automation.actions.discover import discover as discover_actions
from automation.cli.app import app
from automation.cli.exits import Exit
from automation.cli.files import recipes, samples
from automation.cli.trials import run_tests
from automation.emulator.app import create_app
from automation.emulator.serve import build
from automation.engine.load import load
from automation.model.errors import DeliveryRefused
from automation.model.fields import Catalogue
from automation.sources.catalogue import Published
from automation.sources.discover import discover as discover_sources
from automation.web.app import Disconnected
from tests import words
from tests.reading_docs import (
    DOCS,
    README,
    ROOT,
    anchors,
    blocks,
    code,
    command_lines,
    first_cells,
    links,
    prose,
    rows,
    section,
)
from tests.test_floors import ROOMS

RULES, COMMANDS = ROOT / "docs" / "rules.md", ROOT / "docs" / "commands.md"
EXAMPLE = ROOT / "rules.example.toml"
ACTIONS = discover_actions()
GROUP: Any = typer.main.get_command(app)


def words_in(text: str) -> set[str]:
    """Every word that stands in inline code."""
    return {word for span in code(text) for word in re.findall(r"[A-Za-z_]+", span)}


# settings, commands, exit codes -------------------------------------------------------------------


@pytest.mark.parametrize(("name", "default"), [one[:2] for one in settings.variables()])
def test_every_setting_stands_in_the_table_with_its_default(name: str, default: str) -> None:
    table = {code(cells[0])[0]: cells[1] for cells in rows(prose(ROOT / "docs" / "settings.md"))}
    assert table[name] == (f"`{default}`" if default else "none")


@pytest.mark.parametrize("variable", [one.secret_variable for one in discover_sources().values()])
def test_every_secret_is_in_the_settings(variable: str) -> None:
    assert variable in first_cells(prose(ROOT / "docs" / "settings.md"))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_no_file_names_a_setting_that_does_not_exist(path: Path) -> None:
    known = {name for name, _, _ in settings.variables()} | settings.NOT_SETTINGS
    misspelt_on_purpose = {"AUTOMATION_PROT"}
    found = set(re.findall(r"\b(?:AUTOMATION|NOTION)_[A-Z_]*[A-Z]\b", path.read_text()))
    assert found - known - misspelt_on_purpose == set()


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_every_command_and_option_is_described(name: str) -> None:
    text = section(COMMANDS, f"## `{name}`")
    wanted = {
        option
        for param in GROUP.commands[name].params
        for option in param.opts
        if option.startswith("-") and option != "--help"
    }
    assert wanted - set(code(text)) == set()


def test_every_command_is_in_the_list_and_no_other() -> None:
    listed = next(iter(prose(COMMANDS).split("## Exit codes")))
    assert first_cells(listed) == GROUP.commands.keys()


def test_every_exit_code_is_in_the_table_and_no_other() -> None:
    found = [int(cells[0]) for cells in rows(section(COMMANDS, "## Exit codes"))]
    assert found == [int(one) for one in Exit]


def test_every_sample_is_listed() -> None:
    assert {name for name, _ in samples()} - set(code(section(COMMANDS, "## `send`"))) == set()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_command_line_parses(path: Path) -> None:
    for typed in command_lines(path):
        if typed[0].startswith("-") or typed[0].isupper():
            continue
        assert typed[0] in GROUP.commands, typed
        command = GROUP.commands[typed[0]]
        context = command.make_context(typed[0], [], resilient_parsing=True)
        context.resilient_parsing = False
        command.make_parser(context).parse_args(typed[1:])


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"\bmake ([a-z]+)\b", README.read_text()))
    assert {"demo", "test"} <= used
    assert used <= targets


# the language, word by word -----------------------------------------------------------------------

TABLES = {
    "file": ("## Files", words.FILE),
    "rule": ("## A rule", words.RULE),
    "schedule": ("## Schedules", words.SCHEDULE),
    "guard": ("## Guards", words.GUARD),
    "target": ("## Targets and defaults", words.TARGET),
    "sender": ("## Senders without code", words.SENDER),
    "loop": ("## Loops", words.LOOP),
    "step": ("## Steps", words.STEP),
    **{verb: (f"### `{verb}`", keys) for verb, keys in words.VERBS.items()},
}


@pytest.mark.parametrize(("heading", "keys"), TABLES.values(), ids=TABLES)
def test_every_key_stands_in_the_first_column_of_its_table(heading: str, keys: set[str]) -> None:
    found = {word for span in first_cells(section(RULES, heading)) for word in span.split(".")}
    found = {word for span in found for word in re.findall(r"[a-z_]+", span)}
    assert keys - found == set()


PLACES = {
    "conditions": ("## Conditions", words.CONDITIONS),
    "tags": ("## Templates", words.TAGS),
    "timestamp": ("## Senders without code", words.TIMESTAMP),
    "defaults": ("## Targets and defaults", words.DEFAULTS),
    "closed tables": ("## Properties", words.CLOSED),
    "later": ("## Not in this version", words.NOT_BUILT),
}


@pytest.mark.parametrize(("heading", "wanted"), PLACES.values(), ids=PLACES)
def test_every_word_is_in_its_section(heading: str, wanted: set[str]) -> None:
    assert wanted - words_in(section(RULES, heading)) == set()


@pytest.mark.parametrize(("name", "keys"), words.LATER.items(), ids=words.LATER)
def test_what_is_not_performed_yet_stands_in_the_table_with_its_keys(
    name: str, keys: set[str]
) -> None:
    text = section(RULES, "## Not in this version")
    named = [words_in(" ".join(cells)) for cells in rows(text) if name in words_in(cells[0])]
    assert keys - set[str]().union(*named) == set()


def test_every_filter_has_an_example_and_no_other_has() -> None:
    table = [cells for cells in rows(section(RULES, "## Templates")) if len(cells) == 3]
    assert {name for cells in table for name in code(cells[0])} == words.FILTER


def test_every_property_that_nobody_can_set_is_named() -> None:
    text = next(c[0] for c in rows(section(RULES, "## Properties")) if c[1].startswith("never"))
    kinds = {kind.partition("_")[0] for kind in words.READ_ONLY} | {"person"}
    assert kinds - {"last"} - set(re.findall(r"\w+", text)) == set()


# the example, recipes, rooms, endpoints, links ----------------------------------------------------


def keys_of(value: Any) -> set[str]:
    """Every key of a TOML document, however deep."""
    if isinstance(value, Mapping):
        return set(value) | {key for inner in value.values() for key in keys_of(inner)}
    return {key for one in value for key in keys_of(one)} if isinstance(value, list) else set()


def test_the_example_loads_without_a_problem() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    catalogue = Catalogue(published=Published())
    loaded = load({"rules.example.toml": text}, actions=ACTIONS, catalogue=catalogue)
    assert loaded.problems == ()


def test_the_example_uses_every_key_that_is_built_and_mentions_the_others() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    used = keys_of(tomllib.loads(text))
    assert words.BUILT - used == set()
    assert words.NOT_BUILT & used == set()
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    unsaid = {word for word in words.NOT_BUILT if not re.search(rf"\b{word}\b", comments)}
    assert unsaid == set()


def test_the_tests_of_the_example_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tests([str(EXAMPLE)], rule_id="", quiet=True, as_json=False) == 0
    assert "all good" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(recipes().glob("*.toml")), ids=lambda path: path.name)
def test_every_recipe_is_explained_with_its_rules_and_properties(path: Path) -> None:
    text = section(ROOT / "docs" / "recipes.md", f"## `{path.name}`")
    rules = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
    properties = {
        name
        for rule in rules
        for step in rule["do"]
        for table in ("match", "set", "set_once")
        for name in step.get(table, {})
    }
    wanted = {rule["id"] for rule in rules} | properties
    assert wanted - set(code(text)) == set()


def test_every_room_is_on_the_floor_plan_of_the_architecture() -> None:
    blocked = "\n".join(block.text for block in blocks(ROOT / "docs" / "architecture.md"))
    text = blocked + prose(ROOT / "docs" / "architecture.md")
    assert {room for room in ROOMS if not re.search(rf"\b{room}\b", text)} == set()


def test_every_file_the_architecture_names_exists() -> None:
    spans = code(prose(ROOT / "docs" / "architecture.md"))
    named = {span for span in spans if re.fullmatch(r"[\w/]+(\.py|/)", span)}
    assert len(named) > 20
    homes = (ROOT / "automation", ROOT / "automation" / "engine", ROOT)
    assert {one for one in named if not any((home / one).exists() for home in homes)} == set()


def test_every_endpoint_of_the_emulator_is_listed_and_no_other() -> None:
    routes = [one for one in create_app(build("empty", 0)).routes if isinstance(one, Route)]
    served = {
        f"{method} {one.path.removeprefix('/v1')}"
        for one in routes
        for method in (one.methods or set()) - {"HEAD"}
        if not one.path.startswith("/v1/v1/")
    }
    spans = code(prose(ROOT / "docs" / "emulator.md"))
    assert {span for span in spans if re.match(r"(GET|POST|PATCH|DELETE) /", span)} == served


def refusals(kind: type[DeliveryRefused] = DeliveryRefused) -> set[str]:
    """The names of every refusal, those the HTTP door adds included."""
    below = kind.__subclasses__()
    return {one.__name__ for one in below} | {name for one in below for name in refusals(one)}


def test_every_reason_for_refusing_a_delivery_is_in_the_table() -> None:
    spoken = "".join(path.read_text() for path in (ROOT / "automation" / "sources").glob("*.py"))
    signatures = set(re.findall(r'BadSignature\(\s*"(\w+)"', spoken))
    table = words_in(section(ROOT / "docs" / "connect.md", "## When nothing arrives"))
    reasons = signatures | refusals() | {Disconnected.__name__}
    assert {"mismatch", "stale", "TooLarge"} <= reasons
    assert reasons - {"BadSignature"} - table == set()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    for link in links(path):
        if link.startswith(("https://", "http://")):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
