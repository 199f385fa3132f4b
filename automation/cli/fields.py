"""`automation fields`: which events there are, and what a rule may use of one, with examples."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from automation.cli.catalogue import catalogue, from_store
from automation.cli.deliver import as_event, find
from automation.cli.files import samples
from automation.engine.known_names import listened
from automation.engine.outline import ELEMENT, Outlined, brief, outline
from automation.engine.showing import shown
from automation.learning import recent
from automation.model.errors import BadShape, NotInStore, Unreadable
from automation.model.event import Event, document
from automation.model.fields import OTHERS, Catalogue, Fields, Schema
from automation.model.values import Json, JsonObject
from automation.sources.discover import discover
from automation.sources.hiding import hide
from automation.sources.reading import read

EXAMPLE_LENGTH = 44
MAX_NAMED = 3
MAX_VALUES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known of a name: its events, by their names without the source."""

    schema: Schema
    name: str
    events: Mapping[str, Fields]


def list_fields(name: str, *, find_text: str, everything: bool, as_json: bool) -> int:
    """Print the fields of an event, or without a name the events. Raises NotInStore for an unknown name."""
    known = catalogue()
    found = _found(name, known) if name else None
    if found is None:
        names = [one for one in _all_names(known) if one.startswith(name) and find_text in one]
        if not names:
            raise NotInStore(_unknown(name or find_text, known))
        _print_names(names, known, as_json=as_json)
        return 0
    rows = outline(found.events)
    if find_text:
        rows = [row for row in rows if find_text.casefold() in row.text.casefold()]
    elif not everything and not as_json:
        rows = brief(rows, found.schema.is_quiet)
    documents = list(_documents(found))
    if as_json:
        print(
            json.dumps([_json(row, found, documents) for row in rows], indent=2, ensure_ascii=False)
        )
        return 0
    _print(rows, found, documents, everything=everything or bool(find_text))
    return 0 if rows else 1


def _found(name: str, known: Catalogue) -> Found | None:
    source, _, rest = name.partition(".")
    for schema in known.schemas(source):
        heard = set(schema.heard(rest))
        if heard and (rest or len(schema.events) == 1):
            events = {one: fields for one, fields in schema.events.items() if fields in heard}
            return Found(schema=schema, name=name, events=events)
    return None


# names --------------------------------------------------------------------------------------------


def _all_names(known: Catalogue) -> list[str]:
    sources = dict.fromkeys((*sorted(known.published), *sorted(known.learned)))
    return list(
        dict.fromkeys(
            _whole(source, event)
            for source in sources
            for schema in known.schemas(source)
            for event in schema.events
        )
    )


def _whole(source: str, event: str) -> str:
    return source if event in {"", OTHERS} else f"{source}.{event}"


def _unknown(name: str, known: Catalogue) -> str:
    names = [
        f"{source}.{one}"
        for source in (*known.published, *known.learned)
        for schema in known.schemas(source)
        for one in listened(schema)
    ]
    near = get_close_matches(name, names, n=3)
    hint = f"; there are {', '.join(near)}" if near else "; `automation fields` lists the events"
    return f"nothing is known of {name}{hint}"


def _print_names(names: Sequence[str], known: Catalogue, *, as_json: bool) -> None:
    published = {
        _whole(source, event)
        for source, schema in known.published.items()
        for event in schema.events
    }
    if as_json:
        listed = [{"event": name, "published": name in published} for name in names]
        print(json.dumps(listed, indent=2))
        return
    grouped: dict[str, list[str]] = {}
    for name in names:
        kind = ".".join(name.split(".")[:2])
        grouped.setdefault(kind, []).append(name.removeprefix(kind).removeprefix("."))
    rows = [(kind, ", ".join(_below(some))) for kind, some in grouped.items()]
    for line in _columns([("event", "more exactly"), *rows]):
        print(line)
    print("automation fields EVENT lists what a rule may use of it", file=sys.stderr)


def _below(names: Sequence[str]) -> list[str]:
    """`opened` of `github.issues.opened`; an ellipsis for whatever there may be."""
    return sorted("…" if name == OTHERS else name for name in names if name)


# fields -------------------------------------------------------------------------------------------


def _print(
    rows: Sequence[Outlined], found: Found, documents: Sequence[JsonObject], *, everything: bool
) -> None:
    cells = [
        (row.text, row.kind, _shown(row, documents), "; ".join(_about(row, found))) for row in rows
    ]
    for line in _columns([("path", "type", "example", "what it is"), *cells]):
        print(line)
    words = [f"{len(rows)} field{'' if len(rows) == 1 else 's'} of {found.name}"]
    if len(found.events) > 1:
        words.append(f"which is {len(found.events)} events")
    if not found.schema.published:
        words.append("as stored deliveries showed them")
    print(", ".join(words), file=sys.stderr)
    if not everything:
        print("--all lists every one, --find WORD those with a word in them", file=sys.stderr)


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Lines in columns. Nothing is cut: a path is there to be copied."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _about(row: Outlined, found: Found) -> Iterator[str]:
    """What there is to say of a path: its note, its values, and which of several events have it."""
    if row.note:
        yield row.note
    if row.values:
        more = ", …" if len(row.values) > MAX_VALUES else ""
        yield " or ".join(f'"{value}"' for value in row.values[:MAX_VALUES]) + more
    missing = len(found.events) - len(row.events)
    if missing and len(row.events) <= MAX_NAMED:
        yield "only in " + ", ".join(_last(one) for one in row.events)
    elif missing:
        yield f"in {len(row.events)} of {len(found.events)} events"


def _last(event: str) -> str:
    parts = [part for part in event.split(".") if part != OTHERS]
    return parts[-1]


def _json(row: Outlined, found: Found, documents: Sequence[JsonObject]) -> dict[str, Any]:
    return {
        "path": row.text,
        "type": row.kind,
        "values": list(row.values),
        "short": row.short,
        "always": row.always,
        "note": row.note,
        "events": [_whole(found.schema.source, one) for one in row.events],
        "example": _example(row, documents),
    }


# examples -----------------------------------------------------------------------------------------


def _documents(found: Found) -> Iterator[JsonObject]:
    """Deliveries to take examples from: stored ones, newest first; else the samples that come with the service."""
    stored = [seen for event in _stored(found) if (seen := _seen(event)) is not None]
    yield from stored or filter(None, map(_seen, _sampled(found)))


def _stored(found: Found) -> Sequence[Event]:
    return from_store(lambda store: recent(store, name=found.name), ())


def _sampled(found: Found) -> Iterator[Event]:
    names = {f"{found.schema.source}.{one}" for one in found.events}
    now = datetime.now(UTC)
    return (as_event(find(name, ""), now) for name, _ in samples() if name in names)


def _seen(event: Event) -> JsonObject | None:
    """What rules read as `event`, secrets hidden."""
    source = discover().get(event.source)
    try:
        return document(event, hide(read(event), source.secret_paths if source else ()))
    except (Unreadable, BadShape):
        return None


def _example(row: Outlined, documents: Sequence[JsonObject]) -> Json:
    """The first plain value there is at the path, or a list of plain ones."""
    for seen in documents:
        value = next(filter(_is_plain, _values(seen, row.path)), None)
        if value is not None:
            return value
    return None


def _is_plain(value: Json) -> bool:
    items = value if isinstance(value, list) else [value]
    return not any(isinstance(item, list | Mapping) for item in items)


def _values(value: Json, path: Sequence[str]) -> Iterator[Json]:
    if not path:
        if value is not None and value != "" and value != []:
            yield value
    elif path[0] == ELEMENT:
        for item in value if isinstance(value, list) else ():
            yield from _values(item, path[1:])
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _shown(row: Outlined, documents: Sequence[JsonObject]) -> str:
    value = _example(row, documents)
    return "" if value is None else shown(value, EXAMPLE_LENGTH)
