"""What comes in: a webhook request, and what a source makes of it.

An event keeps the raw bytes as the sender signed them. Everything a rule may read is derived from
them by `document`, so nothing is stored twice and a replay needs nothing from the sender.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from automation.model.values import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One delivery attempt, as it stood on the wire.

    `headers` are (name, value) pairs in order, names in lower case; repeated headers stay repeated.
    """

    id: str
    source: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    received_at: datetime

    def header(self, name: str) -> str | None:
        """The value of a header that must stand at most once; None if it is missing or repeated."""
        values = self.header_values(name)
        return values[0] if len(values) == 1 else None

    def header_values(self, name: str) -> tuple[str, ...]:
        """Every value of the header, in order."""
        return tuple([value for key, value in self.headers if key == name])


class Encoding(StrEnum):
    """How the payload stands in the raw bytes."""

    JSON = "json"
    FORM = "form"
    """A flat urlencoded form: every field a text (Slack slash commands)."""
    FORM_PAYLOAD = "form-payload"
    """A urlencoded form whose field `payload` holds the JSON (GitHub's form content type)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One verified thing that happened.

    `name` is dotted lower case, `source.type[.action]`. `keys` say what makes two deliveries the
    same event: it is a duplicate when any of them is known for the source. `inner` is the path in
    the decoded body of the part rules read as `event`; `names` are short names beside it, which
    never hide a field the sender sent. `problem` says why a signed delivery could not be read.
    """

    id: str
    source: str
    name: str
    keys: tuple[str, ...]
    received_at: datetime
    body: bytes
    encoding: Encoding = Encoding.JSON
    inner: tuple[str, ...] = ()
    names: Mapping[str, Json] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A handshake the source answers itself; no rule hears of it."""

    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A verified delivery that is nothing for rules (a ping, an ssl check)."""

    reason: str


Received = Event | Challenge | Ignored


def document(event: Event, raw: Json) -> JsonObject:
    """What a rule reads as `event`: the useful part, the short names, and `raw` whole.

    `raw` is the decoded body. A field that the sender sent always wins over a short name; `raw`
    itself is a short name too.
    """
    useful = raw
    for step in event.inner:
        useful = useful.get(step) if isinstance(useful, dict) else None
    fields = useful if isinstance(useful, dict) else {"value": useful}
    return {"raw": raw, **event.names, **fields}
