"""Notion's refusals, as it words them. https://developers.notion.com/reference/status-codes"""

import json
from typing import Any


class Refused(Exception):
    """An error answer."""

    def __init__(self, status: int, code: str, message: str, **additional: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.additional = additional

    def body(self, request_id: str) -> dict[str, Any]:
        """The answer's JSON."""
        made: dict[str, Any] = {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        if self.additional:
            made["additional_data"] = self.additional
        return made | {"request_id": request_id}


def invalid(message: str) -> Refused:
    """400 validation_error."""
    return Refused(400, "validation_error", message)


def failed(path: str, what: str) -> Refused:
    """400 with the path of the offending part of the body."""
    return invalid(f"body failed validation: {path} {what}")


def shown(value: Any) -> str:
    """A value as Notion shows it in its messages."""
    if value is None:
        return "`undefined`"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


def not_found(kind: str, identity: str, connection: str, connection_id: str) -> Refused:
    """404: absent, or not shared; nobody can tell which."""
    return Refused(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {identity}. Make sure the relevant pages and databases are"
        f' shared with your integration "{connection}".',
        integration_id=connection_id,
    )
