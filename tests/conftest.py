"""What every test may use."""

from collections.abc import Callable

import pytest

from automation.cli.logs import set_up
from automation.settings import LogStyle

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def anyio_backend() -> str:
    """The service runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """The service talks as it does in production."""
    set_up(LogStyle.TEXT)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a measured figure; it is printed in the summary."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of this run."""
    figures = terminalreporter.config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("figures")
        for line in figures:
            terminalreporter.write_line(line)
