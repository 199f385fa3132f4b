"""A client of the emulator for tests, in process. It checks every answer against the OpenAPI, where that is at hand."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from automation.emulator.app import create_app
from automation.emulator.seed import SEEDS, describe
from automation.emulator.state import Emulator
from automation.emulator.traffic import Window
from automation.emulator.versions import CURRENT
from automation.emulator.workspace import Workspace
from tests.emulator.openapi import Spec, spec

Object = dict[str, Any]

START = datetime(2026, 11, 23, 9, 30, 15, 250_000, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """The time it is set to."""
        return self.at

    def tick(self, seconds: float) -> None:
        """Go on."""
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: httpx.Headers


class Api:
    """The emulator's API. `seen` counts the answers that were checked."""

    def __init__(self, emulator: Emulator, client: httpx.AsyncClient, clock: Clock) -> None:
        self.emulator = emulator
        self.space = emulator.workspace
        self.clock = clock
        self.facts = describe(emulator.workspace, "http://notion")
        self.root: str = self.facts["root_page_id"]
        self.seen = 0
        self.witnessed = True
        """False where a test uses what the OpenAPI of March does not have yet."""
        self._client = client
        self._spec: Spec | None = spec() if os.environ.get("AUTOMATION_TEST_DATA") else None

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str | None = CURRENT,
        **options: Any,
    ) -> Answer:
        """Send a request; any answer."""
        headers = {"Authorization": f"Bearer {options.pop('token', self.space.token)}"}
        if version is not None:
            headers["Notion-Version"] = version
        if isinstance(body, bytes):
            options["content"] = body
        elif body is not None:
            options["json"] = body
        answer = await self._client.request(method, f"/v1{path}", headers=headers, **options)
        made = Answer(answer.status_code, answer.json(), answer.headers)
        self._witness(method, path.partition("?")[0], version, made)
        return made

    def _witness(self, method: str, path: str, version: str | None, answer: Answer) -> None:
        if self._spec is None or not self.witnessed or version != CURRENT:
            return
        if answer.status in {413, 501}:
            return
        if self._spec.knows(method, path):
            self.seen += 1
            wrong = self._spec.answer(method, path, answer.status, answer.body)
            assert wrong is None, wrong

    async def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The body of an answer that must be a success."""
        answer = await self.send(method, path, body, **options)
        assert answer.status == 200, answer.body
        return answer.body

    async def refused(self, method: str, path: str, body: Any = None, **options: Any) -> str:
        """The message of a refusal with 400 validation_error."""
        answer = await self.send(method, path, body, **options)
        assert (answer.status, answer.body["code"]) == (400, "validation_error"), answer.body
        return str(answer.body["message"])

    # short words for what tests set up ------------------------------------------------------------

    async def page(self, title: str = "A page", **more: Any) -> Any:
        """A page below the root."""
        body = {"parent": {"page_id": self.root}, "properties": {"title": {"title": words(title)}}}
        return await self.ok("POST", "/pages", {**body, **more})

    async def source(self, properties: Object, title: str = "Things") -> Any:
        """A data source of its own; a title property `Name` is added."""
        database = await self.ok(
            "POST",
            "/databases",
            {
                "parent": {"type": "page_id", "page_id": self.root},
                "title": words(title),
                "initial_data_source": {"properties": {"Name": {"title": {}}, **properties}},
            },
        )
        return await self.ok("GET", f"/data_sources/{database['data_sources'][0]['id']}")

    async def row(self, source: Any, **values: Any) -> Any:
        """A row; `values` written out, by property name."""
        body = {"parent": {"data_source_id": source["id"]}, "properties": values}
        return await self.ok("POST", "/pages", body)


def words(content: str) -> list[Object]:
    """Rich text of one piece."""
    return [{"type": "text", "text": {"content": content}}]


def paragraph(content: str, *children: Object) -> Object:
    """A paragraph block, to be sent."""
    detail: Object = {"rich_text": words(content)}
    if children:
        detail["children"] = list(children)
    return {"object": "block", "type": "paragraph", "paragraph": detail}


@asynccontextmanager
async def connect(seed: str = "empty", limit: int = 0) -> AsyncIterator[Api]:
    """An emulator with a clock that stands still, and its client."""
    clock = Clock()
    space = Workspace(now=clock.now)
    SEEDS[seed](space)
    emulator = Emulator(space, Window(limit=limit))
    transport = httpx.ASGITransport(create_app(emulator))
    async with httpx.AsyncClient(transport=transport, base_url="http://notion") as client:
        yield Api(emulator, client, clock)
