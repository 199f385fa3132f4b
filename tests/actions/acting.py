"""Verbs in a test: driven by hand, or by a small dispatcher against the emulator.

Every request a verb makes is judged on the way: by the limits, and by the OpenAPI where that is at hand.
"""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from automation.actions.discover import discover
from automation.emulator.app import create_app
from automation.model.action import Call, StepResult
from automation.model.errors import NotionRejected
from automation.model.request import Notion, Recall, Remember, Repeat, Request, Response
from automation.model.target import Target, TargetKind, TargetName
from automation.notion import finding, replies
from automation.outbound.client import NotionClient
from tests.emulator.api import Api, connect
from tests.emulator.openapi import spec
from tests.notion import checker

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
VERBS = discover()


def call(
    verb: str,
    params: Mapping[str, Any],
    targets: Mapping[str, Target] | None = None,
    *,
    key: str = "a1_key",
    allow: bool = False,
) -> Call:
    """A step, ready to be done."""
    return Call(
        params=VERBS[verb].params.model_validate(params),
        targets=targets or {},
        key=key,
        now=NOW,
        zone=BERLIN,
        refuse_unknown_options=not allow,
    )


def judge(request: Request) -> None:
    """A request must be one that Notion takes, and say what repeating it would do."""
    if not isinstance(request, Notion):
        return
    assert checker.problems(request.body or {}) == []
    reads = request.method == "GET" or request.path.endswith("/query")
    assert (request.repeat is Repeat.READ) is reads
    assert (request.probe is not None) is (request.repeat is Repeat.DOUBLES)
    if request.body is not None and os.environ.get("AUTOMATION_TEST_DATA"):
        assert spec().request(request.method, request.path, request.body) is None


@dataclass(slots=True)
class Hand:
    """Drives a verb by hand: what it asks is kept, what it hears is given."""

    answers: Sequence[Any]
    asked: list[Request] = field(default_factory=list)

    def drive(self, step: Call, verb: str) -> StepResult:
        """To the end. An answer is a body, or an error that Notion gives."""
        talk = VERBS[verb].steps(step)
        left = list(self.answers)
        try:
            request = next(talk)
            while True:
                judge(request)
                self.asked.append(request)
                answer = left.pop(0)
                if isinstance(answer, Exception):
                    request = talk.throw(answer)
                else:
                    request = talk.send(Response(status=200, body=answer))
        except StopIteration as end:
            assert left == []
            result: StepResult = end.value
            return result


@dataclass(slots=True)
class Stage:
    """The emulator, and a dispatcher that repeats nothing. `sent` are the requests of the last step."""

    api: Api
    client: NotionClient
    targets: dict[str, Target]
    sizes: list[int]
    memory: dict[str, Any] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)

    async def act(self, verb: str, params: Mapping[str, Any], **options: Any) -> StepResult:
        """Do a step. Raises StepFailed."""
        self.sent = []
        talk = VERBS[verb].steps(call(verb, params, self.targets, **options))
        try:
            request = next(talk)
            while True:
                judge(request)
                self.sent.append(request)
                try:
                    response = await self._answer(request)
                except NotionRejected as error:
                    request = talk.throw(error)
                else:
                    request = talk.send(response)
        except StopIteration as end:
            result: StepResult = end.value
            return result

    async def _answer(self, request: Request) -> Response:
        match request:
            case Recall(key=key):
                return Response(status=200, body=self.memory.get(key))
            case Remember(key=key, value=value):
                self.memory[key] = value
                return Response(status=200)
            case Notion():
                answer = await self.client.send(request)
                reply = replies.read(answer.status, answer.headers, answer.body)
                if isinstance(reply, replies.Rejected):
                    raise NotionRejected(
                        reply.message, status=reply.status, code=reply.code, remedy=reply.remedy
                    )
                assert isinstance(reply, replies.Ok)
                return Response(status=reply.status, body=reply.body)
        raise AssertionError(request)

    @property
    def writes(self) -> list[Notion]:
        """The writes of the last step."""
        found = [one for one in self.sent if isinstance(one, Notion)]
        return [one for one in found if one.repeat is not Repeat.READ]

    async def refresh(self) -> None:
        """Look at the targets again, as the service does when a schema has changed."""
        for name, target in list(self.targets.items()):
            if target.kind is TargetKind.DATA_SOURCE:
                await self.target(name, target.id, key=target.key_property)

    async def target(self, name: str, identity: str, key: str | None = None) -> Target:
        """Name a data source."""
        found = await self.api.ok("GET", f"/data_sources/{identity}")
        named = TargetName(name=name, text=name, key_property=key)
        self.targets[name] = finding.data_source(named, found)
        return self.targets[name]

    async def rows(self, name: str) -> list[Any]:
        """The pages of a data source, oldest first."""
        path = f"/data_sources/{self.targets[name].id}/query"
        return list(reversed((await self.api.ok("POST", path, {}))["results"]))

    async def tree(self, identity: str) -> list[Any]:
        """What stands in a page, with all that is nested: (kind, text, below)."""
        made = []
        cursor: str | None = None
        while True:
            params = {"start_cursor": cursor} if cursor else {}
            answer = await self.api.ok("GET", f"/blocks/{identity}/children", params=params)
            for one in answer["results"]:
                below = await self.tree(one["id"]) if one["has_children"] else []
                made.append((one["type"], checker.text(one), *([below] if below else [])))
            cursor = answer["next_cursor"]
            if cursor is None:
                return made


class _Measured(httpx.ASGITransport):
    """Notes the size of what is really sent."""

    def __init__(self, app: Any, sizes: list[int]) -> None:
        super().__init__(app)
        self._sizes = sizes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._sizes.append(len(request.content))
        return await super().handle_async_request(request)


@asynccontextmanager
async def stage(seed: str = "demo") -> AsyncIterator[Stage]:
    """The demo workspace with its targets, each with its key property."""
    async with connect(seed) as api:
        sizes: list[int] = []
        transport = _Measured(create_app(api.emulator), sizes)
        async with NotionClient(
            base_url="http://notion", token=api.space.token, transport=transport
        ) as client:
            made = Stage(api=api, client=client, targets={}, sizes=sizes)
            for name, identity in api.facts["data_sources"].items():
                await made.target(name, identity, key="Automation key")
            for name, identity in api.facts["pages"].items():
                made.targets[name] = Target(
                    name=name,
                    kind=TargetKind.PAGE,
                    id=identity,
                    title=name,
                    url="https://www.notion.so/x",
                    properties={},
                )
            yield made


def texts(pieces: Any) -> str:
    """The words of rich text."""
    return "".join(one["plain_text"] for one in pieces)
