"""Templates: Liquid, strict, typed and bounded.

A text that is exactly one `{{ … }}` keeps the value's own type; anything around it makes text.
Values are data: they are never scanned for `{{ }}` again, and in a body they go in as plain text
unless `| markdown`. Roots are given by the caller and nothing else is there: no environment, no
secrets, no include, no clock.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError, UndefinedError

from automation.engine import faults
from automation.engine.data import plain
from automation.engine.faults import Fault, Uses
from automation.engine.rendering import BODY, TEXT, Context, Text, defined, prepare
from automation.model.errors import TemplateFailed

KEPT = 4096
"""How many compiled templates are kept; rules repeat themselves."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template."""

    source: str
    compiled: BoundTemplate
    typed: bool
    roots: frozenset[str]

    def render(self, roots: Mapping[str, Any]) -> Any:
        """The value: its own type for a single `{{ … }}`, else text. Raises TemplateFailed."""
        try:
            return self._rendered(Context(self.compiled, globals=roots))
        except UndefinedError as error:
            raise TemplateFailed(f"{_missing(error)} in `{_short(self.source)}`") from error
        except LiquidError as error:
            raise TemplateFailed(f"{error.message} in `{_short(self.source)}`") from error
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            message = str(error).partition("\n")[0] or type(error).__name__
            raise TemplateFailed(f"{message} in `{_short(self.source)}`") from error

    def _rendered(self, context: Context) -> Any:
        if self.typed:
            node = self.compiled.nodes[0]
            assert isinstance(node, OutputNode)
            return plain(defined(node.expression.evaluate(context)))
        written = Text()
        self.compiled.render_with_context(context, written)
        return written.getvalue()


def _missing(error: UndefinedError) -> str:
    path = str(error.message).removesuffix(" is undefined").strip("'")
    return f"`{path}` is not there (`| or_else: …` says what stands in for it)"


def _short(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 60 else line[:57] + "..."


def is_template(text: str) -> bool:
    """Whether the text has anything to render."""
    return "{{" in text or "{%" in text


def examine(
    source: str, roots: Collection[str], *, body: bool = False
) -> tuple[Template | None, tuple[Fault, ...]]:
    """The template, and all that is wrong with it; None if it cannot be read at all."""
    made = _made(source, body)
    return made.template, (*made.wrong, *faults.of_roots(made.uses, roots))


def compile_text(source: str, *, body: bool = False) -> Template:
    """Compile. Raises TemplateFailed with what is wrong first."""
    made = _made(source, body)
    if made.template is None or made.wrong:
        raise TemplateFailed(made.wrong[0].message)
    return made.template


@dataclass(frozen=True, slots=True)
class _Made:
    """A text compiled once: the template, what is wrong with it anywhere, and the roots it names."""

    template: Template | None
    wrong: tuple[Fault, ...]
    uses: Uses = ()


@lru_cache(maxsize=KEPT)
def _made(source: str, body: bool) -> _Made:
    fault = faults.of_tags(source)
    if fault is not None:
        return _Made(None, (fault,))
    try:
        compiled = (BODY if body else TEXT).from_string(source)
    except LiquidError as error:
        return _Made(None, (faults.of_parsing(source, error),))
    prepare(compiled)
    single = len(compiled.nodes) == 1 and isinstance(compiled.nodes[0], OutputNode)
    uses = faults.uses_of(compiled)
    template = Template(source, compiled, single and not body, frozenset(name for name, _ in uses))
    return _Made(template, tuple(faults.of_filters(compiled)), uses)
