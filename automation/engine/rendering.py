"""Liquid as the rules language has it: strict, without a clock, and bounded.

python-liquid's own limits do not count what filters do inside a chain, nor what loops do one after
the other; so every render has a budget of work, and filters, loops, comparisons and texts spend it.
https://jg-rp.github.io/liquid/
"""

from collections.abc import Iterator
from io import StringIO
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.ast import Node
from liquid.builtin import content, illegal
from liquid.builtin.expressions import FilteredExpression, logical
from liquid.builtin.expressions import Path as LiquidPath
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import (
    assign_tag,
    case_tag,
    comment_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import UndefinedError
from liquid.expression import Expression
from liquid.undefined import StrictUndefined, Undefined
from liquid.utils import ReadOnlyChainMap

from automation.engine.data import TooMuch, as_text, fits, items_of, weight, wrong
from automation.engine.escaping import Place, in_body, place_of
from automation.engine.filters import FILTERS, FORGIVING, SHALLOW, Filter

MAX_WORK = 5_000_000
"""Characters that the filters, loops and texts of one render may handle together."""
PER_LINE = 40
"""What a line of a value costs in a body."""
COSTS = {"node": 20, "output": 60, "filter": 60, "expression": 35, "step": 10}
"""What each piece of a template costs every time round a loop; a unit is about 40 ns."""


class Context(RenderContext):
    """What one render knows: the roots it was given and nothing else, and how much work is left."""

    __slots__ = ("left", "step")

    def __init__(self, template: BoundTemplate, **options: Any) -> None:
        super().__init__(template, **options)
        # Without python-liquid's `now` and `today`, which read the wall clock.
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self.left = MAX_WORK
        self.step = 0

    def spend(self, work: int) -> None:
        """Take from the budget. Raises TooMuch."""
        self.left -= work
        if self.left < 0:
            raise TooMuch("this template does too much work for one event")

    def weigh(self, value: Any, *, deep: bool = True) -> None:
        """Pay for handling a value."""
        self.spend(weight(value, self.left, deep=deep))

    def pay_for_lines(self, value: Any) -> None:
        """Pay for escaping every line of a text."""
        self.spend(value.count("\n") * PER_LINE if isinstance(value, str) else 0)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Pay for a loop before it begins."""
        self.spend(length * self.step)

    def filter(self, name: str, token: Token | None) -> Filter:
        """The filter, strict about what is not there, and paid for."""
        function = FILTERS[name]

        def paid(value: Any, *arguments: Any, **named: Any) -> Any:
            given = (*arguments, *named.values())
            for one in given if name in FORGIVING else (value, *given):
                defined(one)
            deep = name not in SHALLOW
            for one in (value, *given):
                self.weigh(one, deep=deep)
            if name == "quote":
                self.pay_for_lines(value)
            made = function(value, *arguments, **named)
            self.weigh(made, deep=False)
            return made

        return paid


class Missing(StrictUndefined):
    """What a path that is not there gives: an error wherever it is used, except by `or_else`."""

    __slots__ = ()
    allowed_properties = StrictUndefined.allowed_properties | {"__class__"}


def defined(value: Any) -> Any:
    """The value, if there is one. Raises UndefinedError."""
    if isinstance(value, Undefined):
        raise UndefinedError(str(value.hint or value.name), token=value.token)
    return value


class Text(StringIO):
    """What a template writes, of bounded length."""

    def __init__(self) -> None:
        super().__init__()
        self.length = 0

    def write(self, text: str) -> int:
        """Write, if it fits."""
        self.length += len(text)
        fits(self.length)
        return super().write(text)


# nodes and expressions that pay -------------------------------------------------------------------


def _paying(context: RenderContext) -> Context:
    assert isinstance(context, Context)
    return context


class TextNode(OutputNode):
    """`{{ … }}` inside text."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the value as text."""
        value = defined(self.expression.evaluate(context))
        _paying(context).weigh(value)
        return buffer.write(as_text(value))


class BodyNode(OutputNode):
    """`{{ … }}` inside a body: what comes from outside is plain text."""

    __slots__ = ("place",)

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token, expression)
        self.place: Place = place_of(token.source, token.start_index)

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the value as Markdown."""
        value = defined(self.expression.evaluate(context))
        _paying(context).weigh(value)
        _paying(context).pay_for_lines(value)
        return buffer.write(in_body(value, self.place))


class TextOutput(Output):
    """The `{{ … }}` of texts."""

    node_class = TextNode


class BodyOutput(Output):
    """The `{{ … }}` of bodies."""

    node_class = BodyNode


class _ForNode(for_tag.ForNode):
    cost: int = 0
    """Of one time round."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        _paying(context).step = self.cost
        return super().render_to_output(context, buffer)


class _ForTag(for_tag.ForTag):
    node_class = _ForNode


class _CaseNode(case_tag.CaseNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        _single(defined(self.expression.evaluate(context)))
        return super().render_to_output(context, buffer)


class _CaseTag(case_tag.CaseTag):
    node_class = _CaseNode


def _single(value: Any) -> None:
    if isinstance(value, list | dict):
        raise wrong("a list or a table cannot be compared; compare one of its fields, or its size")


class _Contains(logical.ContainsExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        left, right = self.left.evaluate(context), self.right.evaluate(context)
        _single(right)
        _paying(context).weigh(left, deep=False)
        _paying(context).weigh(right)
        return super().evaluate(context)


class _Equal(logical.EqExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        _comparable(self.left.evaluate(context), self.right.evaluate(context))
        return super().evaluate(context)


class _Unequal(logical.NeExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        _comparable(self.left.evaluate(context), self.right.evaluate(context))
        return super().evaluate(context)


def _comparable(left: Any, right: Any) -> None:
    defined(left)
    defined(right)
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        _single(left)


class _Range(RangeLiteral):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> range:
        made = super().evaluate(context)
        items_of(made)
        return made


PAYING: dict[type[Expression], type[Expression]] = {
    logical.ContainsExpression: _Contains,
    logical.EqExpression: _Equal,
    logical.NeExpression: _Unequal,
    RangeLiteral: _Range,
}
"""python-liquid's parser makes expressions by their own names; each gets the class that pays instead."""


class _Limited(Environment):
    block_nesting_limit = 10
    context_depth_limit = 15

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Only what the language has."""
        for tag in (
            *(content.Literal, illegal.Illegal),
            *(if_tag.IfTag, unless_tag.UnlessTag, _CaseTag, _ForTag, assign_tag.AssignTag),
            *(for_tag.BreakTag, for_tag.ContinueTag),
            *(comment_tag.CommentTag, inline_comment_tag.InlineCommentTag),
        ):
            self.add_tag(tag)


class _Bound(BoundTemplate):
    context_class = Context


def environment(output: type[Output]) -> Environment:
    """Liquid with this kind of `{{ … }}`."""
    made = _Limited(undefined=Missing)
    made.filters = dict(FILTERS)
    made.add_tag(output)
    made.template_class = _Bound
    return made


TEXT = environment(TextOutput)
"""For single values and texts."""
BODY = environment(BodyOutput)
"""For Markdown bodies."""


# what a template is made of -----------------------------------------------------------------------


def nodes(compiled: BoundTemplate) -> Iterator[Node]:
    """Every node of a template, however deep."""
    context = RenderContext(compiled)
    todo = list(compiled.nodes)
    while todo:
        node = todo.pop()
        todo += node.children(context, include_partials=False)
        yield node


def expressions(node: Node) -> Iterator[Expression]:
    """Every expression of one node, however deep."""
    todo = list(node.expressions())
    while todo:
        expression = todo.pop()
        todo += expression.children()
        yield expression


def prepare(compiled: BoundTemplate) -> None:
    """Let expressions pay for themselves, and loops know what they cost."""
    context = RenderContext(compiled)

    def cost(node: Node) -> int:
        inner = sum(cost(one) for one in node.children(context, include_partials=False))
        own = sum(map(_cost_of, expressions(node)))
        return inner + own + COSTS["output" if isinstance(node, OutputNode) else "node"]

    for node in nodes(compiled):
        for expression in expressions(node):
            paying = PAYING.get(type(expression))
            if paying is not None:
                expression.__class__ = paying
        if isinstance(node, _ForNode):
            node.cost = cost(node)


def _cost_of(expression: Expression) -> int:
    cost = COSTS["expression"]
    if isinstance(expression, FilteredExpression):
        cost += COSTS["filter"] * len(expression.filters or ())
    elif isinstance(expression, LiquidPath):
        cost += COSTS["step"] * len(expression.path)
    return cost
