"""What steps read of the pages that `find` gave: paths and names in templates, and the lines of `if` and `only`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from automation.engine import known_lines, known_templates
from automation.engine.known_file import Root, Roots, RuleFile
from automation.engine.lock_mentions import Mentions
from automation.engine.lock_pages import Pages, named
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.spots import spot
from automation.engine.template import is_template
from automation.engine.uses import Use, loops, step_offset, uses, uses_in_loops
from automation.model.lock import LockedSource

LINES = ("if", "only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A root that is a page, or a list of pages."""

    pages: Pages
    many: bool = False

    @property
    def root(self) -> Root:
        """What paths through it are held to."""
        return self.pages.many if self.many else self.pages.one


@dataclass(frozen=True, slots=True)
class Sight:
    """What a step sees: the roots that `find` gave, and those that are only known to be some page of a data source."""

    read: Mapping[str, Known]
    made: Mapping[str, LockedSource]
    roots: Roots = field(init=False, compare=False)
    """For the checks of paths."""

    def __post_init__(self) -> None:
        roots = Roots({name: one.root for name, one in self.read.items()})
        object.__setattr__(self, "roots", roots)

    def source(self, name: str) -> LockedSource | None:
        """The data source in which the root is a page."""
        known = self.read.get(name)
        if known is not None:
            return None if known.many else known.pages.source
        return self.made.get(name)

    def but(self, name: Any) -> "Sight":
        """The name means something else from here on."""
        if not isinstance(name, str) or (name not in self.read and name not in self.made):
            return self
        return Sight(_without(self.read, name), _without(self.made, name))


NOTHING = Sight({}, {})


def _without(some: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: one for key, one in some.items() if key != name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Holds what is read to the pages there are."""

    file: RuleFile
    mentions: Mentions

    def step(self, step: Mapping[str, Any], place: Path, sight: Sight) -> None:
        """Every path through pages that a step reads."""
        for key, value in step.items():
            if key in LINES and isinstance(value, Mapping):
                known_lines.check_roots(value, (*place, key), sight.roots, self.file)
                self._lines(value, (*place, key), sight)
            elif key not in {"do", "for_each", "as"}:
                self._templates(value, (*place, key), sight)

    def _lines(self, raw: Mapping[str, Any], place: Path, sight: Sight) -> None:
        """Names of filters in the lines, and what the lines mention."""
        self._templates(raw, place, sight)
        for name, lines in raw.items():
            known = sight.read.get(name)
            for key in lines if known is not None and isinstance(lines, Mapping) else ():
                one = known.pages.source.find(key) if known is not None else None
                if known is not None and one is not None:
                    at = (*place, name, key)
                    self.mentions.of_name(at, known.pages.source, one, is_key=True)

    def _templates(self, value: Any, at: Path, sight: Sight) -> None:
        if isinstance(value, str):
            if is_template(value):
                self.template(value, at, sight)
        elif isinstance(value, Mapping):
            for key, one in value.items():
                self._templates(one, (*at, key), sight)
        elif isinstance(value, list):
            for index, one in enumerate(value):
                self._templates(one, (*at, index), sight)

    def template(self, text: str, at: Path, sight: Sight) -> None:
        """Paths, then the names that filters of lists are given, whose misses would be silent."""
        known_templates.check(text, at, sight.roots, self.file)
        if self.mentions.noted is not None:
            self._mention(text, at, uses(text), sight)
        self._loops(text, at, sight)
        for one in named(text):
            known = sight.read.get(one.root)
            if known is None:
                continue
            span = partial(spot, self.file.lines, self.file.value(at), one.offset, len(one.name))
            if not known.pages.has(one.name):
                helps = nearest(one.name, known.pages.names) or known.pages.ground.look
                message = f"`{one.name}` is not a field of {known.pages.ground.title}"
                self.file.wrong(span(), message, helps, error=True)
            elif self.mentions.noted is not None:
                self._mention_name(one.name, known, span())

    def _loops(self, text: str, at: Path, sight: Sight) -> None:
        """Pages that the template itself goes through: `{% for task in stale %}`."""
        inside = {
            name: Known(pages=known.pages)
            for name, root in loops(text).items()
            if (known := sight.read.get(root)) is not None and known.many
        }
        if inside:
            found = list(uses_in_loops(text, inside))
            inner = Sight(inside, {})
            known_templates.hold(text, at, found, inner.roots, self.file)
            if self.mentions.noted is not None:
                self._mention(text, at, found, inner)

    def _mention(self, text: str, at: Path, found: Iterable[Use], sight: Sight) -> None:
        for use in found:
            known = sight.read.get(use.root)
            for step, name in enumerate(use.path if known is not None else ()):
                if known is not None and isinstance(name, str) and known.pages.has(name):
                    offset = step_offset(text, use, step)
                    span = spot(self.file.lines, self.file.value(at), offset, len(name))
                    self._mention_name(name, known, span)

    def _mention_name(self, name: str, known: Known, span: Any) -> None:
        one = known.pages.source.find(name)
        if one is not None:
            self.mentions.inside(span, known.pages.source, one)
