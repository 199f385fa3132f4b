"""The shape of a step's own keys: templates compiled, targets noted, closed tables told apart."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.engine.answers import check_answer
from automation.engine.conditions import compile_table
from automation.engine.kinds import Form, Key, Keys, Kind
from automation.engine.positions import Path
from automation.engine.properties import Properties
from automation.engine.rules import Shape
from automation.engine.template import is_template
from automation.engine.where import Where


@dataclass(slots=True, kw_only=True)
class Filling:
    """Makes shapes. `targets` collects the targets that steps name, as they write them."""

    where: Where
    targets: list[str] = field(default_factory=list)

    def shape(
        self, own: Mapping[str, Any], keys: Mapping[str, Key], place: Path, roots: Collection[str]
    ) -> Shape:
        """The shape of a step's keys. `roots` are what its templates may name."""
        one = _One(
            where=self.where,
            roots=roots,
            targets=self.targets,
            about=own.get("about", {}),
            step_keys=frozenset(keys) | {"do"},
        )
        return {key: one.of(keys[key].kind, value, (*place, key)) for key, value in own.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    where: Where
    roots: Collection[str]
    targets: list[str]
    about: Collection[str]
    step_keys: Collection[str]

    def of(self, kind: Kind | Keys, value: Any, place: Path) -> Shape:
        """By the form of the key."""
        match kind.form if isinstance(kind, Kind) else Form.PLAIN:
            case Form.RAW:
                return value
            case Form.TARGET:
                self.targets.append(value)
                return value
            case Form.PAGE:
                return self._page(value, place)
            case Form.PROPERTIES:
                matching = place[-1] == "match"
                return self._properties().shape(value, place, matching=matching)
            case Form.BODY:
                return self._text(value, place, body=True)
            case Form.LINES:
                compile_table(value, place, self.where, roots=self.roots)
                return self.plain(value, place)
            case Form.ANSWER:
                check_answer(value, place, self.about, self.where)
                return value
            case Form.PLAIN:
                return self.plain(value, place)

    def plain(self, value: Any, place: Path) -> Shape:
        """The value, with every text in it that is a template compiled."""
        if isinstance(value, str):
            return self._text(value, place)
        if isinstance(value, Mapping):
            return {key: self.plain(one, (*place, key)) for key, one in value.items()}
        if isinstance(value, list):
            return [self.plain(one, (*place, index)) for index, one in enumerate(value)]
        return value

    def _properties(self) -> Properties:
        return Properties(where=self.where, scalar=self.plain, step_keys=self.step_keys)

    def _page(self, value: str, place: Path) -> Shape:
        if is_template(value):
            return self._text(value, place)
        self.targets.append(value)
        return value

    def _text(self, value: str, place: Path, *, body: bool = False) -> Shape:
        if not is_template(value):
            return value
        return self.where.template(value, place, self.roots, body=body) or value
