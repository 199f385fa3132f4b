"""The filters of the rules language: an allow-list, each with a bound on what it makes.

Liquid's own filters of the same name are used where their cost is linear in their input; those that
are not (`uniq`, `replace`) are our own.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from liquid.exceptions import FilterArgumentError
from liquid.undefined import Undefined

from automation.engine import dates

MAX_TEXT = 1_000_000
MAX_ITEMS = 10_000


class Markdown(str):
    """Text that is meant as Markdown, not escaped in a body."""

    __slots__ = ()


def as_text(value: Any) -> str:
    """A value inside text. Lists are joined with ", "; a table inside text is an error."""
    match value:
        case None | Undefined():
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case datetime() | date():
            return value.isoformat()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case list() | tuple():
            return ", ".join(as_text(item) for item in value)
        case Mapping():
            if len(value) == 0:
                return ""
            raise FilterArgumentError("a table cannot stand inside text", token=None)
        case _:
            return str(value)


_MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$^=:@&])")
_LINE_ENDS = re.compile(r"\r\n?|[\n\v\f\x85\u2028\u2029]")
_NO_ENTITY = frozenset("\x1c\x1d\x1e\x1f")
"""Control characters that count as blanks and that no entity can stand for; nobody sees them."""


def escape_markdown(text: str) -> str:
    """The text as plain text inside Markdown: a line break stays one, and no block is ever made.

    A blank line would end the paragraph; as a lone backslash it is one more break. Blanks at the ends
    of a line would vanish, or make code of it; as entities they are text.
    https://spec.commonmark.org/0.31.2/#hard-line-breaks
    """
    *lines, last = _LINE_ENDS.sub("\n", text).strip("\n").split("\n")
    broken = (f"{_escaped_line(line)}  \n" if line else "\\\n" for line in lines)
    return "".join(broken) + _escaped_line(last)


def _escaped_line(line: str) -> str:
    words = line.strip()
    start = line.index(words) if words else len(line)
    before, behind = line[:start], line[start + len(words) :]
    return _entities(before) + _MARKDOWN_SIGNS.sub(r"\\\1", words) + _entities(behind)


def _entities(blanks: str) -> str:
    return "".join(f"&#{ord(ch)};" for ch in blanks if ch not in _NO_ENTITY)


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise FilterArgumentError(f"a text grew past {MAX_TEXT} characters", token=None)
    return text


def _items(value: Any) -> list[Any]:
    if value is None or isinstance(value, Undefined):
        return []
    items = list(value) if isinstance(value, list | tuple | range) else [value]
    if len(items) > MAX_ITEMS:
        raise FilterArgumentError(f"a list has more than {MAX_ITEMS} elements", token=None)
    return items


def _nothing(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, Undefined)
        or (isinstance(value, Mapping) and not value and not isinstance(value, dict))
    )


def or_else(value: Any, other: Any) -> Any:
    """`x | or_else: y`: y where x is missing, null or nothing; never for false, 0 or ""."""
    return other if _nothing(value) else value


def first_line(value: Any) -> str:
    """`text | first_line`: up to the first line break, trimmed."""
    return as_text(value).strip().partition("\n")[0].strip()


def to_number(value: Any) -> int | float:
    """`text | to_number`: a number from a text such as "12" or "1.5"."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = as_text(value).strip()
    if not re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", text):
        raise FilterArgumentError(f"{text[:30]!r} is not a number", token=None)
    return float(text) if "." in text else int(text)


def _moment(value: Any) -> datetime:
    found = dates.moment(value, _UTC)
    if found is None:
        raise FilterArgumentError(f"{as_text(value)[:30]!r} is not a date", token=None)
    return found


def date_only(value: Any) -> date:
    """`moment | date_only`: the day, as the moment's own zone has it."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return _moment(value).date()


def _span(text: Any) -> timedelta:
    found = dates.duration(as_text(text))
    if found is None:
        raise FilterArgumentError(
            f"{as_text(text)[:30]!r} is not a duration such as '2 days'", token=None
        )
    return found


def plus_time(value: Any, span: Any) -> datetime:
    """`moment | plus_time: "2 days"`."""
    return _moment(value) + _span(span)


def minus_time(value: Any, span: Any) -> datetime:
    """`moment | minus_time: "2 hours"`."""
    return _moment(value) - _span(span)


def format_date(value: Any, pattern: Any) -> str:
    """`moment | date: "%A %d %B"`: strftime."""
    return _moment(value).strftime(as_text(pattern)[:100])


def _plain_line(value: Any) -> str:
    if isinstance(value, Markdown):
        return value.replace("\n", " ")
    return escape_markdown(" ".join(_LINE_ENDS.split(as_text(value))))


def bullets(value: Any) -> Markdown:
    """`list | bullets`: a Markdown list, one line per element."""
    return Markdown("\n".join(f"- {_plain_line(item)}" for item in _items(value)))


def todos(value: Any) -> Markdown:
    """`list | todos`: Markdown to-dos, none of them done."""
    return Markdown("\n".join(f"- [ ] {_plain_line(item)}" for item in _items(value)))


def quote(value: Any) -> Markdown:
    """`text | quote`: a Markdown quotation."""
    lines = escape_markdown(as_text(value)).split("\n")
    return Markdown("\n".join(f"> {line}" for line in lines))


def markdown(value: Any) -> Markdown:
    """`text | markdown`: the text is Markdown and is meant to be."""
    return Markdown(as_text(value))


def without(value: Any, what: Any) -> Any:
    """`list | without: x`, `text | without: "x"`: everything but x."""
    if isinstance(value, list | tuple):
        return [item for item in _items(value) if item != what]
    return as_text(value).replace(as_text(what), "")


def pluck(value: Any, key: Any) -> list[Any]:
    """`list | pluck: "name"`: that field of every element that has it."""
    name = as_text(key)
    found = (item.get(name) for item in _items(value) if isinstance(item, Mapping))
    return [item for item in found if item is not None]


def to_json(value: Any) -> str:
    """`value | json`: as JSON text."""
    return _bounded(json.dumps(value, ensure_ascii=False, default=as_text))


def replace(value: Any, old: Any, new: Any = "") -> str:
    """`text | replace: "a", "b"`. What it would make is counted before it is made."""
    text, this, that = as_text(value), as_text(old), as_text(new)
    if not this:
        return text
    grown = len(text) + text.count(this) * (len(that) - len(this))
    if grown > MAX_TEXT:
        raise FilterArgumentError(f"a text would grow past {MAX_TEXT} characters", token=None)
    return text.replace(this, that)


def append(value: Any, more: Any) -> str:
    """`text | append: "x"`."""
    return _bounded(as_text(value) + as_text(more))


def prepend(value: Any, more: Any) -> str:
    """`text | prepend: "x"`."""
    return _bounded(as_text(more) + as_text(value))


def split(value: Any, sep: Any) -> list[str]:
    """`text | split: ","`: the parts, empty ones too; of an empty text, none."""
    text, mark = as_text(value), as_text(sep)
    if not text:
        return []
    return _items(text.split(mark) if mark else list(text[: MAX_ITEMS + 1]))


def join(value: Any, sep: Any = ", ") -> str:
    """`list | join: " / "`."""
    return _bounded(as_text(sep).join(as_text(item) for item in _items(value)))


def uniq(value: Any) -> list[Any]:
    """`list | uniq`: each element once, in order."""
    seen: set[str] = set()
    kept = []
    for item in _items(value):
        mark = json.dumps(item, sort_keys=True, default=as_text)
        if mark not in seen:
            seen.add(mark)
            kept.append(item)
    return kept


def size(value: Any) -> int:
    """`list | size`, `text | size`."""
    if value is None or isinstance(value, Undefined):
        return 0
    return len(value) if isinstance(value, str | list | tuple | Mapping | range) else 0


def truncate(value: Any, length: Any = 50, end: Any = "…") -> str:
    """`text | truncate: 50`: at most that many characters, an ellipsis included."""
    text, limit, tail = as_text(value), int(to_number(length)), as_text(end)
    return text if len(text) <= limit else text[: max(0, limit - len(tail))] + tail


def upcase(value: Any) -> str:
    """`text | upcase`."""
    return _bounded(as_text(value).upper())


def downcase(value: Any) -> str:
    """`text | downcase`."""
    return _bounded(as_text(value).lower())


def capitalize(value: Any) -> str:
    """`text | capitalize`: the first letter large, the rest small."""
    return as_text(value).capitalize()


def strip(value: Any) -> str:
    """`text | strip`: without space at both ends."""
    return as_text(value).strip()


def first(value: Any) -> Any:
    """`list | first`: nothing for an empty list."""
    items = _items(value)
    return items[0] if items else None


def last(value: Any) -> Any:
    """`list | last`."""
    items = _items(value)
    return items[-1] if items else None


def reverse(value: Any) -> list[Any]:
    """`list | reverse`."""
    return _items(value)[::-1]


def sort(value: Any, key: Any = None) -> list[Any]:
    """`list | sort`, `list | sort: "name"`: numbers before texts, nothing last."""
    name = as_text(key) if key is not None else ""

    def order(item: Any) -> tuple[int, float, str]:
        found = item.get(name) if name and isinstance(item, Mapping) else item
        if isinstance(found, int | float):
            return (0, float(found), "")
        return (2, 0.0, "") if found is None else (1, 0.0, as_text(found))

    return sorted(_items(value), key=order)


def _arithmetic(name: str, work: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    def done(value: Any, other: Any) -> Any:
        left, right = to_number(value), to_number(other)
        if abs(left) > 1e30 or abs(right) > 1e30:
            raise FilterArgumentError("a number is too large", token=None)
        return work(left, right)

    done.__name__ = name
    done.__doc__ = f"`number | {name}: 2`."
    return done


def _divided(left: float, right: float) -> float:
    if right == 0:
        raise FilterArgumentError("divided by 0", token=None)
    return left // right if isinstance(left, int) and isinstance(right, int) else left / right


def _round(value: Any, digits: Any = 0) -> Any:
    """`number | round: 2`."""
    places = max(0, min(10, int(to_number(digits))))
    rounded = round(to_number(value), places)
    return int(rounded) if places == 0 else rounded


_UTC = ZoneInfo("UTC")

FILTERS: Mapping[str, Callable[..., Any]] = {
    "append": append,
    "bullets": bullets,
    "capitalize": capitalize,
    "date": format_date,
    "date_only": date_only,
    "divided_by": _arithmetic("divided_by", _divided),
    "downcase": downcase,
    "first": first,
    "first_line": first_line,
    "join": join,
    "json": to_json,
    "last": last,
    "markdown": markdown,
    "minus": _arithmetic("minus", lambda left, right: left - right),
    "minus_time": minus_time,
    "or_else": or_else,
    "pluck": pluck,
    "plus": _arithmetic("plus", lambda left, right: left + right),
    "plus_time": plus_time,
    "prepend": prepend,
    "quote": quote,
    "replace": replace,
    "reverse": reverse,
    "round": _round,
    "size": size,
    "sort": sort,
    "split": split,
    "strip": strip,
    "times": _arithmetic("times", lambda left, right: left * right),
    "to_number": to_number,
    "todos": todos,
    "truncate": truncate,
    "uniq": uniq,
    "upcase": upcase,
    "without": without,
}
"""Every filter by its name."""
