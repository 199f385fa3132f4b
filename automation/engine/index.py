"""Which rules an event can concern at all, so that matching costs little however many rules there are.

Two tables. The first goes from the names that rules listen to, each prefix of an event's name being
one look-up. The second, for each of these, goes from what a rule cannot do without: of all the values
its lines ask for by equality or by a beginning, the one that the fewest rules share.

What comes out may be too much and is never too little: every candidate is still tested line by line.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from automation.engine.match import Line, Table
from automation.engine.template import is_template
from automation.model.values import JsonObject


class Listener(Protocol):
    """What the index has to know of a rule."""

    @property
    def id(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def on(self) -> tuple[str, ...]: ...
    @property
    def when(self) -> tuple[Table, ...]: ...
    @property
    def either(self) -> tuple[Table, ...]: ...
    @property
    def schedule(self) -> object: ...


R = TypeVar("R", bound=Listener)

Need: TypeAlias = tuple[tuple[str, ...], str, Any]
"""What an event must have: a path, how the value there is looked at, and the key it must give.

The ways are `exact`, `folded` (upper and lower case are one) and `start` (a beginning).
"""

Needs: TypeAlias = frozenset[Need]
"""Alternatives: an event must have one of them."""


# what a rule needs --------------------------------------------------------------------------------


def needs(rule: Listener) -> list[Needs]:
    """Every set of alternatives without which the rule cannot fire."""
    found = []
    for tables in (rule.when, rule.either):
        if len(tables) == 1:
            found += _of_table(tables[0])
        elif tables and all(options := [_of_table(table) for table in tables]):
            # Any of the tables will do, so one need of each makes a set.
            found.append(frozenset[Need]().union(*(min(one, key=len) for one in options)))
    return found


def _of_table(table: Table) -> list[Needs]:
    return [one for line in table.lines for one in _of_line(line)]


def _of_line(line: Line) -> Iterator[Needs]:
    wanted = line.wanted if isinstance(line.wanted, list) else [line.wanted]
    if line.word == "all_of":
        for one in wanted:
            yield from _alternatives(line.path, [_need("is", one, line.fold)])
    else:
        yield from _alternatives(line.path, [_need(line.word, one, line.fold) for one in wanted])


def _alternatives(
    path: tuple[str, ...], found: Sequence[tuple[str, Any] | None]
) -> Iterator[Needs]:
    known = [one for one in found if one is not None]
    if known and len(known) == len(found):
        yield frozenset((path, way, key) for way, key in known)


def _need(word: str, wanted: Any, fold: bool) -> tuple[str, Any] | None:
    """How to look a test's operand up; None where only running the test can tell."""
    if word == "is" and isinstance(wanted, bool | int | float):
        return "exact", _key(wanted)
    if not isinstance(wanted, str) or is_template(wanted):
        return None
    if word == "is":
        return ("folded", wanted.casefold()) if fold else ("exact", wanted)
    if word == "like" and "\\" not in wanted:
        start, star, _ = wanted.partition("*")
        return ("start" if star else "exact", start) if start and not fold else None
    return ("start", wanted) if word == "starts_with" and wanted and not fold else None


def _key(value: Any) -> Any:
    """A value as a dictionary tells it apart: `true` is not 1, and 1.0 is."""
    return (value,) if isinstance(value, bool) else value


# the tables ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Node:
    """The needs at one path, and the way to longer ones. Values are places of rules in their order."""

    children: dict[str, "_Node"] = field(default_factory=dict)
    exact: dict[Any, list[int]] = field(default_factory=dict)
    folded: dict[str, list[int]] = field(default_factory=dict)
    starts: dict[int, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, need: Need, place: int) -> None:
        """Note that the rule at the place needs it."""
        path, way, key = need
        node = self
        for name in path:
            node = node.children.setdefault(name, _Node())
        match way:
            case "exact":
                table = node.exact
            case "folded":
                table = node.folded
            case _:
                table = node.starts.setdefault(len(key), {})
        table.setdefault(key, []).append(place)

    def collect(self, value: Any, into: set[int]) -> None:
        """The rules whose need is at this value or below it; lists are entered, as conditions do."""
        if isinstance(value, Mapping):
            for name in self.children.keys() & value.keys():
                self.children[name].collect(value[name], into)
        elif isinstance(value, list | tuple):
            for item in value:
                self.collect(item, into)
        elif value is not None:
            self._collect_leaf(value, into)

    def _collect_leaf(self, value: Any, into: set[int]) -> None:
        into.update(self.exact.get(_key(value), ()))
        if not isinstance(value, str):
            return
        if self.folded:
            into.update(self.folded.get(value.casefold(), ()))
        for length, table in self.starts.items():
            into.update(table.get(value[:length], ()))


@dataclass(slots=True)
class _Shelf:
    """The rules that listen to one name: those that any event concerns, and those that need something."""

    always: list[int] = field(default_factory=list)
    tree: _Node = field(default_factory=_Node)


class Index(Generic[R]):
    """The rules of a set, found by what they need."""

    def __init__(self, rules: Iterable[R]) -> None:
        self._rules = tuple(rule for rule in rules if rule.enabled)
        self._shelves: dict[str, _Shelf] = {}
        by_name: dict[str, list[int]] = {}
        for place, rule in enumerate(self._rules):
            for name in names_of(rule):
                by_name.setdefault(name, []).append(place)
        for name, places in by_name.items():
            self._shelves[name] = self._shelf(places)

    def hears(self, name: str) -> bool:
        """Whether any rule listens to events of this name."""
        return any(prefix in self._shelves for prefix in _prefixes(name))

    def candidates(self, name: str, document: JsonObject) -> Iterator[R]:
        """The enabled rules, in their order, that an event of this name may concern."""
        places: set[int] = set()
        for prefix in _prefixes(name):
            shelf = self._shelves.get(prefix)
            if shelf is not None:
                places.update(shelf.always)
                shelf.tree.collect(document, places)
        return map(self._rules.__getitem__, sorted(places))

    def _shelf(self, places: Sequence[int]) -> _Shelf:
        shelf = _Shelf()
        options = {place: needs(self._rules[place]) for place in places}
        cost = _cost(options.values())
        for place, some in options.items():
            if not some:
                shelf.always.append(place)
                continue
            for need in min(some, key=cost):
                shelf.tree.add(need, place)
        return shelf


def _cost(options: Iterable[Sequence[Needs]]) -> Callable[[Needs], tuple[int, int]]:
    """Rules that share a need first; then the paths that many rules look at anyway."""
    rules: Counter[Need] = Counter()
    paths: Counter[tuple[str, ...]] = Counter()
    for some in options:
        seen = frozenset[Need]().union(*some)
        rules.update(seen)
        paths.update({path for path, _, _ in seen})

    def cost(one: Needs) -> tuple[int, int]:
        return sum(rules[need] for need in one), -min(paths[path] for path, _, _ in one)

    return cost


def names_of(rule: Listener) -> Sequence[str]:
    """The names of events a rule listens to, each with all below it."""
    return rule.on if rule.schedule is None else (f"schedule.{rule.id}",)


def _prefixes(name: str) -> Iterator[str]:
    yield name
    at = name.rfind(".")
    while at > 0:
        yield name[:at]
        at = name.rfind(".", 0, at)
