"""Recorded exchanges with the real Notion, replayed: same status, same shape."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.emulator.recorded import Replay, Result, differences, read
from tests.world import data

pytestmark = pytest.mark.anyio

LEAST_KNOWN = 0.98
LEAST_BUILT = 0.97
LEAST_ALL = 0.9


async def _results() -> list[Result]:
    return [one for path in _recordings() for one in await Replay().run(read(path))]


def _recordings() -> list[Path]:
    return sorted(data("notion-recorded").glob("*.jsonl"))


async def test_recorded_exchanges_are_reproduced(capsys: pytest.CaptureFixture[str]) -> None:
    """Of what was recorded at the endpoints built, at least these shares."""
    results = await _results()
    built = [one for one in results if one.exchange.built]
    known = [one for one in built if one.known]
    with capsys.disabled():
        sys.stdout.write(_report(results, built, known))
    assert sum(one.same for one in known) >= LEAST_KNOWN * len(known)
    assert sum(one.same for one in built) >= LEAST_BUILT * len(built)
    assert sum(one.same for one in results) >= LEAST_ALL * len(results)


async def test_every_built_endpoint_is_among_them() -> None:
    """The share says something about each of them."""
    met = Counter(one.exchange.endpoint for one in await _results() if one.exchange.built)
    assert met.keys() >= {
        "POST /pages", "GET /pages/{id}", "PATCH /pages/{id}", "GET /blocks/{id}",
        "PATCH /blocks/{id}", "DELETE /blocks/{id}", "GET /blocks/{id}/children",
        "PATCH /blocks/{id}/children", "POST /databases", "GET /databases/{id}",
        "PATCH /databases/{id}", "POST /data_sources", "GET /data_sources/{id}",
        "PATCH /data_sources/{id}", "POST /data_sources/{id}/query", "POST /search",
        "GET /users", "GET /users/me", "GET /users/{id}",
    }  # fmt: skip


def _report(results: list[Result], built: list[Result], known: list[Result]) -> str:
    lines = [
        "",
        f"recorded exchanges reproduced: {_share(results)} of all",
        f"  {_share(built)} at the endpoints built",
        f"  {_share(known)} of these, where nothing was there before",
    ]
    for one in built:
        if not one.same:
            lines.append(f"  not: {one.exchange.endpoint} {one.exchange.status}, ours {one.status}")
            lines += [f"       {text[:200]}" for text in one.differences[:1]]
    return "\n".join([*lines, ""])


def _share(results: list[Result]) -> str:
    same = sum(one.same for one in results)
    return f"{same}/{len(results)} ({same / len(results):.1%})"


@pytest.mark.parametrize(
    ("recorded", "ours"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, {"a": "1"}),
        ({"a": None}, {"a": []}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1, 2], [1]),
        ({"a": "2026-11-23"}, {"a": "2026-11-23T09:30:00.000Z"}),
        ({"a": "2026-11-23T09:30:00.000Z"}, {"a": "2026-11-23T09:30:15.250Z"}),
        ({"object": "error", "code": "a"}, {"object": "error", "code": "b"}),
    ],
    ids=["order", "type", "null", "key", "length", "day", "minute", "code"],
)
def test_another_shape_is_seen(recorded: object, ours: object) -> None:
    assert list(differences(recorded, ours))
