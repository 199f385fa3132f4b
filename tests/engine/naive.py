"""A second reading of section 3 of the rules language: clear, slow, and sharing no code with the engine.

It works from the table as TOML gives it, value by value, and knows templates only as `{{ event.path }}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

TEXT = {"starts_with", "ends_with", "contains", "like"}
ORDER = {"above", "below", "at_least", "at_most"}
WORDS = (
    TEXT | ORDER | {"is", "not", "all_of", "exists", "empty", "ignore_case", "any", "all", "none"}
)

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Naive:
    """One event at one time. `fields` are the paths of keys that stand in quotes."""

    event: Any
    now: datetime
    zone: ZoneInfo
    fields: frozenset[Path] = frozenset()

    def fires(self, rule: dict[str, Any]) -> bool:
        """`when`, `either` and `unless` of a rule."""
        return (
            self._some(rule, "when", default=True)
            and self._some(rule, "either", default=True)
            and not self._some(rule, "unless", default=False)
        )

    def _some(self, rule: dict[str, Any], key: str, *, default: bool) -> bool:
        if key not in rule:
            return default
        if isinstance(rule[key], dict):
            return self.holds(rule[key], [self.event], (key,))
        return any(
            self.holds(table, [self.event], (key, index)) for index, table in enumerate(rule[key])
        )

    def holds(self, table: dict[str, Any], here: list[Any], at: Path) -> bool:
        """Whether every line of the table holds for what is here."""
        fold = table.get("ignore_case") is True and (*at, "ignore_case") not in self.fields
        for key, value in table.items():
            place = (*at, key)
            if key in WORDS and place not in self.fields:
                if key != "ignore_case" and not self.test(key, value, here, place, fold):
                    return False
            elif isinstance(value, dict):
                if not self.holds(value, _below(here, key), place):
                    return False
            elif not self.equals_one(value, _below(here, key), place, False):
                return False
        return True

    def test(self, word: str, value: Any, here: list[Any], at: Path, fold: bool) -> bool:
        """Whether one test holds."""
        there = [one for one in here if one is not None]
        if word == "is":
            return self.equals_one(value, here, at, fold)
        if word == "not":
            return not self.equals_one(value, here, at, fold)
        if word == "all_of":
            return all(
                self.equals_one(one, here, (*at, index), fold) for index, one in enumerate(value)
            )
        if word == "exists":
            return (len(there) > 0) is bool(value)
        if word == "empty":
            return (len([one for one in there if one not in ("", [], {})]) == 0) is bool(value)
        if word in {"any", "all", "none"}:
            verdicts = [self.holds(value, [one], at) for one in _singles(here)]
            if word == "all":
                return len(verdicts) > 0 and False not in verdicts
            return (True in verdicts) == (word == "any")
        if word in TEXT:
            wanted = value if isinstance(value, list) else [value]
            return any(self._text(word, one, here, fold) for one in wanted)
        return self._order(word, self._operand(value), here)

    def equals_one(self, value: Any, here: list[Any], at: Path, fold: bool) -> bool:
        """Whether a plain value, one of a list, or a table of tests holds."""
        if isinstance(value, list):
            return any(
                self.equals_one(one, here, (*at, index), fold) for index, one in enumerate(value)
            )
        if isinstance(value, dict):
            fold = fold or value.get("ignore_case") is True
            return all(
                self.test(word, one, here, (*at, word), fold)
                for word, one in value.items()
                if word != "ignore_case"
            )
        wanted = _singles([self._operand(value)])
        return any(self._same(one, two, fold) for one in _singles(here) for two in wanted)

    def _operand(self, value: Any) -> Any:
        """What a line compares with: a path into the event, or the value itself."""
        found = (
            re.fullmatch(r"\{\{ event((?:\.\w+)*) \}\}", value) if isinstance(value, str) else None
        )
        if found is None:
            return value
        here = self.event
        for key in found[1].split(".")[1:]:
            if not isinstance(here, dict) or key not in here:
                return None
            here = here[key]
        return here

    def _same(self, left: Any, right: Any, fold: bool) -> bool:
        if isinstance(left, date) or isinstance(right, date):
            one, two = self._moment(left), self._moment(right)
            return one is not None and two is not None and one == two
        if isinstance(left, bool) != isinstance(right, bool):
            return False
        if isinstance(left, str) and isinstance(right, str) and fold:
            return left.casefold() == right.casefold()
        if isinstance(left, dict) or isinstance(right, dict):
            return False
        if isinstance(left, str) != isinstance(right, str):
            return False
        return bool(left == right)

    def _text(self, word: str, wanted: Any, here: list[Any], fold: bool) -> bool:
        wanted = self._operand(wanted)
        if not isinstance(wanted, str) or not wanted:
            return False
        for one in _singles(here):
            if isinstance(one, str):
                left, right = (one.casefold(), wanted.casefold()) if fold else (one, wanted)
                if _text_holds(word, left, right):
                    return True
        return False

    def _order(self, word: str, bound: Any, here: list[Any]) -> bool:
        for one in _singles(here):
            if _is_number(bound):
                if _is_number(one) and _ordered(word, one, bound):
                    return True
            else:
                left, right = self._moment(one), self._phrase(bound)
                if left is not None and right is not None and _ordered(word, left, right):
                    return True
        return False

    def _phrase(self, value: Any) -> datetime | None:
        days = {"yesterday": -1, "today": 0, "tomorrow": 1}
        if value == "now":
            return self.now
        if isinstance(value, str) and value in days:
            return self._moment(self.now.astimezone(self.zone).date() + timedelta(days[value]))
        words = value.split(" ") if isinstance(value, str) else []
        if len(words) == 3 and (words[0] == "in" or words[2] == "ago"):
            count, unit = words[1:] if words[0] == "in" else words[:2]
            span = timedelta(**{unit.rstrip("s") + "s": int(count)})
            return self.now + span if words[0] == "in" else self.now - span
        return self._moment(value)

    def _moment(self, value: Any) -> datetime | None:
        if isinstance(value, str):
            if not re.match(r"\d{4}-\d\d-\d\d($|[T ]\d\d:\d\d)", value):
                return None
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return None
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001
        if not isinstance(value, datetime):
            return None
        return (value if value.tzinfo else value.replace(tzinfo=self.zone)).astimezone(UTC)


def _below(here: list[Any], key: str) -> list[Any]:
    """What is at the key of every table that is here, lists entered."""
    return [one[key] for one in _flat(here) if isinstance(one, dict) and one.get(key) is not None]


def _flat(here: list[Any]) -> Iterator[Any]:
    for one in here:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield one


def _singles(here: list[Any]) -> list[Any]:
    return [one for one in _flat(here) if one is not None]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ordered(word: str, left: Any, right: Any) -> bool:
    return bool(
        (word == "above" and left > right)
        or (word == "below" and left < right)
        or (word == "at_least" and left >= right)
        or (word == "at_most" and left <= right)
    )


def _text_holds(word: str, text: str, wanted: str) -> bool:
    if word == "starts_with":
        return text[: len(wanted)] == wanted
    if word == "ends_with":
        return text[-len(wanted) :] == wanted
    if word == "contains":
        return any(text[at : at + len(wanted)] == wanted for at in range(len(text)))
    pattern = "".join(
        ".*" if piece == "*" else re.escape("*" if piece == "\\*" else piece)
        for piece in re.findall(r"\\\*|.", wanted, re.DOTALL)
    )
    return re.fullmatch(pattern, text, re.DOTALL) is not None
