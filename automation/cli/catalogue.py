"""The catalogue of event fields that commands use: what is published, and what this environment's store holds."""

import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeVar

from automation.cli.listing import with_store
from automation.learning import learned
from automation.model.errors import NotInStore, SettingsError, StoreError
from automation.model.fields import Catalogue, Schema
from automation.store.base import Store
from automation.wiring import published

T = TypeVar("T")


class FromStore(Mapping[str, Schema]):
    """What stored deliveries show. The store is opened when somebody asks; without one, nothing was delivered."""

    def __init__(self) -> None:
        self._found: Mapping[str, Schema] | None = None

    def __getitem__(self, source: str) -> Schema:
        return self._all()[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Mapping[str, Schema]:
        if self._found is None:
            self._found = _read()
        return self._found


def _read() -> Mapping[str, Schema]:
    return from_store(lambda store: learned(store, published()), {})


def from_store(work: Callable[[Store], Awaitable[T]], otherwise: T) -> T:
    """Do something with the store, if there is one that can be read; else it is said, and there is nothing in it."""
    try:
        return with_store(work)
    except NotInStore:
        return otherwise
    except (SettingsError, StoreError) as error:
        print(f"stored deliveries are not looked at: {error}", file=sys.stderr)
        return otherwise


def catalogue() -> Catalogue:
    """What is known here."""
    return Catalogue(published=published(), learned=FromStore())
