"""Names in `on`: of a known source, the events it sends."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from automation.engine.known_file import RuleFile
from automation.engine.positions import Path
from automation.engine.problems import Problem, nearest
from automation.model.fields import OTHERS, Catalogue, Schema

SHORTEST = 4
"""In shorter words, one letter makes another word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A rule listens to a source of which nothing is known; it may be declared in another file."""

    source: str
    at: Path
    file: RuleFile


def check(name: str, at: Path, catalogue: Catalogue, file: RuleFile) -> bool:
    """One name of `on`, whose source is known. False, and a problem, if it is not a name the source sends."""
    source, _, rest = name.partition(".")
    if any(_lists(schema, rest) for schema in catalogue.schemas(source)):
        return True
    schemas = list(catalogue.schemas(source))
    known = [one for schema in schemas for one in listened(schema)]
    typo = next((one for one in known if one_edit(rest, one)), None) if file.thinks else None
    covered = any(schema.heard(rest) for schema in schemas)
    if covered and typo is None:
        return True
    hints = [schema.hints[rest] for schema in schemas if rest in schema.hints]

    def helps() -> str:
        if hints:
            return hints[0]
        near = f"did you mean `{source}.{typo}`?" if typo else _nearest(source, rest, known)
        return near or f"`automation fields {source}` lists what is known"

    error = typo is not None and not covered and schemas[0].published
    file.wrong(file.value(at), _message(name, schemas), helps, error=error)
    return False


def _lists(schema: Schema, rest: str) -> bool:
    """Whether an event has that name, or one below it."""
    return not rest or any(one == rest or one.startswith(rest + ".") for one in schema.events)


def _message(name: str, schemas: Sequence[Schema]) -> str:
    if schemas[0].published:
        return f"`{schemas[0].source}` is not known to send `{name}`"
    return f"no stored delivery was `{name}`"


@lru_cache(maxsize=64)
def listened(schema: Schema) -> tuple[str, ...]:
    """Every name a rule may listen to, without the source: those of the events, and what covers them."""
    return tuple(dict.fromkeys(one for event in schema.events for one in _covering(event)))


def _covering(event: str) -> Iterator[str]:
    parts = event.removesuffix("." + OTHERS).split(".")
    names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return (one for one in names if one != OTHERS)


def _nearest(source: str, rest: str, known: Sequence[str]) -> str:
    """Among the events of the same kind first: `issues.open` is nearer to `issues.opened` than to others."""
    kind = rest.partition(".")[0]
    same = [f"{source}.{one}" for one in known if one.partition(".")[0] == kind]
    others = (f"{source}.{one}" for one in known)
    return nearest(f"{source}.{rest}", same) or nearest(f"{source}.{rest}", others)


def nobody(
    unheard: Sequence[Unheard], catalogue: Catalogue, declared: Collection[str]
) -> list[Problem]:
    """A problem for each source that is neither built in nor declared."""
    if not unheard:
        return []
    known = [*catalogue.published, *declared, *catalogue.learned]
    return [_nobody(one, known) for one in unheard if one.source not in known]


def _nobody(one: Unheard, known: Sequence[str]) -> Problem:
    typo = next((name for name in known if one_edit(one.source, name)), None)
    near = f"did you mean `{typo}`?" if typo else ""
    span = one.file.value(one.at)
    return Problem(
        path=one.file.path,
        line=span.line,
        column=span.column,
        length=span.length,
        message=f"there is no source `{one.source}` in these files",
        help=near or nearest(one.source, known) or f"declare it with [source.{one.source}]",
        severity="error" if typo else "warning",
    )


def one_edit(word: str, known: str) -> bool:
    """Whether large letters, or one letter too many, too few, another or two swapped make the one of the other."""
    if word != known and word.casefold() == known:
        return True
    if word == known or min(len(word), len(known)) < SHORTEST or abs(len(word) - len(known)) > 1:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(word, known, strict=False)) if a != b),
        min(len(word), len(known)),
    )
    a, b = word[start:], known[start:]
    return a[1:] == b[1:] or a == b[1:] or a[1:] == b or (a[:2] == b[:2][::-1] and a[2:] == b[2:])
