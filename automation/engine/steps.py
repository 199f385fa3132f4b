"""Builds the steps of a rule: the verb first, then its own keys; never a union reported blindly."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from automation.engine import match
from automation.engine.checking import Good, check
from automation.engine.conditions import EVENT_ROOTS, compile_table
from automation.engine.faults import KEYWORDS
from automation.engine.filling import Filling
from automation.engine.match import Table
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.reach import Reach
from automation.engine.rules import Loop, Shape, Step
from automation.engine.template import Template
from automation.engine.verbs import Verb, not_built
from automation.engine.vocabulary import STEP
from automation.engine.where import Where

STEP_KEYS = frozenset(STEP.keys)
ROOTS = frozenset(EVENT_ROOTS)
RESERVED = KEYWORDS | {"forloop"}
"""Words of Liquid, which no name may be."""
_OR_INNER = "; or inner steps, each below [[rule.do.do]]"
LOOP = replace(STEP, what="a loop")


class StepBuilder:
    """Builds one rule's steps, and notes the targets and agents they name."""

    def __init__(self, where: Where, verbs: Mapping[str, Verb]) -> None:
        self.where = where
        self.verbs = verbs
        self.agents: list[tuple[str, Path]] = []
        self._filling = Filling(where=where)
        self._counts: dict[str, int] = {}
        self._reach = Reach()
        self._ids: set[str] = set()

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets the steps name, as they write them, each once."""
        return tuple(dict.fromkeys(self._filling.targets))

    def build(self, raw: list[Any], place: Path) -> tuple[Step, ...]:
        """The steps of `[[rule.do]]`."""
        if not raw:
            self.where.wrong_value(place, "`do` needs at least one step")
        return self._steps(raw, place, set(ROOTS))

    def _steps(self, raw: list[Any], place: Path, roots: set[str]) -> tuple[Step, ...]:
        """Steps in order; each adds what it gives to the roots."""
        made = []
        for index, one in enumerate(raw):
            step = self._step(one, (*place, index), roots)
            if step is not None:
                made.append(step)
                roots |= _names(step)
        return tuple(made)

    def _step(self, raw: Mapping[str, Any], place: Path, roots: set[str]) -> Step | None:
        verb = self._verb(raw, place)
        if verb is None and not self._is_loop(raw, place):
            return None
        before = len(self.where.problems)
        good = self._good(raw, place, verb)
        step_id = self._id(good, place, verb)
        loop = self._loop(good, place, roots)
        inside = roots | ({loop.name} if loop else set())
        condition = self._lines(good, place, "if", inside)
        inner = self._steps(good.get("do", []), (*place, "do"), set(inside)) if not verb else ()
        shape = self._shape(good, verb, place, inside) if verb else {}
        self._refuse_foreign_page(raw, shape, place)
        if verb and not any(one.severity == "error" for one in self.where.problems[before:]):
            self._validate(good, verb, place)
        self._reach.step(step_id, verb.name if verb else "")
        return Step(
            id=step_id,
            verb=verb.name if verb else "",
            shape=shape,
            line=self.where.positions.key(place).line,
            condition=condition,
            on_failure=good.get("on_failure", "stop"),
            loop=loop,
            inner=inner,
            later=self._later(good, verb, place) if verb else "",
        )

    def _good(self, raw: Mapping[str, Any], place: Path, verb: Verb | None) -> Good:
        """The step's keys, without the verb that is one too many."""
        others = self.verbs.keys() - {verb.name if verb else ""}
        one = {key: value for key, value in raw.items() if key not in others}
        return check(one, place, verb.table if verb else LOOP, self.where)

    # the verb -------------------------------------------------------------------------------------

    def _verb(self, raw: Mapping[str, Any], place: Path) -> Verb | None:
        named = [key for key in raw if key in self.verbs]
        if len(named) > 1:
            both = " and ".join(f"`{name}`" for name in named)
            self.where.wrong_key(
                (*place, named[1]),
                f"this step has {len(named)} verbs: {both}",
                "a step has one; begin the other with [[rule.do]]",
            )
        return self.verbs[named[0]] if named else None

    def _is_loop(self, raw: Mapping[str, Any], place: Path) -> bool:
        """Whether a step without a verb is a loop around inner steps."""
        if "do" in raw and "for_each" in raw:
            return True
        if "do" in raw:
            self.where.wrong_key((*place, "do"), "`do` inside a step needs `for_each`")
            return False
        unknown = next((key for key in raw if key not in STEP.keys), None)
        near = nearest(unknown, self.verbs) if unknown else ""
        self.where.wrong_key(
            (*place, unknown) if unknown and near else place,
            "this step has no verb",
            near or f"one of {', '.join(self.verbs)}{_OR_INNER if 'for_each' in raw else ''}",
        )
        return False

    def _later(self, good: Good, verb: Verb, place: Path) -> str:
        """What of the step is not built yet, with a warning."""
        used = [key for key in good if key in verb.later]
        name = verb.name if verb.action is None else used[0] if used else ""
        if name:
            self.where.warn((*place, name), not_built(f"`{name}`"), "a run that gets here parks")
        return f"`{name}`" if name else ""

    # what every step has --------------------------------------------------------------------------

    def _id(self, good: Good, place: Path, verb: Verb | None) -> str:
        word = verb.name if verb else "loop"
        count = self._counts[word] = self._counts.get(word, 0) + ("id" not in good)
        name: str = good.get("id", f"{word}-{count}")
        here = (*place, "id")
        if name in ROOTS | RESERVED | match.WORDS:
            self.where.wrong_value(here, f"`{name}` means something else", "choose another id")
        elif name in self._ids:
            self.where.wrong_value(here, f"`{name}` is taken; a step's id stands once in its rule")
        elif "id" not in good and count > 1:
            self.where.warn(
                (*place, word) if verb else place,
                f"this step is called `{name}`: a step added or removed above renames it, and what it did is done again",
                "give it an id of its own",
            )
        self._ids.add(name)
        return name

    def _lines(self, good: Good, place: Path, key: str, roots: set[str]) -> Table | None:
        if key not in good:
            return None
        return compile_table(good[key], (*place, key), self.where, roots=roots, from_roots=True)

    def _loop(self, good: Good, place: Path, roots: set[str]) -> Loop | None:
        if "for_each" not in good:
            return None
        name = good.get("as", "item")
        if name in roots | RESERVED | match.WORDS:
            self.where.wrong_value(
                (*place, "as"), f"`{name}` is taken", "an element needs a name of its own"
            )
        over = self._template(good, place, "for_each", roots)
        if over is not None and not over.typed:
            self.where.wrong_value(
                (*place, "for_each"), "`for_each` is one {{ … }} that gives a list"
            )
        if over is None:
            return None
        inside = roots | {name}
        loop = Loop(
            over=over,
            name=name,
            key=self._template(good, place, "key", inside),
            at_most=good.get("at_most"),
            only=self._lines(good, place, "only", inside),
        )
        self._reach.loop(loop)
        return loop

    def _template(self, good: Good, place: Path, key: str, roots: set[str]) -> Template | None:
        if key not in good:
            return None
        return self.where.template(good[key], (*place, key), roots)

    # the verb's own keys --------------------------------------------------------------------------

    def _shape(self, good: Good, verb: Verb, place: Path, roots: set[str]) -> Shape:
        if "ask" in good:
            self.agents.append((good["ask"], (*place, "ask")))
        own = {key: value for key, value in good.items() if key not in STEP.keys}
        return self._filling.shape(own, verb.table.keys, place, roots)

    def _refuse_foreign_page(self, raw: Mapping[str, Any], shape: Shape, place: Path) -> None:
        """An id from a payload may only lead to pages that the rule allows."""
        if self._reach.leads_out(shape.get("update")) and "within" not in raw:
            self.where.wrong_value(
                (*place, "update"),
                "a page that comes from outside must lie within a target",
                'write within = "…", the data source whose pages may be changed',
            )

    def _validate(self, good: Good, verb: Verb, place: Path) -> None:
        """What only the action itself can tell."""
        if verb.action is None or good.keys() & verb.later:
            return
        own = {key: value for key, value in good.items() if key not in STEP.keys}
        try:
            verb.action.params.model_validate(own)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                where, text = one["loc"], str(one["msg"]).removeprefix("Value error, ")
                key = where[0] if where else verb.name
                if one["type"] == "missing":
                    self.where.wrong_key(place, f"{verb.table.what} needs `{key}`")
                else:
                    self.where.wrong_value(
                        (*place, *where), f"`{key}`: {text[:1].lower()}{text[1:]}"
                    )


def _names(step: Step) -> set[str]:
    """What a step gives to those behind it: its own id, and those of its inner steps as lists."""
    return {step.id}.union(*(_names(inner) for inner in step.inner))
