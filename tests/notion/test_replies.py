"""What Notion answered, sorted into a closed set; every kind once, and what is no JSON."""

import json
from typing import Any

import pytest

from automation.notion.replies import (
    Committed,
    Conflict,
    Ok,
    Rejected,
    Reply,
    Throttled,
    Unauthorized,
    Unclear,
    read,
)


def error(code: str, message: str = "m", **additional: Any) -> bytes:
    """An error's body."""
    body: dict[str, Any] = {"object": "error", "code": code, "message": message}
    return json.dumps({**body, "additional_data": additional} if additional else body).encode()


HTML = b"<!DOCTYPE html><title>524</title>"
PAGE_ID = "7855b161-f63e-4683-b7c7-8ca6e97ee266"
KEPT: dict[str, Any] = {"committed_resource_id": PAGE_ID}

CASES: list[tuple[str, int, dict[str, str], bytes, Reply]] = [
    ("done", 200, {}, b'{"id": "x"}', Ok(200, {"id": "x"})),
    ("later", 202, {}, b'{"id": "x"}', Ok(202, {"id": "x"})),
    ("a success that is no JSON", 200, {}, HTML, Unclear(200, "the answer is not JSON")),
    ("a success that is a list", 200, {}, b"[1]", Unclear(200, "the answer is not JSON")),
    (
        "429",
        429,
        {"retry-after": "30"},
        error("rate_limited", rate_limit_reason="public_api_request_rate_limit", retry_after="7"),
        Throttled(30.0, "public_api_request_rate_limit"),
    ),
    (
        "429 without a header",
        429,
        {},
        error("rate_limited", rate_limit_reason="public_api_space_request_rate_limit", retry_after="90"),
        Throttled(90.0, "public_api_space_request_rate_limit"),
    ),
    ("429 of an edge", 429, {}, HTML, Throttled(5.0, "rate_limited")),
    ("429 with a date", 429, {"retry-after": "Mon, 23 Nov 2026 09:30:00 GMT"}, HTML, Throttled(5.0, "rate_limited")),
    ("429 with a number below nothing", 429, {"retry-after": "-3"}, HTML, Throttled(0.0, "rate_limited")),
    ("529", 529, {"retry-after": "2"}, error("service_overload"), Throttled(2.0, "service_overload")),
    ("401", 401, {}, error("unauthorized", "API token is invalid."), Unauthorized("API token is invalid.")),
    ("409", 409, {}, error("conflict_error", "Try again."), Conflict("Try again.")),
    (
        "503 and saved",
        503,
        {},
        error("service_unavailable", **KEPT, committed_child_ids=["a", "b"]),
        Committed(PAGE_ID, ("a", "b")),
    ),
    ("503 and a page saved", 503, {}, error("service_unavailable", **KEPT), Committed(PAGE_ID, ())),
    ("503", 503, {}, error("service_unavailable", "later"), Unclear(503, "later")),
    ("500", 500, {}, error("internal_server_error", "oops"), Unclear(500, "oops")),
    ("502 of an edge", 502, {}, HTML, Unclear(502, "HTTP 502")),
    ("504", 504, {}, error("gateway_timeout", "late"), Unclear(504, "late")),
    ("524 of an edge", 524, {}, HTML, Unclear(524, "HTTP 524")),
    ("nothing at all", 500, {}, b"", Unclear(500, "HTTP 500")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "headers", "body", "reply"),
    [one[1:] for one in CASES],
    ids=[one[0] for one in CASES],
)
def test_an_answer_is_sorted(
    status: int, headers: dict[str, str], body: bytes, reply: Reply
) -> None:
    assert read(status, headers, body) == reply


REJECTED: list[tuple[str, int, bytes, str]] = [
    ("blocked", 429, error("rate_limited", rate_limit_reason="public_api_request_blocked"), "not tried again"),
    ("block limit", 403, error("restricted_resource", block_limit="block_creation"), "upgrade it"),
    ("not shared", 404, error("object_not_found"), "••• → Connections → add yours"),
    ("capability", 403, error("restricted_resource"), "lacks a capability"),
    ("version", 400, error("missing_version"), "NOTION_BASE_URL"),
    ("address", 400, error("invalid_request_url"), "NOTION_BASE_URL"),
    ("renamed", 400, error("validation_error", "X is not a property that exists."), "renamed or removed"),
    ("retyped", 400, error("validation_error", "X is expected to be number."), "type changed"),
    ("trashed", 400, error("validation_error", "Can't edit block that is archived."), "in the trash"),
    ("other", 400, error("validation_error", "body failed validation: x"), ""),
    ("a conflict of another kind", 409, error("row_limit_exceeded"), ""),
    ("too large for the edge", 413, HTML, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "remedy"), [one[1:] for one in REJECTED], ids=[one[0] for one in REJECTED]
)
def test_a_refusal_says_what_a_person_can_do(status: int, body: bytes, remedy: str) -> None:
    reply = read(status, {}, body)
    assert isinstance(reply, Rejected)
    assert (reply.status, remedy in reply.remedy, bool(reply.remedy)) == (
        status,
        True,
        bool(remedy),
    )
