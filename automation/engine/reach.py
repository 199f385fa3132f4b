"""Which names of a rule hold what came from outside: an id of a page there may lead anywhere."""

from dataclasses import dataclass, field

from automation.engine.rules import Loop, Shape
from automation.engine.template import Template

OWN_PAGES = frozenset({"find", "create", "upsert", "update", "append"})
"""Verbs whose results are pages that the rule's own targets led to."""


@dataclass(slots=True)
class Reach:
    """The roots that hold payloads: the event, what steps were told, and the elements of these."""

    foreign: set[str] = field(default_factory=lambda: {"event"})

    def step(self, step_id: str, verb: str) -> None:
        """A step's result is there from now on."""
        if verb and verb not in OWN_PAGES:
            self.foreign.add(step_id)

    def loop(self, loop: Loop) -> None:
        """The loop's name stands for an element from now on."""
        if loop.over.roots & self.foreign:
            self.foreign.add(loop.name)
        else:
            self.foreign.discard(loop.name)

    def leads_out(self, page: Shape) -> bool:
        """Whether a page is named by what came from outside."""
        return isinstance(page, Template) and bool(page.roots & self.foreign)
