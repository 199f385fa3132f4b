"""Icons, covers and files: what may be sent, and what is given back.

https://developers.notion.com/reference/emoji-object
https://developers.notion.com/reference/file-object
"""

import re
from typing import Any

from automation.emulator import ids
from automation.emulator.errors import content_failed, not_emulated
from automation.emulator.richtext import linkable
from automation.emulator.shapes import Also, keyed, table, text, uuid, wrong

Object = dict[str, Any]

MAX_URL = 2000
MAX_FILE_NAME = 100

_EXTERNAL = table({"url": text(1, MAX_URL)})
_HOSTED = table({"url": text(1)}, {"expiry_time": text()})
_UPLOAD = table({"id": uuid})


def _emoji(value: Any, path: str, also: Also = ()) -> list[str]:
    """One emoji: letters, blanks and ASCII alone are none."""
    if not isinstance(value, str):
        return wrong(path, "a string", also, value)
    plain = value.isascii() or any(
        ch.isspace() or (ch.isalpha() and ch != "\u2139") for ch in value
    )
    return wrong(path, "an emoji", also, value) if plain else []


_CUSTOM = table({"id": uuid}, closed=False)
_NATIVE = table({"name": text(1)}, {"color": text(1)})

ICON = keyed(
    {
        "emoji": _emoji,
        "external": _EXTERNAL,
        "file_upload": _UPLOAD,
        "file": _HOSTED,
        "custom_emoji": _CUSTOM,
        "icon": _NATIVE,
    }
)
COVER = keyed({"external": _EXTERNAL, "file_upload": _UPLOAD, "file": _HOSTED})
FILE = keyed(
    {"external": _EXTERNAL, "file": _HOSTED, "file_upload": _UPLOAD},
    {"name": text(1, MAX_FILE_NAME)},
)
MEDIA = {"external": _EXTERNAL, "file_upload": _UPLOAD}

_NATIVE_URL = re.compile(
    r"https://(?:www\.notion\.so|app\.notion\.com)/icons/([a-z0-9-]+)_([a-z]+)\.svg(?:\?.*)?"
)


def stored(given: Object | None) -> Object | None:
    """An icon or cover, already checked. A Notion icon's address becomes the icon itself."""
    if given is None:
        return None
    kind = next(one for one in given if one != "type")
    detail = given[kind]
    if kind == "file_upload":
        raise not_emulated("file uploads")
    if kind == "external":
        native = _NATIVE_URL.fullmatch(detail["url"])
        if native:
            return {"type": "icon", "icon": {"name": native[1], "color": native[2]}}
        check_url(detail["url"], "Invalid image url.")
    if kind == "custom_emoji":
        detail = {"id": ids.dashed(detail["id"]), **{k: v for k, v in detail.items() if k != "id"}}
    return {"type": kind, kind: detail}


def check_url(url: str, message: str) -> None:
    """Refuse what Notion does not take for an address of a file."""
    if not url.startswith(("http://", "https://")) or not linkable(url):
        raise content_failed(message)


def file(given: Object) -> Object:
    """A member of a files property as given back."""
    kind = next(one for one in ("external", "file", "file_upload") if one in given)
    if kind == "file_upload":
        raise not_emulated("file uploads")
    name = given.get("name") or given[kind]["url"].rpartition("/")[2]
    return {"name": name, "type": kind, kind: dict(given[kind])}
