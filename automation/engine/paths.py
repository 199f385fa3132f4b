"""Values by path. Lists on the way are entered: a path through a list has many values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automation.engine.nothing import NOTHING


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it was: `labels[1].name`."""

    place: str
    value: Any


def find(root: Any, path: tuple[str, ...], place: str = "") -> Iterator[Found]:
    """Every value at the path; nothing where it is missing or null. A list at its end is one value."""
    if not path:
        if root is not None and root is not NOTHING:
            yield Found(place, root)
        return
    if isinstance(root, list | tuple):
        for index, item in enumerate(root):
            yield from find(item, path, f"{place}[{index}]")
    elif isinstance(root, Mapping) and path[0] in root:
        name = path[0]
        yield from find(root[name], path[1:], f"{place}.{name}" if place else name)


def spread(found: Found) -> Iterator[Found]:
    """The value, or the elements of a list, however deep; null elements are nothing."""
    if isinstance(found.value, list | tuple):
        for index, item in enumerate(found.value):
            yield from spread(Found(f"{found.place}[{index}]", item))
    elif found.value is not None:
        yield found
