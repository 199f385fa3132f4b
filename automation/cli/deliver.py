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

SCHEDULE = "schedule"
"""The source of ticks, which no sender signs."""


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
    if path.is_file():
        return Payload(body=path.read_bytes(), name=name or name_of(path))
    known = [one for one, _ in samples()]
    if text in known:
        return sample(text)
    raise NotInStore(f"{text} is neither a file nor a sample; samples: {', '.join(known)}")


def sample(name: str) -> Payload:
    """A sample that is there."""
    return Payload(body=dict(samples())[name].read_bytes().rstrip(b"\n"), name=name)


def name_of(path: Path) -> str:
    """What a payload file is by its own name: `github.push.json`, `github/push.json`, or a sample's."""
    stem = path.stem
    if stem.partition(".")[0] in discover() and "." in stem:
        return stem
    if path.parent.name in discover():
        return f"{path.parent.name}.{stem}"
    return next((one for one, _ in samples() if one.partition(".")[2] == stem), stem)


def source_named(name: str, sources: Mapping[str, Source] | None = None) -> Source:
    """A source: one of those given, else a built-in one. Raises WrongUsage."""
    known = discover() if sources is None else sources
    found = known.get(name)
    if found is None:
        raise WrongUsage(
            f"{name!r} is no source; say what the payload is with `send --as` or `explain --event`:"
            f" a name that starts with {', '.join(known)}, such as github.push"
        )
    return found


def headers_for(
    payload: Payload,
    *,
    secret: bytes,
    now: datetime,
    sources: Mapping[str, Source] | None = None,
) -> Mapping[str, str]:
    """The headers of a delivery signed with the secret."""
    source = source_named(payload.source, sources)
    delivery = secrets.token_hex(16)
    return source.sign(payload.body, secret=secret, now=now, event=payload.kind, delivery=delivery)


def as_event(payload: Payload, now: datetime, sources: Mapping[str, Source] | None = None) -> Event:
    """The event the payload would be, through the source's own reading. Raises NotInStore."""
    if payload.source == SCHEDULE:
        return _tick(payload, now)
    secret = secrets.token_bytes(32)
    headers = headers_for(payload, secret=secret, now=now, sources=sources)
    request = WebhookRequest(
        id=secrets.token_hex(10),
        source=payload.source,
        headers=tuple((name.lower(), value) for name, value in headers.items()),
        body=payload.body,
        received_at=now,
    )
    match source_named(payload.source, sources).receive(request, [secret], now):
        case Event() as event:
            return event
        case Challenge():
            raise NotInStore(f"{payload.name} is a handshake: it is answered, and no rule hears it")
        case Ignored(reason=reason):
            raise NotInStore(f"{payload.name} is not for rules: {reason}")


def _tick(payload: Payload, now: datetime) -> Event:
    return Event(
        id=secrets.token_hex(10),
        source=SCHEDULE,
        name=payload.name,
        keys=(payload.kind,),
        received_at=now,
        body=payload.body,
    )
