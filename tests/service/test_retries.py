"""What goes wrong between us and Notion, injected on the wire: nothing is lost, nothing waits that need not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.living import CREATE, TARGETS, LocalNotion, live, local_notion

pytestmark = pytest.mark.anyio


@pytest.fixture
async def notion() -> AsyncIterator[LocalNotion]:
    async with local_notion() as made:
        yield made


@pytest.mark.parametrize(
    "kind",
    [
        "429",
        "529",
        "500",
        "502",
        "503",
        "504",
        "409",
        "drop_before",
        "drop_after",
        "503_committed",
        "504_committed",
    ],
)
async def test_a_fault_costs_no_page_and_makes_none_twice(
    tmp_path: Path, notion: LocalNotion, kind: str
) -> None:
    await notion.faults({"kind": kind, "method": "POST", "path": "/pages"})
    async with live(tmp_path, TARGETS, CREATE, **notion.settings) as service:
        await service.issue("one")
        [run] = await service.settled(1)
        assert (run.state, run.reason) == ("done", "")
    assert notion.titles() == ["one"]
