"""Zoom webhooks.

https://developers.zoom.us/docs/api/webhooks/
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from automation.model.errors import BadSignature, Unreadable
from automation.model.event import Challenge, Encoding, Event, Received, WebhookRequest
from automation.model.values import Json, JsonObject
from automation.sources.base import (
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
from automation.sources.reading import decode_json

PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Zoom:
    """`POST /hooks/zoom`.

    The signature is over the raw bytes: a delivery may mix escapes and raw UTF-8, so no serialiser
    gives it back (Zoom's own sample re-serialises).
    """

    name = "zoom"
    secret_variable = "ZOOM_WEBHOOK_SECRET_TOKEN"  # noqa: S105  # the variable's name
    max_bytes = MAX_BODY_BYTES
    secret_paths: Sequence[tuple[str, ...]] = (
        ("download_token",),
        ("payload", "object", "password"),
        ("payload", "object", "recording_play_passcode"),
    )

    def receive(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> Received:
        """See Source. Zoom gives no delivery id, so the key is made of signed fields."""
        stamp = one_header(request, "x-zm-request-timestamp")
        given = digest_of(one_header(request, "x-zm-signature"), prefix="v0=")
        place = verify(given, b"v0:" + stamp.encode() + b":" + request.body, secrets)
        timestamp(stamp, now)
        encoding_of(request, form=Encoding.JSON)
        try:
            body = decode_json(request.body)
        except Unreadable as error:
            return unreadable(request, Encoding.JSON, str(error))
        if body.get("event") == "endpoint.url_validation":
            return _validation(body, secrets[place])
        return _event(request, body)

    def sign(
        self, body: bytes, *, secret: bytes, now: datetime, event: str, delivery: str
    ) -> Mapping[str, str]:
        """See Source."""
        stamp = str(int(now.timestamp()))
        digest = keyed_digest(secret, b"v0:" + stamp.encode() + b":" + body).hex()
        return {
            "Content-Type": JSON_TYPE,
            "x-zm-request-timestamp": stamp,
            "x-zm-signature": f"v0={digest}",
        }

    def wrap(self, kind: str, fields: JsonObject) -> JsonObject:
        """See Wraps."""
        if isinstance(_at(fields, "payload", "object"), dict):
            return fields
        return {"event": kind, "payload": {"object": fields}}


def _validation(body: JsonObject, secret: bytes) -> Challenge:
    """Answer Zoom's check of our address, repeated every 72 hours.

    The answer is an HMAC with the same secret that signs deliveries: a token like `v0:<time>:<body>`
    would make us sign a forged delivery, so only real-looking tokens are answered.
    """
    token = _at(body, "payload", "plainToken")
    if not isinstance(token, str) or not PLAIN_TOKEN.fullmatch(token):
        raise BadSignature("bad_encoding", "the plainToken is not one Zoom makes")
    digest = keyed_digest(secret, token.encode()).hex()
    return Challenge(body=json.dumps({"plainToken": token, "encryptedToken": digest}).encode())


def _event(request: WebhookRequest, body: JsonObject) -> Event:
    thing = _at(body, "payload", "object")
    fields: JsonObject = thing if isinstance(thing, dict) else {}
    name = body.get("event")
    return Event(
        id=request.id,
        source=request.source,
        name=dotted("zoom", name if isinstance(name, str) and name else "unknown"),
        keys=(_key(body, fields),),
        received_at=request.received_at,
        body=request.body,
        inner=("payload", "object"),
        names=_names(body, fields),
    )


def _key(body: JsonObject, fields: JsonObject) -> str:
    files = fields.get("recording_files")
    people = fields.get("participant")
    return key_of(
        (
            body.get("event"),
            body.get("event_ts"),
            _at(body, "payload", "account_id"),
            fields.get("uuid") or fields.get("meeting_uuid") or fields.get("id"),
            json.dumps(people, sort_keys=True) if people else None,
            *(_at(file, "id") for file in (files if isinstance(files, list) else ())),
        )
    )


def _names(body: JsonObject, fields: JsonObject) -> dict[str, Json]:
    """The summary event calls the same things by other names; rules need only one."""
    names = {
        "uuid": fields.get("meeting_uuid"),
        "topic": fields.get("meeting_topic"),
        "host": fields.get("host_email") or fields.get("meeting_host_email"),
        "start_time": fields.get("meeting_start_time"),
        "end_time": fields.get("meeting_end_time"),
        "url": fields.get("share_url"),
        "account_id": _at(body, "payload", "account_id"),
        "by": _at(body, "payload", "operator"),
    }
    return {name: value for name, value in names.items() if value is not None}


def _at(value: Json, *path: str) -> Json:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


SOURCE: Source = Zoom()
