"""Lists, page by page. Cursors are opaque. https://developers.notion.com/reference/intro#pagination"""

from collections.abc import Sequence
from typing import Any

from automation.emulator import ids
from automation.emulator.errors import Refused, failed, invalid
from automation.emulator.shapes import number

Object = dict[str, Any]

MAX_PAGE = 100
_SIZE = number(1, MAX_PAGE)


def page_size(given: Any, part: str) -> int:
    """The size of a page; in a query string a number is text."""
    if given is None:
        return MAX_PAGE
    value = int(given) if isinstance(given, str) and given.isdecimal() else given
    problems = _SIZE(value, f"{part}.page_size", ("`undefined`",))
    if problems:
        raise failed(problems, part)
    return int(value)


def refuse_cursor(cursor: Any) -> Refused:
    """The refusal of a cursor that this list did not give."""
    return invalid(f"The start_cursor provided is invalid: {cursor}")


def place(identities: Sequence[str], cursor: Any) -> int:
    """Where a page starts that is named by the id of its first item."""
    if cursor is None:
        return 0
    identity = ids.dashed(cursor)
    if identity is None or identity not in identities:
        raise refuse_cursor(cursor)
    return identities.index(identity)


def envelope(kind: str, results: list[Object], cursor: str | None) -> Object:
    """The answer around a page of a list; keys in Notion's order."""
    return {
        "object": "list",
        "results": results,
        "next_cursor": cursor,
        "has_more": cursor is not None,
        "type": kind,
        kind: {},
    }


def page_of(identities: Sequence[str], cursor: Any, size: int) -> tuple[Sequence[str], str | None]:
    """One page of ids, and the cursor of the next."""
    start = place(identities, cursor)
    rest = identities[start + size : start + size + 1]
    return identities[start : start + size], rest[0] if rest else None
