"""Rich text: checked against the limits, and as Notion gives it back.

Inside an item the emulator is lenient, as Notion is: what was read may be sent again.
https://developers.notion.com/reference/rich-text
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from automation.emulator import ids, shapes
from automation.emulator.dates import DATE, read_date
from automation.emulator.errors import content_failed
from automation.emulator.shapes import array, boolean, keyed, literal, nullable, table, text, uuid

Object = dict[str, Any]

MAX_CONTENT = 2000
MAX_EQUATION = 1000
COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
BACKGROUNDS = ("default_background", *(f"{color}_background" for color in COLORS[1:]))
PLAIN = {
    "bold": False,
    "italic": False,
    "strikethrough": False,
    "underline": False,
    "code": False,
    "color": "default",
}
UNLINKABLE = frozenset({"javascript", "data", "vbscript", "file"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)


class Names(Protocol):
    """What mentions are called: given by the workspace."""

    def user(self, identity: str) -> Object:
        """The user as shown. Raises Refused if there is none."""

    def name_of(self, identity: str) -> str:
        """A page's or database's title. Raises Refused if there is none."""


def _date_mention(value: Any, path: str, also: shapes.Also = ()) -> list[str]:
    return DATE(value, path, also)


COLOR = literal(*COLORS, *BACKGROUNDS)
_LINK = table({"url": text(1, MAX_CONTENT)}, closed=False)
_WITH_ID = table({"id": uuid}, closed=False)
_TEXT = table({"content": text(0, MAX_CONTENT)}, {"link": nullable(_LINK)}, closed=False)
_MENTION = keyed(
    {
        "user": _WITH_ID,
        "page": _WITH_ID,
        "database": _WITH_ID,
        "date": _date_mention,
        "template_mention": shapes.EMPTY,
        "custom_emoji": _WITH_ID,
    },
    closed=False,
)
_EQUATION = table({"expression": text(0, MAX_EQUATION)}, closed=False)
_ANNOTATIONS = table(
    {},
    {
        **dict.fromkeys(("bold", "italic", "strikethrough", "underline", "code"), boolean),
        "color": COLOR,
    },
    closed=False,
)
ITEM = keyed(
    {"text": _TEXT, "mention": _MENTION, "equation": _EQUATION},
    {"annotations": _ANNOTATIONS},
    closed=False,
)
RICH_TEXT = array(ITEM)
"""The check of a rich text array."""


def stored(items: list[Object], names: Names) -> list[Object]:
    """The array, already checked, as Notion gives it back."""
    return [_item(item, names) for item in items]


def _item(item: Object, names: Names) -> Object:
    kind = next(one for one in ("text", "mention", "equation") if one in item)
    detail, words, href = _DETAILS[kind](item[kind], names)
    return {
        "type": kind,
        kind: detail,
        "annotations": PLAIN | (item.get("annotations") or {}),
        "plain_text": words,
        "href": href,
    }


Detail = tuple[Object, str, str | None]


def _text(detail: Object, names: Names) -> Detail:
    link = detail.get("link")
    url = link["url"] if link else None
    if url is not None and not linkable(url):
        raise content_failed("Invalid URL for link.")
    return (
        {"content": detail["content"], "link": {"url": url} if url else None},
        detail["content"],
        url,
    )


def linkable(url: str) -> bool:
    """Whether Notion takes it for an address: a scheme and a place, or a path of Notion's own."""
    if url.startswith(("/", "#")):
        return not re.search(r"\s", url)
    if not _SCHEME.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme.lower() in {"http", "https"}:
        return bool(parts.hostname)
    return parts.scheme.lower() not in UNLINKABLE


def _equation(detail: Object, names: Names) -> Detail:
    return {"expression": detail["expression"]}, detail["expression"], None


def _mention(detail: Object, names: Names) -> Detail:
    kind = next(one for one in _MENTIONS if one in detail)
    inner, words, href = _MENTIONS[kind](detail[kind], names)
    return {"type": kind, kind: inner}, words, href


def _user(detail: Object, names: Names) -> Detail:
    user = names.user(detail["id"])
    return user, f"@{user.get('name') or 'Anonymous'}", None


def _page(detail: Object, names: Names) -> Detail:
    identity = ids.dashed(detail["id"]) or ""
    words = names.name_of(identity) or "Untitled"
    return {"id": identity}, words, f"https://app.notion.com/p/{ids.plain(identity)}"


def _date(detail: Object, names: Names) -> Detail:
    kept = read_date(detail, "date")
    ends = [kept["start"], kept["end"]] if kept["end"] else [kept["start"]]
    return kept, " → ".join(ends), None


def _template(detail: Object, names: Names) -> Detail:
    word = detail.get("template_mention_date") or detail.get("template_mention_user") or "today"
    return dict(detail), f"@{word.capitalize()}", None


def _custom_emoji(detail: Object, names: Names) -> Detail:
    kept = {"id": ids.dashed(detail["id"]), "name": detail.get("name", "emoji")}
    if "url" in detail:
        kept["url"] = detail["url"]
    return kept, f":{kept['name']}:", None


Reader = Callable[[Object, Names], Detail]
_DETAILS: Mapping[str, Reader] = {"text": _text, "mention": _mention, "equation": _equation}
_MENTIONS: Mapping[str, Reader] = {
    "user": _user,
    "page": _page,
    "database": _page,
    "date": _date,
    "template_mention": _template,
    "custom_emoji": _custom_emoji,
}


def plain_item(content: str) -> Object:
    """One piece of plain text, as given back."""
    return {
        "type": "text",
        "text": {"content": content, "link": None},
        "annotations": dict(PLAIN),
        "plain_text": content,
        "href": None,
    }


def words(items: list[Object]) -> str:
    """The words alone."""
    return "".join(str(item["plain_text"]) for item in items)
