"""A step's keys, rendered: every template inside replaced by its value."""

from collections.abc import Iterator, Mapping
from typing import Any

from automation.engine.template import Template
from automation.model.errors import TemplateFailed

PICK = frozenset({"pick", "cases", "else"})


def render(shape: Any, roots: Mapping[str, Any]) -> Any:
    """The shape with values for templates, and the chosen case for each `{ pick, cases, else }`.

    Raises TemplateFailed.
    """
    if isinstance(shape, Template):
        return shape.render(roots)
    if isinstance(shape, Mapping):
        if "pick" in shape and "cases" in shape and shape.keys() <= PICK:
            return _picked(shape, roots)
        return {key: render(value, roots) for key, value in shape.items()}
    if isinstance(shape, list | tuple):
        return [render(value, roots) for value in shape]
    return shape


def _picked(shape: Mapping[str, Any], roots: Mapping[str, Any]) -> Any:
    choice = render(shape["pick"], roots)
    word = "true" if choice is True else "false" if choice is False else str(choice)
    if choice is not None and word in shape["cases"]:
        return render(shape["cases"][word], roots)
    if "else" in shape:
        return render(shape["else"], roots)
    raise TemplateFailed(f"`pick` gave {word!r}, which is none of its cases and there is no `else`")


def templates(shape: Any) -> Iterator[Template]:
    """Every template in the shape."""
    if isinstance(shape, Template):
        yield shape
    elif isinstance(shape, Mapping):
        for value in shape.values():
            yield from templates(value)
    elif isinstance(shape, list | tuple):
        for value in shape:
            yield from templates(value)
