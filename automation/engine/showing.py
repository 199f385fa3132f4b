"""How values from outside are shown: as TOML or JSON would write them, on one line, short, and without
characters that could do something to a terminal."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

LONGEST = 60
LONGEST_LIST = 160
MOST_ITEMS = 3


def kind_of(value: Any) -> str:
    """What a value is, in the words of the rules language."""
    match value:
        case bool():
            return "true/false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case date():
            return "a date"
        case list() | tuple():
            return "a list"
        case None:
            return "nothing"
        case _:
            return "a table"


def joined(items: Sequence[Any]) -> str:
    """The first few of them."""
    text = short(", ".join(shown(item) for item in items[:MOST_ITEMS]), LONGEST_LIST)
    return text if len(items) <= MOST_ITEMS else f"{text}, … ({len(items)} in all)"


def shown(value: Any, longest: int = LONGEST) -> str:
    """A value as TOML or JSON would write it, on one line, and short."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value, longest)
        case None:
            return "nothing"
        case datetime() | date():
            return value.isoformat()
        case list() | tuple():
            return f"[{joined(value)}]"
        case Mapping():
            names = [short(visible(str(name)), LONGEST) for name in value]
            more = ", …" if len(names) > MOST_ITEMS else ""
            return "{ " + ", ".join(names[:MOST_ITEMS]) + more + " }" if names else "{}"
        case _:
            return str(value)


def written(value: Any, longest: int) -> str:
    """A value whole, as a rules file would write it, if it is not too long."""
    return short(_written(value), longest)


def _written(value: Any) -> str:
    match value:
        case str():
            return quoted(value, len(value))
        case list() | tuple():
            return f"[{', '.join(_written(item) for item in value)}]"
        case Mapping():
            parts = [f"{_name(str(name))} = {_written(item)}" for name, item in value.items()]
            return "{ " + ", ".join(parts) + " }" if parts else "{}"
        case _:
            return shown(value)


def _name(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalnum() else quoted(name)


def quoted(text: str, longest: int = LONGEST) -> str:
    """A text in quotes."""
    return visible(json.dumps(short(text, longest), ensure_ascii=False))


def short(text: str, longest: int) -> str:
    """At most so many characters; an ellipsis stands for the rest."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def visible(text: str) -> str:
    """With what cannot be seen escaped."""
    return "".join(ch if ch.isprintable() else f"\\u{ord(ch):04x}" for ch in text)
