"""What is known of the fields of events: which there may be, and what may stand in them.

A sender's published shape says which fields there are, so what it does not name is a mistake. Stored
deliveries only show which fields there were, so what they lack is worth a question.

A field may be several things at once (GitHub's `repository.created_at` is a number in one event and a
time in the next): its forms are alternatives, and so are the events that a rule listens to. A path is
known when any of them knows it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import chain

OTHERS = "*"
"""Among a table's fields: what every name that is not listed holds."""


class Kind(StrEnum):
    """What a plain value is."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "true/false"
    TIME = "time"
    """A text that is an ISO date and time; it can be compared with dates."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A value with nothing below it. `values` are the only texts there; empty when texts are free."""

    kind: Kind
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """A table. With `OTHERS` among its fields, whatever else there is may be there."""

    known: Mapping[str, "Field"]


@dataclass(frozen=True, slots=True, eq=False)
class ListOf:
    """A list; each element has one of these forms. Without forms nothing is known of them."""

    elements: tuple["Form", ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """Nothing is known of it, so nothing below it is wrong."""


Form = Plain | Fields | ListOf | Anything
Forms = tuple[Form, ...]

ANYTHING: Forms = (Anything(),)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """One field. `short`: a short name of ours, which the sender did not send; `note` says what it is."""

    forms: Forms
    optional: bool = False
    short: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schema:
    """The events of one source by their names without the source; `repository_dispatch.*` covers every name below, `*`
    every name there is.

    `published` by its sender, or learned from deliveries. `hints` answer for names that people try: what
    to write instead of `pull_request.merged`. `quiet` are patterns of field names that few rules want.
    """

    source: str
    published: bool
    events: Mapping[str, Fields]
    hints: Mapping[str, str] = field(default_factory=dict)
    quiet: tuple[str, ...] = ()

    def is_quiet(self, name: str) -> bool:
        """Whether a field of that name can be left out where not all of them are wanted."""
        return any(fnmatchcase(name, pattern) for pattern in self.quiet)

    def heard(self, name: str) -> tuple[Fields, ...]:
        """The events that a rule listening to this name hears, itself and those below it; else the
        `kind.*` that covers it. Empty: unknown."""
        below = name + "." if name else ""
        found = [known for known in self.events if known == name or known.startswith(below)]
        if not found:
            found = [known for known in self.events if _covers(known, name)]
        return tuple(self.events[known] for known in found)


def _covers(known: str, name: str) -> bool:
    """Whether `known` is `kind.*`, or `*` alone, and the name is below it."""
    return known == OTHERS or (known.endswith("." + OTHERS) and name.startswith(known[:-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All that is known, by source: what is published, and what deliveries showed."""

    published: Mapping[str, Schema] = field(default_factory=dict)
    learned: Mapping[str, Schema] = field(default_factory=dict)

    def schemas(self, source: str) -> Iterator[Schema]:
        """What is known of a source, the published schema first; what is learned is not looked at before it is needed."""
        for known in (self.published, self.learned):
            schema = known.get(source)
            if schema is not None:
                yield schema


def below(forms: Iterable[Form], name: str) -> Forms:
    """What may stand under the name in tables of these forms; a list has no names. Empty: nothing can."""
    return _once(chain.from_iterable(_below(form, name) for form in forms))


def _below(form: Form, name: str) -> Forms:
    match form:
        case Fields(known=known):
            found = known.get(name) or known.get(OTHERS)
            return found.forms if found else ()
        case Anything():
            return ANYTHING
        case _:
            return ()


def elements(forms: Iterable[Form]) -> Forms:
    """The forms with every list entered, however deep: the elements in its place."""
    return _once(chain.from_iterable(map(_elements, forms)))


def _elements(form: Form) -> Forms:
    return elements(form.elements or ANYTHING) if isinstance(form, ListOf) else (form,)


def one_element(forms: Iterable[Form]) -> Forms:
    """What an element of the lists among these forms may be; anything, of anything."""
    found = (
        form.elements or ANYTHING if isinstance(form, ListOf) else (form,)
        for form in forms
        if isinstance(form, ListOf | Anything)
    )
    return _once(chain.from_iterable(found))


def only_lists(forms: Forms) -> bool:
    """Whether it can be nothing but a list."""
    return bool(forms) and all(isinstance(form, ListOf) for form in forms)


def names(forms: Iterable[Form]) -> Iterator[str]:
    """The names that tables of these forms are known to have, each once."""
    tables = (form.known for form in forms if isinstance(form, Fields))
    return iter(dict.fromkeys(name for known in tables for name in known if name != OTHERS))


def _once(forms: Iterable[Form]) -> Forms:
    return tuple(dict.fromkeys(forms))
