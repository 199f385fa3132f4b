"""The schema for editors: written from the grammar, and read alike by jsonschema, taplo and tombi."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from automation.cli.schema import print_schema
from automation.engine import grammar, match
from automation.engine.kinds import Keys
from automation.engine.load import load
from automation.engine.properties import WORDS as VALUE_WORDS
from automation.engine.schema import NAMED, schema
from automation.engine.vocabulary import STEP, VERBS
from automation.model.sender import Sender, SenderSignature, SenderTimestamp
from tests.engine.loading import ACTIONS
from tests.engine.test_broken import CASES

ROOT = Path(__file__).parents[2]
WHOLE = Path(__file__).parent / "whole.toml"
GOOD = [*sorted((ROOT / "rules").glob("*.toml")), ROOT / "rules.example.toml", WHOLE]
SCHEMA = schema(ACTIONS)

BEYOND = frozenset(
    {
        *("answers", "conditions", "ids-and-names", "properties", "schedules", "steps-and-loops"),
        *("targets", "templates", "unicode-and-tabs", "what-is-missing", "written-twice"),
        "wrong-kinds-of-values",
    }
)
"""Classes of mistakes of which an editor cannot see all: it reads no templates and no names."""


def as_json(value: Any) -> Any:
    """TOML as JSON has it: dates are texts."""
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value.isoformat() if isinstance(value, date | time) else value


def refused(text: str) -> list[str]:
    """What jsonschema has against a file."""
    return [
        one.message for one in Draft7Validator(SCHEMA).iter_errors(as_json(tomllib.loads(text)))
    ]


def tool(name: str) -> str:
    """A program of the dev group."""
    return str(Path(sys.executable).parent / name)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a linter in a folder."""
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_it_is_a_schema_of_draft_7_and_has_no_null() -> None:
    """Also as the command prints it."""
    Draft7Validator.check_schema(SCHEMA)
    assert '"null"' not in json.dumps(SCHEMA)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    """On stdout, and nothing else."""
    assert print_schema() == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(SCHEMA))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_good_files_are_valid(path: Path) -> None:
    """Every recipe, the example, and a file with the whole language."""
    assert refused(path.read_text(encoding="utf-8")) == []


def test_the_whole_language_loads() -> None:
    """What the schema takes, the loader takes."""
    text = WHOLE.read_text(encoding="utf-8")
    problems = load({"whole.toml": text}, actions=ACTIONS).problems
    assert [one for one in problems if one.severity == "error"] == []


def every_key(table: Keys) -> Iterator[str]:
    """All keys of a table and of those inside it."""
    for name, key in table.keys.items():
        yield name
        if isinstance(key.kind, Keys):
            yield from every_key(key.kind)


def keys_in(value: Any) -> Iterator[str]:
    """All keys of parsed TOML."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from keys_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from keys_in(one)


def test_the_whole_language_is_whole() -> None:
    """Every key of the grammar, every verb and every test word stands in it."""
    tables = (grammar.FILE, grammar.DEFAULTS, grammar.RULE, grammar.TEST, STEP, *NAMED.values())
    known = {key for table in tables for key in every_key(table)}
    verbs = {key for keys in VERBS.values() for key in keys}
    there = set(keys_in(tomllib.loads(WHOLE.read_text(encoding="utf-8"))))
    assert known | verbs | match.WORDS | VALUE_WORDS <= there


def test_what_the_loader_refuses_by_the_grammar_the_schema_refuses() -> None:
    """Unknown keys, wrong kinds of values and what is missing, each class but for what no schema can say."""
    missed: dict[str, int] = {}
    for kind, text, _ in CASES:
        try:
            valid = not refused(text.removeprefix("\ufeff"))
        except tomllib.TOMLDecodeError:
            continue
        missed[kind] = missed.get(kind, 0) + valid
    assert {kind for kind, count in missed.items() if count} <= BEYOND
    assert sum(missed.values()) < len(CASES) / 2


def test_the_tables_of_a_sender_are_those_of_its_model() -> None:
    """The grammar and the model that receives deliveries cannot drift apart."""
    assert set(grammar.SOURCE.keys) == set(Sender.model_fields)
    assert set(grammar.SIGNATURE.keys) == set(SenderSignature.model_fields)
    assert set(grammar.TIMESTAMP.keys) == set(SenderTimestamp.model_fields)


def test_the_vocabulary_knows_every_key_of_the_verbs_that_are_built() -> None:
    """A key that only an action knew would have no description and no check."""
    for verb, action in ACTIONS.items():
        fields = {field.alias or name for name, field in action.params.model_fields.items()}
        assert fields <= set(VERBS[verb]), verb


# editors ------------------------------------------------------------------------------------------

TOMBI = """\
toml-version = "v1.0.0"
[lint.rules]
# The example shows one idea after the other, not one kind of table after the other.
dotted-keys-out-of-order = "off"
tables-out-of-order = "off"
[schema]
catalog = { paths = [] }
[[schemas]]
path = "schema.json"
include = ["*.toml"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rules with the schema beside them."""
    made = tmp_path_factory.mktemp("rules")
    (made / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    (made / "tombi.toml").write_text(TOMBI, encoding="utf-8")
    for path in GOOD:
        (made / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return made


BAD = {
    "an unknown key": ('[[rule]]\nid = "r"\non = "a.b"\nunles.x = 1\n', "4"),
    "a wrong kind": ('[[rule]]\nid = "r"\non = "a.b"\nenabled = "yes"\n', "4"),
    "a misspelt test": ('[[rule]]\nid = "r"\non = "a.b"\nwhen.x.not = { strts_with = "a" }\n', "4"),
    "an unknown default": ('[defaults]\nunknown_options = "ask"\n', "2"),
}


def _taplo(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    address = (folder / "schema.json").as_uri()
    return run(folder, tool("taplo"), "check", "--colors", "never", "--schema", address, name)


def _tombi(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    return run(folder, tool("tombi"), "lint", "--offline", "--error-on-warnings", name)


@pytest.mark.parametrize("lint", [_taplo, _tombi], ids=["taplo", "tombi"])
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_editors_take_good_files(folder: Path, path: Path, lint: Any) -> None:
    """Without a warning."""
    done = lint(folder, path.name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("lint", [_taplo, _tombi], ids=["taplo", "tombi"])
@pytest.mark.parametrize(("text", "line"), BAD.values(), ids=BAD.keys())
def test_editors_show_mistakes(folder: Path, text: str, line: str, lint: Any) -> None:
    """At their line."""
    (folder / "bad.toml").write_text(text + '[[rule.do]]\nfind = "T"\n' * ("rule" in text))
    done = lint(folder, "bad.toml")
    assert done.returncode != 0
    assert f"bad.toml:{line}:" in done.stdout + done.stderr
