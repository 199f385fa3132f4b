"""What a source is, and the pieces every signature check is made of.

A source is one file: its name is the URL (`POST /hooks/<name>`) and the prefix of its event names.
`SOURCE: Source = GitHub()` at its end lets the type checker hold it to the protocol.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from automation.model.errors import BadSignature, UnsupportedMedia
from automation.model.event import Encoding, Event, Received, WebhookRequest
from automation.model.values import JsonObject

MAX_BODY_BYTES = 25_000_000
"""GitHub's own cap, the highest of the senders.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""

TOLERANCE_SECONDS = 300.0

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


class Source(Protocol):
    """A sender we can verify."""

    @property
    def name(self) -> str:
        """The last part of its URL and the first part of its event names."""

    @property
    def secret_variable(self) -> str:
        """The environment variable of its secret, in the vendor's own words."""

    @property
    def max_bytes(self) -> int:
        """The largest body it may send."""

    @property
    def secret_paths(self) -> Sequence[tuple[str, ...]]:
        """Where payloads hold secrets, to be hidden wherever an event is shown."""

    def receive(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> Received:
        """Verify the raw bytes, then read them.

        Raises BadSignature, UnsupportedMedia or BadShape. A signed body that cannot be read is an
        Event with a `problem`.
        """

    def sign(
        self, body: bytes, *, secret: bytes, now: datetime, event: str, delivery: str
    ) -> Mapping[str, str]:
        """The headers with which this sender would deliver `body`; `event` is its name without the source."""


@runtime_checkable
class Wraps(Protocol):
    """A source whose rules read only the inside of a delivery, and that can make a whole one of it."""

    def wrap(self, kind: str, fields: JsonObject) -> JsonObject:
        """The body in which it would deliver these fields; a body that is whole already stays as it is.

        `kind` is the event's name without the source.
        """


def keyed_digest(secret: bytes, signed: bytes, algorithm: str = "sha256") -> bytes:
    """HMAC of `signed`."""
    return hmac.digest(secret, signed, algorithm)


def one_header(request: WebhookRequest, name: str) -> str:
    """The header that must stand exactly once. Raises BadSignature."""
    values = request.header_values(name)
    if not values:
        raise BadSignature("no_signature", f"the header {name} is missing")
    if len(values) > 1:
        raise BadSignature("repeated_header", f"the header {name} stands {len(values)} times")
    return values[0]


def digest_of(text: str, *, prefix: str, encoding: str = "hex") -> bytes:
    """The digest a signature header holds. Raises BadSignature("bad_encoding")."""
    if not text.startswith(prefix):
        raise BadSignature("bad_encoding", f"the signature does not start with {prefix!r}")
    rest = text[len(prefix) :]
    try:
        if encoding == "hex":
            return binascii.unhexlify(rest)
        return base64.b64decode(rest.encode("ascii"), validate=True)
    except ValueError as error:
        raise BadSignature(
            "bad_encoding", "the signature is not encoded as it should be"
        ) from error


def verify(given: bytes, signed: bytes, secrets: Sequence[bytes], algorithm: str = "sha256") -> int:
    """Which of the secrets made the digest (its place). Raises BadSignature when none did.

    An empty secret verifies nothing.
    """
    matches = [
        place
        for place, secret in enumerate(secrets)
        if secret and hmac.compare_digest(given, keyed_digest(secret, signed, algorithm))
    ]
    if not matches:
        raise BadSignature("mismatch")
    return matches[0]


def timestamp(
    text: str, now: datetime, *, tolerance: float = TOLERANCE_SECONDS, per_second: int = 1
) -> None:
    """Refuse a time that is too far from now, both ways. Raises BadSignature with how far."""
    if not text.isascii() or not text.isdigit() or len(text) > 13:
        raise BadSignature("bad_timestamp", "the timestamp is not a number of seconds")
    off = now.timestamp() - int(text) / per_second
    if off > tolerance:
        raise BadSignature("stale", f"{off:.0f} s old; is this machine's clock right?")
    if off < -tolerance:
        raise BadSignature("future", f"{-off:.0f} s ahead; is this machine's clock right?")


def encoding_of(request: WebhookRequest, *, form: Encoding) -> Encoding:
    """How the body is encoded, by its content type; a form is read as `form`. Raises UnsupportedMedia."""
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if kind == JSON_TYPE:
        return Encoding.JSON
    if kind == FORM_TYPE:
        return form
    raise UnsupportedMedia(f"the content type {kind[:60]!r} is not one this source sends")


def body_key(body: bytes) -> str:
    """A key from the signed bytes alone."""
    return "body:" + hashlib.sha256(body).hexdigest()


def key_of(parts: Iterable[object]) -> str:
    """A key from signed fields, in order."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def unreadable(request: WebhookRequest, encoding: Encoding, problem: str) -> Event:
    """A signed delivery that could not be read: kept raw, parked with the reason."""
    return Event(
        id=request.id,
        source=request.source,
        name=f"{request.source}.unreadable",
        keys=(body_key(request.body),),
        received_at=request.received_at,
        body=request.body,
        encoding=encoding,
        problem=problem,
    )


def dotted(*parts: object) -> str:
    """An event name: lower case, parts that are there joined by dots, nothing but [a-z0-9_.-]."""
    words = [str(part).strip().lower() for part in parts if part]
    clean = (
        "".join(ch if ch.isascii() and (ch.isalnum() or ch in "_-.") else "_" for ch in word)
        for word in words
    )
    return ".".join(word.strip(".") or "_" for word in clean)
