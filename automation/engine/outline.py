"""Everything a rule may use of an event, as lines: `issue.labels[].name`, what it is, which events have it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from automation.model.fields import (
    OTHERS,
    Anything,
    Field,
    Fields,
    Form,
    Forms,
    Kind,
    ListOf,
    Plain,
)

ELEMENT = "[]"
"""The step from a list to each of its elements."""
MAX_DEPTH = 8
BRIEF_DEPTH = 3
COUNTED = frozenset({"table", "text", "number", "time"})

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlined:
    """One path, with `[]` as a step into each element of a list.

    `events` are those that have it, `always` is whether none of them may lack it, `tables` are what stands below,
    `values` are the only texts there, if they are known.
    """

    path: Path
    kind: str
    note: str
    short: bool
    always: bool
    values: tuple[str, ...]
    tables: tuple[Fields, ...]
    events: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The path as people write it."""
        return spoken(self.path)


def spoken(path: Path) -> str:
    """`issue.labels[].name`."""
    return ".".join(path).replace("." + ELEMENT, ELEMENT)


def outline(events: Mapping[str, Fields]) -> list[Outlined]:
    """All paths of the events, short names first and the raw delivery last; what several events have stands once."""
    found: dict[Path, Outlined] = {}
    for name, fields in events.items():
        for one in _table(fields, (), frozenset()):
            known = found.get(one.path)
            found[one.path] = replace(
                known or one,
                kind=_either(known.kind, one.kind) if known else one.kind,
                always=one.always and (known is None or known.always),
                values=_both(known.values, one.values) if known else one.values,
                events=tuple(dict.fromkeys((*(known.events if known else ()), name))),
            )
    return sorted(found.values(), key=lambda one: (one.path[0] == "raw", not one.short))


def _either(one: str, other: str) -> str:
    return " or ".join(dict.fromkeys((*one.split(" or "), *other.split(" or "))))


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of both; none where one of them is free."""
    return tuple(dict.fromkeys((*one, *other))) if one and other else ()


def _table(fields: Fields, path: Path, above: frozenset[Fields]) -> Iterator[Outlined]:
    if fields in above or len(path) >= MAX_DEPTH:
        return
    for name, one in fields.known.items():
        if name != OTHERS:
            yield from _field(one, (*path, name), above | {fields})


def _field(one: Field, path: Path, above: frozenset[Fields]) -> Iterator[Outlined]:
    yield Outlined(
        path=path,
        kind=kind_of(one.forms),
        note=one.note,
        short=one.short,
        always=not one.optional,
        values=_values(one.forms),
        tables=tuple(table for table, _ in _tables(one.forms, path)),
    )
    for table, below in _tables(one.forms, path):
        yield from _table(table, below, above)


def _tables(forms: Forms, path: Path) -> Iterator[tuple[Fields, Path]]:
    for form in forms:
        if isinstance(form, Fields):
            yield form, path
        elif isinstance(form, ListOf):
            yield from _tables(form.elements, (*path, ELEMENT))


# in words -----------------------------------------------------------------------------------------


def kind_of(forms: Forms) -> str:
    """What stands there, in the words of the language: "text", "list of tables", "number or time"."""
    return " or ".join(dict.fromkeys(map(_word, forms))) or "nothing"


def _word(form: Form) -> str:
    match form:
        case Plain(kind=kind):
            return kind.value
        case Fields():
            return "table"
        case ListOf(elements=elements):
            inside = [f"{word}s" for word in kind_of(elements).split(" or ") if word in COUNTED]
            return "list of " + " or ".join(inside) if inside else "list"
        case Anything():
            return "anything"


def _values(forms: Forms) -> tuple[str, ...]:
    texts = [form for form in forms if isinstance(form, Plain) and form.kind is Kind.TEXT]
    if len(texts) != len(forms) or not all(form.values for form in texts):
        return ()
    return tuple(dict.fromkeys(value for form in texts for value in form.values))


# the short list -----------------------------------------------------------------------------------


def brief(rows: Sequence[Outlined], is_quiet: Callable[[str], bool]) -> list[Outlined]:
    """What a person wants to see first: nothing deep, no quiet names, and what many places have (a person, a
    repository) written out at the shallowest of them."""
    homes: dict[Fields, Path] = {}
    for row in sorted(rows, key=lambda one: len(one.path)):
        for table in row.tables:
            homes.setdefault(table, row.path)
    tables = {row.path: row.tables for row in rows}
    return [
        _like(row, homes)
        for row in rows
        if len(_names(row.path)) <= BRIEF_DEPTH
        and not any(map(is_quiet, row.path))
        and all(_at_home(above, tables, homes) for above in _above(row.path))
    ]


def _names(path: Path) -> Path:
    return tuple(step for step in path if step != ELEMENT)


def _above(path: Path) -> Iterator[Path]:
    return (path[:end] for end in range(1, len(path)) if path[end - 1] != ELEMENT)


def _at_home(
    path: Path, tables: Mapping[Path, tuple[Fields, ...]], homes: Mapping[Fields, Path]
) -> bool:
    return all(homes[table] == path for table in tables.get(path, ()))


def _like(row: Outlined, homes: Mapping[Fields, Path]) -> Outlined:
    elsewhere = {homes[table] for table in row.tables} - {row.path}
    if not elsewhere or row.note:
        return row
    return replace(row, note=f"as in {spoken(min(elsewhere))}")
