"""`newer_than`: a late event must not overwrite a newer state.

Compared is the value *we* stored for the page, not one read back: Notion cuts dates to the minute.
"""

import json
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from automation.model.errors import StepFailed
from automation.model.request import Recall, Remember, Request, Response
from automation.model.values import Json, Value


def dump(value: Json) -> str:
    """The same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest state of one page. Without a value it never objects and keeps nothing."""

    key: str
    value: Value

    def is_older(self) -> Generator[Request, Response, bool]:
        """Whether a newer state was written before. Raises StepFailed for a value that has no order."""
        if self.value is None:
            return False
        mark = comparable(self.value)
        last = (yield Recall(key=f"newest:{self.key}")).body
        if last is None:
            return False
        known = _read(last)
        match mark, known:
            case (datetime(), datetime()) | (float(), float()) | (str(), str()):
                return bool(mark < known)  # type: ignore[operator]  # both of one kind
            case _:
                # The rule compares by another kind of value now; the old mark says nothing.
                return False

    def keep(self) -> Generator[Request, Response, None]:
        """This state is the newest now."""
        if self.value is not None:
            mark = comparable(self.value)
            yield Remember(key=f"newest:{self.key}", value=[type(mark).__name__, _text(mark)])


Mark = datetime | float | str


def comparable(value: Value) -> Mark:
    """A moment for dates and ISO texts, a number for numbers, else the text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | date):
        raise StepFailed(f"`newer_than` takes a date, a number or a text, not {value!r}")
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return str(value)
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _text(mark: Mark) -> str:
    return mark.isoformat() if isinstance(mark, datetime) else str(mark)


def _read(kept: Json) -> Mark:
    kind, text = kept
    match kind:
        case "datetime":
            return datetime.fromisoformat(text)
        case "float":
            return float(text)
        case _:
            return str(text)
