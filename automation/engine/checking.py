"""Holds tables of a file against the grammar: unknown keys, wrong values, what is missing."""

from collections.abc import Collection, Mapping
from typing import Any

from automation.engine.grammar import DEFAULTS, FILE, RULE
from automation.engine.kinds import Key, Keys, Kind
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.vocabulary import STEP, VERBS
from automation.engine.where import Where

Good = Mapping[str, Any]
"""The keys of a table whose values are right as far as the grammar goes."""
FEW = 8
"""So many keys are named where one is not known."""


def check(raw: Mapping[str, Any], place: Path, table: Keys, where: Where) -> Good:
    """The good part of a table; what is wrong is noted."""
    good = {}
    for key, value in raw.items():
        known = table.keys.get(key)
        if known is None:
            unknown(key, (*place, key), table.what, table.keys, where)
        elif isinstance(known.kind, Keys):
            if isinstance(value, Mapping):
                good[key] = check(value, (*place, key), known.kind, where)
            else:
                where.wrong_value((*place, key), f"`{key}` is a table")
        elif right(key, value, known.kind, (*place, key), where):
            good[key] = value
    for key, one in table.keys.items():
        if one.required and key not in raw:
            _missing(key, one, place, table.what, where)
    _check_together(raw, place, table, where)
    return good


def _check_together(raw: Mapping[str, Any], place: Path, table: Keys, where: Where) -> None:
    """Keys that exclude or need each other."""
    there = [key for key in table.one_of if key in raw]
    either = " or ".join(f"`{key}`" for key in table.one_of)
    if len(there) > 1:
        where.wrong_key((*place, there[1]), f"{table.what} has {either}, not both")
    elif table.one_of and not there:
        where.wrong_key(place, f"{table.what} needs {either}")
    for key, other in table.beside.items():
        if key in raw and other not in raw:
            where.wrong_key((*place, key), f"`{key}` goes with `{other}`")


def right(key: str, value: Any, kind: Kind, place: Path, where: Where) -> bool:
    """Whether the value is of its kind; noted if not, of a list by its element."""
    if kind.check(value):
        return True
    if isinstance(value, list) and value and kind.items is not None:
        for index, item in enumerate(value):
            right(key, item, kind.items, (*place, index), where)
    else:
        message = kind.fault(value) or f"`{key}` is {kind.words}"
        where.wrong_value(place, message, kind.example)
    return False


def _missing(key: str, one: Key, place: Path, what: str, where: Where) -> None:
    example = one.kind.example if isinstance(one.kind, Kind) else ""
    about = one.about[0].lower() + one.about[1:].rstrip(".")
    where.wrong_key(place, f"{what} needs `{key}`", example or about)


def unknown(key: str, place: Path, what: str, known: Collection[str], where: Where) -> None:
    """Note a key that is none of this table."""
    helps = nearest(key, known) or _elsewhere(key, what)
    if not helps and len(known) <= FEW:
        helps = f"its keys are {', '.join(known)}"
    where.wrong_key(place, f"`{key}` is not a key of {what}", helps)


def _elsewhere(key: str, what: str) -> str:
    """Where a key belongs that is known, but not here."""
    verbs = [f"`{verb}`" for verb, keys in VERBS.items() if key in keys]
    if what == FILE.what:
        return _above_rules(key)
    if what == RULE.what:
        return f"`{key}` belongs to a step: write it below [[rule.do]]" if _is_step(key) else ""
    if key == "do":
        return "inner steps belong to a loop without a verb of its own"
    if key in RULE.keys and key not in STEP.keys:
        return f"`{key}` belongs to the rule: write it above its first [[rule.do]]"
    return f"`{key}` belongs to {' and '.join(verbs)}" if verbs else ""


def _above_rules(key: str) -> str:
    if key in DEFAULTS.keys:
        return f"`{key}` belongs to [defaults]"
    return f"`{key}` belongs to a rule: write it below [[rule]]" if key in RULE.keys else ""


def _is_step(key: str) -> bool:
    return key in STEP.keys or any(key in keys for keys in VERBS.values())
