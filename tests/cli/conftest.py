"""What the tests of commands share."""

from pathlib import Path

import pytest

from tests.cli.calling import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder to work in."""
    return Desk(tmp_path, monkeypatch)
