"""The published fields of the sources: `fields/<source>.txt`, and what else begins with that name.

GitHub's table is made by scripts/github_fields.py; the others, and GitHub's short names, are written by hand from
what the vendors publish. All are package data, read when a rule first listens to that source: never at import.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from automation.model.fields import Schema
from automation.sources.notation import read_schema

FOLDER = Path(__file__).parent / "fields"


class Published(Mapping[str, Schema]):
    """Schemas by source, each read at its first use."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._read: dict[str, Schema] = {}
        self._files: dict[str, list[Path]] | None = None

    def __getitem__(self, source: str) -> Schema:
        if source not in self._read:
            paths = self._by_source()[source]
            text = "\n\n".join(path.read_text(encoding="utf-8") for path in paths)
            self._read[source] = read_schema(source, text)
        return self._read[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_source())

    def __len__(self) -> int:
        return len(self._by_source())

    def _by_source(self) -> dict[str, list[Path]]:
        if self._files is None:
            self._files = {}
            for path in sorted(self._folder.glob("*.txt")):
                self._files.setdefault(path.name.partition(".")[0], []).append(path)
        return self._files
