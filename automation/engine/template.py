"""Templates: Liquid, strict, typed and bounded.

A text that is exactly one `{{ … }}` keeps the value's own type; anything around it makes text.
Values are data: they are never scanned for `{{ }}` again, and in a body they go in as plain text
(Markdown signs escaped) unless `| markdown`. Roots are given by the caller and nothing else is there:
no environment, no secrets, no include.
https://jg-rp.github.io/liquid/
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidError
from liquid.undefined import StrictUndefined, Undefined

from automation.engine.filters import FILTERS, Markdown, as_text, escape_markdown
from automation.engine.nothing import Nothing
from automation.model.errors import TemplateFailed

MAX_SOURCE = 20_000
MAX_OUTPUT = 1_000_000
TAGS = frozenset({"if", "unless", "case", "for", "assign", "break", "continue", "comment", "#"})


class _Limited(Environment):
    block_nesting_limit = 10
    context_depth_limit = 15
    loop_iteration_limit = 10_000
    local_namespace_limit = 1_000_000
    output_stream_limit = MAX_OUTPUT


class _BodyNode(OutputNode):
    """In a body, what comes from outside is plain text."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = _defined(self.expression.evaluate(context))
        text = value if isinstance(value, Markdown) else escape_markdown(as_text(value))
        return buffer.write(text)


class _TextNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(as_text(_defined(self.expression.evaluate(context))))


class _BodyOutput(Output):
    node_class = _BodyNode


class _TextOutput(Output):
    node_class = _TextNode


class _Missing(StrictUndefined):
    """What a path that is not there gives: an error wherever it is used, except by `or_else`."""

    __slots__ = ()
    allowed_properties = StrictUndefined.allowed_properties | {"__class__"}


def _environment(output: type[Output]) -> Environment:
    made = _Limited(undefined=_Missing)
    made.filters = dict(FILTERS)
    made.add_tag(output)
    return made


_TEXT = _environment(_TextOutput)
_BODY = _environment(_BodyOutput)


def _defined(value: Any) -> Any:
    if isinstance(value, Undefined):
        raise TemplateFailed(
            f"`{value.name}` is not there; use `| or_else: …` where it may be missing"
        )
    return value


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a template at load, and how far into its text."""

    offset: int
    message: str
    word: str = ""


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
            if self.typed:
                node: Any = self.compiled.nodes[0]
                value = node.expression.evaluate(RenderContext(self.compiled, globals=roots))
                return plain(_defined(value))
            return self.compiled.render(**roots)
        except (LiquidError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
            message = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TemplateFailed(f"{message} in `{_short(self.source)}`") from error


def plain(value: Any) -> Any:
    """A rendered value as data: no nothing-objects, no ranges, no subclasses of text."""
    if isinstance(value, Nothing) or value is None:
        return None
    if isinstance(value, Markdown):
        return str(value)
    if isinstance(value, bool | int | float | str | date | datetime):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(item) for item in value]
    return as_text(value)


def _short(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 60 else line[:57] + "..."


def is_template(text: str) -> bool:
    """Whether the text has anything to render."""
    return "{{" in text or "{%" in text


def compile_text(source: str, *, body: bool = False) -> Template:
    """Compile. Raises TemplateFailed with the parser's message."""
    if len(source) > MAX_SOURCE:
        raise TemplateFailed(f"a template may have at most {MAX_SOURCE} characters")
    try:
        compiled = (_BODY if body else _TEXT).from_string(source)
        analysis = compiled.analyze()
    except LiquidError as error:
        raise TemplateFailed(str(error).splitlines()[0]) from error
    single = len(compiled.nodes) == 1 and isinstance(compiled.nodes[0], OutputNode)
    return Template(source, compiled, single and not body, frozenset(analysis.globals))


def faults(template: Template, roots: Collection[str]) -> list[Fault]:
    """Unknown filters, tags and roots: what would otherwise fail only when it is rendered."""
    analysis = template.compiled.analyze()
    found = [
        Fault(spans[0].index, f"there is no filter `{name}`", name)
        for name, spans in analysis.filters.items()
        if name not in FILTERS
    ]
    found += [
        Fault(spans[0].index, f"the tag `{name}` is not part of the rules language", name)
        for name, spans in analysis.tags.items()
        if name not in TAGS
    ]
    found += [
        Fault(uses[0].span.index, f"there is nothing called `{name}` here", name)
        for name, uses in analysis.globals.items()
        if name not in roots
    ]
    return found
