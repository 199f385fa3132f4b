"""A step's keys, rendered: every template inside replaced by its value.

The closed tables of a property's value are told apart when the rule is loaded, so that a property
called "pick" is never taken for one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automation.engine.data import as_text
from automation.engine.template import Template
from automation.model.errors import TemplateFailed


@dataclass(frozen=True, slots=True)
class Pick:
    """`{ pick, cases, else }`: the case the choice names. Without `else`, another choice is an error."""

    choice: Any
    cases: Mapping[str, Any]
    otherwise: Any
    has_else: bool

    def chosen(self, roots: Mapping[str, Any]) -> Any:
        """The shape of the chosen case. Raises TemplateFailed."""
        choice = render(self.choice, roots)
        if isinstance(choice, list | dict):
            raise TemplateFailed("`pick` needs one value, and got a list or a table")
        word = as_text(choice)
        if choice is not None and word in self.cases:
            return self.cases[word]
        if self.has_else:
            return self.otherwise
        shown = "nothing" if choice is None else f'"{word}"'
        raise TemplateFailed(
            f"`pick` gave {shown}, which is none of its cases ({', '.join(self.cases)}), and there is no `else`"
        )


def render(shape: Any, roots: Mapping[str, Any]) -> Any:
    """The shape with values for templates, and the chosen case for each `pick`. Raises TemplateFailed."""
    match shape:
        case Template():
            return shape.render(roots)
        case Pick():
            return render(shape.chosen(roots), roots)
        case Mapping():
            return {key: render(value, roots) for key, value in shape.items()}
        case list() | tuple():
            return [render(value, roots) for value in shape]
        case _:
            return shape


def templates(shape: Any) -> Iterator[Template]:
    """Every template in the shape, also in cases that may not be chosen."""
    match shape:
        case Template():
            yield shape
        case Pick():
            yield from templates([shape.choice, *shape.cases.values(), shape.otherwise])
        case Mapping():
            yield from templates(list(shape.values()))
        case list() | tuple():
            for value in shape:
                yield from templates(value)
        case _:
            return


def render_known(shape: Any, roots: Mapping[str, Any], known: Callable[[Template], bool]) -> None:
    """Render what can be rendered already, to learn early that it fails. Raises TemplateFailed."""
    match shape:
        case Template():
            if known(shape):
                shape.render(roots)
        case Pick():
            if all(map(known, templates(shape.choice))):
                render_known(shape.chosen(roots), roots, known)
        case Mapping():
            for value in shape.values():
                render_known(value, roots, known)
        case list() | tuple():
            for value in shape:
                render_known(value, roots, known)
        case _:
            return
