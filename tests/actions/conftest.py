"""The emulator and its targets for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.actions.acting import Stage, stage


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    """The demo workspace."""
    async with stage() as made:
        yield made
