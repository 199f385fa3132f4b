"""Every word of the rules language, as the code has it: the one place that knows where each is kept."""

from collections.abc import Mapping

from automation.actions.discover import discover
from automation.engine import faults, grammar, match, properties, vocabulary
from automation.engine.filters import FILTERS
from automation.model.sender import Sender, SenderSignature, SenderTimestamp
from automation.notion.properties import READ_ONLY as NEVER_SET

VERBS: Mapping[str, set[str]] = {
    verb: set(action.params.model_fields) for verb, action in discover().items()
}
"""The verbs that are built, each with its keys."""

LATER = vocabulary.VERBS.keys() - VERBS.keys()
"""Verbs that are refused so far."""

NOT_BUILT = {"agent", "test", "ask_first", "cost_usd_per_day", "once"}
"""Keys that are read and have no effect yet: said as such, and only in comments of the example."""

FILE = set(grammar.FILE.keys)
RULE = set(grammar.RULE.keys)
SCHEDULE = set(grammar.SCHEDULE.keys)
GUARD = set(grammar.GUARD.keys)
TARGET = set(grammar.TARGET_TABLE.keys)
DEFAULTS = set(grammar.DEFAULTS.keys)
SENDER = {*Sender.model_fields, *SenderSignature.model_fields}
TIMESTAMP = set(SenderTimestamp.model_fields)
STEP = set(vocabulary.STEP.keys)
LOOP = {"for_each", "as", "only", "at_most", "key", "do", "if"}
CONDITIONS = set(match.WORDS)
CLOSED = set(properties.WORDS)
TAGS = set(faults.TAGS) - {"#"}
FILTER = set(FILTERS)
READ_ONLY = set(NEVER_SET)

EVERY_KEY = {
    *FILE, *RULE, *SCHEDULE, *GUARD, *TARGET, *DEFAULTS, *SENDER, *TIMESTAMP, *STEP, *CONDITIONS,
    *CLOSED, *VERBS, *(key for keys in VERBS.values() for key in keys),
}  # fmt: skip
