"""Every word of the rules language, as the code has it: the one place that knows where each is kept."""

from collections.abc import Mapping

from automation.actions.discover import discover
from automation.engine import building, match, shapes, steps, template
from automation.engine.filters import FILTERS
from automation.model.sender import Sender, SenderSignature, SenderTimestamp
from automation.notion import properties

VERBS: Mapping[str, set[str]] = {
    verb: set(action.params.model_fields) for verb, action in discover().items()
}
"""The verbs that are built, each with its keys."""

LATER = set(steps.LATER)
"""Verbs that are refused so far."""

NOT_BUILT = {"agent", "test", "ask_first", "cost_usd_per_day", "once"}
"""Keys that are read and have no effect yet: said as such, and only in comments of the example."""

FILE = set(building.TOP_KEYS)
RULE = set(building.RULE_KEYS)
SCHEDULE = set(building.SCHEDULE_KEYS)
GUARD = set(building.GUARD_KEYS)
TARGET = {"data_source", "page", "key_property"}
DEFAULTS = {"timezone", "unknown_options"}
SENDER = {*Sender.model_fields, *SenderSignature.model_fields}
TIMESTAMP = set(SenderTimestamp.model_fields)
STEP = set(steps.STEP_KEYS)
LOOP = {"for_each", "as", "only", "at_most", "key", "do", "if"}
CONDITIONS = set(match.WORDS)
CLOSED = {*shapes.PICK, *properties.RANGE, *properties.CHANGE, *properties.KEEP}
TAGS = set(template.TAGS) - {"#"}
FILTER = set(FILTERS)
READ_ONLY = set(properties.READ_ONLY)

EVERY_KEY = {
    *FILE, *RULE, *SCHEDULE, *GUARD, *TARGET, *DEFAULTS, *SENDER, *TIMESTAMP, *STEP, *CONDITIONS,
    *CLOSED, *VERBS, *(key for keys in VERBS.values() for key in keys),
}  # fmt: skip
