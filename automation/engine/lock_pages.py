"""What templates and conditions see of a page that `find` gave: its properties, as the lock has them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from liquid.builtin.expressions import FilteredExpression, StringLiteral
from liquid.builtin.expressions import Path as Variable

from automation.engine.known_file import Root
from automation.engine.rendering import expressions, nodes
from automation.engine.template import compile_text
from automation.engine.trails import Ground
from automation.model.errors import TemplateFailed
from automation.model.fields import ANYTHING, Field, Fields, Form, Forms, Kind, ListOf, Plain
from automation.model.lock import LockedProperty, LockedSource

MAX_LISTED = 12

TEXT: Forms = (Plain(Kind.TEXT),)
TIME: Forms = (Plain(Kind.TIME),)
TEXTS: Forms = (ListOf(TEXT),)
DATE: Forms = (*TIME, Fields({"start": Field(forms=TIME), "end": Field(forms=TIME)}))
FORMS: Mapping[str, Forms] = {
    **dict.fromkeys(("title", "rich_text", "url", "email", "phone_number"), TEXT),
    **dict.fromkeys(("created_by", "last_edited_by"), TEXT),
    **dict.fromkeys(("created_time", "last_edited_time"), TIME),
    **dict.fromkeys(("relation", "people", "files", "multi_select"), TEXTS),
    "number": (Plain(Kind.NUMBER),),
    "checkbox": (Plain(Kind.BOOLEAN),),
    "date": DATE,
}
"""What a property's value is to a template; of other types it may be anything."""

OWN: Mapping[str, Forms] = {
    "id": TEXT,
    "url": TEXT,
    "title": TEXT,
    "created_time": TIME,
    "last_edited_time": TIME,
}
"""A page's own words, which win over properties of those names."""

BY_NAME = frozenset(
    {"pluck", "map", "where", "reject", "find", "find_index", "has", "sort", "uniq", "sum"}
)
"""Filters of lists that are given the name of a field."""
_BY_NAME = re.compile(rf"\|\s*(?:{'|'.join(sorted(BY_NAME))})\b")
SAME_PAGES = frozenset({"where", "reject", "sort", "uniq", "reverse", "compact"})
"""Filters that leave pages what they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The pages of one data source: what one of them may be, and what many of them are."""

    source: LockedSource
    ground: Ground
    forms: Forms
    names: tuple[str, ...]

    @property
    def one(self) -> Root:
        """A page."""
        return Root(self.forms, self.ground)

    @property
    def many(self) -> Root:
        """A list of pages."""
        return Root((ListOf(self.forms),), self.ground)

    def has(self, name: str) -> bool:
        """Whether a page has a field of that name."""
        return name in self.names or name in OWN or name == "properties"


def pages_of(source: LockedSource) -> Pages:
    """What is known of the data source's pages."""
    properties = {one.name: Field(forms=_forms(one)) for one in source.properties}
    fields = Fields(
        {
            **properties,
            "properties": Field(forms=(Fields(properties),)),
            **{name: Field(forms=forms) for name, forms in OWN.items()},
        }
    )
    names = tuple(one.name for one in source.properties)
    ground = Ground(
        title=f"`{source.title}`",
        events=(fields,),
        published=True,
        schemas=(),
        look=f"it has: {listed(names)}",
    )
    return Pages(source=source, ground=ground, forms=(fields,), names=names)


def listed(names: Sequence[str]) -> str:
    """Names for a message, not all where they are many."""
    more = ", …" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more


def _forms(one: LockedProperty) -> Forms:
    if one.type in {"select", "status"}:
        options: Form = Plain(Kind.TEXT, tuple(option.name for option in one.options))
        return (options,)
    return FORMS.get(one.type, ANYTHING)


# names given to filters ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Named:
    """A property that a filter of a list of pages is given by name, and how far into the text it stands."""

    root: str
    name: str
    offset: int


def named(text: str) -> Iterator[Named]:
    """`{{ stale | pluck: "Status" }}`: every such name."""
    if _BY_NAME.search(text) is None:
        return
    try:
        compiled = compile_text(text).compiled
    except TemplateFailed:
        return  # is reported where the template is built
    for node in nodes(compiled):
        for expression in expressions(node):
            if isinstance(expression, FilteredExpression):
                yield from _of_filters(expression)


def _of_filters(expression: FilteredExpression) -> Iterator[Named]:
    left = expression.left
    if not isinstance(left, Variable) or len(left.path) != 1 or not isinstance(left.path[0], str):
        return
    for one in expression.filters or ():
        given = one.args[0].value if one.args else None
        if one.name in BY_NAME and isinstance(given, StringLiteral):
            yield Named(left.path[0], given.value, given.token.start_index + 1)
        if one.name not in SAME_PAGES:
            return
