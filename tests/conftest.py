"""What every test may use."""

import pytest

from automation.cli.logs import set_up
from automation.settings import LogStyle


@pytest.fixture
def anyio_backend() -> str:
    """The service runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """The service talks as it does in production."""
    set_up(LogStyle.TEXT)
