"""Holds tables of a file against the grammar: unknown keys, wrong values, what is missing."""

from collections.abc import Collection, Mapping
from typing import Any

from automation.engine.grammar import FILE, RULE
from automation.engine.kinds import Key, Keys, Kind
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.vocabulary import STEP, VERBS
from automation.engine.where import Where

Good = Mapping[str, Any]
"""The keys of a table whose values are right as far as the grammar goes."""


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
            missing(key, one, place, table.what, where)
    return good


def right(key: str, value: Any, kind: Kind, place: Path, where: Where) -> bool:
    """Whether the value is of its kind; noted if not."""
    if kind.check(value):
        return True
    where.wrong_value(place, kind.fault(value) or f"`{key}` is {kind.words}", kind.example)
    return False


def missing(key: str, one: Key, place: Path, what: str, where: Where) -> None:
    """Note that a key is not there."""
    example = one.kind.example if isinstance(one.kind, Kind) else ""
    where.wrong_key(place, f"{what} needs `{key}`", example or one.about)


def unknown(key: str, place: Path, what: str, known: Collection[str], where: Where) -> None:
    """Note a key that is none of this table."""
    where.wrong_key(
        place, f"`{key}` is not a key of {what}", nearest(key, known) or _elsewhere(key, what)
    )


def _elsewhere(key: str, what: str) -> str:
    """Where a key belongs that is known, but not here."""
    verbs = [verb for verb, keys in VERBS.items() if key in keys]
    match what:
        case RULE.what if key in STEP.keys or verbs:
            return f"`{key}` belongs to a step: write it below [[rule.do]]"
        case FILE.what if key in RULE.keys:
            return f"`{key}` belongs to a rule: write it below [[rule]]"
        case RULE.what | FILE.what:
            return ""
        case _ if key in RULE.keys and key not in STEP.keys:
            return f"`{key}` belongs to the rule: write it above its first [[rule.do]]"
        case _ if verbs:
            return f"`{key}` belongs to {' and '.join(f'`{verb}`' for verb in verbs)}"
        case _:
            return ""
