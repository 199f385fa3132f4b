"""`wait_for = EVENT NAME`: a durable pause until another event that has the same values.

The newest one back to `look_back` from planning, else the next within `within` of planning; when that
passes, the step is nothing and the rule goes on. The event is not consumed: its own rules run too.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import field_validator

from automation.actions.base import Params
from automation.model.action import Action, Call, Conversation, StepResult
from automation.model.request import Same, Wait
from automation.model.values import Value

_DURATION = re.compile(r"(\d{1,5}) (second|minute|hour|day|week)s?")


class WaitForParams(Params):
    """Keys of a `wait_for` step. `same` is nested as the event is."""

    wait_for: str
    same: Mapping[str, Value]
    within: str = "1 day"
    look_back: str = "1 day"

    @field_validator("wait_for")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not value or "{{" in value or "{%" in value:
            raise ValueError('it is an event\'s name, written out, such as "zoom.meeting.ended"')
        return value

    @field_validator("within", "look_back")
    @classmethod
    def _is_a_duration(cls, value: str) -> str:
        if _DURATION.fullmatch(value.strip()) is None:
            raise ValueError('it is a duration, such as "2 hours"')
        return value

    @field_validator("same")
    @classmethod
    def _has_lines(cls, value: Mapping[str, Value]) -> Mapping[str, Value]:
        if not list(_lines(value)):
            raise ValueError('it needs a line, such as same.uuid = "{{ event.uuid }}"')
        for path, one in _lines(value):
            fault = _fault(one)
            if fault:
                raise ValueError(f"`{'.'.join(path)}` needs one value, and there is {fault}")
        return value


class WaitFor:
    """Asks for an event; writes nothing."""

    verb = "wait_for"
    params = WaitForParams
    literal: frozenset[str] = frozenset()
    writes = False

    def steps(self, call: Call) -> Conversation:
        """See Action. The value is the event as rules read it, or nothing."""
        params = call.params
        assert isinstance(params, WaitForParams)
        answer = yield Wait(
            event=params.wait_for,
            same=tuple(_same(path, value, call.zone) for path, value in _lines(params.same)),
            since=(call.now - _span(params.look_back)).isoformat(),
            until=(call.now + _span(params.within)).isoformat(),
            zone=call.zone.key,
        )
        return StepResult(value=answer.body)


def _lines(
    table: Mapping[str, Value], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Value]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _lines(value, (*path, key))
        else:
            yield (*path, key), None if value == {} else value


def _fault(value: Value) -> str:
    """What it is, where it cannot be compared; else empty."""
    match value:
        case str() | int() | float() | date():
            return ""
        case None:
            return "nothing"
        case list() | tuple():
            return "a list"
        case _:
            return f"a {type(value).__name__}"


def _same(path: tuple[str, ...], value: Value, zone: ZoneInfo) -> Same:
    """A day is its first instant in the rule's zone."""
    if not isinstance(value, date):
        return Same(path=path, value=value)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  # its zone comes next
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    return Same(path=path, value=aware.isoformat(), moment=True)


def _span(text: str) -> timedelta:
    found = _DURATION.fullmatch(text.strip())
    assert found is not None
    return timedelta(**{found[2] + "s": int(found[1])})


ACTION: Action = WaitFor()
