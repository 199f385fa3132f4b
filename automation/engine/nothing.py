"""What a step that was skipped, timed out or failed leaves: nothing, and nothing below it."""

from collections.abc import Iterator, Mapping
from typing import Any


class Nothing(Mapping[str, Any]):
    """Every path below it leads to it again; as text it is empty, as a value it is none."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        return self

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, key: object) -> bool:
        return False

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return ""

    def __repr__(self) -> str:
        return "NOTHING"

    def __liquid__(self) -> None:
        """Liquid compares it as nil."""


NOTHING = Nothing()
