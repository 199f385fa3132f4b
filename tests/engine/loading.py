"""Rules from a few lines of TOML, for tests."""

from datetime import UTC, datetime
from typing import Any

from automation.actions.discover import discover
from automation.engine.load import Loaded, load
from automation.engine.plan import fires, scope_of
from automation.engine.problems import Problem
from automation.engine.rules import Rule

ACTIONS = discover()
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""A Tuesday noon."""

STEP = '[[rule.do]]\nappend = "Log"\nbody = "x"\n'
HEAD = '[[rule]]\nid = "r"\non = "test.event"\n'


def load_text(text: str) -> Loaded:
    """One file, as it stands."""
    return load({"r.toml": text}, actions=ACTIONS)


def errors_of(text: str) -> tuple[Problem, ...]:
    """The errors of one file."""
    return tuple(one for one in load_text(text).problems if one.severity == "error")


def rule_with(lines: str, *, zone: str = "UTC", steps: str = STEP) -> Rule:
    """A rule with these lines, in a file that must be without an error."""
    loaded = load_text(f'defaults.timezone = "{zone}"\n{HEAD}{lines}\n{steps}')
    assert [one for one in loaded.problems if one.severity == "error"] == []
    return loaded.rules.rules["r"]


def does_fire(lines: str, document: Any, *, zone: str = "UTC", now: datetime = NOW) -> bool:
    """Whether a rule with these lines fires for the document."""
    rule = rule_with(lines, zone=zone)
    return fires(rule, document, scope_of(rule, document, now))
