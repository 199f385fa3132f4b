"""Faults to inject: what goes wrong on the way, on purpose.

A fault strikes the next `times` requests that match, after letting `skip` of them pass. `path` is a
prefix (`/pages`), or a pattern if it has a star (`/blocks/*/children`); `method` "" is any.

    401 403 404 409 429 500 502 503 504 529   answered; nothing is done
    502_html 524_html                         the same, as an edge's HTML page
    500_committed 504_committed               done, and yet this answer
    503_committed                             done, with the ids of what was made
    drop_before drop_after                    the connection is cut; before doing it, or after
    slow slow_after                           `seconds` pass before doing it, or between that and the answer

429 and 529 carry `retry_after` and `reason`.
https://developers.notion.com/reference/status-codes
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from automation.emulator.errors import Refused

Object = dict[str, Any]

CODES = {
    "401": ("unauthorized", "API token is invalid."),
    "403": ("restricted_resource", "Insufficient permissions for this endpoint."),
    "404": ("object_not_found", "Could not find the object."),
    "409": ("conflict_error", "Conflict occurred while saving. Please try again."),
    "429": (
        "rate_limited",
        "You have been rate limited. Please try again in a few minutes.",
    ),
    "500": ("internal_server_error", "Unexpected error occurred."),
    "502": ("bad_gateway", "Bad gateway."),
    "503": ("service_unavailable", "Public API service is temporarily unavailable."),
    "504": ("gateway_timeout", "Gateway timeout."),
    "529": ("service_overload", "The service is overloaded. Please try again later."),
}
PAGES = {"502_html": 502, "524_html": 524}
COMMITTED = frozenset({"500_committed", "503_committed", "504_committed"})
DROPS = frozenset({"drop_before", "drop_after"})
WAITS = frozenset({"slow", "slow_after"})
KINDS = frozenset(CODES) | PAGES.keys() | COMMITTED | DROPS | WAITS

REASONS = (
    "public_api_request_rate_limit",
    "public_api_space_request_rate_limit",
    "public_api_endpoint_rate_limit",
    "public_api_request_blocked",
)


@dataclass(slots=True)
class Fault:
    """An injected fault; see the module."""

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    retry_after: int = 1
    seconds: float = 0.0
    skip: int = 0
    reason: str = "public_api_space_request_rate_limit"

    def __post_init__(self) -> None:
        """Refuse a kind that there is not."""
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; one of {', '.join(sorted(KINDS))}")

    def matches(self, method: str, path: str) -> bool:
        """Whether the request is one of its."""
        if self.times <= 0 or self.method not in {"", method}:
            return False
        return fnmatchcase(path, self.path) if "*" in self.path else path.startswith(self.path)

    def strikes(self, method: str, path: str) -> bool:
        """Whether it strikes this request; counts down."""
        if not self.matches(method, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


def answer(fault: Fault) -> Refused | None:
    """The answer instead of doing it, for those that have one."""
    if fault.kind not in CODES:
        return None
    code, message = CODES[fault.kind]
    extra: Object = {}
    if fault.kind == "429":
        extra["rate_limit_reason"] = fault.reason
    if fault.kind in {"429", "529"}:
        extra["retry_after"] = str(fault.retry_after)
    return Refused(int(fault.kind), code, message, **extra)


def html(status: int) -> str:
    """A page as an edge in front of Notion gives it: no JSON, no request id."""
    return (
        f"<!DOCTYPE html>\n<html><head><title>{status}</title></head><body>"
        f"<center><h1>{status}</h1></center><hr><center>cloudflare</center></body></html>\n"
    )


def committed(kind: str, method: str, body: Object, answered: Object, path_id: str) -> Refused:
    """The write was saved, and still the answer is an error."""
    status = kind.partition("_")[0]
    if status != "503":
        code, message = CODES[status]
        return Refused(int(status), code, message)
    extra: Object = {"committed_resource_id": answered.get("id") or path_id}
    if answered.get("object") == "list" and method == "PATCH":
        made = answered["results"][: len(body.get("children") or ())]
        extra["committed_child_ids"] = [one["id"] for one in made]
    return Refused(
        503,
        "service_unavailable",
        "The change was saved, but the response could not be built in time. Read the object again"
        " instead of repeating the write.",
        **{"from": "deadline"},
        elapsed_ms="55012",
        deadline_ms="55000",
        retry_guidance=["Read the object again instead of repeating the write."],
        **extra,
    )
