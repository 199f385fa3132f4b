"""What an event had where a line looked: the deciding value by its place, or what is missing, and a hint.

Nothing here decides anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automation.engine.match import Line, Scope, Values
from automation.engine.nearly import near_miss
from automation.engine.paths import Found, spread
from automation.engine.problems import nearest
from automation.engine.showing import joined, kind_of, shown, visible
from automation.model.errors import TemplateFailed

DEEPEST = 4
"""How far below the root a field of the same name is looked for."""
TOGETHER = frozenset({"not", "none", "all", "all_of", "exists", "empty"})
"""Tests that no single element of a list passes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`value` is what was there, as text; `place` names the deciding element of a list; `hint` may help."""

    value: str
    place: str = ""
    hint: str = ""

    def __str__(self) -> str:
        shown = f"{self.place}: {self.value}" if self.place else self.value
        return f"{shown} ({self.hint})" if self.hint else shown


def evidence(line: Line, root: Any, scope: Scope) -> Evidence:
    """What the event had for the line."""
    values = line.values(root)
    try:
        holds = line.test(values, scope)
        hint = near_miss(line, values, scope)
    except TemplateFailed as error:
        return Evidence(value=_all(values), hint=f"the line cannot be rendered: {error}")
    if not values:
        return _missing(root, line.path)
    deciding = _deciding(line, values, scope, holds=holds)
    if deciding is None:
        return Evidence(value=_all(values), hint=hint)
    place = deciding.place if "[" in deciding.place else ""
    return Evidence(value=shown(deciding.value), place=place, hint=hint)


def _deciding(line: Line, values: Values, scope: Scope, *, holds: bool) -> Found | None:
    """The one element that made the line say what it said; None if they only did it together."""
    elements = [one for value in values for one in spread(value)]
    verdicts = [line.test((one,), scope) for one in elements]
    if len(elements) == 1:
        return elements[0] if "[" not in elements[0].place or verdicts[0] == holds else None
    if holds in verdicts and (not holds) in verdicts:
        return elements[verdicts.index(holds)]
    # All of them passed: any one shows it. All of them failed: all have to be shown.
    return elements[0] if elements and holds and line.word not in TOGETHER else None


def _all(values: Values) -> str:
    return joined([found.value for found in values]) if values else "nothing"


# what is missing ----------------------------------------------------------------------------------


def _missing(root: Any, path: tuple[str, ...]) -> Evidence:
    """Where the path ends, and what it may have meant."""
    level: Sequence[Any] = [root]
    for depth, name in enumerate(path):
        tables = [one for one in level if isinstance(one, Mapping)]
        above = ".".join(path[:depth])
        if not tables:
            return Evidence(value=_not_a_table(level, above, name))
        there = [table[name] for table in tables if name in table]
        if not there:
            hint = _meant(root, tables, path[:depth], name)
            return Evidence(value=_no_field(above, name), hint=hint)
        level = [item for one in there for item in _flat(one)]
        if not level:
            return Evidence(value=f"`{'.'.join(path[: depth + 1])}` is an empty list")
        if all(one is None for one in level):
            return Evidence(value=f"`{'.'.join(path[: depth + 1])}` is null")
    return Evidence(value=f"the event has no `{'.'.join(path)}`")


def _no_field(above: str, name: str) -> str:
    if not above:
        return f"the event has no `{name}`"
    return f"the event has `{above}` but no `{above}.{name}`"


def _not_a_table(level: Sequence[Any], above: str, name: str) -> str:
    kind = kind_of(next(one for one in level if one is not None))
    return f"`{above}` is {kind}, not a table: it has no `{name}`"


def _meant(root: Any, tables: Sequence[Mapping[str, Any]], above: Sequence[str], name: str) -> str:
    """A field beside it with nearly the name, else one of the name elsewhere."""
    near = nearest(name, {key for table in tables for key in table})
    if near:
        return visible(near)
    elsewhere = next(_places(root, name, ()), None)
    return f"did you mean `{visible(elsewhere)}`?" if elsewhere else ""


def _places(value: Any, name: str, path: tuple[str, ...]) -> Iterator[str]:
    """Paths of fields with that name, the shallow ones of each branch first. `raw` repeats the others."""
    if isinstance(value, list | tuple):
        for item in value[:1]:
            yield from _places(item, name, path)
    elif isinstance(value, Mapping) and len(path) < DEEPEST:
        if name in value and path:
            yield ".".join((*path, name))
        for key, inner in value.items():
            if path or key != "raw":
                yield from _places(inner, name, (*path, str(key)))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value
