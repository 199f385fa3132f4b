"""Notion ids: a UUID with or without dashes, alone or at the end of an address."""

import re
from typing import Any

_ID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_URL = re.compile(r"https://(?:[a-z0-9-]+\.)*notion\.(?:so|com|site)/[^\s?#]*")


def dashed(text: str) -> str:
    """The id in Notion's own spelling."""
    plain = text.replace("-", "").lower()
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def page_id(value: Any) -> str | None:
    """The id in a text, a Notion address, or something with an `id`; None if there is none."""
    if isinstance(value, dict):
        return page_id(value.get("id"))
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _ID.fullmatch(text):
        return dashed(text)
    address = _URL.match(text)
    if address is None and not text.startswith("https://app.notion.com/"):
        return None
    found = _ID.findall(text.partition("?")[0].partition("#")[0])
    return dashed(found[-1]) if found else None
