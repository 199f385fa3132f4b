"""The elements of a `for_each`: which they are, and the key that tells each apart for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine.data import MAX_ITEMS, as_text
from automation.engine.match import Line, Scope, Table
from automation.engine.rules import Loop, Step
from automation.engine.showing import kind_of
from automation.model.errors import TemplateFailed


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its key, and the roots that steps inside the loop see."""

    key: str
    roots: dict[str, Any]


def elements(
    step: Step, loop: Loop, roots: Mapping[str, Any], *, now: datetime, zone: ZoneInfo
) -> list[Element]:
    """The elements that are to be done. Raises TemplateFailed."""
    items = loop.over.render(roots)
    if items is None:
        return []
    if not isinstance(items, list):
        raise TemplateFailed(f"`for_each` of step `{step.id}` needs a list, not {kind_of(items)}")
    found: list[Element] = []
    for index, item in enumerate(items):
        if len(found) == loop.at_most:
            break
        inside = {**roots, loop.name: item}
        scope = Scope(roots=inside, now=now, zone=zone)
        if loop.only is None or loop.only.passes(inside, scope):
            found.append(Element(_key(step, loop, inside, index), inside))
    if len(found) > MAX_ITEMS:
        raise TemplateFailed(
            f"step `{step.id}` has {len(found)} elements, and {MAX_ITEMS} is the most; `at_most` cuts"
        )
    _refuse_twins(step, found)
    return found


def _key(step: Step, loop: Loop, roots: Mapping[str, Any], index: int) -> str:
    if loop.key is None:
        return str(index)
    value = loop.key.render(roots)
    if value is None or value == "":
        raise TemplateFailed(f"the `key` of element {index} of step `{step.id}` is nothing")
    return as_text(value).replace("%", "%25").replace("/", "%2F")


def _refuse_twins(step: Step, found: list[Element]) -> None:
    """Two elements of one key would be one effect, and one of them would be lost."""
    seen: set[str] = set()
    for one in found:
        if one.key in seen:
            raise TemplateFailed(f"two elements of step `{step.id}` have the `key` {one.key!r}")
        seen.add(one.key)


def split(condition: Table | None, loop: Loop) -> tuple[Table, Table]:
    """The lines of an `if` that are asked once, and those about each element."""
    lines = condition.lines if condition else ()
    each = tuple(line for line in lines if _is_about(line, loop.name))
    once = tuple(line for line in lines if not _is_about(line, loop.name))
    return Table(lines=once), Table(lines=each)


def _is_about(line: Line, name: str) -> bool:
    return line.path[0] == name or name in line.reads
