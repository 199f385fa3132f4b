"""API versions: 2026-03-11 is what the emulator speaks; 2025-09-03 is translated to and from it.

https://developers.notion.com/reference/changes-by-version
"""

from typing import Any

from automation.emulator.errors import Refused, invalid
from automation.emulator.shapes import either, shown

Object = dict[str, Any]

CURRENT = "2026-03-11"
OLDER = "2025-09-03"
VERSIONS = (OLDER, CURRENT)
TRASHABLE = frozenset({"page", "block", "database", "data_source", "file_upload"})


def check(version: str | None) -> str:
    """The version of a request; there is no default."""
    if version is None:
        raise Refused(
            400,
            "missing_version",
            "Notion-Version header failed validation: Notion-Version header should be defined,"
            " instead was `undefined`.",
        )
    if version not in VERSIONS:
        known = either(tuple(shown(one) for one in VERSIONS))
        raise invalid(
            "Notion-Version header failed validation: Notion-Version header should be"
            f" {known}, instead was {shown(version)}."
        )
    return version


def understood(version: str, method: str, body: Object) -> Object:
    """A body in the words of the current version."""
    if version == CURRENT or method != "PATCH":
        return body
    body = dict(body)
    if "archived" in body:
        body.setdefault("in_trash", body.pop("archived"))
    if "after" in body:
        position = {"type": "after_block", "after_block": {"id": body.pop("after")}}
        body.setdefault("position", position)
    return body


def answered(version: str, answer: Object) -> Object:
    """An answer in the words of the version: the older one has `archived` at the end."""
    if version == CURRENT:
        return answer
    results = answer.get("results")
    if isinstance(results, list):
        return answer | {"results": [answered(version, one) for one in results]}
    if answer.get("object") in TRASHABLE:
        return answer | {"archived": answer["in_trash"]}
    return answer
