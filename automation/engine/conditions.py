"""Compiles the tables of `when`, `unless`, `either`, `if` and `only` into lines of tests.

A key is a field of what stands above it, unless it is a test word and not in quotes. Paths begin at the
event in `when`, `either` and `unless`; at the roots in `if` and `only`; at an element in a quantifier.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automation.engine import match
from automation.engine.match import Line, Table, Test
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.template import examine, is_template
from automation.engine.where import Where
from automation.engine.words import Words, slip

EVENT_ROOTS = ("event", "now", "rule")
"""What a template may name where nothing has been done yet."""


def compile_table(
    raw: Mapping[str, Any],
    place: Path,
    where: Where,
    *,
    roots: Collection[str] = EVENT_ROOTS,
    from_roots: bool = False,
) -> Table:
    """All lines of one table. Problems are noted in `where`.

    `roots` are what templates may name; with `from_roots` the paths themselves begin there.
    """
    if not raw:
        where.wrong_key(
            place, f"`{place[-1]}` has no line", "write a field and its value, or remove it"
        )
    compiler = _Compiler(where=where, roots=roots, element=False)
    if from_roots:
        compiler.check_roots(raw, place)
    return Table(lines=tuple(compiler.lines(raw, place, ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiler:
    """`element`: the table is about one element of a list, which may be tested itself."""

    where: Where
    roots: Collection[str]
    element: bool

    def check_roots(self, raw: Mapping[str, Any], place: Path) -> None:
        """Paths of `if` and `only` begin at a root."""
        for name in raw:
            if name not in self.roots and not self._is_word((*place, name), name):
                self.where.wrong_key(
                    (*place, name),
                    f"there is nothing called `{name}` here",
                    nearest(name, self.roots)
                    or f"a line begins with {', '.join(sorted(self.roots))}",
                )

    def lines(self, raw: Mapping[str, Any], place: Path, path: tuple[str, ...]) -> Iterator[Line]:
        """The lines of a table at the path: its own tests, then what is below it."""
        words = [key for key in raw if self._is_word((*place, key), key)]
        if words and (path or self.element):
            yield from self._tests({word: raw[word] for word in words}, place, path)
        elif words:
            self._lonely(words, place)
        for key, value in raw.items():
            if key not in words:
                yield from self._field(key, value, (*place, key), (*path, key))

    def _is_word(self, place: Path, key: str) -> bool:
        return key in match.WORDS and not self.where.quoted(place)

    def _field(self, key: str, value: Any, place: Path, path: tuple[str, ...]) -> Iterator[Line]:
        self._refuse_slip(key, place, path)
        if not isinstance(value, Mapping):
            test = self._words().plain(value, place)
            yield from self._line(place, path, test, "is", value, fold=False)
        elif value:
            yield from self.lines(value, place, path)
        else:
            self.where.wrong_key(place, f"`{key}` has no test")

    def _tests(
        self, tests: Mapping[str, Any], place: Path, path: tuple[str, ...]
    ) -> Iterator[Line]:
        words = self._words()
        fold = words.folds(tests, place)
        for word, value in tests.items():
            if word != "ignore_case":
                here = (*place, word)
                test = words.one(word, value, here, fold=fold)
                yield from self._line(here, path, test, word, value, fold=fold)

    def _words(self) -> Words:
        return Words(where=self.where, roots=self.roots, lines=self._of_element)

    def _of_element(self, raw: Mapping[str, Any], place: Path) -> Table:
        compiler = _Compiler(where=self.where, roots=self.roots, element=True)
        return Table(lines=tuple(compiler.lines(raw, place, ())))

    def _line(
        self,
        place: Path,
        path: tuple[str, ...],
        test: Test | None,
        word: str,
        wanted: Any,
        *,
        fold: bool,
    ) -> Iterator[Line]:
        if test is not None:
            yield Line(
                path=path,
                number=self.where.positions.key(place).line,
                text=self.where.line(place),
                test=test,
                word=word,
                wanted=wanted,
                fold=fold,
                reads=frozenset(_roots(wanted)),
            )

    # what is wrong --------------------------------------------------------------------------------

    def _lonely(self, words: list[str], place: Path) -> None:
        for word in words:
            self.where.wrong_key(
                (*place, word),
                f"`{word}` is a test and needs a field before it",
                f'write field.{word}, or "{word}" in quotes for a field of that name',
            )

    def _refuse_slip(self, key: str, place: Path, path: tuple[str, ...]) -> None:
        meant = slip(key)
        if meant and (len(path) > 1 or self.element) and not self.where.quoted(place):
            above = f"`{path[-2]}`" if len(path) > 1 else "the element"
            self.where.wrong_key(
                place,
                f"`{key}` is neither a field of {above} nor a test",
                nearest(key, [meant])
                or f'did you mean `{meant}`? A field of that name stands in quotes: "{key}"',
            )


def _roots(value: Any) -> Iterator[str]:
    """The roots that templates in a line's value name."""
    if isinstance(value, str) and is_template(value):
        template, _ = examine(value, ())
        yield from template.roots if template else ()
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _roots(inner)
