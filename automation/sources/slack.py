"""Slack: Events API, slash commands, interactivity.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs

from automation.model.errors import Unreadable
from automation.model.event import Challenge, Encoding, Event, Ignored, Received, WebhookRequest
from automation.model.values import Json, JsonObject
from automation.sources.base import (
    FORM_TYPE,
    JSON_TYPE,
    MAX_BODY_BYTES,
    Source,
    digest_of,
    dotted,
    encoding_of,
    key_of,
    keyed_digest,
    one_header,
    timestamp,
    unreadable,
    verify,
)
from automation.sources.reading import decode

FLAT = frozenset(
    {"command", "block_actions", "message_action", "shortcut", "view_submission", "view_closed"}
)
"""Deliveries that are not of the Events API.
https://docs.slack.dev/reference/interaction-payloads"""


class Slack:
    """`POST /hooks/slack` for all three kinds."""

    name = "slack"
    secret_variable = "SLACK_SIGNING_SECRET"  # noqa: S105  # the variable's name
    max_bytes = MAX_BODY_BYTES
    secret_paths: Sequence[tuple[str, ...]] = (("token",), ("response_url",))

    def receive(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> Received:
        """See Source. The handshake and ssl_check are signed like all else."""
        stamp = one_header(request, "x-slack-request-timestamp")
        given = digest_of(one_header(request, "x-slack-signature"), prefix="v0=")
        verify(given, b"v0:" + stamp.encode() + b":" + request.body, secrets)
        timestamp(stamp, now)
        encoding = encoding_of(request, form=_form_kind(request.body))
        try:
            payload = decode(request.body, encoding)
        except Unreadable as error:
            return unreadable(request, encoding, str(error))
        return self._read(request, encoding, payload)

    def _read(self, request: WebhookRequest, encoding: Encoding, payload: JsonObject) -> Received:
        if encoding is Encoding.FORM:
            if payload.get("ssl_check"):
                return Ignored(reason="an ssl check")
            return self._event(request, encoding, "command", (payload.get("trigger_id"),), payload)
        kind = payload.get("type")
        if kind == "url_verification":
            return _challenge(payload)
        if kind == "event_callback":
            return self._callback(request, payload)
        keys = (payload.get("trigger_id"),) if encoding is Encoding.FORM_PAYLOAD else (None,)
        return self._event(request, encoding, kind or "unknown", keys, payload)

    def _callback(self, request: WebhookRequest, payload: JsonObject) -> Event:
        """An Events API envelope. https://docs.slack.dev/apis/events-api"""
        inner = payload.get("event")
        event: JsonObject = inner if isinstance(inner, dict) else {}
        name = dotted(self.name, event.get("type") or "unknown", event.get("subtype"))
        keys = [f"event:{payload['event_id']}"] if payload.get("event_id") else []
        if event.get("type") in {"message", "app_mention"} and event.get("ts"):
            # One message was seen under up to eleven event ids:
            # https://github.com/slackapi/node-slack-sdk/issues/2141
            place = (payload.get("team_id"), event.get("channel"), event.get("ts"))
            keys.append("message:" + key_of((name, *place, event.get("event_ts"))))
        return Event(
            id=request.id,
            source=self.name,
            name=name,
            keys=tuple(keys) or ("body:" + key_of((request.body,)),),
            received_at=request.received_at,
            body=request.body,
            inner=("event",),
            names=_event_names(event),
        )

    def _event(
        self,
        request: WebhookRequest,
        encoding: Encoding,
        kind: Json,
        keys: tuple[Json, ...],
        payload: JsonObject,
    ) -> Event:
        given = tuple(f"{kind}:{key}" for key in keys if key)
        return Event(
            id=request.id,
            source=self.name,
            name=dotted(self.name, kind),
            keys=given or ("body:" + key_of((request.body,)),),
            received_at=request.received_at,
            body=request.body,
            encoding=encoding,
            names=_form_names(payload),
        )

    def sign(
        self, body: bytes, *, secret: bytes, now: datetime, event: str, delivery: str
    ) -> Mapping[str, str]:
        """See Source."""
        stamp = str(int(now.timestamp()))
        digest = keyed_digest(secret, b"v0:" + stamp.encode() + b":" + body).hex()
        return {
            "Content-Type": JSON_TYPE if body.lstrip().startswith(b"{") else FORM_TYPE,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }

    def wrap(self, kind: str, fields: JsonObject) -> JsonObject:
        """See Wraps. Commands and interactions have no inside."""
        if kind in FLAT or fields.get("type") == "event_callback":
            return fields
        return {"type": "event_callback", "event": {"type": kind.partition(".")[0], **fields}}


def _form_kind(body: bytes) -> Encoding:
    """Interactivity comes as a form whose only field is `payload`; a slash command is flat."""
    flat = not body.startswith(b"payload=") and "payload" not in parse_qs(
        body[:200].decode("latin-1")
    )
    return Encoding.FORM if flat else Encoding.FORM_PAYLOAD


def _challenge(payload: JsonObject) -> Challenge | Ignored:
    """https://docs.slack.dev/reference/events/url_verification"""
    challenge = payload.get("challenge")
    if not isinstance(challenge, str) or len(challenge) > 1000:
        return Ignored(reason="a url_verification without a challenge")
    return Challenge(body=challenge.encode(), content_type="text/plain")


def _event_names(event: JsonObject) -> dict[str, Json]:
    item = event.get("item")
    place = item.get("channel") if isinstance(item, dict) else None
    names = {"by": event.get("user") or event.get("bot_id"), "channel": place}
    return {name: value for name, value in names.items() if isinstance(value, str)}


def _form_names(payload: JsonObject) -> dict[str, Json]:
    user, channel = payload.get("user"), payload.get("channel")
    names = {
        "by": payload.get("user_name") or (user.get("id") if isinstance(user, dict) else None),
        "channel": payload.get("channel_name")
        or (channel.get("id") if isinstance(channel, dict) else None),
    }
    return {name: value for name, value in names.items() if isinstance(value, str)}


SOURCE: Source = Slack()
