"""What is wrong with a template before it is ever rendered, and where in its text.

The tags and braces are looked at first, in one pass that is linear however hostile the text; the
expressions inside them are read by python-liquid; then every filter, its arguments, and every root
is held against what there is.
"""

import inspect
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from liquid import BoundTemplate
from liquid.builtin.expressions import FilteredExpression, KeywordArgument
from liquid.builtin.expressions.filtered import Filter
from liquid.exceptions import LiquidError

from automation.engine.filters import FILTERS
from automation.engine.problems import nearest
from automation.engine.rendering import TEXT, expressions, nodes

KEYWORDS = frozenset(
    {
        *("true", "false", "nil", "null", "empty", "blank", "and", "or", "not", "contains", "in"),
        *("if", "else", "for", "as", "with", "limit", "offset", "reversed", "cols", "continue"),
        *("required",),
    }
)
"""Words that mean something in an expression."""
MAX_SOURCE = 20_000
MAX_EXPRESSION = 2_000

BLOCKS = {
    "if": ("elsif", "else"),
    "unless": ("elsif", "else"),
    "case": ("when", "else"),
    "for": ("else",),
}
"""Tags that are closed by `end…`, and what may stand between."""
TAGS = (*BLOCKS, "assign", "break", "continue", "comment", "raw", "#")

_OPEN = re.compile(r"\{\{|\{%")
_NAME = re.compile(r"-?\s*(#|\w*)")
_END = {word: re.compile(r"\{%-?\s*end" + word + r"\s*-?%\}") for word in ("comment", "raw")}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: how far into the text, how long, and what would help."""

    offset: int
    length: int
    message: str
    help: str = ""


# braces and tags ----------------------------------------------------------------------------------


def of_tags(source: str) -> Fault | None:
    """What is wrong with the braces and tags, or nothing."""
    if len(source) > MAX_SOURCE:
        return Fault(MAX_SOURCE, 1, f"a template may have at most {MAX_SOURCE} characters")
    open_blocks: list[tuple[str, int]] = []
    at = 0
    while found := _OPEN.search(source, at):
        close = "}}" if found[0] == "{{" else "%}"
        end = source.find(close, found.end())
        fault = _of_one(source, found.start(), end, open_blocks)
        if fault is not None:
            return fault
        at = _behind(source, found, end + 2)
        if at < 0:
            return Fault(found.start(), 2, "this tag is never closed", "its `end…` tag closes it")
    if open_blocks:
        name, start = open_blocks[-1]
        return Fault(start, len(name), f"`{name}` is never closed", f"{{% end{name} %}} closes it")
    return None


def _of_one(source: str, start: int, end: int, open_blocks: list[tuple[str, int]]) -> Fault | None:
    opening = source[start : start + 2]
    inside = source[start + 2 : end if end >= 0 else len(source)]
    if end < 0 or _OPEN.search(inside):
        close = "}}" if opening == "{{" else "%}"
        return Fault(start, 2, f"`{opening}` is never closed", f"`{close}` closes it")
    if len(inside) > MAX_EXPRESSION:
        return Fault(start, 2, f"an expression may have at most {MAX_EXPRESSION} characters")
    if opening == "{{":
        return (
            None
            if inside.strip(" \t\n-")
            else Fault(start, end + 2 - start, "there is nothing between the braces")
        )
    name = _NAME.match(inside)
    assert name is not None
    return _of_tag(name[1], start + 2 + name.start(1), open_blocks)


def _of_tag(name: str, at: int, open_blocks: list[tuple[str, int]]) -> Fault | None:
    if name in BLOCKS:
        open_blocks.append((name, at))
        return None
    if name in TAGS:
        return None
    inner = open_blocks[-1][0] if open_blocks else ""
    if inner and name in BLOCKS[inner]:
        return None
    if name.startswith("end") and name[3:] in BLOCKS:
        if name[3:] != inner:
            helps = f"{{% end{inner} %}} closes the `{inner}` before it" if inner else ""
            return Fault(at, len(name), f"`{name}` closes nothing here", helps)
        open_blocks.pop()
        return None
    if any(name in words for words in BLOCKS.values()):
        return Fault(at, len(name), f"`{name}` stands outside of what it belongs to")
    return Fault(
        at,
        max(1, len(name)),
        f"there is no tag `{name}`" if name else "a tag needs a name",
        nearest(name, TAGS) or f"the tags are {', '.join(TAGS[:-1])}",
    )


def _behind(source: str, found: re.Match[str], end: int) -> int:
    """Where to look on: behind the tag, or behind the end of a comment or of raw text; -1 without one."""
    name = _NAME.match(source, found.end())
    ending = _END.get(name[1]) if name and found[0] == "{%" else None
    if ending is None:
        return end
    closed = ending.search(source, end)
    return closed.end() if closed else -1


# expressions --------------------------------------------------------------------------------------

_FOUND = re.compile(r"expected (.+), found (.+)")
_KINDS = {
    "end of expression": "the end",
    "string": "a text",
    "integer": "a number",
    "float": "a number",
    "word": "a name",
    "a primitive expression": "a value",
    "an identifier": "a name",
    "a comma separated list of arguments": "a comma",
    "in": "`in`",
}
_HELP = {
    "+": "there are no signs for reckoning; use `| plus: 1`",
    "-": "there are no signs for reckoning; use `| minus: 1`",
    "*": "there are no signs for reckoning; use `| times: 2`",
    "/": "there are no signs for reckoning; use `| divided_by: 2`",
    "=": "`==` compares",
    "&": "`and` joins two conditions",
    "!": "`!=` compares; `unless` turns a condition round",
    "?": "use {% if … %} … {% else %} … {% endif %}",
    "(": "conditions have no parentheses; write one {% if %} inside the other",
    "not": "`unless` turns a condition round",
    "if": "use {% if … %} … {% else %} … {% endif %}",
    "string": "what a filter is given stands behind a colon: `| append: 'x'`",
    "'": "a text stands between two quotes of one kind",
    '"': "a text stands between two quotes of one kind",
}


def of_parsing(source: str, error: LiquidError) -> Fault:
    """What python-liquid's parser says, in our words and with its place."""
    token = error.token
    message = str(error.message or "")
    if token is None or token.start_index < 0:
        offset, length = _unfinished(source), 2
    else:
        offset, length = token.start_index, max(1, len(token.value))
    kind = token.kind if token else ""
    if kind == "string":
        filtered = "|" in source[source.rfind("{{", 0, offset) : offset]
        return Fault(offset, length, _plain(message), _HELP["string"] if filtered else "")
    if kind in KEYWORDS and source[offset - 1 : offset] == ".":
        helps = f"a field of that name is written ['{kind}']"
        return Fault(offset - 1, length + 1, f"`{kind}` means something in a template", helps)
    sign = source[offset : offset + 1]
    return Fault(offset, length, _plain(message), _HELP.get(kind) or _HELP.get(sign, ""))


def _plain(message: str) -> str:
    found = _FOUND.fullmatch(message)
    if found is not None:
        return f"expected {_kind(found[1])}, found {_kind(found[2])}"
    if message.startswith("integer string conversion"):
        return "a number is too long"
    if message.startswith("disallowed"):
        return f"templates have no {message.removeprefix('disallowed ').partition(' in ')[0]}"
    return message[:1].lower() + message[1:] if message else "this cannot be read"


def _kind(text: str) -> str:
    return _KINDS.get(text, text.replace("'", "`") if text.startswith("'") else text)


def _unfinished(source: str) -> int:
    """The place of an expression that ends too early: the closing braces behind it."""
    for found in re.finditer(r"\{\{.*?\}\}|\{%.*?%\}", source, re.DOTALL):
        name = _NAME.match(found[0], 2)
        if not _parses(found[0], name[1] if name else ""):
            return found.end() - 2
    return 0


def _parses(piece: str, name: str) -> bool:
    """Whether one tag or output can be read by itself, with what belongs around it."""
    before = {"elsif": "{% if 1 %}", "when": "{% case 1 %}"}.get(name, "")
    after = {"elsif": "{% endif %}", "when": "{% endcase %}"}.get(name, "")
    if name in BLOCKS:
        after = f"{{% end{name} %}}"
    if name == "else" or name.startswith("end"):
        return True
    try:
        TEXT.from_string(before + piece + after)
    except LiquidError:
        return False
    return True


# what is used -------------------------------------------------------------------------------------


def of_filters(compiled: BoundTemplate) -> Iterator[Fault]:
    """Unknown filters, and filters given too little or too much."""
    for node in nodes(compiled):
        for expression in expressions(node):
            if isinstance(expression, FilteredExpression):
                for one in expression.filters or ():
                    yield from _of_filter(one)


Uses = tuple[tuple[str, int], ...]
"""The roots a template names, and where each time."""


def uses_of(compiled: BoundTemplate) -> Uses:
    """What a template expects to be there."""
    found = compiled.analyze().globals.items()
    return tuple((name, use.span.index) for name, uses in found for use in uses)


def of_roots(uses: Uses, roots: Collection[str]) -> Iterator[Fault]:
    """Names of which there is nothing."""
    for name, at in uses:
        if name not in roots:
            helps = nearest(name, roots) or f"there are {', '.join(sorted(roots))}"
            yield Fault(at, len(name), f"there is nothing called `{name}` here", helps)


def _of_filter(one: Filter) -> Iterator[Fault]:
    name, at = one.name, one.token.start_index
    if name not in FILTERS:
        yield Fault(at, len(name), f"there is no filter `{name}`", nearest(name, FILTERS))
        return
    least, most = ARITY[name]
    named = [argument.name for argument in one.args if isinstance(argument, KeywordArgument)]
    given = len(one.args)
    if named:
        yield Fault(at, len(name), f"`{name}` takes no `{named[0]}:`", usage(name))
    elif not least <= given <= most:
        takes = str(least) if least == most else f"{least} to {most}"
        what = "values" if most != 1 else "value"
        yield Fault(at, len(name), f"`{name}` takes {takes} {what}, not {given}", usage(name))


def usage(name: str) -> str:
    """How a filter is written: the first line of its docstring."""
    return (FILTERS[name].__doc__ or "").strip().partition("\n")[0].replace("`", "")


def _arity(name: str) -> tuple[int, int]:
    parameters = list(inspect.signature(FILTERS[name]).parameters.values())[1:]
    needed = sum(one.default is inspect.Parameter.empty for one in parameters)
    return needed, len(parameters)


ARITY: Mapping[str, tuple[int, int]] = {name: _arity(name) for name in FILTERS}
"""How many values each filter takes beside its input, at least and at most."""
