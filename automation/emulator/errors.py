"""Notion's refusals, as it words them. https://developers.notion.com/reference/status-codes"""

from typing import Any

TRASHED = "Can't edit block that is archived. You must unarchive the block before editing."


class Refused(Exception):
    """An error answer. Values of `additional` are texts or lists of texts."""

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


def failed(lines: list[str], part: str = "body") -> Refused:
    """400 for a request that breaks its schema; several lines are alternatives."""
    if len(lines) == 1:
        return invalid(f"{part} failed validation: {lines[0]}")
    return invalid(f"{part} failed validation. Fix one:\n" + "\n".join(lines))


def content_failed(what: str) -> Refused:
    """400 for content that fits the schema and still cannot be made."""
    return invalid(f"Content creation Failed. Fix the following:\n{what}")


def not_emulated(what: str) -> Refused:
    """Notion can do this and the emulator cannot: said plainly, never pretended."""
    return Refused(501, "not_emulated", f"The emulator does not do this yet: {what}.")
