"""How each source names events, what it adds, and what makes two deliveries one."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest

from automation.cli.files import samples
from automation.model.errors import BadSignature
from automation.model.event import Challenge, Encoding, Event, Ignored, WebhookRequest, document
from automation.sources.discover import discover
from automation.sources.reading import read

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = b"correct horse battery staple"


def take(name: str, body: bytes | dict[str, Any], delivery: str = "d-1", **more: str) -> Any:
    """The delivery, signed and received."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    source, _, event = name.partition(".")
    made = discover()[source].sign(raw, secret=SECRET, now=NOW, event=event, delivery=delivery)
    headers = {key.lower(): value for key, value in made.items()} | more
    request = WebhookRequest(
        id="e1", source=source, headers=tuple(headers.items()), body=raw, received_at=NOW
    )
    return discover()[source].receive(request, [SECRET], NOW)


def sample(name: str) -> bytes:
    return dict(samples())[name].read_bytes().rstrip(b"\n")


def seen(event: Event) -> Any:
    return document(event, read(event))


def test_a_github_form_body_is_verified_as_sent_and_read_from_its_payload() -> None:
    body = b"payload=" + quote_plus(sample("github.push")).encode()
    event = take("github.push", body, **{"content-type": "application/x-www-form-urlencoded"})
    assert (event.name, event.encoding) == ("github.push", Encoding.FORM_PAYLOAD)
    assert seen(event)["repo"] == "acme/web"
    assert seen(event)["branch"] == "main"


def test_a_captured_github_body_under_a_new_delivery_id_keeps_its_first_key() -> None:
    """The GUID is not signed; the body is."""
    one, two = (
        take("github.push", sample("github.push")),
        take("github.push", sample("github.push"), "d-2"),
    )
    assert one.keys[0] == two.keys[0]
    assert one.keys[1:] == ("guid:d-1",)
    assert two.keys[1:] == ("guid:d-2",)


def test_a_short_name_never_hides_what_the_sender_sent() -> None:
    event = take("github.push", {"repo": "mine", "repository": {"full_name": "acme/web"}})
    assert seen(event)["repo"] == "mine"


def test_a_tag_push_has_a_tag_and_no_branch() -> None:
    event = take("github.push", {"ref": "refs/tags/v1"})
    assert (event.names.get("tag"), event.names.get("branch")) == ("v1", None)


def test_a_ping_starts_nothing() -> None:
    assert isinstance(take("github.ping", sample("github.ping")), Ignored)


def test_an_unknown_github_event_is_still_an_event() -> None:
    assert take("github.brand_new", {"action": "Done It!"}).name == "github.brand_new.done_it_"


def test_the_useful_part_of_a_slack_event_is_the_event() -> None:
    event = take("slack.app_mention", sample("slack.app_mention"))
    assert seen(event)["channel"] == "C0SHOP001"
    assert seen(event)["by"] == "U0INES001"
    assert seen(event)["raw"]["team_id"] == "T0ACME001"


def test_one_slack_message_under_two_event_ids_shares_a_key() -> None:
    body = json.loads(sample("slack.message"))
    one, two = take("slack.message", body), take("slack.message", body | {"event_id": "Ev9"})
    assert one.keys[0] != two.keys[0]
    assert one.keys[1] == two.keys[1]


def test_a_mention_and_the_message_it_stands_in_are_two_events() -> None:
    body = json.loads(sample("slack.app_mention"))
    message = body | {"event_id": "Ev9", "event": body["event"] | {"type": "message"}}
    assert not set(take("slack.x", body).keys) & set(take("slack.x", message).keys)


def test_a_slack_subtype_is_part_of_the_name() -> None:
    body = {
        "type": "event_callback",
        "event_id": "Ev1",
        "event": {"type": "message", "subtype": "bot_message"},
    }
    assert take("slack.x", body).name == "slack.message.bot_message"


def test_a_rate_limit_notice_is_an_event_without_an_event_id() -> None:
    event = take("slack.app_rate_limited", sample("slack.app_rate_limited"))
    assert event.name == "slack.app_rate_limited"
    assert event.keys[0].startswith("body:")


def test_a_slash_command_is_read_from_its_form() -> None:
    event = take("slack.command", sample("slack.command"))
    assert (event.name, seen(event)["text"], seen(event)["by"]) == (
        "slack.command",
        "Order new price tags",
        "ines",
    )


def test_an_interaction_is_read_from_the_form_field_payload() -> None:
    body = b"payload=" + quote_plus('{"type": "block_actions", "trigger_id": "9.9"}').encode()
    event = take("slack.x", body)
    assert (event.name, event.keys) == ("slack.block_actions", ("block_actions:9.9",))


def test_an_ssl_check_is_signed_like_all_else_and_starts_nothing() -> None:
    assert isinstance(take("slack.command", b"ssl_check=1&token=x"), Ignored)


def test_the_slack_challenge_comes_back_as_text() -> None:
    answer = take("slack.url_verification", {"type": "url_verification", "challenge": "abc"})
    assert answer == Challenge(body=b"abc", content_type="text/plain")


def test_the_zoom_challenge_is_answered_with_its_hmac() -> None:
    answer = take(
        "zoom.endpoint.url_validation",
        {"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}},
    )
    assert json.loads(answer.body) == {
        "plainToken": "abc",
        "encryptedToken": "1aa38c7ba7b281b8ba94d4581468ab488235a8c473ce6ee6b7c90cdfe24d7a55",
    }


@pytest.mark.parametrize("token", ["v0:1:{}", "a" * 65, "", "é", 7, None])
def test_the_zoom_challenge_is_no_signing_oracle(token: object) -> None:
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": token}}
    with pytest.raises(BadSignature):
        take("zoom.endpoint.url_validation", body)


def test_zoom_events_of_one_meeting_can_be_joined_by_uuid() -> None:
    ended = seen(take("zoom.meeting.ended", sample("zoom.meeting.ended")))
    summary = seen(take("zoom.x", sample("zoom.meeting.summary_completed")))
    transcript = seen(take("zoom.x", sample("zoom.recording.transcript_completed")))
    assert ended["uuid"] == summary["uuid"] == transcript["uuid"]


def test_zoom_keys_come_from_signed_fields_and_tell_files_apart() -> None:
    body = json.loads(sample("zoom.recording.completed"))
    other = json.loads(sample("zoom.recording.completed"))
    other["payload"]["object"]["recording_files"][0]["id"] = "f9"
    assert take("zoom.x", body).keys != take("zoom.x", other).keys


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"\xff{}", "not UTF-8"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e400}', "too large"),
        (b"[]", "not an object"),
        (b"", "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
    ids=["not utf-8", "duplicate key", "NaN", "infinite", "a list", "empty", "endless number"],
)
@pytest.mark.parametrize("name", ["github.push", "zoom.x"])
def test_a_signed_body_that_cannot_be_read_is_kept_with_the_reason(
    name: str, body: bytes, problem: str
) -> None:
    event = take(name, body)
    assert event.name == f"{name.partition('.')[0]}.unreadable"
    assert problem in event.problem
    assert event.body == body
