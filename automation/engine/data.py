"""Values as templates handle them: as data, as text, and how much work they are. Everything is bounded.

A number past 10^30, a text past a million characters or a list past ten thousand elements is an error
where it is made, before it is made.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from liquid.exceptions import FilterArgumentError
from liquid.undefined import Undefined

from automation.engine.nothing import Nothing

MAX_TEXT = 1_000_000
MAX_ITEMS = 10_000
MAX_DEPTH = 20
MAX_NODES = 200_000
"""Values inside one rendered value: a whole payload may be passed on, if it is not monstrous."""


class Markdown(str):
    """Text that is meant as Markdown, not escaped in a body."""

    __slots__ = ()


class TooMuch(FilterArgumentError):
    """A text, list or number grew past what one value may be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, token=None)


def wrong(message: str) -> FilterArgumentError:
    """What a filter raises about its input; it gets its place in the template on the way."""
    return FilterArgumentError(message, token=None)


def is_nothing(value: Any) -> bool:
    """Missing, null, or what a skipped step left."""
    return value is None or isinstance(value, Undefined | Nothing)


def fits(length: int) -> None:
    """Raises for a text that would be too long, before it is made."""
    if length > MAX_TEXT:
        raise TooMuch(f"a text would be longer than {MAX_TEXT} characters")


def bounded(text: str) -> str:
    """The text, if it is not too long."""
    fits(len(text))
    return text


def as_text(value: Any, depth: int = 0) -> str:
    """A value inside text. Lists are joined with ", "; a table inside text is an error."""
    if type(value) is int:
        return str(value)
    match value:
        case str():
            return value
        case None | Undefined() | Nothing():
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case list() | tuple() | range():
            return joined(value, ", ", depth)
        case Mapping():
            if len(value) == 0:
                return ""
            raise wrong("a table cannot stand inside text; name one of its fields")
        case _:
            return str(value)


def joined(items: Sequence[Any], sep: str, depth: int = 0) -> str:
    """The items as one text, without those that are nothing."""
    if depth > MAX_DEPTH:
        raise TooMuch("lists in lists are nested too deep for a text")
    pieces: list[str] = []
    length = 0
    for item in items_of(items):
        if not is_nothing(item):
            pieces.append(as_text(item, depth + 1))
            length += len(pieces[-1])
            fits(length + len(sep) * (len(pieces) - 1))
    return sep.join(pieces)


def items_of(value: Any) -> list[Any]:
    """The elements of a list; one value is a list of one, nothing an empty one."""
    if is_nothing(value):
        return []
    if not isinstance(value, list | tuple | range):
        return [value]
    if len(value) > MAX_ITEMS:
        raise TooMuch(f"a list may have {MAX_ITEMS} elements here, and this one has {len(value)}")
    return list(value)


def plain(value: Any) -> Any:
    """A rendered value as data: no nothing-objects, no ranges, no subclasses of text."""
    return _Plain().of(value)


class _Plain:
    """Copies a value; counts what is in it."""

    def __init__(self) -> None:
        self.nodes = 0

    def of(self, value: Any) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise TooMuch(f"a value has more than {MAX_NODES} values inside")
        match value:
            case None | bool() | int() | float() | date():
                return value
            case str():
                return str(value) if isinstance(value, Markdown) else value
            case Nothing():
                return None
            case Mapping():
                return {str(key): self.of(item) for key, item in value.items()}
            case list() | tuple():
                return [self.of(item) for item in value]
            case range():
                return items_of(value)
            case _:
                return as_text(value)


PER_ITEM = 40
"""What an element or field counts, beside its text."""


def weight(value: Any, most: int, *, deep: bool) -> int:
    """About how many characters there are to handle in a value; with `deep`, in all that is inside.

    It stops counting past `most`.
    """
    total, todo = 0, [value]
    while todo and total <= most:
        item = todo.pop()
        match item:
            case str():
                total += len(item)
            case list() | tuple() | range():
                total += PER_ITEM * len(item)
                if deep and total <= most:
                    todo.extend(item)
                elif not isinstance(item, range):
                    total += sum(len(one) for one in item if isinstance(one, str))
            case dict() if deep:
                total += PER_ITEM * len(item)
                todo.extend(item.values())
            case _:
                total += 1
    return total
