"""Why a test that did not hold nearly did: another case, another type, white space, what cannot be seen."""

import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from automation.engine import dates, match
from automation.engine.match import Line, Scope, Values
from automation.engine.paths import Found, spread
from automation.engine.showing import kind_of, shown
from automation.engine.template import compile_text, is_template

CASE = "differs only in upper/lower case; add ignore_case = true"
SPACE = "differs only in white space around it"
UNSEEN = "differs only in characters that cannot be seen"
ACCENTS = "differs only in how its accents are encoded"

COMPARING = frozenset({"is", *match.TEXT_TESTS, *match.ORDER_TESTS})


def near_miss(line: Line, values: Values, scope: Scope) -> str:
    """The hint, or nothing. Raises TemplateFailed where the line's own operand cannot be rendered."""
    elements = [one.value for value in values for one in spread(value)]
    holds = line.test(values, scope)
    if line.word == "all_of" and not holds:
        return _lacking(line, elements, scope)
    # `not x` holds where `x` does not: also then somebody may wonder why.
    positive = "is" if line.word == "not" else line.word
    if positive not in COMPARING or not elements or holds is not (line.word == "not"):
        return ""
    for want in _operands(line.wanted, scope):
        for value in elements:
            hint = _hint(positive, value, want, scope)
            if hint:
                return hint
    return "" if holds else _asked(line, scope)


def _asked(line: Line, scope: Scope) -> str:
    """What a template or a phrase asked for at that time."""
    wanted = line.wanted
    if not isinstance(wanted, str):
        return ""
    if is_template(wanted):
        return f"the line asks for {shown(compile_text(wanted).render(scope.roots))}"
    if line.word in match.ORDER_TESTS and dates.is_phrase(wanted):
        moment = dates.phrase(wanted, scope.now, scope.zone)
        return f"{wanted} was {moment.astimezone(scope.zone):%Y-%m-%d %H:%M}"
    return ""


def _operands(wanted: Any, scope: Scope) -> Iterator[Any]:
    """The plain values a line asks for; members that are tests of their own are left out."""
    if isinstance(wanted, list):
        for one in wanted:
            yield from _operands(one, scope)
    elif isinstance(wanted, str) and is_template(wanted):
        yield compile_text(wanted).render(scope.roots)
    elif not isinstance(wanted, dict):
        yield wanted


def _lacking(line: Line, elements: list[Any], scope: Scope) -> str:
    """Which of the wanted values is not among them."""
    found = [Found("", value) for value in elements]
    for want in _operands(line.wanted, scope):
        if not match.equals(_just(want), fold=line.fold)(found, scope):
            near = next((hint for one in elements if (hint := _hint("is", one, want, scope))), "")
            return near or f"{shown(want)} is not among them"
    return ""


def _just(want: Any) -> Callable[[Scope], Any]:
    return lambda scope: want


def _hint(word: str, value: Any, want: Any, scope: Scope) -> str:
    if word in match.ORDER_TESTS:
        return _order_hint(value, want, scope)
    if isinstance(value, str) and isinstance(want, str):
        return _text_hint(word, value, want, scope)
    if word != "is":
        return "" if isinstance(value, str) else f"it is {kind_of(value)}, not a text"
    return _type_hint(value, want)


def _text_hint(word: str, value: str, want: str, scope: Scope) -> str:
    for change, hint in (
        (str.casefold, CASE),
        (str.strip, SPACE),
        (_seen, UNSEEN),
        (_composed, ACCENTS),
    ):
        if _holds(word, change(value), change(want), scope):
            return hint
    return ""


def _holds(word: str, value: str, want: str, scope: Scope) -> bool:
    render = _just(want)
    test = (
        match.equals(render, fold=False)
        if word == "is"
        else match.textual(word, render, fold=False)
    )
    return test([Found("", value)], scope)


def _seen(text: str) -> str:
    """Without what has no shape on paper: zero-width characters, controls; odd spaces made plain."""
    shaped = (ch for ch in text if unicodedata.category(ch) not in {"Cf", "Cc"})
    return "".join(" " if ch.isspace() else ch for ch in shaped)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _type_hint(value: Any, want: Any) -> str:
    """`"1"` beside 1, `"true"` beside true, 1 beside true."""
    if isinstance(value, str) and not isinstance(want, str | date | datetime):
        if _literal(value) == _literal(want):
            return f'differs only in type: the event has a text; write "{value}", in quotes'
    elif isinstance(want, str) and not isinstance(value, str):
        if _literal(want) == _literal(value):
            kind = "true/false" if isinstance(value, bool) else "a number"
            return f"differs only in type: the event has {kind}; write {want}, without quotes"
    elif isinstance(value, bool) is not isinstance(want, bool) and value == want:
        return "differs only in type: true and false are not 1 and 0"
    return ""


def _literal(value: Any) -> Any:
    """What a text would be without its quotes."""
    if isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, str):
        text = value.strip().casefold()
        try:
            return float(text)
        except ValueError:
            return text
    return value


def _order_hint(value: Any, want: Any, scope: Scope) -> str:
    if isinstance(want, bool) or not isinstance(want, int | float):
        return "" if dates.moment(value, scope.zone) else "it is not a date"
    if isinstance(value, bool) or not isinstance(value, int | float):
        kind = kind_of(value)
        is_number = isinstance(value, str) and isinstance(_literal(value), float)
        return f"it is {kind}, not a number" + ("; they never convert" if is_number else "")
    return ""
