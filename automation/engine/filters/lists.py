"""Filters on lists. A single value is a list of one; nothing is an empty list."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine.data import (
    MAX_TEXT,
    TooMuch,
    as_text,
    fits,
    is_nothing,
    items_of,
    joined,
    plain,
)
from automation.engine.filters.numbers import whole
from automation.engine.match import same

_UTC = ZoneInfo("UTC")


def _field(item: Any, key: Any) -> Any:
    return item.get(as_text(key)) if isinstance(item, Mapping) else None


def join(value: Any, sep: Any = ", ") -> str:
    """`list | join: " / "`: as text; without a separator, with commas."""
    return joined(items_of(value), as_text(sep))


def first(value: Any) -> Any:
    """`list | first`: nothing for an empty list."""
    items = items_of(value)
    return items[0] if items else None


def last(value: Any) -> Any:
    """`list | last`: nothing for an empty list."""
    items = items_of(value)
    return items[-1] if items else None


def size(value: Any) -> int:
    """`list | size`, `text | size`: how many elements, characters or fields."""
    return len(value) if isinstance(value, str | list | tuple | range | Mapping) else 0


def reverse(value: Any) -> list[Any]:
    """`list | reverse`: from the last to the first."""
    return items_of(value)[::-1]


def compact(value: Any) -> list[Any]:
    """`list | compact`: without nothing."""
    return [item for item in items_of(value) if not is_nothing(item)]


def concat(value: Any, more: Any) -> list[Any]:
    """`list | concat: other`: one list, then the other."""
    return items_of(items_of(value) + items_of(more))


def pluck(value: Any, key: Any) -> list[Any]:
    """`list | pluck: "name"`: that field of every element that has it."""
    found = (_field(item, key) for item in items_of(value))
    return [item for item in found if item is not None]


def mapped(value: Any, key: Any) -> list[Any]:
    """`list | map: "name"`: that field of every element, nothing where it has none."""
    return [_field(item, key) for item in items_of(value)]


def _is(item: Any, key: Any, wanted: Any) -> bool:
    found = _field(item, key)
    return found not in (None, False) if wanted is None else same(found, wanted, _UTC)


def where(value: Any, key: Any, wanted: Any = None) -> list[Any]:
    """`list | where: "state", "open"`: elements whose field equals it; without a value, whose field is set."""
    return [item for item in items_of(value) if _is(item, key, wanted)]


def reject(value: Any, key: Any, wanted: Any = None) -> list[Any]:
    """`list | reject: "state", "open"`: the others."""
    return [item for item in items_of(value) if not _is(item, key, wanted)]


def find(value: Any, key: Any, wanted: Any = None) -> Any:
    """`list | find: "state", "open"`: the first such element, or nothing."""
    return next((item for item in items_of(value) if _is(item, key, wanted)), None)


def find_index(value: Any, key: Any, wanted: Any = None) -> int | None:
    """`list | find_index: "state", "open"`: where it is, from 0."""
    return next((at for at, item in enumerate(items_of(value)) if _is(item, key, wanted)), None)


def has(value: Any, key: Any, wanted: Any = None) -> bool:
    """`list | has: "state", "open"`: whether there is such an element."""
    return any(_is(item, key, wanted) for item in items_of(value))


def without(value: Any, what: Any) -> Any:
    """`list | without: x`, `text | without: "x"`: everything but x; x may be a list."""
    if not isinstance(value, list | tuple | range):
        text = as_text(value)
        return text.replace(as_text(what), "") if as_text(what) else text
    unwanted = set(_marks(items_of(what)))
    items = items_of(value)
    return [item for item, mark in zip(items, _marks(items), strict=True) if mark not in unwanted]


def uniq(value: Any, key: Any = None) -> list[Any]:
    """`list | uniq`, `list | uniq: "name"`: each element once, in order."""
    items = items_of(value)
    kept: dict[str, Any] = {}
    for item, mark in zip(items, _marks(items if key is None else mapped(items, key)), strict=True):
        kept.setdefault(mark, item)
    return list(kept.values())


def _marks(items: list[Any]) -> list[str]:
    """For each item a text that is the same for what is the same; never for a number and a text."""
    return [json.dumps(_canonical(item), sort_keys=True) for item in small(items)]


def _canonical(item: Any) -> Any:
    match item:
        case dict():
            return {key: _canonical(one) for key, one in item.items()}
        case list():
            return [_canonical(one) for one in item]
        case float() if item.is_integer():
            return int(item)
        case date():
            return {"": as_text(item)}
        case _:
            return item


def _order(item: Any, *, fold: bool) -> tuple[int, float, str]:
    if isinstance(item, int | float):
        return (0, float(item), "")
    if is_nothing(item):
        return (2, 0.0, "")
    text = as_text(item)
    return (1, 0.0, text.casefold() if fold else text)


def sort(value: Any, key: Any = None) -> list[Any]:
    """`list | sort`, `list | sort: "name"`: numbers, then texts (capitals first), then nothing."""
    return _sorted(value, key, fold=False)


def sort_natural(value: Any, key: Any = None) -> list[Any]:
    """`list | sort_natural: "name"`: as `sort`, with capitals and small letters alike."""
    return _sorted(value, key, fold=True)


def _sorted(value: Any, key: Any, *, fold: bool) -> list[Any]:
    items = items_of(value)
    keys = [_order(item, fold=fold) for item in (items if key is None else mapped(items, key))]
    fits(sum(len(text) for _, _, text in keys))
    return [items[at] for at in sorted(range(len(items)), key=keys.__getitem__)]


def part(value: Any, start: Any, length: Any = 1) -> Any:
    """`text | slice: 0, 7`, `list | slice: -2, 2`: from a place, counted from 0 or from the end."""
    items = items_of(value) if isinstance(value, list | tuple | range) else as_text(value)
    begin = whole(start)
    begin = max(0, begin + len(items)) if begin < 0 else begin
    return items[begin : begin + max(0, whole(length))]


def to_json(value: Any) -> str:
    """`value | json`: as JSON text."""
    return json.dumps(small(value), ensure_ascii=False, default=as_text)


def small(value: Any) -> Any:
    """The value as data, if its text would not be too long."""
    copied = plain(value)
    left, todo = MAX_TEXT, [copied]
    while todo:
        item = todo.pop()
        match item:
            case dict():
                left -= sum(len(key) + 4 for key in item)
                todo.extend(item.values())
            case list():
                todo.extend(item)
            case _:
                left -= len(item) if isinstance(item, str) else 4
        if left < 0:
            raise TooMuch(f"as JSON this would be longer than {MAX_TEXT} characters")
    return copied
