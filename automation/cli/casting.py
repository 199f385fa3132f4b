"""The event a test in a rules file speaks of: a payload file or a sample, or its fields written out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from automation.cli.deliver import SCHEDULE, Payload, as_event, find, name_of
from automation.cli.files import samples
from automation.engine.rules import Case, Rule
from automation.model.errors import AutomationError, NotInStore
from automation.model.event import document
from automation.model.values import JsonObject
from automation.sources.base import Source, Wraps
from automation.sources.reading import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What a rule hears of a test's event: its name, and what it reads as `event`."""

    name: str
    document: JsonObject


def cast(case: Case, rule: Rule, sources: Mapping[str, Source]) -> Cast:
    """The event of a test. Raises an AutomationError that says what is wrong with it."""
    if isinstance(case.event, str):
        payload = _payload(case, rule, case.event, sources)
        return _delivered(payload, payload.name, sources)
    name = case.on or _first_name(rule)
    if name.partition(".")[0] == SCHEDULE:
        return _tick(name, case.at, _plain(case.event))
    return _written(name, _plain(case.event), sources)


def _first_name(rule: Rule) -> str:
    return f"{SCHEDULE}.{rule.id}" if rule.schedule is not None else rule.on[0]


def _payload(case: Case, rule: Rule, event: str, sources: Mapping[str, Source]) -> Payload:
    """A file beside the rule's file, else a sample."""
    path = Path(rule.file).parent / event
    if path.is_file():
        name = case.on or name_of(path)
        known = name.partition(".")[0] in {*sources, SCHEDULE}
        return find(str(path), name if known else _first_name(rule))
    if event in dict(samples()):
        return find(event, "")
    raise NotInStore(f"there is no payload file {path}, and no sample `{event}`")


def _delivered(payload: Payload, name: str, sources: Mapping[str, Source]) -> Cast:
    """Through the source's own reading, as if it had been delivered."""
    event = as_event(payload, datetime.now(UTC), sources)
    if event.problem:
        raise NotInStore(f"it cannot be read as {name}: {event.problem}")
    below = event.name == name or event.name.startswith(f"{name}.")
    return Cast(name=event.name if below else name, document=document(event, read(event)))


def _tick(name: str, at: datetime, fields: Mapping[str, Any]) -> Cast:
    """As the scheduler makes it."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    raw = {"rule": name.partition(".")[2], "at": stamp, **fields}
    return Cast(name=name, document={"raw": raw, **raw})


def _written(name: str, fields: Mapping[str, Any], sources: Mapping[str, Source]) -> Cast:
    """The fields as a rule reads them. Where the source can read them, its short names are added; a
    field that the test has always wins."""
    source = sources.get(name.partition(".")[0])
    bare = Cast(name=name, document={"raw": fields, **fields})
    if source is None:
        return bare
    kind = name.partition(".")[2]
    body = source.wrap(kind, fields) if isinstance(source, Wraps) else fields
    try:
        return _delivered(Payload(body=json.dumps(body).encode(), name=name), name, sources)
    except AutomationError:
        # It is no whole delivery; then it is only what a rule reads.
        return bare


def _plain(value: Any) -> Any:
    """TOML's dates as a sender writes them."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else value
