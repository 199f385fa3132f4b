"""The paths that a template reads, and where in it they stand.

Liquid's own analysis is exact and costs as much as the template's compilation. Nearly every path of nearly every
rule is known, so a quick look comes first: it may take a word for a path that is none, and then Liquid decides.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from automation.engine.template import compile_text
from automation.engine.trails import Segment, follow_template
from automation.model.errors import TemplateFailed
from automation.model.fields import Forms

_OPEN = re.compile(r"\{[{%]")
_TAG = re.compile(r"\{[{%]([^{}]*)[%}]\}")
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_PATH = re.compile(r"(?<![\w.-])([A-Za-z_][\w-]*)((?:\s*\.\s*[\w-]+|\[\d+\])*)(\s*[.\[])?")
_STEP = re.compile(r"\.\s*([\w-]+)|\[(\d+)\]")
_ANY_STEP = re.compile(r"\s*(?:\.\s*([\w-]+)|\[\s*(?:\d+|'([^']*)'|\"([^\"]*)\")\s*\])")
"""One step of a path; the group is its name, wherever that stands."""
_LOOP = re.compile(
    r"\{%-?\s*for\s+([\w-]+)\s+in\s+([\w-]+)(\s*-?%\}|\s+(?:limit|offset|reversed)\b)?"
)
"""A loop; the last group is there when its list is a root as it stands."""
_SINGLE = re.compile(r"\{\{-?([^{}|]*?)(\|[^{}]*?)?-?\}\}")
_SAME_ELEMENTS = re.compile(r"(?:\|\s*(?:(?:reverse|uniq|sort)\s*|sort\s*:[^|]*))*")


@dataclass(frozen=True, slots=True)
class Use:
    """One path in a template. `offset` is where it begins."""

    root: str
    path: tuple[Segment, ...]
    offset: int


class Begun(Protocol):
    """What a root may be."""

    @property
    def forms(self) -> Forms:
        """Its forms."""


def plainly_known(text: str, roots: Mapping[str, Begun]) -> bool:
    """Whether a quick look finds nothing in the template that could be unknown."""
    tags = list(_TAG.finditer(text))
    if len(tags) != len(_OPEN.findall(text)):
        return False
    for tag in tags:
        for found in _PATH.finditer(_TEXT.sub("''", tag[1])):
            root = roots.get(found[1])
            if root is None:
                continue
            if found[3] or not follow_template(root.forms, _steps(found[2])).forms:
                return False
    return True


def uses(text: str) -> Iterator[Use]:
    """Every path whose root the template does not make itself, in the order of their roots."""
    try:
        analysis = compile_text(text).compiled.analyze()
    except TemplateFailed:
        return  # is reported where the template is built
    for root, found in analysis.globals.items():
        for one in found:
            path = tuple(step if isinstance(step, str | int) else None for step in one.segments[1:])
            yield Use(root, path, one.span.index)


def loops(text: str) -> Mapping[str, str]:
    """The names that `{% for name in list %}` gives to elements of a list that is a root, and which root that is."""
    found: dict[str, set[str]] = {}
    for loop in _LOOP.finditer(text):
        found.setdefault(loop[1], set()).add(loop[2] if loop[3] else "")
    return {
        name: next(iter(roots))
        for name, roots in found.items()
        if len(roots) == 1 and "" not in roots
    }


def uses_in_loops(text: str, names: Collection[str]) -> Iterator[Use]:
    """Every path that begins with one of these names, which only the template's own loops give."""
    try:
        analysis = compile_text(text).compiled.analyze()
    except TemplateFailed:
        return  # is reported where the template is built
    for root in names:
        for one in analysis.variables.get(root, ()) if root not in analysis.globals else ():
            path = tuple(step if isinstance(step, str | int) else None for step in one.segments[1:])
            yield Use(root, path, one.span.index)


def looped_over(text: str) -> tuple[str, tuple[Segment, ...]] | None:
    """Root and path of a `for_each` whose elements are those of a list in the event, in whatever order."""
    found = _SINGLE.fullmatch(text.strip())
    if found is None or not _SAME_ELEMENTS.fullmatch(found[2] or ""):
        return None
    path = _PATH.fullmatch(found[1].strip())
    return (path[1], _steps(path[2])) if path and not path[3] else None


def _steps(text: str) -> tuple[Segment, ...]:
    return tuple(int(step[2]) if step[2] else step[1] for step in _STEP.finditer(text))


def step_offset(text: str, use: Use, step: int) -> int:
    """Where the step of the path begins in the template; where it cannot be told, the path's own beginning."""
    at = use.offset + len(use.root)
    if not text.startswith(use.root, use.offset):
        return use.offset
    for number in range(step + 1):
        found = _ANY_STEP.match(text, at)
        if found is None:
            break
        at = found.end()
        if number == step and found.lastindex:
            return found.start(found.lastindex)
    return use.offset
