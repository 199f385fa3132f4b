"""What every source promises, over its sample payloads. A source without a sample fails."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.cli.files import samples
from automation.model.errors import BadSignature, DeliveryRefused
from automation.model.event import Challenge, Event, Ignored, Received, WebhookRequest
from automation.sources.base import Source
from automation.sources.discover import discover

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = b"correct horse battery staple"
SOURCES = discover()
SAMPLES = [(name, path) for name, path in samples()]
SIGNED = pytest.mark.parametrize(("name", "path"), SAMPLES, ids=[name for name, _ in SAMPLES])
TIMED = {"slack", "zoom"}


def signed(name: str, body: bytes, *, now: datetime = NOW, delivery: str = "d-1") -> dict[str, str]:
    source, _, event = name.partition(".")
    headers = SOURCES[source].sign(body, secret=SECRET, now=now, event=event, delivery=delivery)
    return {key.lower(): value for key, value in headers.items()}


def receive(
    name: str, body: bytes, headers: Mapping[str, str], *secrets: bytes, now: datetime = NOW
) -> Received:
    source: Source = SOURCES[name.partition(".")[0]]
    request = WebhookRequest(
        id="e1",
        source=source.name,
        headers=tuple(headers.items()),
        body=body,
        received_at=now,
    )
    return source.receive(request, secrets or (SECRET,), now)


def payload(path: Path) -> bytes:
    return path.read_bytes().rstrip(b"\n")


def test_every_source_has_samples() -> None:
    assert {name.partition(".")[0] for name, _ in SAMPLES} == set(SOURCES)


@SIGNED
def test_a_signed_delivery_is_read(name: str, path: Path) -> None:
    """An event has the name of its sample; a handshake is answered; a ping starts nothing."""
    match receive(name, payload(path), signed(name, payload(path))):
        case Event() as event:
            assert (event.name, event.problem) == (name, None)
            assert event.body == payload(path)
        case Challenge(body=body):
            assert name in {"slack.url_verification", "zoom.endpoint.url_validation"}
            assert body
        case Ignored():
            assert name == "github.ping"


@SIGNED
def test_one_changed_byte_is_refused(name: str, path: Path) -> None:
    body = payload(path)
    headers = signed(name, body)
    for at in (0, len(body) // 2, len(body) - 1):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        with pytest.raises(BadSignature) as refused:
            receive(name, changed, headers)
        assert refused.value.reason == "mismatch"


@SIGNED
def test_each_header_is_needed_and_may_stand_once(name: str, path: Path) -> None:
    body = payload(path)
    headers = signed(name, body)
    for header in (key for key in headers if "signature" in key or "timestamp" in key):
        with pytest.raises(BadSignature) as refused:
            receive(name, body, {key: value for key, value in headers.items() if key != header})
        assert refused.value.reason == "no_signature"
        request = WebhookRequest(
            id="e1",
            source=name.partition(".")[0],
            headers=(*headers.items(), (header, headers[header])),
            body=body,
            received_at=NOW,
        )
        with pytest.raises(BadSignature) as refused:
            SOURCES[request.source].receive(request, (SECRET,), NOW)
        assert refused.value.reason == "repeated_header"


@pytest.mark.parametrize(
    ("off", "reason"), [(301, "stale"), (-301, "future")], ids=["too old", "too early"]
)
@pytest.mark.parametrize("name", ["slack.message", "zoom.meeting.ended"])
def test_a_timestamp_out_of_reach_is_refused(name: str, off: int, reason: str) -> None:
    body = payload(dict(SAMPLES)[name])
    headers = signed(name, body, now=NOW - timedelta(seconds=off))
    with pytest.raises(BadSignature) as refused:
        receive(name, body, headers)
    assert refused.value.reason == reason


@SIGNED
def test_the_same_delivery_twice_has_the_same_keys(name: str, path: Path) -> None:
    body = payload(path)
    first = receive(name, body, signed(name, body))
    later = NOW + timedelta(seconds=90)
    again = receive(name, body, signed(name, body, now=later), now=later)
    if isinstance(first, Event):
        assert isinstance(again, Event)
        assert first.keys == again.keys
        assert len(first.keys[0]) > 8


@SIGNED
def test_two_secrets_are_accepted_while_one_is_being_changed(name: str, path: Path) -> None:
    body = payload(path)
    headers = signed(name, body)
    assert type(receive(name, body, headers, b"the new secret", SECRET)) is type(
        receive(name, body, headers, SECRET)
    )


@SIGNED
def test_no_secret_or_an_empty_one_verifies_nothing(name: str, path: Path) -> None:
    body = payload(path)
    source, _, event = name.partition(".")
    made = SOURCES[source].sign(body, secret=b"", now=NOW, event=event, delivery="d-1")
    headers = {key.lower(): value for key, value in made.items()}
    request = WebhookRequest(
        id="e1", source=source, headers=tuple(headers.items()), body=body, received_at=NOW
    )
    for none in ((), (b"",)):
        with pytest.raises(BadSignature):
            SOURCES[source].receive(request, none, NOW)


HEADER_TEXT = st.text(st.characters(max_codepoint=0xFF), max_size=200)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["github.push", "slack.message", "zoom.meeting.ended"]),
    signature=HEADER_TEXT | st.sampled_from(["sha256=", "v0=", "v0=é", "sha256=" + "0" * 64]),
    stamp=HEADER_TEXT
    | st.sampled_from(["NaN", "1e309", "-1", "9" * 40, "²", str(int(NOW.timestamp()))]),
    body=st.binary(max_size=300),
)
def test_hostile_headers_are_refused_and_nothing_else(
    name: str, signature: str, stamp: str, body: bytes
) -> None:
    headers = {
        "content-type": "application/json",
        "x-hub-signature-256": signature,
        "x-slack-signature": signature,
        "x-zm-signature": signature,
        "x-slack-request-timestamp": stamp,
        "x-zm-request-timestamp": stamp,
    }
    with pytest.raises(BadSignature):
        receive(name, body, headers)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["github.push", "slack.message", "zoom.meeting.ended"]), body=st.binary()
)
def test_any_signed_body_is_an_event_or_refused_by_shape(name: str, body: bytes) -> None:
    """Whatever is signed, nothing but the errors of the tree leaves a source."""
    try:
        received = receive(name, body, signed(name, body) | {"content-type": "application/json"})
    except DeliveryRefused:
        return
    assert isinstance(received, Event)
    assert received.keys
