"""The verbs a rule may use: those of the grammar, and any that `actions/` has beside them.

What the language has and this version does not perform is loaded all the same, so that a rule can be
written and checked today; `check` says so, and a run that gets there parks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.kinds import Key, Keys
from automation.engine.vocabulary import COMMON, STEP, TARGET, VALUE, VERBS
from automation.model.action import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb: its keys beside those of every step. `later` are the keys not performed yet."""

    name: str
    keys: Mapping[str, Key]
    action: Action | None
    later: frozenset[str]

    @property
    def table(self) -> Keys:
        """All keys of a step with this verb."""
        keys = {key: one for key, one in STEP.keys.items() if key != "do"}
        article = "an" if self.name[0] in "aeiou" else "a"
        return Keys(
            what=f"{article} `{self.name}` step", keys={**self.keys, **keys}, beside=STEP.beside
        )


def verbs(actions: Mapping[str, Action]) -> Mapping[str, Verb]:
    """Every verb by its word."""
    names = (*VERBS, *(name for name in actions if name not in VERBS))
    return {name: _verb(name, actions.get(name)) for name in names}


def _verb(name: str, action: Action | None) -> Verb:
    keys = dict(VERBS.get(name, {}))
    if action is None:
        return Verb(name=name, keys=keys, action=None, later=frozenset(keys))
    performed = {
        field.alias or key: Key(
            kind=TARGET if key in action.literal else COMMON.get(key, VALUE),
            about=field.description or "",
            required=field.is_required(),
        )
        for key, field in action.params.model_fields.items()
    }
    return Verb(
        name=name,
        keys={**performed, **keys},
        action=action,
        later=frozenset(keys.keys() - performed.keys()),
    )


def not_built(what: str) -> str:
    """What a person is told about it."""
    return f"{what} is not built into this version yet"
