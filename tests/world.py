"""Third-party data to check against: the folder named by AUTOMATION_TEST_DATA, never copied here."""

import os
from pathlib import Path

import pytest


def data(*parts: str) -> Path:
    """A file or folder of it; skips the test, visibly, where the folder is not named."""
    root = os.environ.get("AUTOMATION_TEST_DATA")
    if not root:
        pytest.skip("AUTOMATION_TEST_DATA is not set")
    return Path(root).joinpath(*parts)
