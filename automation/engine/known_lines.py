"""The lines of conditions: is the path there, can it be read in one way only, can the value ever stand there."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automation.engine import known_templates, known_values
from automation.engine.known_file import Roots, RuleFile
from automation.engine.match import QUANTIFIERS, WORDS
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.trails import Ground, Trail, follow, hint, kinds, where_to_look
from automation.model.fields import ANYTHING, Anything, Fields, Forms, elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One line as it is written: `word` is its test, `is` for a plain value; `at` is where that stands."""

    path: tuple[str, ...]
    word: str
    value: Any
    at: Path
    fold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the lines of one table start from. `shown` is how its paths begin when they are spoken of."""

    forms: Forms
    base: Path
    shown: tuple[str, ...]
    ground: Ground

    def spoken(self, path: Sequence[str]) -> str:
        """A path from here as it is spoken of."""
        return ".".join((*self.shown, *path))


def check_event(raw: Mapping[str, Any], base: Path, roots: Roots, file: RuleFile) -> None:
    """A table of `when`, `unless` or `either`: its paths begin in the event."""
    known_templates.check(raw, base, roots, file)
    event = roots.known["event"]
    sight = Sight(forms=event.forms, base=base, shown=(), ground=event.ground)
    _lines(written(raw, base, (), file, inside=False), sight, file)


def check_roots(raw: Mapping[str, Any], base: Path, roots: Roots, file: RuleFile) -> None:
    """A table of `if` or `only`: its paths begin with a root."""
    known_templates.check(raw, base, roots, file)
    for name, value in raw.items():
        root, at = roots.known.get(name), (*base, name)
        if root is None:
            continue
        sight = Sight(forms=root.forms, base=at, shown=(name,), ground=root.ground)
        if isinstance(value, Mapping):
            _lines(written(value, at, (), file, inside=True), sight, file)
        else:
            _lines([Written(path=(), word="is", value=value, at=at, fold=False)], sight, file)


def check_paths(raw: Mapping[str, Any], base: Path, ground: Ground, file: RuleFile) -> None:
    """A table of paths of an event, whatever stands behind them."""
    sight = Sight(forms=ground.events, base=base, shown=(), ground=ground)
    for line in written(raw, base, (), file, inside=False):
        _trail(line, sight, file)


def _lines(lines: Iterable[Written], sight: Sight, file: RuleFile) -> None:
    plain: list[tuple[Written, Trail]] = []
    for line in lines:
        trail = _trail(line, sight, file)
        if trail is None or ANYTHING[0] in trail.forms:
            continue
        if line.word in QUANTIFIERS:
            _element(line, trail, sight, file)
        elif trail.lists and line.word == "not":
            _two_readings_of_not(line, trail, sight, file)
        else:
            plain.append((line, trail))
            if sight.ground.published:
                known_values.check(
                    line.word,
                    line.value,
                    line.at,
                    fold=line.fold,
                    forms=trail.forms,
                    shown=sight.spoken(line.path),
                    file=file,
                )
    _two_readings_of_lines(plain, sight, file)


def written(
    raw: Mapping[str, Any], place: Path, path: tuple[str, ...], file: RuleFile, *, inside: bool
) -> Iterator[Written]:
    """Every line of a table. `inside`: it is about the elements of a list, so a test may stand alone."""
    fold = raw.get("ignore_case") is True
    for key, value in raw.items():
        at = (*place, key)
        if (path or inside) and file.is_word(key, at):
            if key != "ignore_case":
                yield Written(path=path, word=key, value=value, at=at, fold=fold)
        elif isinstance(value, Mapping):
            yield from written(value, at, (*path, key), file, inside=inside)
        else:
            yield Written(path=(*path, key), word="is", value=value, at=at, fold=fold)


def _trail(line: Written, sight: Sight, file: RuleFile) -> Trail | None:
    """The line's path, if it is known."""
    trail = follow(sight.forms, line.path)
    if trail.forms:
        return trail
    span = file.key((*sight.base, *line.path[: trail.steps + 1]))
    unknown, inside = line.path[trail.steps], elements(trail.inside)
    holder = (*sight.shown, *line.path[: trail.steps])
    error = sight.ground.published
    if holder and not any(isinstance(one, Fields | Anything) for one in inside):
        message = f"`{unknown}` is neither a field of `{holder[-1]}` nor a test"
        other = f"`{holder[-1]}` is {kinds(inside)}"
        file.wrong(span, message, lambda: nearest(unknown, WORDS) or other, error=error)
        return None
    top = "" if trail.steps else unknown
    file.wrong(
        span,
        f"`{sight.spoken(line.path[: trail.steps + 1])}` is not a field of {sight.ground.title}",
        lambda: (
            hint(sight.forms, line.path, trail, sight.shown) or where_to_look(sight.ground, top)
        ),
        error=error,
    )
    return None


# lists --------------------------------------------------------------------------------------------


def _element(line: Written, trail: Trail, sight: Sight, file: RuleFile) -> None:
    """`any`, `all` and `none`: the lines behind them start from one element."""
    if isinstance(line.value, Mapping):
        inner = Sight(
            forms=elements(trail.forms),
            base=line.at,
            shown=(*sight.shown, *line.path),
            ground=sight.ground,
        )
        _lines(written(line.value, line.at, (), file, inside=True), inner, file)


def _two_readings_of_not(line: Written, trail: Trail, sight: Sight, file: RuleFile) -> None:
    cut = trail.lists[0]
    whole, rest = sight.spoken(line.path[:cut]), line.path[cut:]
    none = f"{whole}.none = {{ {_pair(rest, 'is', line.value)} }}"
    some = f"{whole}.any = {{ {_pair(rest, 'not', line.value)} }}"
    file.wrong(
        file.key(line.at),
        f"`not` behind the list `{whole}` can be read in two ways",
        f"no element is: `{none}`; some element is not: `{some}`",
        error=sight.ground.published,
    )


def _two_readings_of_lines(
    plain: Sequence[tuple[Written, Trail]], sight: Sight, file: RuleFile
) -> None:
    """Two lines that enter one list: are they about one of its elements?"""
    first: dict[tuple[str, ...], Written] = {}
    for line, trail in plain:
        if not trail.lists:
            continue
        into = line.path[: trail.lists[0]]
        other = first.setdefault(into, line)
        if other.path == line.path:
            continue
        whole = sight.spoken(into)
        one, two = (_pair(each.path[len(into) :], each.word, each.value) for each in (other, line))
        file.wrong(
            file.key(line.at),
            f"two lines look into the list `{whole}`, and can be read in two ways",
            f"one element with both: `{whole}.any = {{ {one}, {two} }}`;"
            f" each in some element: `{whole}.any = {{ {one} }}` and this line as it is",
            error=sight.ground.published,
        )
        return


def _pair(path: Sequence[str], word: str, value: Any) -> str:
    """`name.not = "x"`, as it would be written."""
    names = [*path, *(() if word == "is" else (word,))]
    return f"{'.'.join(_key(name) for name in names)} = {_toml(value)}"


def _key(name: str) -> str:
    return name if name.replace("-", "_").isidentifier() else json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            inner = (f"{_key(name)} = {_toml(one)}" for name, one in value.items())
            return f"{{ {', '.join(inner)} }}"
        case _:
            return str(value)
