"""Where rules depend on something in the lock: what a change of it in Notion would touch."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from automation.engine.known_file import RuleFile
from automation.engine.positions import Path, Span
from automation.model.lock import LockedPage, LockedProperty, LockedSource

Locked = LockedSource | LockedPage


class Role(StrEnum):
    """What a mention is: of a target, of a property's name, or a value that a property is given or asked for."""

    TARGET = "target"
    NAME = "name"
    VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A place that depends on a thing in the lock, by its id; `property` is the id of its property.

    `value` is the target as it is written, or the value; None is whatever a template gives.
    """

    path: str
    line: int
    column: int
    length: int
    rule: str
    role: Role
    thing: str
    property: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """Notes the mentions of one rule, where somebody wants them."""

    file: RuleFile
    rule: str
    noted: list[Mention] | None

    def of_target(self, at: Path, found: Locked, text: str) -> None:
        """A step names a target."""
        if self.noted is not None:
            self._note(self.file.value(at), Role.TARGET, found.id, "", text)

    def of_name(self, at: Path, source: LockedSource, one: LockedProperty, *, is_key: bool) -> None:
        """A property is named, by a key or by a text."""
        if self.noted is not None:
            span = self.file.key(at) if is_key else self.file.value(at)
            self._note(span, Role.NAME, source.id, one.id)

    def of_value(self, at: Path, source: LockedSource, one: LockedProperty, value: Any) -> None:
        """A property is given a value, or asked for it."""
        if self.noted is not None:
            self._note(self.file.value(at), Role.VALUE, source.id, one.id, value)

    def inside(self, span: Span, source: LockedSource, one: LockedProperty) -> None:
        """A property is named inside a text."""
        if self.noted is not None:
            self._note(span, Role.NAME, source.id, one.id)

    def _note(self, span: Span, role: Role, thing: str, identity: str, value: Any = None) -> None:
        assert self.noted is not None
        self.noted.append(
            Mention(
                path=self.file.path,
                line=span.line,
                column=span.column,
                length=span.length,
                rule=self.rule,
                role=role,
                thing=thing,
                property=identity,
                value=value,
            )
        )
