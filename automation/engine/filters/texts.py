"""Filters on text. Each is linear in what it is given and makes."""

import re
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from automation.engine.data import MAX_ITEMS, as_text, bounded, fits, items_of
from automation.engine.filters.numbers import whole

_TAG = re.compile(r"<[^<>]*>")
_ENTITIES = (
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&#39;", "'"),
    ("&amp;", "&"),
)
"""The last one last, so that nothing is read twice."""


def append(value: Any, more: Any) -> str:
    """`text | append: "x"`: the text, then x."""
    return bounded(as_text(value) + as_text(more))


def prepend(value: Any, more: Any) -> str:
    """`text | prepend: "x"`: x, then the text."""
    return bounded(as_text(more) + as_text(value))


def upcase(value: Any) -> str:
    """`text | upcase`: in capitals."""
    return bounded(as_text(value).upper())


def downcase(value: Any) -> str:
    """`text | downcase`: in small letters."""
    return bounded(as_text(value).lower())


def capitalize(value: Any) -> str:
    """`text | capitalize`: the first letter large, the rest small."""
    return bounded(as_text(value).capitalize())


def strip(value: Any) -> str:
    """`text | strip`: without space at both ends."""
    return as_text(value).strip()


def lstrip(value: Any) -> str:
    """`text | lstrip`: without space at its start."""
    return as_text(value).lstrip()


def rstrip(value: Any) -> str:
    """`text | rstrip`: without space at its end."""
    return as_text(value).rstrip()


def squish(value: Any) -> str:
    """`text | squish`: every run of space, line breaks too, as one space; none at the ends."""
    return " ".join(as_text(value).split())


def strip_newlines(value: Any) -> str:
    """`text | strip_newlines`: without line breaks."""
    return as_text(value).replace("\r", "").replace("\n", "")


def strip_html(value: Any) -> str:
    """`text | strip_html`: without <tags>, and with &amp; &lt; &gt; &quot; &#39; &nbsp; as signs."""
    text = _TAG.sub("", as_text(value))
    for code, sign in _ENTITIES:
        text = text.replace(code, sign)
    return text


def first_line(value: Any) -> str:
    """`text | first_line`: up to the first line break, without space at both ends."""
    return as_text(value).strip().partition("\n")[0].strip()


def replace(value: Any, old: Any, new: Any = "") -> str:
    """`text | replace: "a", "b"`: with b for every a."""
    return _replaced(value, old, new, -1)


def replace_first(value: Any, old: Any, new: Any = "") -> str:
    """`text | replace_first: "a", "b"`: with b for the first a."""
    return _replaced(value, old, new, 1)


def replace_last(value: Any, old: Any, new: Any = "") -> str:
    """`text | replace_last: "a", "b"`: with b for the last a."""
    text, this = as_text(value), as_text(old)
    head, found, tail = text.rpartition(this) if this else (text, "", "")
    return bounded(head + as_text(new) + tail) if found else text


def remove(value: Any, old: Any) -> str:
    """`text | remove: "a"`: without any a."""
    return _replaced(value, old, "", -1)


def remove_first(value: Any, old: Any) -> str:
    """`text | remove_first: "a"`: without the first a."""
    return _replaced(value, old, "", 1)


def remove_last(value: Any, old: Any) -> str:
    """`text | remove_last: "a"`: without the last a."""
    return replace_last(value, old)


def _replaced(value: Any, old: Any, new: Any, count: int) -> str:
    text, this, that = as_text(value), as_text(old), as_text(new)
    if not this:
        return text
    found = text.count(this) if count < 0 else min(text.count(this), count)
    fits(len(text) + found * (len(that) - len(this)))
    return text.replace(this, that, count)


def truncate(value: Any, length: Any = 50, end: Any = "…") -> str:
    """`text | truncate: 50`: at most that many characters, an ellipsis included."""
    text, limit, tail = as_text(value), whole(length), as_text(end)
    return text if len(text) <= limit else bounded(text[: max(0, limit - len(tail))] + tail)


def truncatewords(value: Any, count: Any = 15, end: Any = "…") -> str:
    """`text | truncatewords: 15`: at most that many words, then an ellipsis."""
    text, limit = as_text(value), max(1, min(whole(count), MAX_ITEMS))
    words = text.split(maxsplit=limit)
    return text if len(words) <= limit else bounded(" ".join(words[:limit]) + as_text(end))


def split(value: Any, sep: Any = " ") -> list[str]:
    """`text | split: ","`: the parts, empty ones too; of an empty text, none. By "" into characters."""
    text, mark = as_text(value), as_text(sep)
    if not text:
        return []
    parts = text.split(mark, MAX_ITEMS) if mark else list(text[: MAX_ITEMS + 1])
    return items_of(parts)


def url_encode(value: Any) -> str:
    """`text | url_encode`: as part of an address."""
    text = as_text(value)
    fits(len(text))
    return bounded(quote_plus(text, errors="replace"))


def url_decode(value: Any) -> str:
    """`text | url_decode`: back from an address."""
    text = as_text(value)
    fits(text.count("%") * 10)  # each is a piece of its own on the way
    return unquote_plus(text)
