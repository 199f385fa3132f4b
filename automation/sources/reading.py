"""Raw bytes to JSON, strictly: what two readers could read differently is not read at all.

The raw bytes are never changed. In the decoded copy U+0000 and lone surrogates become U+FFFD, because
neither the store nor Notion can hold them.
"""

import json
import math
import re
from typing import NoReturn
from urllib.parse import parse_qsl

from automation.model.errors import BadShape, Unreadable
from automation.model.event import Encoding, Event
from automation.model.values import Json

MAX_NODES = 200_000
MAX_DEPTH = 64
MAX_FORM_FIELDS = 1_000

_CONTAINERS = (dict, list)
_NEEDS_CLEANING = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def read(event: Event) -> Json:
    """The decoded body of a stored event. Raises Unreadable or BadShape."""
    return decode(event.body, event.encoding)


def decode(body: bytes, encoding: Encoding) -> Json:
    """The body as JSON. Raises Unreadable (not to be understood) or BadShape (too many nodes, too deep)."""
    match encoding:
        case Encoding.JSON:
            return decode_json(body)
        case Encoding.FORM:
            return fields(body)
        case Encoding.FORM_PAYLOAD:
            return decode_json(payload_field(body))


def decode_json(body: bytes) -> Json:
    """One JSON object. The nodes are counted before anything is parsed: 25 MB of `[],` cost seconds to
    parse, and milliseconds to refuse."""
    check_nodes(body)
    text = _text(body)
    try:
        value = _STRICT.decode(text)
    except RecursionError as error:
        raise BadShape(f"the JSON is nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:
        raise Unreadable(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unreadable(f"the JSON is {type(value).__name__}, not an object")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:  # with fewer it cannot be too deep
        _check_depth(value)
    return _clean(value) if _NEEDS_CLEANING.search(body) else value


def check_nodes(body: bytes) -> None:
    """Raises BadShape for a body that would parse into more than MAX_NODES values."""
    if len(body) <= MAX_NODES:
        return
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_NODES:
        raise BadShape(f"the JSON has more than {MAX_NODES} nodes")


def fields(body: bytes) -> dict[str, str]:
    """The fields of a urlencoded form. Raises Unreadable for a repeated field."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=MAX_FORM_FIELDS,
            errors="replace",
        )
    except ValueError as error:
        raise Unreadable(f"the body is not a urlencoded form: {error}") from error
    if len({name for name, _ in pairs}) != len(pairs):
        raise Unreadable("the form has a field twice")
    return {name: _UNKEEPABLE.sub("�", value) for name, value in pairs}


def payload_field(body: bytes) -> bytes:
    """The JSON in a form's field `payload`. Raises Unreadable."""
    try:
        return fields(body)["payload"].encode()
    except KeyError as error:
        raise Unreadable("the form has no field `payload`") from error


def _text(body: bytes) -> str:
    try:
        return body.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"the body is not UTF-8 (byte {error.start})") from error


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands twice in one object")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("it has a number that is too large")
    return number


_STRICT = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_float=_finite
)
"""Made once: a decoder with rules of its own is costly to make."""


def _check_depth(value: Json) -> None:
    """Level by level, and without recursion: most values are leaves, and never looked into."""
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if type(inner) in _CONTAINERS
        ]
        if not level:
            return
    raise BadShape(f"the JSON is nested deeper than {MAX_DEPTH}")


def _clean(value: Json) -> Json:
    if isinstance(value, str):
        return _UNKEEPABLE.sub("�", value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_UNKEEPABLE.sub("�", key): _clean(item) for key, item in value.items()}
    return value
