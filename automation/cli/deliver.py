"""Payload files as deliveries: read, named, and signed as their sender would."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from automation.cli.files import samples
from automation.model.errors import NotInStore, WrongUsage
from automation.model.event import Challenge, Event, Ignored, WebhookRequest
from automation.sources.base import Source
from automation.sources.discover import discover


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A body, and what it is: `name` is `source.type[.action]`."""

    body: bytes
    name: str

    @property
    def source(self) -> str:
        """The source's name."""
        return self.name.partition(".")[0]

    @property
    def kind(self) -> str:
        """The event's name without its source."""
        return self.name.partition(".")[2]


def find(text: str, name: str) -> Payload:
    """A payload file, or a sample by its event name. Raises NotInStore."""
    path = Path(text)
    known = dict(samples())
    if path.is_file():
        guessed = name or next((one for one in known if path.stem in one), path.stem)
        return Payload(body=path.read_bytes(), name=guessed)
    if text in known:
        return Payload(body=known[text].read_bytes().rstrip(b"\n"), name=text)
    listed = ", ".join(known)
    raise NotInStore(f"{text} is neither a file nor a sample; samples: {listed}")


def source_named(name: str) -> Source:
    """A built-in source. Raises WrongUsage."""
    found = discover().get(name)
    if found is None:
        raise WrongUsage(
            f"{name!r} is no source; say what the payload is with `send --as` or `explain --event`:"
            f" a name that starts with {', '.join(discover())}, such as github.push"
        )
    return found


def headers_for(payload: Payload, *, secret: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of a delivery signed with the secret."""
    source = source_named(payload.source)
    delivery = secrets.token_hex(16)
    return source.sign(payload.body, secret=secret, now=now, event=payload.kind, delivery=delivery)


def as_event(payload: Payload, now: datetime) -> Event:
    """The event the payload would be, through the source's own reading. Raises NotInStore."""
    secret = secrets.token_bytes(32)
    headers = headers_for(payload, secret=secret, now=now)
    request = WebhookRequest(
        id=secrets.token_hex(10),
        source=payload.source,
        headers=tuple((name.lower(), value) for name, value in headers.items()),
        body=payload.body,
        received_at=now,
    )
    match source_named(payload.source).receive(request, [secret], now):
        case Event() as event:
            return event
        case Challenge():
            raise NotInStore(f"{payload.name} is a handshake: it is answered, and no rule hears it")
        case Ignored(reason=reason):
            raise NotInStore(f"{payload.name} is not for rules: {reason}")
