"""What the tests of the running service share."""

from collections.abc import AsyncIterator

import pytest

from tests.living import LocalNotion, local_notion


@pytest.fixture
async def notion() -> AsyncIterator[LocalNotion]:
    """A local Notion without a budget."""
    async with local_notion() as made:
        yield made
