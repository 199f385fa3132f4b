"""A database that cannot be used is said at once, by its path: no hang, no traceback."""

from pathlib import Path

import pytest

from automation.model.errors import StoreUnavailable
from automation.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio


async def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, and long enough to be read as a header")
    with pytest.raises(StoreUnavailable, match=r"notes\.txt cannot be used: .*not a database"):
        await SqliteStore(str(path)).open()


async def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        await SqliteStore(str(tmp_path / "file" / "automation.db")).open()
