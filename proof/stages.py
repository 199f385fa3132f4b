"""Every place where a process touches the store or the wire, as a label at which it can die.

`PROOF_DIE="record+:3"` kills the process with SIGKILL when it comes to that label for the third time.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from sqlite3 import Connection
from typing import Any, TypeVar

import httpx

from automation.store.sqlite import SqliteStore

T = TypeVar("T")

LABELS = (
    "append-", "append+", "save_plan-", "save_plan+", "claim_runs-", "claim_runs+", "record-", "record+",
    "send-", "send+", "finish-", "finish+", "forget-", "retry-", "retry+", "take-", "take+",
)  # fmt: skip


@dataclass(slots=True)
class Stages:
    """Counts arrivals, and dies where it was told to."""

    label: str = ""
    count: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def reach(self, label: str) -> None:
        """The process is at this label."""
        self.seen[label] += 1
        if label == self.label and self.seen[label] >= self.count:
            os.kill(os.getpid(), signal.SIGKILL)


def stages_of(environ: Mapping[str, str]) -> Stages:
    """As the environment says."""
    label, _, count = environ.get("PROOF_DIE", "").partition(":")
    return Stages(label=label, count=int(count or 1))


class StagedStore(SqliteStore):
    """The SQLite store, with a label before and after each write."""

    def __init__(self, path: str, stages: Stages) -> None:
        super().__init__(path)
        self._stages = stages

    async def _write(self, verb: Callable[[Connection], T]) -> T:
        name = (
            verb.func.__name__ if isinstance(verb, partial) else getattr(verb, "__name__", "verb")
        )
        self._stages.reach(f"{name}-")
        result = await super()._write(verb)
        self._stages.reach(f"{name}+")
        return result


class StagedTransport(httpx.AsyncHTTPTransport):
    """The wire, with a label before and after each request."""

    def __init__(self, stages: Stages, **more: Any) -> None:
        super().__init__(**more)
        self._stages = stages

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._stages.reach("send-")
        response = await super().handle_async_request(request)
        self._stages.reach("send+")
        return response
