"""A sender declared in a rules file: `[source.acme]`. An HMAC over a stated text, no Python needed."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from automation.model.errors import RuleError, Unreadable
from automation.model.event import Encoding, Event, Received, WebhookRequest
from automation.model.sender import Sender, SenderSignature
from automation.model.values import JsonObject
from automation.sources.base import (
    JSON_TYPE,
    body_key,
    digest_of,
    dotted,
    encoding_of,
    keyed_digest,
    one_header,
    timestamp,
    unreadable,
    verify,
)
from automation.sources.reading import decode

Render = Callable[[str, JsonObject], str]
"""Renders a template over {"body": …, "headers": …}. Raises RuleError."""


class Declared:
    """Implements Source for one declared sender."""

    def __init__(self, name: str, sender: Sender, render: Render) -> None:
        self.name = name
        self._sender = sender
        self._render = render
        self.secret_variable = sender.secret_env
        self.max_bytes = sender.max_bytes
        self.secret_paths: Sequence[tuple[str, ...]] = ()

    def receive(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> Received:
        """See Source."""
        rule = self._sender.signature
        given = digest_of(
            one_header(request, rule.header.lower()), prefix=rule.prefix, encoding=rule.encoding
        )
        stamp = self._stamp(request)
        verify(given, _signed(rule, request, stamp), secrets, rule.algorithm)
        if self._sender.timestamp is not None:
            when = self._sender.timestamp
            per_second = 1000 if when.unit == "milliseconds" else 1
            timestamp(stamp, now, tolerance=seconds(when.tolerance), per_second=per_second)
        encoding = encoding_of(request, form=Encoding.FORM)
        try:
            body = decode(request.body, encoding)
            return self._event(request, encoding, body)
        except (Unreadable, RuleError) as error:
            return unreadable(request, encoding, str(error))

    def _stamp(self, request: WebhookRequest) -> str:
        if self._sender.timestamp is None:
            return ""
        return one_header(request, self._sender.timestamp.header.lower())

    def _event(self, request: WebhookRequest, encoding: Encoding, body: JsonObject) -> Event:
        roots = {
            "body": body,
            "headers": {name.replace("-", "_"): value for name, value in request.headers},
        }
        name = self._render(self._sender.name, roots) if self._sender.name else "event"
        given = self._render(self._sender.id, roots) if self._sender.id else ""
        return Event(
            id=request.id,
            source=self.name,
            name=dotted(self.name, name),
            keys=(f"id:{given}" if given else body_key(request.body),),
            received_at=request.received_at,
            body=request.body,
            encoding=encoding,
            inner=tuple(self._sender.inner.split(".")) if self._sender.inner else (),
        )

    def sign(
        self, body: bytes, *, secret: bytes, now: datetime, event: str, delivery: str
    ) -> Mapping[str, str]:
        """See Source."""
        rule, when = self._sender.signature, self._sender.timestamp
        headers = {"Content-Type": JSON_TYPE}
        stamp = ""
        if when is not None:
            stamp = str(int(now.timestamp() * (1000 if when.unit == "milliseconds" else 1)))
            headers[when.header] = stamp
        if rule.id_header:
            headers[rule.id_header] = delivery
        digest = keyed_digest(secret, _text(rule, body, stamp, delivery), rule.algorithm)
        if rule.encoding == "hex":
            headers[rule.header] = rule.prefix + digest.hex()
        else:
            import base64

            headers[rule.header] = rule.prefix + base64.b64encode(digest).decode()
        return headers

    def wrap(self, kind: str, fields: JsonObject) -> JsonObject:
        """See Wraps."""
        path = self._sender.inner.split(".") if self._sender.inner else []
        if path and path[0] in fields:
            return fields
        for name in reversed(path):
            fields = {name: fields}
        return fields


def _signed(rule: SenderSignature, request: WebhookRequest, stamp: str) -> bytes:
    delivery = one_header(request, rule.id_header.lower()) if rule.id_header else ""
    return _text(rule, request.body, stamp, delivery)


def _text(rule: SenderSignature, body: bytes, stamp: str, delivery: str) -> bytes:
    parts = {b"{body}": body, b"{timestamp}": stamp.encode(), b"{id}": delivery.encode()}
    pieces = re.split(rb"(\{body\}|\{timestamp\}|\{id\})", rule.signed.encode())
    return b"".join(parts.get(piece, piece) for piece in pieces)


_DURATION = re.compile(r"(\d{1,6}) (second|minute|hour|day)s?")


def seconds(text: str) -> float:
    """`"5 minutes"` in seconds. Raises RuleError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise RuleError(f'{text!r} is not a duration such as "5 minutes"')
    return timedelta(**{found[2] + "s": int(found[1])}).total_seconds()
