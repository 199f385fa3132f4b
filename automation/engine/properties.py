"""Properties and their values, as `set`, `set_once` and `match` write them.

A table one level below a property is closed: `{ pick, cases, else }`, `{ start, end }`,
`{ add, remove }` or `{ value, if_empty = "keep" }`. A key of the step is only a property in quotes:
after [rule.do.set] a following `body = …` would silently be one.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.shapes import Pick
from automation.engine.where import Where

CLOSED = (
    (frozenset({"pick", "cases"}), frozenset({"else"})),
    (frozenset({"start"}), frozenset({"end"})),
    (frozenset({"value", "if_empty"}), frozenset[str]()),
    (frozenset[str](), frozenset({"add", "remove"})),
)
"""The closed tables: the keys each needs, and those it may have."""
WORDS = frozenset().union(*(needed | possible for needed, possible in CLOSED))
HELP = (
    "a table here is { pick, cases, else }, { start, end }, { add, remove } or { value, if_empty }"
)

Scalar = Callable[[Any, Path], Any]
"""Makes the shape of a value that is no table: a template, or the value itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """Makes the shapes of property values. `step_keys` are no properties unless in quotes."""

    where: Where
    scalar: Scalar
    step_keys: Collection[str]

    def shape(self, raw: Mapping[str, Any], place: Path, *, matching: bool) -> dict[str, Any]:
        """The shape of a table of properties; with `matching`, values are compared and not written."""
        for name in raw:
            self._refuse_step_key(name, (*place, name))
        return {
            name: self._matched(value, (*place, name))
            if matching
            else self._value(value, (*place, name))
            for name, value in raw.items()
        }

    def _refuse_step_key(self, name: str, place: Path) -> None:
        if name in self.step_keys and not self.where.quoted(place):
            self.where.wrong_key(
                place,
                f"`{name}` here is a property, but it is also a key of the step",
                f'move it above, or write "{name}" in quotes for a property of that name',
            )

    def _matched(self, value: Any, place: Path) -> Any:
        if isinstance(value, Mapping) and "pick" not in value:
            self.where.wrong_value(place, "`match` compares with one value, not with a table")
            return None
        return self._value(value, place)

    def _value(self, value: Any, place: Path) -> Any:
        if isinstance(value, Mapping):
            return self._table(value, place)
        if isinstance(value, list):
            return [self._item(item, (*place, index)) for index, item in enumerate(value)]
        if isinstance(value, time):
            self.where.wrong_value(place, "a time needs its day", "such as 2026-11-24T09:00:00")
        return self.scalar(value, place)

    def _item(self, value: Any, place: Path) -> Any:
        if isinstance(value, Mapping | list):
            self.where.wrong_value(place, "a list of values has no tables or lists in it")
            return None
        return self._value(value, place)

    def _table(self, raw: Mapping[str, Any], place: Path) -> Any:
        for key in raw:
            if key not in WORDS:
                self.where.wrong_key(
                    (*place, key),
                    f"`{key}` is not part of a property's value",
                    nearest(key, WORDS) or HELP,
                )
                return None
        if not self._is_closed(raw, place):
            return None
        if "pick" in raw:
            return self._pick(raw, place)
        if raw.get("if_empty", "keep") != "keep":
            self.where.wrong_value((*place, "if_empty"), '`if_empty` is "keep"')
        return {
            key: one if key == "if_empty" else self._value(one, (*place, key))
            for key, one in raw.items()
        }

    def _is_closed(self, raw: Mapping[str, Any], place: Path) -> bool:
        first = next(iter(raw), "")
        closed = next((both for both in CLOSED if first in both[0] | both[1]), None)
        if closed is None:
            self.where.wrong_key(place, f"`{place[-1]}` has no value", HELP)
            return False
        needed, possible = closed
        stray = [key for key in raw if key not in needed | possible]
        lacking = sorted(needed - raw.keys())
        if stray:
            self.where.wrong_key(
                (*place, stray[0]), f"`{stray[0]}` does not go with `{first}`", HELP
            )
        elif lacking:
            self.where.wrong_key(place, f"`{lacking[0]}` is missing beside `{first}`", HELP)
        return not stray and not lacking

    def _pick(self, raw: Mapping[str, Any], place: Path) -> Any:
        cases = raw["cases"]
        if not isinstance(raw["pick"], str):
            self.where.wrong_value((*place, "pick"), "`pick` is a template")
            return None
        if not isinstance(cases, Mapping) or not cases:
            self.where.wrong_value((*place, "cases"), "`cases` is a table of choices and values")
            return None
        return Pick(
            choice=self.scalar(raw["pick"], (*place, "pick")),
            cases={word: self._value(one, (*place, "cases", word)) for word, one in cases.items()},
            otherwise=self._value(raw.get("else", ""), (*place, "else")),
            has_else="else" in raw,
        )
