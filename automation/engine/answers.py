"""The closed shape of an agent's answer, as a rule writes it.

`text`, `number`, `true/false`, `date` and `email`, each with `?` where it may be missing; `list of …`;
a list of texts is one of these and nothing else; `.each` is a list of tables; `quote of X` must stand
word for word in `about.X`.
"""

from collections.abc import Collection, Mapping
from typing import Any

from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.where import Where

SIMPLE = ("text", "number", "true/false", "date", "email")
HELP = f'one of {", ".join(SIMPLE)}, with ? where it may be missing; "list of text"; a list of texts; or .each'


def check_answer(raw: Mapping[str, Any], place: Path, about: Collection[str], where: Where) -> None:
    """Note what is wrong with the fields of an answer; `about` is what may be quoted."""
    if not raw:
        where.wrong_key(place, "an answer needs at least one field", HELP)
    for name, kind in raw.items():
        _field(kind, (*place, name), about, where)


def _field(kind: Any, place: Path, about: Collection[str], where: Where) -> None:
    match kind:
        case str():
            _simple(kind, place, about, where)
        case list():
            _choices(kind, place, where)
        case {"each": Mapping() as inner, **rest} if not rest:
            check_answer(inner, (*place, "each"), about, where)
        case _:
            where.wrong_value(place, f"`{place[-1]}` is not a kind of answer", HELP)


def _simple(kind: str, place: Path, about: Collection[str], where: Where) -> None:
    plain = kind.removesuffix("?")
    if plain.startswith("quote of "):
        source = plain.removeprefix("quote of ")
        if source not in about:
            helps = nearest(source, about) or "`about` names what the agent is given"
            where.wrong_value(place, f"there is no `{source}` in `about` to quote", helps)
        return
    if plain.removeprefix("list of ") not in SIMPLE:
        helps = nearest(plain.removeprefix("list of "), SIMPLE) or HELP
        where.wrong_value(place, f'"{kind}" is not a kind of answer', helps)


def _choices(kind: list[Any], place: Path, where: Where) -> None:
    if not kind or not all(isinstance(one, str) and one for one in kind):
        where.wrong_value(place, "choices are texts", 'such as ["extend", "escalate"]')
    elif len(set(kind)) < len(kind):
        where.wrong_value(place, "a choice stands twice")
