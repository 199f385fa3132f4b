"""What Notion answered, as a closed set, with a remedy in words where a person must act.

https://developers.notion.com/reference/status-codes
https://developers.notion.com/reference/request-limits
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from automation.model.values import Json

DEFAULT_WAIT_SECONDS = 5.0
BLOCKED = "public_api_request_blocked"


@dataclass(frozen=True, slots=True)
class Ok:
    """Done."""

    status: int
    body: Json


@dataclass(frozen=True, slots=True)
class Throttled:
    """429 or 529: nobody sends under this token before `retry_after` seconds."""

    retry_after: float
    reason: str


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """The token is not valid (any more); nothing was done."""

    message: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """409: nothing was saved; try again soon."""

    message: str


@dataclass(frozen=True, slots=True)
class Committed:
    """503, but the change was saved: read the object instead of repeating the write."""

    resource_id: str
    child_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """No, and no again at every try."""

    status: int
    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """A server error: it may have been carried out."""

    status: int
    message: str


Reply = Ok | Throttled | Unauthorized | Conflict | Committed | Rejected | Unclear


def read(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """Sort an answer. Bodies that are not JSON (an edge's HTML page) are understood by status alone."""
    data = _object(body)
    extra = data.get("additional_data")
    details: Mapping[str, Json] = extra if isinstance(extra, Mapping) else {}
    message = str(data.get("message") or f"HTTP {status}")
    if 200 <= status < 300:
        return Ok(status, data) if data else Unclear(status, "the answer is not JSON")
    match status:
        case 429 | 529 if details.get("rate_limit_reason") != BLOCKED:
            return Throttled(_wait(headers, details), _reason(status, details))
        case 401:
            return Unauthorized(message)
        case 409 if data.get("code") == "conflict_error":
            return Conflict(message)
        case 503 if details.get("committed_resource_id"):
            children = details.get("committed_child_ids")
            return Committed(
                str(details["committed_resource_id"]),
                tuple(children) if isinstance(children, list) else (),
            )
        case status if status >= 500 or 300 <= status < 400:
            return Unclear(status, message)
        case 403 | 408 if not data:
            # The words of something in between, which will be gone; Notion's own are JSON.
            return Unclear(status, message)
        case _:
            code = str(data.get("code") or "")
            return Rejected(status, code, message, remedy(status, code, message, details))


def _object(body: bytes) -> Mapping[str, Json]:
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, Mapping) else {}


def _reason(status: int, details: Mapping[str, Json]) -> str:
    return str(
        details.get("rate_limit_reason")
        or ("service_overload" if status == 529 else "rate_limited")
    )


def _wait(headers: Mapping[str, str], details: Mapping[str, Json]) -> float:
    for given in (headers.get("retry-after"), details.get("retry_after")):
        try:
            if given is not None:
                return max(0.0, float(given))
        except (TypeError, ValueError):
            continue
    return DEFAULT_WAIT_SECONDS


def remedy(status: int, code: str, message: str, details: Mapping[str, Json]) -> str:
    """What a person can do about it."""
    if details.get("block_limit") == "block_creation":
        return (
            "The free workspace has used up its blocks: upgrade it, or use a personal access token."
        )
    if details.get("rate_limit_reason") == BLOCKED:
        return "Notion has restricted this connection's access; ask its support. It is not tried again."
    match code:
        case "object_not_found":
            return (
                "It does not exist or is not shared with the connection: open it in Notion, "
                "••• → Connections → add yours. Then `automation runs --parked` lists what to retry."
            )
        case "restricted_resource":
            return "The connection lacks a capability: Notion → Settings → Connections → its capabilities."
        case "missing_version" | "invalid_request_url":
            return "NOTION_BASE_URL should be https://api.notion.com."
        case "validation_error" if "is not a property that exists" in message:
            return "The property was renamed or removed in Notion: mend the rule, or name the property again."
        case "validation_error" if "is expected to be" in message:
            return "The property's type changed in Notion; the rule must set what it is now."
        case "validation_error" if "archived" in message or "in trash" in message:
            return "The page is in the trash: restore it, then retry the run."
        case _:
            return ""
