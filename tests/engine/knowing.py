"""What the tests of known fields share: rules as texts, and problems as lines."""

from collections.abc import Sequence

from automation.engine.load import load
from automation.engine.problems import Problem
from automation.model.fields import Catalogue
from automation.wiring import actions, published

PUBLISHED = Catalogue(published=published())
STEP = '[[rule.do]]\nappend = "Log"\nbody = "x"\n'


def problems(text: str, catalogue: Catalogue = PUBLISHED) -> tuple[Problem, ...]:
    """What a file's text gives."""
    return load({"a.toml": text}, actions=actions(), catalogue=catalogue).problems


def rule(on: str, lines: str, steps: str = STEP) -> str:
    """A rule whose own lines begin at line 4."""
    return f'[[rule]]\nid = "r"\non = {on}\n{lines}\n\n{steps}'


def said(found: Sequence[Problem]) -> list[str]:
    """Problems as `line:column severity: message (help)`, and how much of the line they mark."""
    return [
        f"{one.line}:{one.column}+{one.length} {one.severity}: {one.message} ({one.help})"
        for one in found
    ]
