"""Literals of `set`, `set_once`, `match` and `where`, held to the properties they are meant for.

What a template gives is known when it is rendered; of it only what is certain is said: whether the property can be
set, or asked, at all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automation.engine.known_file import RuleFile
from automation.engine.match import WORDS
from automation.engine.positions import Path
from automation.engine.template import is_template
from automation.model.lock import Judge, LockedProperty, LockedSource, Wrong

ANY_VALUE = None
"""What stands for a template where the values are told: it may give any of the property's."""

CHANGES = ("add", "remove")
Note = Callable[[Path, Any], None]
"""Told of every single value that a property is given or asked for, and where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A property that is given values."""

    source: LockedSource
    property: LockedProperty
    judge: Judge
    file: RuleFile
    refuse_unknown: bool
    matching: bool
    note: Note

    def check(self, raw: Any, at: Path) -> None:
        """A value, in whatever form it is written."""
        if isinstance(raw, Mapping):
            self._table(raw, at)
        elif isinstance(raw, list):
            self._list(raw, at)
        elif isinstance(raw, str) and is_template(raw):
            self.note(at, ANY_VALUE)
        else:
            self.note(at, raw)
            self._hold(raw, at)

    def _table(self, raw: Mapping[str, Any], at: Path) -> None:
        if "pick" in raw:
            cases = raw.get("cases")
            for word, one in cases.items() if isinstance(cases, Mapping) else ():
                self.check(one, (*at, "cases", word))
            if "else" in raw:
                self.check(raw["else"], (*at, "else"))
        elif raw.keys() & set(CHANGES):
            self._change(raw, at)
        elif "value" in raw:
            self.check(raw["value"], (*at, "value"))
        elif "start" in raw:
            self._range(raw, at)

    def _change(self, raw: Mapping[str, Any], at: Path) -> None:
        """`{ add, remove }`: of a list, and each what the list may have. Removing what is not there does nothing."""
        if self._hold({"add": []}, at, key=True):
            return
        if "add" in raw:
            self.check(raw["add"], (*at, "add"))
        for index, one in enumerate(_items(raw.get("remove"))):
            place = (*at, "remove", index) if isinstance(raw["remove"], list) else (*at, "remove")
            if isinstance(one, str) and is_template(one):
                self.note(place, ANY_VALUE)
            else:
                self.note(place, one)
                self._hold(one, place, error=False)

    def _range(self, raw: Mapping[str, Any], at: Path) -> None:
        parts = {key: one for key, one in raw.items() if not _has_template(one)}
        if self.property.type != "date":
            self._hold(dict(raw), at)
            return
        wrong = [self._hold({"start": one}, (*at, key)) for key, one in parts.items()]
        if len(parts) == len(raw) and not any(wrong):
            self._hold(dict(raw), at)

    def _list(self, raw: list[Any], at: Path) -> None:
        before = len(self.file.problems)
        for index, one in enumerate(raw):
            if not isinstance(one, Mapping | list):
                self.check(one, (*at, index))
        if len(self.file.problems) == before and not _has_template(raw):
            self._hold(raw, at)

    def _hold(self, value: Any, at: Path, *, error: bool = True, key: bool = False) -> bool:
        """Ask the judge; whether something is wrong, which is noted."""
        wrong = self.judge.value(
            self.source,
            self.property,
            value,
            refuse_unknown=self.refuse_unknown,
            matching=self.matching,
        )
        if wrong is None:
            return False
        span = self.file.key(at) if key else self.file.value(at)
        self.file.wrong(span, wrong.message, _help(wrong, value, self.property), error=error)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A property that pages are asked for by, or one of a page's own times."""

    source: LockedSource
    name: str
    judge: Judge
    file: RuleFile
    note: Note

    def check(self, raw: Any, at: Path) -> None:
        """All tests of the property."""
        if not isinstance(raw, Mapping):
            self._test("is", raw, at)
            return
        for word, value in raw.items():
            if word != "ignore_case":
                self._test(word, value, (*at, word))

    def _test(self, word: str, value: Any, at: Path) -> None:
        wrong = (
            self.judge.askable(self.source, self.name, word) if word in WORDS else _no_test(word)
        )
        if wrong is not None:
            self.file.wrong(self.file.key(at), wrong.message, wrong.help, error=True)
            return
        before = len(self.file.problems)
        for place, one in _each(value, at):
            if isinstance(one, str) and is_template(one):
                self.note(place, ANY_VALUE)
            elif not isinstance(one, Mapping | list):
                self.note(place, one)
                self._hold(word, one, place)
        if len(self.file.problems) == before and isinstance(value, list):
            self._hold(word, value, at)

    def _hold(self, word: str, value: Any, at: Path) -> None:
        if _has_template(value):
            return
        wrong = self.judge.asked(self.source, self.name, word, value)
        if wrong is not None:
            helps = _help(wrong, value, self.source.find(self.name))
            self.file.wrong(self.file.value(at), wrong.message, helps, error=True)


def _no_test(word: str) -> Wrong:
    return Wrong(message=f"`{word}` is not a test, and a property has no fields to look into")


def _each(value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        yield from (((*at, index), one) for index, one in enumerate(value))
    else:
        yield at, value


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _has_template(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_template, value))
    return isinstance(value, str) and is_template(value)


def _help(wrong: Wrong, value: Any, one: LockedProperty | None) -> str:
    """Several options in one text are taken for one; a number in quotes is a text."""
    match one.type if one is not None and isinstance(value, str) else "":
        case "multi_select" if "," in value:
            parts = ", ".join(f'"{part.strip()}"' for part in value.split(","))
            return f"several options are a list: [{parts}]"
        case "number" if _is_number(value):
            return "remove the quotes"
        case "checkbox" if value in {"true", "false"}:
            return "remove the quotes"
        case _:
            return wrong.help


def _is_number(text: str) -> bool:
    return text.strip().removeprefix("-").replace(".", "", 1).isdecimal()
