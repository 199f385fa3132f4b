"""What may stand at a key of a rules file: how it is called, what is right, and its JSON Schema.

The loader's checks and the schema for editors are both made from these, so they cannot disagree.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum, auto
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.engine import dates
from automation.engine.schedule import check_cron
from automation.engine.template import is_template
from automation.model.errors import RuleError
from automation.model.values import Json, JsonObject


class Form(StrEnum):
    """How the loader goes on with a value that is right as far as it goes."""

    PLAIN = auto()
    """As it stands; a text in it may be a template where the key belongs to a step."""
    TARGET = auto()
    """A [target], title, URL or id; never a template."""
    PAGE = auto()
    """A page: a target, or a template that gives one."""
    PROPERTIES = auto()
    """Properties and their values."""
    BODY = auto()
    """Markdown, in which values are plain text."""
    LINES = auto()
    """Lines of a condition."""
    ANSWER = auto()
    """The closed shape of an agent's answer."""
    RAW = auto()
    """Passed on as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of value. `words` complete "`key` is …"; `fault` says more about a wrong one, if it
    can; `items` are the kind of the elements where it may be a list."""

    words: str
    check: Callable[[Any], bool]
    schema: JsonObject
    example: str = ""
    form: Form = Form.PLAIN
    fault: Callable[[Any], str] = field(default=lambda value: "")
    items: "Kind | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a table: what stands there, in a line for people, and whether it must be there."""

    kind: "Kind | Keys"
    about: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A table with these keys and no others. `what` completes "is not a key of …".

    It has exactly one of the keys in `one_of`; a key in `beside` needs the other one there.
    """

    what: str
    keys: Mapping[str, Key]
    one_of: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)


def _is(*kinds: type) -> Callable[[Any], bool]:
    wanted = tuple(kinds)
    return lambda value: (
        isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
    )


def ref(name: str) -> JsonObject:
    """A pointer to a shared definition of the schema."""
    return {"$ref": f"#/definitions/{name}"}


def any_schema(*schemas: Json) -> JsonObject:
    """One of several."""
    return {"anyOf": list(schemas)}


def one_of(*words: str) -> Kind:
    """One of a few words."""
    quoted = [f'"{word}"' for word in words]
    return Kind(
        words=", ".join(quoted[:-1]) + f" or {quoted[-1]}",
        check=lambda value: value in words,
        schema={"type": "string", "enum": list(words)},
    )


def or_template(kind: Kind) -> Kind:
    """The kind, or a template that gives it when the step is done."""
    return Kind(
        words=f"{kind.words}, or a template",
        check=lambda value: kind.check(value) or (isinstance(value, str) and is_template(value)),
        schema=any_schema(kind.schema, ref("template")),
        example=kind.example,
        form=kind.form,
    )


def list_of(kind: Kind, words: str, *, least: int = 0) -> Kind:
    """A list of them."""
    return Kind(
        words=words,
        check=lambda value: (
            isinstance(value, list)
            and len(value) >= least
            and all(kind.check(item) for item in value)
        ),
        schema={"type": "array", "items": kind.schema, **({"minItems": least} if least else {})},
        example=kind.example,
        items=kind,
    )


def either(one: Kind, other: Kind) -> Kind:
    """One or the other."""
    return Kind(
        words=f"{one.words} or {other.words}",
        check=lambda value: one.check(value) or other.check(value),
        schema=any_schema(one.schema, other.schema),
        example=one.example,
        form=one.form,
        fault=one.fault,
        items=other.items,
    )


def pattern(
    words: str, expression: str, example: str = "", fault: Callable[[Any], str] = lambda value: ""
) -> Kind:
    """A text that looks like this."""
    compiled = re.compile(expression)
    return Kind(
        words=words,
        check=lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None,
        schema={"type": "string", "pattern": expression},
        example=example,
        fault=fault,
    )


def lines(example: str) -> Kind:
    """Lines of a condition."""
    return Kind(
        words="a table of lines",
        check=_is_table,
        schema=ref("lines"),
        example=f"such as {example}",
        form=Form.LINES,
    )


# single kinds -------------------------------------------------------------------------------------


def _is_zone(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _cron_fault(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    try:
        check_cron(value)
    except RuleError as error:
        return str(error)
    return ""


def _event_fault(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if is_template(value):
        return "this is an event's name, written out, never a template"
    if "*" in value:
        return "an event name has no `*`: a shorter name covers everything below it"
    return "event names are in small letters" if value != value.lower() else ""


def _target_fault(value: Any) -> str:
    is_one = isinstance(value, str) and is_template(value)
    return "a target is written out, never a template" if is_one else ""


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


TEXT = Kind(
    words="a text",
    check=lambda value: isinstance(value, str) and value.strip() != "",
    schema={"type": "string", "minLength": 1},
)
LITERAL = Kind(
    words="a title, URL or id",
    check=lambda value: TEXT.check(value) and not is_template(value),
    schema={"type": "string", "minLength": 1, "not": {"pattern": r"\{[{%]"}},
    fault=_target_fault,
)
ANY_TEXT = Kind(
    words="a text", check=lambda value: isinstance(value, str), schema={"type": "string"}
)
NAME = pattern("a word of letters, digits, `-` and `_`", r"^[A-Za-z_][A-Za-z0-9_-]*$")
EVENT = pattern(
    'an event name such as "github.push"',
    r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$",
    'source.type.action, such as "github.issues.opened"; "github.issues" covers all below it',
    _event_fault,
)
SWITCH = Kind(words="true or false", check=_is(bool), schema={"type": "boolean"})
COUNT = Kind(
    words="a whole number from 1",
    check=lambda value: _is(int)(value) and value >= 1,
    schema={"type": "integer", "minimum": 1},
)
AMOUNT = Kind(
    words="a number above 0",
    check=lambda value: _is(int, float)(value) and 0 < value < float("inf"),
    schema={"type": "number", "exclusiveMinimum": 0},
)
DURATION = Kind(
    words="a duration",
    check=lambda value: isinstance(value, str) and bool(dates.duration(value)),
    schema={"type": "string", "pattern": r"^\d{0,4}[1-9]\d{0,4} (second|minute|hour|day|week)s?$"},
    example='such as "15 minutes"',
)
ZONE = Kind(
    words="the name of a time zone",
    check=_is_zone,
    schema={"type": "string"},
    example='such as "Europe/Paris"',
)
CRON = Kind(
    words="a cron line",
    check=lambda value: isinstance(value, str) and not _cron_fault(value),
    schema={"type": "string", "minLength": 6},
    example='minute hour day month weekday, such as "0 9 * * 1-5"; 1 is Monday',
    fault=_cron_fault,
)
MOMENT = Kind(
    words="a date or a time, without quotes",
    check=_is(date),
    schema=ref("date"),
    example="such as 2026-11-24T09:00:00+01:00",
)
OPEN_TABLE: JsonObject = {"type": "object", "additionalProperties": True}
TABLE = Kind(words="a table", check=_is_table, schema=OPEN_TABLE)
TABLES = Kind(
    words="a list of tables",
    check=lambda value: isinstance(value, list) and all(isinstance(one, Mapping) for one in value),
    schema={"type": "array", "items": OPEN_TABLE},
)
