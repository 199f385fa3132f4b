"""GitHub webhooks.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from automation.model.errors import Unreadable
from automation.model.event import Encoding, Event, Ignored, Received, WebhookRequest
from automation.model.values import Json, JsonObject
from automation.sources.base import (
    JSON_TYPE,
    MAX_BODY_BYTES,
    Source,
    body_key,
    digest_of,
    dotted,
    encoding_of,
    keyed_digest,
    one_header,
    unreadable,
    verify,
)
from automation.sources.reading import decode

SIGNATURE = "x-hub-signature-256"
"""SHA-1 in X-Hub-Signature is never accepted.
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""


class GitHub:
    """`POST /hooks/github`, JSON or form."""

    name = "github"
    secret_variable = "GITHUB_WEBHOOK_SECRET"  # noqa: S105  # the variable's name
    max_bytes = MAX_BODY_BYTES
    secret_paths: Sequence[tuple[str, ...]] = (("hook", "config", "secret"),)

    def receive(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> Received:
        """See Source. GitHub signs the body only, and no time."""
        given = digest_of(one_header(request, SIGNATURE), prefix="sha256=")
        verify(given, request.body, secrets)
        # The settings page preselects the form content type; the form bytes are what is signed.
        encoding = encoding_of(request, form=Encoding.FORM_PAYLOAD)
        try:
            payload = decode(request.body, encoding)
        except Unreadable as error:
            return unreadable(request, encoding, str(error))
        kind = request.header("x-github-event") or "unknown"
        if kind == "ping":
            return Ignored(reason="a ping: the hook was set up")
        return Event(
            id=request.id,
            source=self.name,
            name=dotted(self.name, kind, _action(payload)),
            keys=_keys(request),
            received_at=request.received_at,
            body=request.body,
            encoding=encoding,
            names=_names(payload),
        )

    def sign(
        self, body: bytes, *, secret: bytes, now: datetime, event: str, delivery: str
    ) -> Mapping[str, str]:
        """See Source."""
        return {
            "Content-Type": JSON_TYPE,
            "User-Agent": "GitHub-Hookshot/automation",
            "X-GitHub-Event": event.partition(".")[0],
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": "sha256=" + keyed_digest(secret, body).hex(),
        }


def _action(payload: JsonObject) -> str | None:
    action = payload.get("action")
    return action if isinstance(action, str) else None


def _keys(request: WebhookRequest) -> tuple[str, ...]:
    """The body first: the delivery's GUID is not signed, so a captured body must not come back under a
    new one. The GUID second: hooks of a repository and of its organisation deliver under one GUID."""
    guid = request.header("x-github-delivery")
    keys = (body_key(request.body),)
    return (*keys, f"guid:{guid[:100]}") if guid else keys


def _names(payload: JsonObject) -> dict[str, Json]:
    """Short names where they make sense; the payload's own fields always win."""
    ref = payload.get("ref")
    names = {
        "repo": _at(payload, "repository", "full_name"),
        "by": _at(payload, "sender", "login"),
        "url": next(
            (
                url
                for part in ("comment", "issue", "pull_request", "release", "repository")
                if (url := _at(payload, part, "html_url"))
            ),
            None,
        ),
    }
    if isinstance(ref, str):
        names["branch"] = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
        names["tag"] = ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else None
    return {name: value for name, value in names.items() if value is not None}


def _at(payload: Json, *path: str) -> Json:
    for step in path:
        payload = payload.get(step) if isinstance(payload, dict) else None
    return payload


SOURCE: Source = GitHub()
