"""What the tests of the running service share."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from automation import directory
from tests.living import LocalNotion, local_notion


@pytest.fixture
async def notion() -> AsyncIterator[LocalNotion]:
    """A local Notion without a budget."""
    async with local_notion() as made:
        yield made


@pytest.fixture(autouse=True)
def asks_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """While Notion is away a target is asked for more often than in earnest."""
    monkeypatch.setattr(directory, "ASK_AGAIN", timedelta(seconds=0.1))
