"""The paths that a template reads, and where in it they stand.

Liquid's own analysis is exact and costs as much as the template's compilation. Nearly every path of nearly every
rule is known, so a quick look comes first: it may take a word for a path that is none, and then Liquid decides.
"""

import re
from collections.abc import Iterator, Mapping
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
    found = _PATH.match(text, use.offset)
    if found is None:
        return use.offset
    places = [one.start(1) for one in _STEP.finditer(text, found.start(2), found.end(2))]
    return places[step] if step < len(places) and places[step] >= 0 else use.offset
