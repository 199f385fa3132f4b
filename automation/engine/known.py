"""Holds rule files to the catalogue of event fields. Its own pass over the TOML as it was parsed.

What is decided here, and why. The one thing worse than a mistake that is not seen is a valid rule that is refused:

- An unknown path of a published event is an error, of a learned one a warning, of an unknown event nothing. A path
  that one of several events has is known. `raw`, and whatever a sender leaves open, is never wrong: it is the way
  to a field that is newer than the catalogue.
- `not` behind a list, and two plain lines inside one list, can be read in two ways: an error that shows both
  (a warning where the list was only learned). The tests of one line, and lists of plain values, are left alone.
- A value that never stands there is a warning: senders add values more often than they rename fields.
- An unknown event name is a warning, since senders add events; one letter away from a known name it is an error.

A place where the file has a problem already gets no second one.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from automation.engine import known_lines, known_names, known_templates
from automation.engine.known_file import Root, Roots, RuleFile
from automation.engine.known_names import Unheard
from automation.engine.positions import Path
from automation.engine.problems import Problem
from automation.engine.trails import Ground, follow_template, ground, kinds
from automation.engine.uses import looped_over
from automation.model.fields import ANYTHING, Catalogue, Forms, ListOf, one_element

CONDITIONS = ("when", "unless", "either")
OWN = frozenset({"do", "if", "only", "for_each", "as"})
"""Keys of a step that are not simply texts with templates."""


@dataclass(slots=True)
class KnownFields:
    """One load's check: what it found out for one rule serves the next."""

    catalogue: Catalogue
    unheard: list[Unheard] = field(default_factory=list)
    _grounds: dict[tuple[str, ...], Ground | None] = field(default_factory=dict)
    _known_names: set[str] = field(default_factory=set)

    def check(
        self, path: str, text: str, raw: Mapping[str, Any], problems: Collection[Problem]
    ) -> list[Problem]:
        """What is wrong with a file, as far as fields are concerned. `problems` are those it has already."""
        if not self.catalogue.published and not self.catalogue.learned:
            return []
        file = RuleFile(path=path, text=text, taken={(one.line, one.column) for one in problems})
        rules = raw.get("rule")
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, Mapping):
                self._rule(rule, ("rule", index), file)
        return file.problems

    def senders(self, declared: Collection[str]) -> list[Problem]:
        """Names of sources that nobody is, once all files are read: `declared` are those of `[source.…]`."""
        return known_names.nobody(self.unheard, self.catalogue, declared)

    def _rule(self, rule: Mapping[str, Any], place: Path, file: RuleFile) -> None:
        on = rule.get("on")
        names = [on] if isinstance(on, str) else on
        if not isinstance(names, list) or not names or not all(_is_name(one) for one in names):
            return
        places = [(*place, "on", at) if names is on else (*place, "on") for at in range(len(names))]
        for name, at in zip(names, places, strict=True):
            self._name(name, at, file)
        seen = self._ground(tuple(names))
        if seen is None:
            return
        sight = Roots({"event": Root(seen.events, seen)})
        for key in CONDITIONS:
            for table, at in _tables(rule.get(key), (*place, key)):
                known_lines.check_event(table, at, sight, file)
        known_templates.check(rule.get("lane"), (*place, "lane"), sight, file)
        self._steps(rule.get("do"), (*place, "do"), sight, file)

    def _ground(self, names: tuple[str, ...]) -> Ground | None:
        if names not in self._grounds:
            self._grounds[names] = ground(names, self.catalogue)
        return self._grounds[names]

    def _name(self, name: str, at: Path, file: RuleFile) -> None:
        source = name.partition(".")[0]
        if name in self._known_names:
            return
        if next(self.catalogue.schemas(source), None):
            if known_names.check(name, at, self.catalogue, file):
                self._known_names.add(name)
        else:
            self.unheard.append(Unheard(source=source, at=at, file=file))

    # steps ----------------------------------------------------------------------------------------

    def _steps(self, steps: Any, place: Path, sight: Roots, file: RuleFile) -> None:
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            if isinstance(step, Mapping):
                sight = self._step(step, (*place, index), sight, file)

    def _step(self, step: Mapping[str, Any], place: Path, sight: Roots, file: RuleFile) -> Roots:
        """One step; what the steps behind it see."""
        inner = _looped(step, place, sight, file)
        for key in ("if", "only"):
            if isinstance(step.get(key), Mapping):
                known_lines.check_roots(step[key], (*place, key), inner, file)
        for key, value in step.items():
            if key not in OWN:
                known_templates.check(value, (*place, key), inner, file)
        self._steps(step.get("do"), (*place, "do"), inner, file)
        name, waited = step.get("id"), self._waited(step, place, file)
        if waited is None or not isinstance(name, str) or "for_each" in step:
            return sight.without(name)
        return sight.with_root(name, Root(waited.events, waited))

    def _waited(self, step: Mapping[str, Any], place: Path, file: RuleFile) -> Ground | None:
        """The event that a `wait_for` step waits for and becomes; `same` are its paths."""
        name = step.get("wait_for")
        if not _is_name(name):
            return None
        self._name(name, (*place, "wait_for"), file)
        seen = self._ground((name,))
        if seen is not None and isinstance(step.get("same"), Mapping):
            known_lines.check_paths(step["same"], (*place, "same"), seen, file)
        return seen


def _is_name(one: object) -> TypeGuard[str]:
    return isinstance(one, str) and bool(one)


def _tables(value: Any, place: Path) -> Iterator[tuple[Mapping[str, Any], Path]]:
    if isinstance(value, Mapping):
        yield value, place
    elif isinstance(value, list):
        yield from (
            (one, (*place, index)) for index, one in enumerate(value) if isinstance(one, Mapping)
        )


def _looped(step: Mapping[str, Any], place: Path, sight: Roots, file: RuleFile) -> Roots:
    """What a step inside the loop sees: an element under the loop's name."""
    over = step.get("for_each")
    if not isinstance(over, str):
        return sight
    known_templates.check(over, (*place, "for_each"), sight, file)
    name = step.get("as", "item")
    found = looped_over(over)
    root = sight.known.get(found[0]) if found else None
    if found is None or root is None or not isinstance(name, str):
        return sight.without(name)
    trail = follow_template(root.forms, found[1])
    if trail.forms and not any(isinstance(one, ListOf) for one in trail.forms):
        _no_list(trail.forms, over, (*place, "for_each"), file)
    return sight.with_root(name, Root(one_element(trail.forms) or ANYTHING, root.ground))


def _no_list(forms: Forms, over: str, at: Path, file: RuleFile) -> None:
    if ANYTHING[0] not in forms:
        file.warn(file.value(at), f"`for_each` needs a list, and `{over}` is {kinds(forms)}")
