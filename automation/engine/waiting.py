"""Whether an event is the one that a step waits for: compared like a condition's equality, and nothing else."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine.match import same
from automation.engine.paths import find, spread
from automation.model.request import Same, Wait
from automation.model.values import JsonObject


def answers(wait: Wait, name: str, received_at: datetime, document: JsonObject) -> bool:
    """Whether the event has the name, came in time, and has every value. A path through a list: in any
    element. `document` is what a rule reads as `event`."""
    if name != wait.event and not name.startswith(wait.event + "."):
        return False
    if not since(wait) <= received_at <= until(wait):
        return False
    zone = ZoneInfo(wait.zone)
    return all(_has(one, document, zone) for one in wait.same)


def since(wait: Wait) -> datetime:
    """The earliest an event may have come."""
    return datetime.fromisoformat(wait.since)


def until(wait: Wait) -> datetime:
    """The latest it may come; then the step is nothing."""
    return datetime.fromisoformat(wait.until)


def names(name: str) -> Iterator[str]:
    """Every name that covers this one: `a.b.c`, `a.b`, `a`."""
    yield name
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _has(one: Same, document: JsonObject, zone: ZoneInfo) -> bool:
    wanted: Any = datetime.fromisoformat(one.value) if one.moment else one.value
    values = (value for found in find(document, one.path) for value in spread(found))
    return any(same(value.value, wanted, zone) for value in values)
