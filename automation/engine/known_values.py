"""Values that can never stand where a line looks for them: of another type, or none of the known texts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automation.engine.known_file import RuleFile
from automation.engine.match import ORDER_TESTS, TEXT_TESTS
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.template import is_template
from automation.engine.trails import kinds
from automation.model.fields import Anything, Forms, Kind, Plain, elements, names

EQUAL = frozenset({"is", "not", "all_of"})
TELLING = ("login", "name", "title", "key", "id", "email", "type")
"""What tells one table from another: the field that was probably meant."""
MAX_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What the lines of one path are held to. `shown` is the path as it is spoken of."""

    plain: Sequence[Plain]
    shown: str
    fold: bool
    file: RuleFile

    @property
    def there(self) -> set[Kind]:
        """The kinds of value that may stand there."""
        return {form.kind for form in self.plain}


def check(
    word: str, value: Any, at: Path, *, fold: bool, forms: Forms, shown: str, file: RuleFile
) -> None:
    """The value of one line. `fold`: upper and lower case are the same to it."""
    inside = elements(forms)
    if any(isinstance(one, Anything) for one in inside):
        return
    plain = [one for one in inside if isinstance(one, Plain)]
    tested = Tested(plain=plain, shown=shown, fold=fold, file=file)
    for test, wanted, place in _values(word, value, at):
        if plain:
            _one(test, wanted, place, tested)
        elif test in EQUAL | set(TEXT_TESTS):
            _table(inside, place, tested)
            return


def _values(word: str, value: Any, at: Path) -> Iterator[tuple[str, Any, Path]]:
    """Every test with its value and place: those of alternatives, and of tests among them, too."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _values(word, one, (*at, index))
    elif isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _values(inner, one, (*at, inner))
    else:
        yield word, value, at


def _one(test: str, wanted: Any, at: Path, tested: Tested) -> None:
    kind = _kind(wanted)
    if test in EQUAL and kind is not None:
        _equal(wanted, kind, at, tested)
    elif test in TEXT_TESTS and not tested.there & {Kind.TEXT, Kind.TIME}:
        message = f"`{test}` tests texts, and `{tested.shown}` is {kinds(tested.plain)}"
        tested.file.warn(tested.file.key(at), message)
    elif test in ORDER_TESTS and kind is Kind.NUMBER and Kind.NUMBER not in tested.there:
        message = f"`{tested.shown}` is {kinds(tested.plain)}, never a number"
        tested.file.warn(tested.file.value(at), message)


def _kind(value: Any) -> Kind | None:
    """What a value of a rule is; None for what is not to be judged here, dates and templates."""
    match value:
        case bool():
            return Kind.BOOLEAN
        case int() | float():
            return Kind.NUMBER
        case str() if not is_template(value):
            return Kind.TEXT
        case _:
            return None


def _equal(wanted: Any, kind: Kind, at: Path, tested: Tested) -> None:
    there = tested.there
    if kind in there or (kind is Kind.TEXT and Kind.TIME in there):
        if kind is Kind.TEXT and Kind.TIME not in there:
            _known_text(wanted, at, tested)
        return
    span = tested.file.value(at)
    message = f"`{tested.shown}` is {kinds(tested.plain)}: it never equals {kinds((Plain(kind),))}"
    tested.file.warn(span, message, _other_type(wanted, kind, there))


def _other_type(wanted: Any, kind: Kind, there: set[Kind]) -> str:
    if kind is not Kind.TEXT:
        return "put it in quotes" if Kind.TEXT in there else ""
    number = wanted.removeprefix("-").replace(".", "", 1).isdigit() and Kind.NUMBER in there
    boolean = wanted in {"true", "false"} and Kind.BOOLEAN in there
    return "remove the quotes" if number or boolean else ""


def _known_text(wanted: str, at: Path, tested: Tested) -> None:
    texts = [form.values for form in tested.plain if form.kind is Kind.TEXT]
    if not all(texts):
        return
    known = sorted({text for values in texts for text in values})
    same = [text for text in known if text.casefold() == wanted.casefold()]
    if wanted in known or (tested.fold and same):
        return
    listed = ", ".join(f'"{text}"' for text in known[:MAX_LISTED])
    more = ", …" if len(known) > MAX_LISTED else ""
    near = f"did you mean `{same[0]}`?" if same else nearest(wanted, known)
    span = tested.file.value(at)
    message = f'`{tested.shown}` is never "{wanted}", as far as is known'
    tested.file.warn(span, message, near or f"it is {listed}{more}")


def _table(inside: Forms, at: Path, tested: Tested) -> None:
    parts = list(names(inside))
    better = next((name for name in TELLING if name in parts), None)
    help_text = f"such as `{tested.shown}.{better}`" if better else ""
    message = f"`{tested.shown}` is a table: test a field of it"
    tested.file.warn(tested.file.value(at), message, help_text)
