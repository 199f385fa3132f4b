"""The filters of the rules language: an allow-list, each with a bound on its work and on what it makes.

They are Liquid's own where the rules language has no better meaning, written anew: Liquid guesses
numbers from texts, and some of its filters are quadratic or unbounded.
https://shopify.github.io/liquid/filters/abs/
"""

from collections.abc import Callable, Mapping
from typing import Any

from automation.engine.data import is_nothing
from automation.engine.filters import bodies, lists, numbers, texts, times

Filter = Callable[..., Any]


def or_else(value: Any, other: Any) -> Any:
    """`x | or_else: y`: y where x is missing, null or nothing; never for false, 0 or ""."""
    return other if is_nothing(value) else value


def default(value: Any, other: Any) -> Any:
    """`x | default: y`: y where x is nothing, and also where it is false, "" or an empty list."""
    hollow = is_nothing(value) or value is False or value in ("", [], {})
    return other if hollow else value


FILTERS: Mapping[str, Filter] = {
    "abs": numbers.absolute,
    "append": texts.append,
    "at_least": numbers.at_least,
    "at_most": numbers.at_most,
    "bullets": bodies.bullets,
    "capitalize": texts.capitalize,
    "ceil": numbers.ceil,
    "compact": lists.compact,
    "concat": lists.concat,
    "date": times.formatted,
    "date_only": times.date_only,
    "default": default,
    "divided_by": numbers.divided_by,
    "downcase": texts.downcase,
    "find": lists.find,
    "find_index": lists.find_index,
    "first": lists.first,
    "first_line": texts.first_line,
    "floor": numbers.floor,
    "has": lists.has,
    "join": lists.join,
    "json": lists.to_json,
    "last": lists.last,
    "lstrip": texts.lstrip,
    "map": lists.mapped,
    "markdown": bodies.markdown,
    "minus": numbers.minus,
    "minus_time": times.minus_time,
    "modulo": numbers.modulo,
    "or_else": or_else,
    "pluck": lists.pluck,
    "plus": numbers.plus,
    "plus_time": times.plus_time,
    "prepend": texts.prepend,
    "quote": bodies.quote,
    "reject": lists.reject,
    "remove": texts.remove,
    "remove_first": texts.remove_first,
    "remove_last": texts.remove_last,
    "replace": texts.replace,
    "replace_first": texts.replace_first,
    "replace_last": texts.replace_last,
    "reverse": lists.reverse,
    "round": numbers.rounded,
    "rstrip": texts.rstrip,
    "size": lists.size,
    "slice": lists.part,
    "sort": lists.sort,
    "sort_natural": lists.sort_natural,
    "split": texts.split,
    "squish": texts.squish,
    "strip": texts.strip,
    "strip_html": texts.strip_html,
    "strip_newlines": texts.strip_newlines,
    "sum": numbers.total,
    "times": numbers.times,
    "to_number": numbers.to_number,
    "todos": bodies.todos,
    "truncate": texts.truncate,
    "truncatewords": texts.truncatewords,
    "uniq": lists.uniq,
    "upcase": texts.upcase,
    "url_decode": texts.url_decode,
    "url_encode": texts.url_encode,
    "where": lists.where,
    "without": lists.without,
}
"""Every filter by its name."""

FORGIVING = frozenset({"or_else", "default"})
"""Filters that may be given what is not there; for all others that is an error."""

SHALLOW = FORGIVING | {
    *("compact", "concat", "find", "find_index", "first", "has", "last", "map", "pluck", "reject"),
    *("reverse", "size", "slice", "where"),
}
"""Filters that pass elements on without looking at all that is inside them."""
