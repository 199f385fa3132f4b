"""What deliveries show of a source that publishes nothing: the fields that were there.

Few deliveries show few fields, so what they lack is worth a question and no more. Bounded: a table with more names
than a person would write down is one of data, not of fields, and is left open; so is what is very deep.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from automation.model.fields import (
    ANYTHING,
    OTHERS,
    Field,
    Fields,
    Form,
    Forms,
    Kind,
    ListOf,
    Plain,
    Schema,
)
from automation.model.values import Json, JsonObject

MAX_NAMES = 120
MAX_DEPTH = 10
MAX_ELEMENTS = 50
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


@dataclass(slots=True)
class _Seen:
    """What was seen at one place, over all deliveries."""

    kinds: set[Kind] = field(default_factory=set)
    parts: dict[str, "_Seen"] = field(default_factory=dict)
    element: "_Seen | None" = None
    table: bool = False
    open: bool = False
    times: int = 0


def learn(deliveries: Iterable[tuple[str, JsonObject]]) -> Mapping[str, Schema]:
    """Schemas by source, from event names and what rules read as `event`."""
    seen: dict[str, dict[str, _Seen]] = {}
    for name, document in deliveries:
        source, _, rest = name.partition(".")
        top = seen.setdefault(source, {}).setdefault(rest, _Seen())
        _see({key: value for key, value in document.items() if key != "raw"}, top, 0)
    return {
        source: Schema(
            source=source,
            published=False,
            events={name: _event(top) for name, top in events.items()},
        )
        for source, events in seen.items()
    }


def _see(value: Json, at: _Seen, depth: int) -> None:
    at.times += 1
    match value:
        case None:
            return
        case bool():
            at.kinds.add(Kind.BOOLEAN)
        case int() | float():
            at.kinds.add(Kind.NUMBER)
        case str():
            at.kinds.add(Kind.TIME if _TIME.match(value) else Kind.TEXT)
        case list():
            at.element = at.element or _Seen()
            for item in value[:MAX_ELEMENTS]:
                _see(item, at.element, depth + 1)
        case Mapping():
            at.table = True
            at.open = (
                at.open or depth >= MAX_DEPTH or len(at.parts.keys() | value.keys()) > MAX_NAMES
            )
            for name, part in value.items() if not at.open else ():
                _see(part, at.parts.setdefault(name, _Seen()), depth + 1)


def _event(top: _Seen) -> Fields:
    """A delivery, with `raw` beside what was seen."""
    made = _fields(top)
    return Fields(
        {"raw": Field(forms=ANYTHING, short=True, note="the delivery as it was sent"), **made.known}
    )


def _fields(seen: _Seen) -> Fields:
    known = {
        name: Field(forms=_forms(part) or ANYTHING, optional=part.times < seen.times)
        for name, part in seen.parts.items()
    }
    return Fields({**known, OTHERS: Field(forms=ANYTHING)} if seen.open else known)


def _forms(seen: _Seen) -> Forms:
    made: list[Form] = [Plain(kind) for kind in sorted(seen.kinds)]
    if Kind.TEXT in seen.kinds and Kind.TIME in seen.kinds:
        made.remove(Plain(Kind.TIME))
    if seen.table:
        made.append(_fields(seen))
    if seen.element is not None:
        made.append(ListOf(_forms(seen.element)))
    return tuple(made)
