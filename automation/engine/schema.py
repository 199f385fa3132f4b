"""The JSON Schema of a rules file, for editors: written from the grammar that the loader checks by.

It is draft 7, as taplo and tombi read it. An editor cannot see all that the loader sees: whether a key
is in quotes (a field called "not"), what a template names, whether an id stands twice.
https://json-schema.org/draft-07 · https://taplo.tamasfe.dev · https://tombi-toml.github.io/tombi
"""

from collections.abc import Mapping

from automation.engine import dates, grammar, match
from automation.engine.answers import SIMPLE
from automation.engine.kinds import Key, Keys, Kind, any_schema, ref
from automation.engine.properties import CLOSED
from automation.engine.verbs import Verb, verbs
from automation.engine.vocabulary import STEP
from automation.model.action import Action
from automation.model.values import Json, JsonObject

DRAFT = "http://json-schema.org/draft-07/schema#"
DATE_FORMATS = ("date-time", "date-time-local", "date")
"""TOML's dates: with an offset, without one, and a day."""

NAMED: Mapping[str, Keys] = {
    "target": grammar.TARGET_TABLE,
    "source": grammar.SOURCE,
    "agent": grammar.AGENT,
}
"""Tables of a file that are names of tables."""


def schema(actions: Mapping[str, Action]) -> JsonObject:
    """The whole schema, as JSON."""
    file = _table(grammar.FILE)
    for key, table in NAMED.items():
        file["properties"][key] |= {"additionalProperties": _table(table)}
    return {
        "$schema": DRAFT,
        "title": "Rules of the automation service",
        **file,
        "definitions": {
            "rules": _list_of(_table(grammar.RULE)),
            "tests": _list_of(_table(grammar.TEST)),
            "steps": _list_of(any_schema(*map(_step, verbs(actions).values()), _loop())),
            **_conditions(),
            **_properties(),
            **_answers(),
            "value": {},
            "scalar": any_schema({"type": ["string", "number", "boolean"]}, ref("date")),
            "date": any_schema(*({"type": "string", "format": one} for one in DATE_FORMATS)),
            "template": {"type": "string", "pattern": r"\{[{%]"},
            "markdown": {"type": "string", "description": "Markdown, with templates in it."},
        },
    }


# tables -------------------------------------------------------------------------------------------


def _table(table: Keys) -> dict[str, Json]:
    made: dict[str, Json] = {
        "type": "object",
        "properties": {name: _key(one) for name, one in table.keys.items()},
        "required": [name for name, one in table.keys.items() if one.required],
        "additionalProperties": False,
    }
    if table.one_of:
        made["oneOf"] = [{"required": [key]} for key in table.one_of]
    if table.beside:
        made["dependencies"] = {key: [other] for key, other in table.beside.items()}
    return made


def _key(key: Key) -> dict[str, Json]:
    inner = key.kind.schema if isinstance(key.kind, Kind) else _table(key.kind)
    return {"description": key.about, **inner}


def _step(verb: Verb) -> JsonObject:
    made = _table(verb.table)
    made["required"] = [verb.name, *(one for one in made["required"] if one != verb.name)]
    return {"title": verb.name, **made}


def _loop() -> JsonObject:
    return {
        "title": "loop",
        **_table(STEP),
        "required": ["for_each", "do"],
    }


def _list_of(inner: Json) -> JsonObject:
    return {"type": "array", "items": inner, "minItems": 1}


# conditions ---------------------------------------------------------------------------------------


def _conditions() -> JsonObject:
    """Fields and tests stand in one table: what is no test word is a field."""
    return {
        "many_lines": _list_of(ref("lines")),
        "lines": {"type": "object", "minProperties": 1, "additionalProperties": ref("line")},
        "line": any_schema(ref("scalar"), _list_of(ref("alternative")), ref("tests_and_fields")),
        "alternative": any_schema(ref("scalar"), ref("only_tests")),
        "operand": any_schema(ref("scalar"), _list_of(ref("alternative")), ref("only_tests")),
        "only_tests": {**_tests(), "additionalProperties": False},
        "tests_and_fields": {**_tests(), "additionalProperties": ref("line")},
        "bound": any_schema(
            {"type": "number"},
            ref("date"),
            ref("template"),
            {"type": "string", "pattern": f"^({'|'.join(('now', *dates.DAYS))}|{PHRASE})$"},
        ),
    }


PHRASE = r"\d{1,5} (minute|hour|day|week)s? ago|in \d{1,5} (minute|hour|day|week)s?"


def _tests() -> dict[str, Json]:
    text = {"type": "string", "minLength": 1}
    kinds: dict[str, Json] = {
        **dict.fromkeys(("is", "not"), ref("operand")),
        "all_of": _list_of(ref("alternative")),
        **dict.fromkeys(match.TEXT_TESTS, any_schema(text, _list_of(text))),
        **dict.fromkeys(match.ORDER_TESTS, ref("bound")),
        **dict.fromkeys(match.QUANTIFIERS, ref("tests_and_fields")),
        **{key: {"type": "boolean"} for key in ("exists", "empty", "ignore_case")},
    }
    assert kinds.keys() == match.WORDS
    return {"type": "object", "minProperties": 1, "properties": kinds}


# properties and answers ---------------------------------------------------------------------------


def _properties() -> JsonObject:
    return {
        "properties": {"type": "object", "additionalProperties": ref("property")},
        "property": any_schema(
            ref("scalar"),
            {"type": "array", "items": ref("scalar")},
            *(_closed(needed, possible) for needed, possible in CLOSED),
        ),
    }


def _closed(needed: frozenset[str], possible: frozenset[str]) -> JsonObject:
    kinds: dict[str, Json] = {
        "pick": ref("template"),
        "cases": {"type": "object", "minProperties": 1, "additionalProperties": ref("property")},
        "if_empty": {"type": "string", "enum": ["keep"]},
    }
    return {
        "type": "object",
        "properties": {key: kinds.get(key, ref("property")) for key in sorted(needed | possible)},
        "required": sorted(needed),
        "minProperties": 1,
        "additionalProperties": False,
    }


def _answers() -> JsonObject:
    kinds = rf"^((list of )?({'|'.join(SIMPLE)})|quote of .+)\??$"
    each = {
        "type": "object",
        "properties": {"each": ref("answer")},
        "required": ["each"],
        "additionalProperties": False,
    }
    choices = _list_of({"type": "string", "minLength": 1})
    return {
        "answer": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": any_schema({"type": "string", "pattern": kinds}, choices, each),
        }
    }
