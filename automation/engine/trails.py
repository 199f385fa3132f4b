"""What a rule can see of the events it listens to, and the way along a path through it.

A rule may listen to several events, and a name may cover many: a path is known when one of them has it. Where one
of them is not known at all, nothing is: it might have the path.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from automation.engine.problems import nearest
from automation.model.fields import (
    ANYTHING,
    Anything,
    Catalogue,
    Fields,
    Forms,
    Kind,
    ListOf,
    Plain,
    below,
    elements,
    names,
    one_element,
    only_lists,
)

Segment = str | int | None
"""A step in a template: a name, an index, or what only the event decides (None)."""

MAX_DEPTH = 4
"""How deep a name is looked for elsewhere in the event."""

CLOSE = 0.75
"""From here on two names are one with a slip in it; below, the same name elsewhere is the better guess."""

MAX_LOOKED_AT = 40
MAX_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The events of a rule. `published`: their senders say what there is, so what is not there is a mistake."""

    title: str
    events: Forms
    published: bool


def ground(on: Sequence[str], catalogue: Catalogue) -> Ground | None:
    """What the names of `on` stand for; None where that is not known."""
    events: list[Fields] = []
    published = True
    for name in on:
        source, _, rest = name.partition(".")
        schemas = catalogue.schemas(source)
        heard = {schema.published: schema.heard(rest) for schema in schemas}
        if not any(heard.values()):
            return None
        published = published and bool(heard.get(True))
        events += [one for some in heard.values() for one in some]
    title = f"`{on[0]}`" if len(on) == 1 else "these events"
    return Ground(title=title, events=tuple(dict.fromkeys(events)), published=published)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A path as far as it is known.

    `forms` is what may stand at its end, nothing when it is unknown. `steps` counts the steps that are known, and
    `inside` is where the next would start. `lists` are the places where only a list can stand and is entered.
    """

    forms: Forms
    steps: int
    inside: Forms
    lists: tuple[int, ...] = ()


def follow(forms: Forms, path: Sequence[str]) -> Trail:
    """The path of a condition: a list on the way is entered."""
    lists: list[int] = []
    here = forms
    for step, name in enumerate(path):
        if only_lists(here):
            lists.append(step)
        inside = elements(here)
        here = below(inside, name)
        if not here:
            return Trail(forms=(), steps=step, inside=inside, lists=tuple(lists))
    return Trail(forms=here, steps=len(path), inside=here, lists=tuple(lists))


def follow_template(forms: Forms, path: Sequence[Segment]) -> Trail:
    """The path of a template: a list has an index, `first`, `last` and `size`, and no names."""
    here = forms
    for step, segment in enumerate(path):
        after = _template_step(here, segment)
        if not after:
            return Trail(forms=(), steps=step, inside=here)
        here = after
    return Trail(forms=here, steps=len(path), inside=here)


def _template_step(here: Forms, segment: Segment) -> Forms:
    match segment:
        case None:
            return ANYTHING
        case int():
            return one_element(here) or ANYTHING
        case "first" | "last":
            return below(here, segment) or one_element(here) or ANYTHING
        case "size":
            return below(here, segment) or (Plain(Kind.NUMBER),)
        case _:
            return below(here, segment)


def hint(events: Forms, path: Sequence[str], trail: Trail) -> str:
    """What was meant where the path ends: a name that is nearly the same there, or the same one elsewhere."""
    word, known = path[trail.steps], list(names(trail.inside))
    if get_close_matches(word, known, n=1, cutoff=CLOSE):
        return nearest(word, known)
    found = _elsewhere(events, path, trail.steps)[:MAX_SHOWN]
    if found:
        return "the event has " + ", ".join(f"`{'.'.join(one)}`" for one in found)
    return nearest(word, known)


def _elsewhere(events: Forms, path: Sequence[str], known: int) -> list[tuple[str, ...]]:
    """Where the event has the rest of the path: as much of it as there is from the top, else its last name
    anywhere, what begins as the path did first."""
    for start in range(known, len(path)):
        if follow(events, path[start:]).forms not in ((), ANYTHING):
            return [tuple(path[start:])]
    found = list(islice(_search(events, path[-1]), MAX_LOOKED_AT))
    head = tuple(path[:known])
    return sorted(found, key=lambda one: (one[: len(head)] != head, len(one)))


def _search(events: Forms, name: str) -> Iterator[tuple[str, ...]]:
    """Paths that end in the name, short ones first, in tables that are met once."""
    layer: list[tuple[tuple[str, ...], Forms]] = [((), events)]
    seen: set[Fields] = set()
    for _ in range(MAX_DEPTH):
        deeper: list[tuple[tuple[str, ...], Forms]] = []
        for path, forms in layer:
            tables = [one for one in elements(forms) if isinstance(one, Fields)]
            for table in tables:
                if table in seen:
                    continue
                seen.add(table)
                if path and name in table.known:
                    yield (*path, name)
                deeper += [
                    ((*path, part), field.forms)
                    for part, field in table.known.items()
                    if any(isinstance(form, Fields | ListOf) for form in field.forms)
                ]
        layer = deeper


def kinds(forms: Iterable[object]) -> str:
    """What may stand there, in words: "a text", "a list", "a number or a text"."""
    words = []
    for form in forms:
        match form:
            case Plain(kind=Kind.NUMBER):
                words.append("a number")
            case Plain(kind=Kind.BOOLEAN):
                words.append("true or false")
            case Plain(kind=Kind.TIME):
                words.append("a time")
            case Plain():
                words.append("a text")
            case ListOf():
                words.append("a list")
            case Fields():
                words.append("a table")
            case Anything():
                words.append("anything")
    return " or ".join(sorted(set(words)))
