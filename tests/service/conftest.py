"""What the tests of the running service share."""

from collections.abc import AsyncIterator

import pytest

from automation.engine import backoff
from tests.living import LocalNotion, local_notion


@pytest.fixture
async def notion() -> AsyncIterator[LocalNotion]:
    """A local Notion without a budget."""
    async with local_notion() as made:
        yield made


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of a retry are short here."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(backoff, "LONGEST_SECONDS", 0.2)
