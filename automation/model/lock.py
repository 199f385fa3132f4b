"""What the connection saw in Notion when `notion.lock` was written: names, ids and schemas.

A copy for looking things up while Notion is not asked. It may be older than Notion: it warns and refuses where
rules are checked, and decides nothing where they run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote

from automation.model.target import TargetKind, TargetName
from automation.model.values import Value

LOCK_FILE = "notion.lock"
"""Its name, beside the rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOption:
    """One option of a select, multi-select or status. The id stays when the name changes."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedProperty:
    """One property. `relation` is the id of the data source it relates to; the id stays at a renaming."""

    id: str
    name: str
    type: str
    options: tuple[LockedOption, ...] = ()
    relation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSource:
    """A data source. `database` is the id of the database it belongs to, which is in its address."""

    id: str
    database: str
    title: str
    url: str
    properties: tuple[LockedProperty, ...]
    _known: Mapping[str, LockedProperty] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = {unquote(one.id): one for one in self.properties}
        by_name = {one.name: one for one in reversed(self.properties)}
        object.__setattr__(self, "_known", by_id | by_name)

    def find(self, name: str) -> LockedProperty | None:
        """A property by its name or id."""
        return self._known.get(name) or self._known.get(unquote(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPage:
    """A page that rules name. `source` is the id of the data source it lies in, if it does."""

    id: str
    title: str
    url: str
    source: str = ""


Locked = LockedSource | LockedPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Everything in the file."""

    sources: tuple[LockedSource, ...] = ()
    pages: tuple[LockedPage, ...] = ()

    def source(self, identity: str) -> LockedSource | None:
        """The data source of that id."""
        return next((one for one in self.sources if one.id == identity), None)

    def look_up(self, name: TargetName, identity: str | None) -> tuple[Locked, ...]:
        """What a target stands for: one thing, none, or several that it could be.

        `identity` is the id in the target's text, if there is one. As at run time, a data source comes before a
        page where the kind is open, and a database stands for its data sources.
        """
        if name.kind is not TargetKind.PAGE:
            sources = tuple(one for one in self.sources if _is(one, name.text, identity))
            if sources:
                return sources
        if name.kind is not TargetKind.DATA_SOURCE:
            return tuple(one for one in self.pages if _is(one, name.text, identity))
        return ()

    def titles(self, kind: TargetKind | None) -> Iterator[str]:
        """The titles of everything of a kind."""
        if kind is not TargetKind.PAGE:
            yield from (one.title for one in self.sources)
        if kind is not TargetKind.DATA_SOURCE:
            yield from (one.title for one in self.pages)


def _is(one: Locked, text: str, identity: str | None) -> bool:
    if identity is None:
        return one.title == text
    return identity == one.id or (isinstance(one, LockedSource) and identity == one.database)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Why Notion, or the writer before it, would refuse; and what would help."""

    message: str
    help: str = ""


class Judge(Protocol):
    """What only the rooms that know Notion can tell, asked of literals: the very code that runs answers."""

    def identity(self, text: str) -> str | None:
        """The id in a target's text."""

    def settable(self, source: LockedSource, one: LockedProperty) -> Wrong | None:
        """Whether the property can be set at all."""

    def matchable(self, source: LockedSource, one: LockedProperty) -> Wrong | None:
        """Whether pages can be found by the property's value."""

    def value(
        self,
        source: LockedSource,
        one: LockedProperty,
        value: Value,
        *,
        refuse_unknown: bool,
        matching: bool = False,
    ) -> Wrong | None:
        """Whether the property takes the value; with `matching`, whether a page can be found by it."""

    def key(self, source: LockedSource, one: LockedProperty) -> Wrong | None:
        """Whether the property can hold the key of an effect."""

    def askable(self, source: LockedSource, name: str, word: str) -> Wrong | None:
        """Whether pages can be asked for by this test of the property."""

    def asked(self, source: LockedSource, name: str, word: str, value: Value) -> Wrong | None:
        """Whether the test takes the value."""
