"""Values by path. Lists on the way are entered: a path through a list has many values.

Missing, null and what a skipped step left are the same: nothing there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from automation.engine.nothing import Nothing


class Found(NamedTuple):
    """A value and where it was: `labels[1].name`."""

    place: str
    value: Any


def find(root: Any, path: tuple[str, ...]) -> Sequence[Found]:
    """Every value at the path. A list at its end is one value."""
    value = root
    for depth, name in enumerate(path):
        if isinstance(value, list | tuple):
            return tuple(_through(value, path[depth:], ".".join(path[:depth])))
        value = value.get(name) if isinstance(value, Mapping) else None
        if value is None:
            return ()
    if value is None or isinstance(value, Nothing):
        return ()
    return (Found(".".join(path), value),)


def _through(items: Sequence[Any], path: tuple[str, ...], place: str) -> Iterator[Found]:
    for index, item in enumerate(items):
        here = f"{place}[{index}]"
        if isinstance(item, list | tuple):
            yield from _through(item, path, here)
        else:
            for found in find(item, path):
                yield Found(_joined(here, found.place), found.value)


def _joined(place: str, below: str) -> str:
    return f"{place}.{below}" if below else place


def spread(found: Found) -> Iterator[Found]:
    """The value, or the elements of a list, however deep; null elements are nothing."""
    if isinstance(found.value, list | tuple):
        for index, item in enumerate(found.value):
            yield from spread(Found(f"{found.place}[{index}]", item))
    elif found.value is not None and not isinstance(found.value, Nothing):
        yield found
