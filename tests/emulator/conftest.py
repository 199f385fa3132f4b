"""An emulator for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.emulator.api import Api, connect


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """An empty workspace with a root page."""
    async with connect() as made:
        yield made


@pytest.fixture
async def demo() -> AsyncIterator[Api]:
    """The demo workspace."""
    async with connect("demo") as made:
        yield made
