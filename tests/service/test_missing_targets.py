"""A target that is missing is said in the log, once for each reason, and so is that it was found."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from automation.directory import LOOK_AGAIN, Directory
from automation.model.errors import Deferred, NotSent
from automation.model.request import Notion, Request, Response
from automation.model.target import TargetKind, TargetName

pytestmark = pytest.mark.anyio

TASKS: dict[str, object] = {
    "object": "data_source",
    "id": "01234567-89ab-4def-8123-456789abcdef",
    "title": [{"plain_text": "Tasks"}],
    "properties": {},
    "url": "https://www.notion.so/0123456789ab4def8123456789abcdef",
}


@dataclass(slots=True)
class StillClock:
    """A clock that a test moves."""

    time: datetime = datetime(2026, 11, 24, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(slots=True)
class Notions:
    """Answers searches with what it has; away when that is None."""

    has: list[dict[str, object]] | None

    async def send(self, request: Request) -> Response:
        assert isinstance(request, Notion)
        if self.has is None:
            raise NotSent("cannot reach Notion")
        return Response(status=200, body={"results": self.has, "next_cursor": None})


async def test_a_missing_target_is_said_once_for_each_reason_and_so_is_that_it_was_found() -> None:
    clock, notion = StillClock(), Notions(has=[])
    directory = Directory(notion.send, clock)
    directory.expect({"Tasks": TargetName(name="Tasks", text="Tasks", kind=TargetKind.DATA_SOURCE)})
    with structlog.testing.capture_logs() as logs:
        seen: list[list[dict[str, object]] | None] = [[], [], None, None, [TASKS], [TASKS]]
        for has in seen:
            notion.has = has
            clock.time += LOOK_AGAIN
            # While Notion is away nobody knows whether it is there; that is said as well.
            with contextlib.suppress(Deferred):
                await directory.find(["Tasks"])
    assert [(one["event"], one["target"]) for one in logs] == [
        ("target.missing", "Tasks"),
        ("target.missing", "Tasks"),
        ("target.found", "Tasks"),
    ]
    assert logs[0]["reason"].startswith(
        "there is no `Tasks` in Notion that the connection can see. "
    )
    assert logs[1]["reason"] == "cannot reach Notion"
