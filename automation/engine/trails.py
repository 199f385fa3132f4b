"""What a rule can see of the events it listens to, and the way along a path through it.

A rule may listen to several events, and a name may cover many: a path is known when one of them has it. Where one
of them is not known at all, nothing is: it might have the path. What deliveries showed counts only for events that
nobody publishes, so that a rule file is right or wrong whatever the database holds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice

from automation.engine.problems import nearest
from automation.model.fields import (
    ANYTHING,
    OTHERS,
    Anything,
    Catalogue,
    Fields,
    Forms,
    Kind,
    ListOf,
    Plain,
    Schema,
    below,
    elements,
    names,
    one_element,
    only_lists,
)

Segment = str | int | None
"""A step in a template: a name, an index, or what only the event decides (None)."""

MAX_DEPTH = 4
MAX_LOOKED_AT = 8_000
"""How deep, and in how many fields, a name is looked for elsewhere in the event."""

CLOSE = 0.75
"""From here on two names are one with a slip in it; below, the same name elsewhere is the better guess."""

MAX_SHOWN = 3
MAX_OTHERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The events of a rule. `published`: their senders say what there is, so what is not there is a mistake."""

    title: str
    events: Forms
    published: bool
    schemas: tuple[Schema, ...]
    look: str = "`automation fields` lists what there is; what is newer than that is under `raw`"
    """Where to look for a name that is near to none."""

    def others(self, name: str) -> list[str]:
        """Events of the same sources that have a field of that name at their top; their kinds, where they are many."""
        found = [
            f"{schema.source}.{event}".removesuffix("." + OTHERS)
            for schema in self.schemas
            for event, fields in schema.events.items()
            if name in fields.known
        ]
        if len(found) <= MAX_OTHERS:
            return found
        return list(dict.fromkeys(".".join(event.split(".")[:2]) for event in found))


def ground(on: Sequence[str], catalogue: Catalogue) -> Ground | None:
    """What the names of `on` stand for; None where that is not known."""
    events: list[Fields] = []
    schemas: list[Schema] = []
    published = True
    for name in on:
        source, _, rest = name.partition(".")
        schema = next((one for one in catalogue.schemas(source) if one.heard(rest)), None)
        if schema is None:
            return None
        published = published and schema.published
        schemas.append(schema)
        events += schema.heard(rest)
    return Ground(
        title=f"`{on[0]}`" if len(on) == 1 else "these events",
        events=tuple(dict.fromkeys(events)),
        published=published,
        schemas=tuple(dict.fromkeys(schemas)),
    )


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


def hint(forms: Forms, path: Sequence[str], trail: Trail, root: Sequence[str] = ()) -> str:
    """What was meant where the path ends: a name that is nearly the same there, or the same one elsewhere below
    the root it began with."""
    word, known = path[trail.steps], list(names(trail.inside))
    if get_close_matches(word, known, n=1, cutoff=CLOSE):
        return nearest(word, known)
    found = _elsewhere(forms, path, trail)[:MAX_SHOWN]
    if found:
        of_event = not root or tuple(root) == ("event",)
        head = () if of_event else tuple(root)
        listed = ", ".join(f"`{'.'.join((*head, *one))}`" for one in found)
        return f"the event has {listed}" if of_event else f"there is {listed}"
    return nearest(word, known)


def where_to_look(ground: Ground, top: str) -> str:
    """What to do where nothing is near; `top` is the name, if it should stand at the top of the event."""
    if not ground.published:
        return "no stored delivery had it"
    others = ground.others(top) if top else []
    if others:
        more = ", …" if len(others) > MAX_OTHERS else ""
        return f"it is in {', '.join(f'`{one}`' for one in others[:MAX_OTHERS])}{more}"
    return ground.look


def _elsewhere(events: Forms, path: Sequence[str], trail: Trail) -> list[tuple[str, ...]]:
    """Where the event has the rest of the path: as much of it as there is from the top; else its last name, below
    what is known of the path, or else anywhere."""
    for start in range(trail.steps, len(path)):
        if follow(events, path[start:]).forms not in ((), ANYTHING):
            return [tuple(path[start:])]
    head = tuple(path[: trail.steps])
    found = [one for one in _by_last_name(events).get(path[-1], ()) if len(one) > 1]
    return [one for one in found if one[: len(head)] == head] or found


@lru_cache(maxsize=16)
def _by_last_name(forms: Forms) -> Mapping[str, Sequence[tuple[str, ...]]]:
    """Paths by their last name, short ones first, those that go through lists last."""
    found: dict[str, list[tuple[bool, int, tuple[str, ...]]]] = {}
    for path, through_list in islice(_paths(forms), MAX_LOOKED_AT):
        found.setdefault(path[-1], []).append((through_list, len(path), path))
    return {name: [path for _, _, path in sorted(some)] for name, some in found.items()}


def _paths(forms: Forms) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Every path of at most MAX_DEPTH names, short ones first, and whether it goes through a list."""
    layer: list[tuple[tuple[str, ...], bool, Forms]] = [((), False, forms)]
    for _ in range(MAX_DEPTH):
        deeper: list[tuple[tuple[str, ...], bool, Forms]] = []
        for path, listed, here in layer:
            through = listed or only_lists(here)
            for table in (one for one in elements(here) if isinstance(one, Fields)):
                for part, field in table.known.items():
                    if part == OTHERS:
                        continue
                    yield (*path, part), through
                    deeper.append(((*path, part), through, field.forms))
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
