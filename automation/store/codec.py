"""Requests, responses and times as the columns hold them."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from automation.model.action import Wrote
from automation.model.request import (
    Ask,
    ByChildren,
    ByProperty,
    ByTitle,
    Fetch,
    Notion,
    Probe,
    Recall,
    Remember,
    Repeat,
    Request,
    Response,
    Same,
    Wait,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: dict[str, type[Any]] = {
    "notion": Notion,
    "fetch": Fetch,
    "ask": Ask,
    "wait": Wait,
    "recall": Recall,
    "remember": Remember,
}
_PROBES: dict[str, type[Any]] = {
    "property": ByProperty,
    "children": ByChildren,
    "title": ByTitle,
}


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """The moment that many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=value)


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: Any) -> str:
    """Compact JSON."""
    return _COMPACT.encode(value)


def _fields(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}


def dump_request(request: Request) -> str:
    """A request as text; `load_request` gives an equal one."""
    fields = _fields(request)
    if isinstance(request, Notion) and request.probe is not None:
        kind = next(name for name, one in _PROBES.items() if isinstance(request.probe, one))
        fields["probe"] = {"kind": kind, **_fields(request.probe)}
    if isinstance(request, Wait):
        fields["same"] = [_fields(one) for one in request.same]
    kind = next(name for name, one in _KINDS.items() if isinstance(request, one))
    return dump({"kind": kind, **fields})


def load_request(text: str) -> Request:
    """See dump_request."""
    fields = json.loads(text)
    made = _KINDS[fields.pop("kind")]
    if made is Notion:
        fields["query"] = tuple((name, value) for name, value in fields["query"])
        fields["repeat"] = Repeat(fields["repeat"])
        fields["probe"] = _load_probe(fields["probe"])
    if made is Wait:
        fields["same"] = tuple(
            Same(**{**one, "path": tuple(one["path"])}) for one in fields["same"]
        )
    request: Request = made(**fields)
    return request


def _load_probe(fields: dict[str, Any] | None) -> Probe | None:
    if fields is None:
        return None
    probe: Probe = _PROBES[fields.pop("kind")](**fields)
    return probe


def dump_response(response: Response | None) -> str | None:
    """A response as text; nothing stays nothing."""
    return None if response is None else dump({"status": response.status, "body": response.body})


def load_response(text: str | None) -> Response | None:
    """See dump_response."""
    return None if text is None else Response(**json.loads(text))


def dump_wrote(wrote: Sequence[Wrote]) -> str:
    """Effects as text."""
    return dump([_fields(one) for one in wrote])


def load_wrote(text: str) -> tuple[Wrote, ...]:
    """See dump_wrote."""
    return tuple(Wrote(**one) for one in json.loads(text))
