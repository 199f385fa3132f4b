"""Compiles the tables of `when`, `unless`, `either`, `if` and `only` into lines of tests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from automation.engine import dates, match
from automation.engine.match import Line, Render, Table, Test
from automation.engine.positions import Path, Positions, Span
from automation.engine.problems import Problem, at, nearest
from automation.engine.template import Template, compile_text, is_template
from automation.model.errors import TemplateFailed

MISSPELT = {
    "start_with": "starts_with",
    "startswith": "starts_with",
    "end_with": "ends_with",
    "endswith": "ends_with",
    "contain": "contains",
    "exist": "exists",
    "is_empty": "empty",
    "is_not": "not",
    "equals": "is",
    "greater_than": "above",
    "less_than": "below",
    "ignorecase": "ignore_case",
}


@dataclass(frozen=True, slots=True)
class Where:
    """The table being compiled: its file, its lines, and where problems go."""

    path: str
    lines: tuple[str, ...]
    positions: Positions
    problems: list[Problem]

    def wrong(self, span: Span, message: str, help_text: str = "") -> None:
        """Note a problem."""
        self.problems.append(at(self.path, span, message, help_text))


def compile_table(raw: Mapping[str, Any], place: Path, where: Where) -> Table:
    """All lines of one table. Problems are noted in `where`."""
    return Table(lines=tuple(_lines(raw, place, (), where)))


def _lines(
    raw: Mapping[str, Any], place: Path, path: tuple[str, ...], where: Where
) -> Iterator[Line]:
    words = {
        key for key in raw if key in match.WORDS and (*place, key) not in where.positions.quoted
    }
    for key in raw.keys() - words:
        near = MISSPELT.get(key)
        if near and path and (*place, key) not in where.positions.quoted:
            where.wrong(
                where.positions.key((*place, key)),
                f"`{key}` is neither a field of `{path[-1]}` nor a test",
                f"did you mean `{near}`?",
            )
    if words and path:
        tests = {key: raw[key] for key in raw if key in words}
        yield from _test_line(tests, place, path, where)
    elif words:
        for word in sorted(words):
            where.wrong(
                where.positions.key((*place, word)),
                f"`{word}` is a test and needs a field before it",
                f'write field.{word}, or "{word}" in quotes for a field of that name',
            )
    for key, value in raw.items():
        if key in words:
            continue
        inner = (*place, key)
        if isinstance(value, Mapping) and not _all_words(value, inner, where):
            if not value:
                where.wrong(where.positions.key(inner), f"`{key}` has no test")
            yield from _lines(value, inner, (*path, key), where)
        elif isinstance(value, Mapping):
            yield from _test_line(value, inner, (*path, key), where)
        else:
            test = _alternative(value, inner, where, fold=False)
            yield from _line(inner, (*path, key), test, where, wanted=value)


def _all_words(raw: Mapping[str, Any], place: Path, where: Where) -> bool:
    return bool(raw) and all(
        key in match.WORDS and (*place, key) not in where.positions.quoted for key in raw
    )


def _test_line(
    raw: Mapping[str, Any], place: Path, path: tuple[str, ...], where: Where
) -> Iterator[Line]:
    fold = raw.get("ignore_case") is True
    tests = {key: value for key, value in raw.items() if key != "ignore_case"}
    if not tests:
        where.wrong(
            where.positions.key((*place, "ignore_case")), "`ignore_case` needs a test beside it"
        )
    for word, value in tests.items():
        test = _word(word, value, (*place, word), where, fold)
        yield from _line((*place, word), path, test, where, word=word, wanted=value, fold=fold)


def _line(
    place: Path,
    path: tuple[str, ...],
    test: Test | None,
    where: Where,
    *,
    wanted: Any,
    word: str = "is",
    fold: bool = False,
) -> Iterator[Line]:
    if test is None:
        return
    span = where.positions.key(place)
    text = where.lines[span.line - 1].strip() if span.line <= len(where.lines) else ""
    yield Line(
        path=path, number=span.line, text=text, test=test, word=word, wanted=wanted, fold=fold
    )


# the tests ----------------------------------------------------------------------------------------


def _alternative(value: Any, place: Path, where: Where, *, fold: bool) -> Test | None:
    """A plain value, a list (any of), or a test table."""
    if isinstance(value, list):
        if not value:
            where.wrong(
                where.positions.value(place),
                "an empty list matches nothing",
                "name at least one value, or use `empty = true`",
            )
            return None
        tests = [
            _alternative(item, (*place, index), where, fold=fold)
            for index, item in enumerate(value)
        ]
        return match.any_of([test for test in tests if test is not None])
    if isinstance(value, Mapping):
        return _table_test(value, place, where, fold=fold)
    render = _operand(value, place, where)
    return None if render is None else match.equals(render, fold=fold)


def _table_test(value: Mapping[str, Any], place: Path, where: Where, *, fold: bool) -> Test | None:
    fold = fold or value.get("ignore_case") is True
    tests = [
        _word(word, item, (*place, word), where, fold)
        for word, item in value.items()
        if word != "ignore_case"
    ]
    return match.every([test for test in tests if test is not None])


def _word(word: str, value: Any, place: Path, where: Where, fold: bool) -> Test | None:
    match word:
        case "is":
            return _alternative(value, place, where, fold=fold)
        case "not":
            inner = _alternative(value, place, where, fold=fold)
            return None if inner is None else match.negated(inner)
        case "all_of":
            return _all_of(value, place, where, fold)
        case "exists" | "empty":
            return _switch(word, value, place, where)
        case "any" | "all" | "none":
            return _quantified(word, value, place, where)
        case "starts_with" | "ends_with" | "contains" | "like":
            return _text(word, value, place, where, fold)
        case "above" | "below" | "at_least" | "at_most":
            return _order(word, value, place, where)
        case _:
            where.wrong(
                where.positions.key(place), f"`{word}` is not a test", nearest(word, match.WORDS)
            )
            return None


def _all_of(value: Any, place: Path, where: Where, fold: bool) -> Test | None:
    if not isinstance(value, list) or not value:
        where.wrong(where.positions.value(place), "`all_of` takes a list of values")
        return None
    tests = [
        _alternative(item, (*place, index), where, fold=fold) for index, item in enumerate(value)
    ]
    return match.every([test for test in tests if test is not None])


def _switch(word: str, value: Any, place: Path, where: Where) -> Test | None:
    if not isinstance(value, bool):
        where.wrong(where.positions.value(place), f"`{word}` is true or false")
        return None
    return match.exists(value) if word == "exists" else match.is_empty(value)


def _quantified(word: str, value: Any, place: Path, where: Where) -> Test | None:
    if not isinstance(value, Mapping):
        where.wrong(
            where.positions.value(place),
            f'`{word}` takes a table of lines, such as {{ name = "bug" }}',
        )
        return None
    return match.quantified(word, compile_table(value, place, where))


def _text(word: str, value: Any, place: Path, where: Where, fold: bool) -> Test | None:
    if isinstance(value, list) and value:
        tests = [
            _text(word, item, (*place, index), where, fold) for index, item in enumerate(value)
        ]
        return match.any_of([test for test in tests if test is not None])
    if not isinstance(value, str) or value == "":
        where.wrong(where.positions.value(place), f"`{word}` takes a text that is not empty")
        return None
    render = _operand(value, place, where, dated=False)
    return None if render is None else match.textual(word, render, fold=fold)


def _order(word: str, value: Any, place: Path, where: Where) -> Test | None:
    span = where.positions.value(place)
    if isinstance(value, str):
        if dates.looks_like_iso(value):
            where.wrong(span, f"{value!r} is a text, not a date", "remove the quotes")
            return None
        if dates.is_phrase(value):
            return match.ordered(word, lambda scope: dates.phrase(value, scope.now, scope.zone))
        if not is_template(value):
            kind = (
                "remove the quotes"
                if value.replace(".", "", 1).lstrip("-").isdigit()
                else 'such as 5, 2026-11-24 or "14 days ago"'
            )
            where.wrong(span, f"`{word}` takes a number, a date or a phrase", kind)
            return None
    elif isinstance(value, bool) or not isinstance(value, int | float | date | datetime):
        where.wrong(
            span,
            f"`{word}` takes a number, a date or a phrase",
            'such as 5, 2026-11-24 or "14 days ago"',
        )
        return None
    render = _operand(value, place, where)
    return None if render is None else match.ordered(word, render)


def _operand(value: Any, place: Path, where: Where, *, dated: bool = True) -> Render | None:
    if not isinstance(value, str) or not is_template(value):
        return lambda scope: value
    try:
        template: Template = compile_text(value)
    except TemplateFailed as error:
        where.wrong(where.positions.value(place), str(error))
        return None
    return lambda scope: template.render(scope.roots)
