"""Rollups: the values of related pages, rolled into one.

https://developers.notion.com/reference/property-object#rollup
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from automation.emulator.dates import instant

Object = dict[str, Any]


def roll(function: str, items: Sequence[Object]) -> tuple[str, Any]:
    """The kind and value of a rollup of value objects without ids."""
    if function in {"show_original", "show_unique"}:
        return "array", _unique(items) if function == "show_unique" else list(items)
    if function in {"earliest_date", "latest_date", "date_range"}:
        return "date", _dates(function, items)
    there = [one for one in items if not is_empty(one[one["type"]])]
    numbers = [one["number"] for one in there if one["type"] == "number"]
    ticked = sum(one.get("checkbox") is True for one in items)
    every = len(items)
    counts: Mapping[str, Callable[[], float | None]] = {
        "count": lambda: every,
        "count_values": lambda: len(there),
        "empty": lambda: every - len(there),
        "not_empty": lambda: len(there),
        "unique": lambda: len(_unique(there)),
        "percent_empty": lambda: _share(every - len(there), every),
        "percent_not_empty": lambda: _share(len(there), every),
        "checked": lambda: ticked,
        "unchecked": lambda: every - ticked,
        "percent_checked": lambda: _share(ticked, every),
        "percent_unchecked": lambda: _share(every - ticked, every),
        "sum": lambda: sum(numbers) if numbers else None,
        "average": lambda: sum(numbers) / len(numbers) if numbers else None,
        "median": lambda: _median(sorted(numbers)),
        "min": lambda: min(numbers, default=None),
        "max": lambda: max(numbers, default=None),
        "range": lambda: max(numbers) - min(numbers) if numbers else None,
    }
    return ("number", counts[function]()) if function in counts else ("unsupported", {})


def is_empty(inner: Any) -> bool:
    """Whether a value counts as empty."""
    return inner is None or inner == [] or inner == ""


def _unique(items: Sequence[Object]) -> list[Object]:
    made: list[Object] = []
    for one in items:
        if one not in made:
            made.append(one)
    return made


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0


def _median(numbers: Sequence[float]) -> float | None:
    if not numbers:
        return None
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return (numbers[middle - 1] + numbers[middle]) / 2


def _dates(function: str, items: Sequence[Object]) -> Object | None:
    texts = [text for one in items if (text := _start(one))]
    if not texts:
        return None
    first, last = min(texts, key=instant), max(texts, key=instant)
    start = last if function == "latest_date" else first
    end = last if function == "date_range" else None
    return {"start": start, "end": end, "time_zone": None}


def _start(one: Object) -> str | None:
    inner = one[one["type"]]
    if isinstance(inner, dict):
        start = inner.get("start")
        return start if isinstance(start, str) else None
    return inner if one["type"] in {"created_time", "last_edited_time"} else None
