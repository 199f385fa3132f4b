"""The test words of a condition: what each of them takes, and the test it makes.

What is wrong is noted with its place, and the test left out: a table with a problem is never used.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from automation.engine import dates, match
from automation.engine.match import Render, Test
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.template import is_template
from automation.engine.where import Where
from automation.model.errors import TemplateFailed

FOLDING = frozenset({"is", "not", "all_of", *match.TEXT_TESTS})
"""Tests that `ignore_case` changes."""
ORDER_EXAMPLE = 'such as 5, 2026-11-24 or "14 days ago"'

_SLIPS = {
    "startwith": "starts_with",
    "startswith": "starts_with",
    "beginwith": "starts_with",
    "beginswith": "starts_with",
    "endwith": "ends_with",
    "endswith": "ends_with",
    "contain": "contains",
    "exist": "exists",
    "isempty": "empty",
    "isnot": "not",
    "notequal": "not",
    "notequals": "not",
    "noneof": "not",
    "notin": "not",
    "equal": "is",
    "equals": "is",
    "anyof": "is",
    "oneof": "is",
    "allof": "all_of",
    "greaterthan": "above",
    "lessthan": "below",
    "atleast": "at_least",
    "atmost": "at_most",
    "ignorecase": "ignore_case",
    "caseinsensitive": "ignore_case",
    "regex": "like",
    "regexp": "like",
    "matches": "like",
}
"""Words of other languages, in small letters and without underscores, and ours."""

Compile = Callable[[Mapping[str, Any], Path], match.Table]
"""Compiles the table of a quantifier, whose paths begin at an element."""


def slip(key: str) -> str:
    """The test word that was probably meant; "" for what may well be a field."""
    return "" if key in match.WORDS else _SLIPS.get(key.lower().replace("_", ""), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Makes tests. `roots` are what templates in them may name."""

    where: Where
    roots: Collection[str]
    lines: Compile

    def plain(self, value: Any, place: Path, *, fold: bool = False) -> Test | None:
        """A plain value, a list of alternatives, or a table of tests."""
        if isinstance(value, list):
            return self._alternatives(value, place, match.any_of, fold=fold)
        if isinstance(value, Mapping):
            return self._together(value, place, fold=fold)
        return self._equals(value, place, fold=fold)

    def folds(self, raw: Mapping[str, Any], place: Path) -> bool:
        """Whether a table ignores case. The switch needs a test beside it that it changes."""
        if "ignore_case" not in raw:
            return False
        here, value = (*place, "ignore_case"), raw["ignore_case"]
        if not isinstance(value, bool):
            self.where.wrong_value(here, "`ignore_case` is true or false")
        elif not raw.keys() & FOLDING:
            self.where.wrong_key(
                here,
                "`ignore_case` needs a test of texts beside it",
                'such as { is = "main", ignore_case = true }',
            )
        return value is True

    def one(self, word: str, value: Any, place: Path, *, fold: bool) -> Test | None:
        """One test."""
        match word:
            case "is":
                return self.plain(value, place, fold=fold)
            case "not":
                inner = self.plain(value, place, fold=fold)
                return None if inner is None else match.negated(inner)
            case "all_of":
                return self._all_of(value, place, fold=fold)
            case "exists" | "empty":
                return self._switch(word, value, place)
            case "any" | "all" | "none":
                return self._quantified(word, value, place)
            case "starts_with" | "ends_with" | "contains" | "like":
                return self._text(word, value, place, fold=fold)
            case "above" | "below" | "at_least" | "at_most":
                return self._order(word, value, place)
            case _:
                self._unknown(word, place)
                return None

    # several --------------------------------------------------------------------------------------

    def _alternatives(
        self,
        value: list[Any],
        place: Path,
        join: Callable[[list[Test]], Test],
        *,
        fold: bool,
    ) -> Test | None:
        if not value:
            self.where.wrong_value(
                place, "an empty list matches nothing", "name a value, or write `empty = true`"
            )
            return None
        tests = []
        for index, item in enumerate(value):
            here = (*place, index)
            if isinstance(item, list):
                self.where.wrong_value(here, "a list inside a list", "write one list of values")
                continue
            tests.append(self.plain(item, here, fold=fold))
        made = [test for test in tests if test is not None]
        return join(made) if made else None

    def _all_of(self, value: Any, place: Path, *, fold: bool) -> Test | None:
        if not isinstance(value, list):
            self.where.wrong_value(place, "`all_of` is a list of values", 'such as ["bug", "ui"]')
            return None
        return self._alternatives(value, place, match.every, fold=fold)

    def _together(self, raw: Mapping[str, Any], place: Path, *, fold: bool) -> Test | None:
        """A table of tests in a list or behind another test: all must pass."""
        if not raw:
            self.where.wrong_value(place, "a table without a test matches nothing")
            return None
        fold = self.folds(raw, place) or fold
        tests = [
            self.one(word, value, (*place, word), fold=fold)
            for word, value in raw.items()
            if word != "ignore_case"
        ]
        made = [test for test in tests if test is not None]
        return match.every(made) if made else None

    def _quantified(self, word: str, value: Any, place: Path) -> Test | None:
        if not isinstance(value, Mapping) or not value:
            self.where.wrong_value(
                place,
                f"`{word}` is a table of lines about one element",
                f'such as {word} = {{ name = "bug" }}, or {word} = {{ is = "bug" }} in a list of texts',
            )
            return None
        return match.quantified(word, self.lines(value, place))

    # single ---------------------------------------------------------------------------------------

    def _switch(self, word: str, value: Any, place: Path) -> Test | None:
        if not isinstance(value, bool):
            self.where.wrong_value(place, f"`{word}` is true or false")
            return None
        return match.exists(value) if word == "exists" else match.is_empty(value)

    def _equals(self, value: Any, place: Path, *, fold: bool) -> Test | None:
        if isinstance(value, str) and not is_template(value) and not fold:
            return match.equals_text(value)
        render = self._operand(value, place)
        return None if render is None else match.equals(render, fold=fold)

    def _text(self, word: str, value: Any, place: Path, *, fold: bool) -> Test | None:
        if isinstance(value, list) and value:
            tests = [
                self._text(word, item, (*place, index), fold=fold)
                for index, item in enumerate(value)
            ]
            return match.any_of([test for test in tests if test is not None])
        if not isinstance(value, str) or value == "":
            self.where.wrong_value(
                place, f"`{word}` is a text that is not empty, or a list of them"
            )
            return None
        render = self._operand(value, place)
        return None if render is None else match.textual(word, render, fold=fold)

    def _order(self, word: str, value: Any, place: Path) -> Test | None:
        if isinstance(value, str) and not is_template(value):
            if dates.is_phrase(value):
                return match.ordered(word, lambda s: dates.phrase(value, s.now, s.zone))
            self._no_order(word, value, place)
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | date | str):
            self.where.wrong_value(
                place, f"`{word}` is a number, a date or a phrase", ORDER_EXAMPLE
            )
            return None
        render = self._operand(value, place)
        return None if render is None else match.ordered(word, render)

    def _no_order(self, word: str, value: str, place: Path) -> None:
        """A text where a number or a date is needed."""
        if dates.looks_like_iso(value):
            message, helps = f'"{value}" is a text, not a date', "remove the quotes"
        elif _is_number(value):
            message, helps = f'"{value}" is a text, not a number', "remove the quotes"
        else:
            message, helps = f"`{word}` is a number, a date or a phrase", ORDER_EXAMPLE
        self.where.wrong_value(place, message, helps)

    def _operand(self, value: Any, place: Path) -> Render | None:
        if isinstance(value, time):
            self.where.wrong_value(
                place, "a time needs its day", "such as 2026-11-24T09:00:00+01:00"
            )
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self.where.wrong_value(place, f"no event has a value that could equal {value}")
            return None
        if not isinstance(value, str) or not is_template(value):
            return lambda scope: value
        template = self.where.template(value, place, self.roots)
        if template is None:
            return None

        def render(scope: match.Scope) -> Any:
            try:
                return template.render(scope.roots)
            except TemplateFailed:
                return None  # nothing, which no test passes on

        return render

    def _unknown(self, word: str, place: Path) -> None:
        meant = slip(word)
        self.where.wrong_key(
            place,
            f"`{word}` is not a test",
            (f"did you mean `{meant}`?" if meant else nearest(word, match.WORDS))
            or "fields of the elements of a list stand in `any`, `all` or `none`",
        )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
