"""What would become of a literal, told by the code that would send it: the judge of `notion.lock`'s check."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from automation.actions.comparing import EQUAL, equality
from automation.actions.filtering import CHOICES, DATED, NUMERIC, REFERENCES, TEXTUAL, TIMES, asked
from automation.model.errors import StepFailed
from automation.model.lock import Judge, LockedProperty, LockedSource, Wrong
from automation.model.values import Value
from automation.notion.ids import page_id
from automation.notion.properties import encode_all
from automation.notion.schema import PropertySchema, Schema

ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""No verdict depends on them: a rule's zone only moves what it names."""

SOME_ID = "0" * 32


class StrictJudge:
    """Tries what a run would do, with nobody to send it to."""

    def identity(self, text: str) -> str | None:
        """See Judge."""
        return page_id(text)

    def settable(self, source: LockedSource, one: LockedProperty) -> Wrong | None:
        """Everything that can be set can be cleared."""
        return self.value(source, one, None, refuse_unknown=True)

    def matchable(self, source: LockedSource, one: LockedProperty) -> Wrong | None:
        """See Judge."""
        if one.type in EQUAL:
            return None
        return Wrong(
            message=f"`match` cannot use `{one.name}` of {source.title}: it is a {one.type}"
        )

    def value(
        self,
        source: LockedSource,
        one: LockedProperty,
        value: Value,
        *,
        refuse_unknown: bool,
        matching: bool = False,
    ) -> Wrong | None:
        """See Judge."""
        schema = _schema(source, one)

        def work() -> None:
            made = encode_all(schema, {one.name: value}, zone=ZONE, refuse_unknown=refuse_unknown)
            if matching:
                equality(made, schema)

        return _tried(work)

    def key(self, source: LockedSource, one: LockedProperty) -> Wrong | None:
        """See Judge."""
        if one.type in TEXTUAL - {"title"}:
            return None
        return Wrong(
            message=f"`{one.name}` of {source.title} is a {one.type}, and a key is a text",
            help="add a text property to the data source, and name that",
        )

    def askable(self, source: LockedSource, name: str, word: str) -> Wrong | None:
        """See Judge."""
        one = None if name in TIMES else source.find(name)
        if one is not None and one.type in CHOICES | {"multi_select"} and not one.options:
            return None
        sample = True if word in {"exists", "empty"} else _sample(one)
        return self.asked(source, name, word, sample)

    def asked(self, source: LockedSource, name: str, word: str, value: Value) -> Wrong | None:
        """See Judge."""
        one = None if name in TIMES else source.find(name)
        schema = _schema(source, *([one] if one else []))
        return _tried(partial(asked, {name: {word: value}}, schema, now=NOW, zone=ZONE))


def _schema(source: LockedSource, *some: LockedProperty) -> Schema:
    return Schema(where=source.title, properties={one.name: _property(one) for one in some})


def _property(one: LockedProperty) -> PropertySchema:
    options = tuple(option.name for option in one.options)
    return PropertySchema(id=one.id, name=one.name, type=one.type, options=options)


def _sample(one: LockedProperty | None) -> Any:
    """A value that a test of the property takes, if it can be tested."""
    kind = one.type if one else "created_time"
    if one is not None and kind in CHOICES | {"multi_select"}:
        return one.options[0].name
    if kind in NUMERIC:
        return 1
    if kind in DATED:
        return date(2026, 1, 1)
    if kind in REFERENCES:
        return SOME_ID
    return True if kind == "checkbox" else "x"


def _tried(work: Callable[[], object]) -> Wrong | None:
    try:
        work()
    except StepFailed as error:
        return Wrong(message=str(error), help=_as_help(error.remedy))
    return None


def _as_help(remedy: str) -> str:
    """A remedy as the help of a problem: begun small, and without its full stop."""
    return remedy[:1].lower() + remedy[1:].removesuffix(".")


JUDGE: Judge = StrictJudge()
