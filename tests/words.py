"""Every word of the rules language, as the code has it: the one place that knows where each is kept."""

from collections.abc import Mapping

from automation.actions.discover import discover
from automation.engine import composing, faults, grammar, match, properties, vocabulary
from automation.engine.filters import FILTERS
from automation.engine.verbs import verbs
from automation.notion.properties import READ_ONLY as NEVER_SET

_VERBS = verbs(discover())

VERBS: Mapping[str, set[str]] = {
    name: {key for key in verb.keys if key not in verb.later}
    for name, verb in _VERBS.items()
    if verb.action is not None
}
"""The verbs that are built, each with the keys it performs."""

LATER: Mapping[str, set[str]] = {
    name: set(verb.later) for name, verb in _VERBS.items() if verb.later
}
"""Verbs that are read and not performed, with all their keys; and the keys of built verbs that are not."""

AGENT = {*grammar.AGENT.keys, *grammar.LIMITS.keys}

FILE = set(grammar.FILE.keys)
RULE = set(grammar.RULE.keys)
SCHEDULE = set(grammar.SCHEDULE.keys)
GUARD = set(grammar.GUARD.keys)
TEST = set(grammar.TEST.keys)
TARGET = set(grammar.TARGET_TABLE.keys)
DEFAULTS = set(grammar.DEFAULTS.keys)
SENDER = {*grammar.SOURCE.keys, *grammar.SIGNATURE.keys}
TIMESTAMP = set(grammar.TIMESTAMP.keys)
STEP = set(vocabulary.STEP.keys)
LOOP = {"for_each", "do", "if", *vocabulary.STEP.beside}
CONDITIONS = set(match.WORDS)
CLOSED = set(properties.WORDS)
TAGS = set(faults.TAGS) - {"#"}
FILTER = set(FILTERS)
READ_ONLY = set(NEVER_SET)

BUILT = {
    *(FILE - {"agent"}), *RULE, *SCHEDULE, *(GUARD - {*composing.LATER_GUARDS}), *TEST, *TARGET,
    *DEFAULTS, *SENDER, *TIMESTAMP, *STEP, *CONDITIONS, *CLOSED,
    *VERBS, *(key for keys in VERBS.values() for key in keys),
}  # fmt: skip
"""Every key that does something today."""

NOT_BUILT = {
    "agent", *AGENT, *composing.LATER_GUARDS,
    *LATER, *(key for keys in LATER.values() for key in keys),
} - BUILT  # fmt: skip
"""Keys that are read and do nothing yet: said as such, and only in comments of the example."""
