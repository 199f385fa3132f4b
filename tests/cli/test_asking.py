"""Reads from Notion for a command: patient, within the budget, and not for ever."""

import json

import httpx
import pytest

from automation.cli.asking import LONGEST_WAIT_SECONDS, MAX_TRIES, Reader
from automation.model.errors import (
    AutomationError,
    Deferred,
    Doubtful,
    NotionRejected,
    SettingsError,
)
from automation.notion import wire
from automation.outbound.client import NotionClient

pytestmark = pytest.mark.anyio

GOOD = httpx.Response(200, json={"object": "page"})


class Time:
    """A clock that only goes on while somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Go on at once."""
        self.at += seconds
        self.slept.append(seconds)

    def now(self) -> float:
        """The time it is."""
        return self.at


def refused(status: int, code: str = "", *, after: str = "") -> httpx.Response:
    """An error as Notion says it."""
    headers = {"retry-after": after} if after else {}
    body = json.dumps({"object": "error", "code": code, "message": "no"})
    return httpx.Response(status, content=body, headers=headers)


def reader(time: Time, *answers: httpx.Response | Exception, per_minute: int = 100) -> Reader:
    """A reader that hears these answers, and good ones after them."""
    left = list(answers)

    def hear(_: httpx.Request) -> httpx.Response:
        answer = left.pop(0) if left else GOOD
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = NotionClient(base_url="http://notion", token="t", transport=httpx.MockTransport(hear))
    return Reader(client=client, per_minute=per_minute, say=len, sleep=time.sleep, now=time.now)


ASKED = wire.retrieve_page("p")

WAITS = {
    "as-long-as-notion-asks": ((refused(429, after="7"),), [7.0]),
    "overloaded": ((refused(529, after="3"), refused(429, after="1")), [3.0, 1.0]),
    "no-sense": ((refused(503), refused(502)), [0.5, 1.0]),
    "a-conflict": ((refused(409, "conflict_error"),), [0.5]),
    "lost": ((httpx.ReadError("gone"),), [0.5]),
    "not-reached": ((httpx.ConnectError("away"),), [0.5]),
    "not-for-ever": ((refused(500),) * (MAX_TRIES - 1), [0.5, 1.0, 2.0, 4.0]),
}


@pytest.mark.parametrize(("answers", "slept"), WAITS.values(), ids=WAITS)
async def test_it_asks_again_after_a_while(
    answers: tuple[httpx.Response | Exception, ...], slept: list[float]
) -> None:
    time = Time()
    assert (await reader(time, *answers).send(ASKED)).status == 200
    assert time.slept == slept


ENDS: dict[str, tuple[tuple[httpx.Response | Exception, ...], type[AutomationError], str]] = {
    "it-asks-for-too-long": (
        (refused(429, after=str(int(LONGEST_WAIT_SECONDS) + 1)),),
        Deferred,
        "Notion asks to wait 121 s",
    ),
    "always-the-same": ((refused(500),) * MAX_TRIES, Deferred, "Notion answered 500: no"),
    "always-lost": ((httpx.ReadError("x"),) * MAX_TRIES, Doubtful, "the answer was lost"),
    "a-refused-token": ((refused(401),), SettingsError, "NOTION_TOKEN: Notion refuses it: no"),
    "not-there": ((refused(404, "object_not_found"),), NotionRejected, "no"),
}


@pytest.mark.parametrize(("answers", "kind", "said"), ENDS.values(), ids=ENDS)
async def test_it_gives_up_in_words(
    answers: tuple[httpx.Response | Exception, ...], kind: type[AutomationError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        await reader(Time(), *answers).send(ASKED)


async def test_no_minute_has_more_requests_than_the_budget() -> None:
    time = Time()
    made = reader(time, per_minute=3)
    sent = []
    for _ in range(8):
        await made.send(ASKED)
        sent.append(time.at)
        time.at += 1
    assert sent == [0, 1, 2, 60, 61, 62, 120, 121]
