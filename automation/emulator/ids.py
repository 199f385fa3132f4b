"""Ids: UUIDs as Notion takes and spells them, and the short ids of properties.

A UUID must name a version and a variant, with or without dashes.
https://developers.notion.com/reference/property-object
"""

import random
import re
import string
from collections.abc import Collection
from urllib.parse import quote, unquote
from uuid import uuid4

_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[1-8][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE
)
_ALPHABET = string.ascii_letters + ":;<>=@[]^_?|~{}"


def new_id() -> str:
    """A fresh id."""
    return str(uuid4())


def dashed(text: object) -> str | None:
    """The id with dashes in lower case, or None if it is no id."""
    if not isinstance(text, str) or not _UUID.fullmatch(text):
        return None
    plain = text.replace("-", "").lower()
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def plain(identity: str) -> str:
    """The id without dashes, as addresses have it."""
    return identity.replace("-", "")


def new_property_id(taken: Collection[str]) -> str:
    """Four characters that no other property of the data source has."""
    while True:
        made = "".join(random.choices(_ALPHABET, k=4))  # noqa: S311  # an id, not a secret
        if made not in taken:
            return made


def encoded(property_id: str) -> str:
    """A property id as answers give it: what JavaScript's encodeURIComponent makes of it."""
    return quote(property_id, safe="!~*'()")


def decoded(property_id: str) -> str:
    """A property id as it is kept."""
    return unquote(property_id)
