"""Builds the steps of a rule: the verb first, then its own model; never a union reported blindly."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from automation.engine.conditions import Where, compile_table
from automation.engine.match import Table
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.rules import Loop, Shape, Step
from automation.engine.template import Template, compile_text, faults, is_template
from automation.model.action import Action
from automation.model.errors import TemplateFailed

LATER = frozenset({"comment", "upload", "fetch", "ask"})
"""Verbs of the language that this version does not perform yet."""

STEP_KEYS = frozenset({"id", "if", "on_failure", "for_each", "as", "at_most", "only", "key", "do"})
BODY_KEYS = frozenset({"body"})
ROOTS = frozenset({"event", "now", "rule"})


class StepBuilder:
    """Builds one rule's steps, and notes the targets they name."""

    def __init__(self, where: Where, actions: Mapping[str, Action]) -> None:
        self.where = where
        self.actions = actions
        self.targets: list[str] = []
        self._counts: dict[str, int] = {}
        self._ids: set[str] = set()

    def build(self, raw: Any, place: Path) -> tuple[Step, ...]:
        """The steps of `[[rule.do]]`."""
        if not isinstance(raw, list) or not raw:
            self._wrong(
                place, "a rule needs at least one step", "write [[rule.do]] and a verb below it"
            )
            return ()
        return self._steps(raw, place, set(ROOTS))

    def _wrong(
        self, place: Path, message: str, help_text: str = "", *, value: bool = False
    ) -> None:
        positions = self.where.positions
        self.where.wrong(
            positions.value(place) if value else positions.key(place), message, help_text
        )

    def _steps(self, raw: list[Any], place: Path, roots: set[str]) -> tuple[Step, ...]:
        made = []
        for index, one in enumerate(raw):
            if not isinstance(one, Mapping):
                self._wrong((*place, index), "a step is a table")
                continue
            step = self._step(one, (*place, index), roots)
            if step is not None:
                made.append(step)
                roots.add(step.id)
        return tuple(made)

    def _step(self, raw: Mapping[str, Any], place: Path, roots: set[str]) -> Step | None:
        verb = self._verb(raw, place)
        if verb is None:
            return None
        step_id = self._id(raw, place, verb)
        loop = self._loop(raw, place, roots)
        inner_roots = roots | ({loop.name} if loop else set())
        inner = self._steps(raw["do"], (*place, "do"), set(inner_roots)) if not verb else ()
        return Step(
            id=step_id,
            verb=verb,
            shape=self._shape_of(raw, verb, place, inner_roots) if verb else {},
            line=self.where.positions.key(place).line,
            condition=self._condition(raw, place, "if"),
            on_failure=self._on_failure(raw, place),
            loop=loop,
            inner=inner,
        )

    def _verb(self, raw: Mapping[str, Any], place: Path) -> str | None:
        verbs = [key for key in raw if key in self.actions or key in LATER]
        if not verbs and "for_each" in raw and isinstance(raw.get("do"), list):
            return ""
        if len(verbs) != 1:
            known = sorted(self.actions)
            unknown = [key for key in raw if key not in STEP_KEYS]
            hint = nearest(unknown[0], known) if unknown and not verbs else ""
            what = "has no verb" if not verbs else f"has {len(verbs)} verbs: {', '.join(verbs)}"
            self._wrong(place, f"this step {what}", hint or f"one of {', '.join(known)}")
            return None
        if verbs[0] in LATER:
            self._wrong((*place, verbs[0]), f"`{verbs[0]}` is not built into this version yet")
            return None
        return verbs[0]

    def _id(self, raw: Mapping[str, Any], place: Path, verb: str) -> str:
        self._counts[verb] = self._counts.get(verb, 0) + 1
        given = raw.get("id", f"{verb or 'loop'}-{self._counts[verb]}")
        if not isinstance(given, str) or not given:
            self._wrong((*place, "id"), "`id` is a text", value=True)
            return f"{verb}-{self._counts[verb]}"
        if given in self._ids or given in ROOTS:
            self._wrong(
                (*place, "id"),
                f"`{given}` is taken; a step's id stands once in its rule",
                value=True,
            )
        self._ids.add(given)
        return given

    def _on_failure(self, raw: Mapping[str, Any], place: Path) -> Any:
        value = raw.get("on_failure", "stop")
        if value not in {"stop", "continue"}:
            self._wrong((*place, "on_failure"), '`on_failure` is "stop" or "continue"', value=True)
            return "stop"
        return value

    def _condition(self, raw: Mapping[str, Any], place: Path, key: str) -> Table | None:
        value = raw.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._wrong((*place, key), f"`{key}` is a table of lines", value=True)
            return None
        return compile_table(value, (*place, key), self.where)

    def _loop(self, raw: Mapping[str, Any], place: Path, roots: set[str]) -> Loop | None:
        if "for_each" not in raw:
            for key in ("as", "at_most", "only", "key"):
                if key in raw:
                    self._wrong((*place, key), f"`{key}` goes with `for_each`")
            return None
        name = raw.get("as", "item")
        if not isinstance(name, str) or not name.isidentifier():
            self._wrong((*place, "as"), "`as` is one word", value=True)
            name = "item"
        over = self._template(raw["for_each"], (*place, "for_each"), roots)
        if not isinstance(over, Template) or not over.typed:
            self._wrong(
                (*place, "for_each"), "`for_each` is one {{ … }} that gives a list", value=True
            )
            return None
        key = self._template(raw.get("key"), (*place, "key"), roots | {name})
        most = raw.get("at_most")
        if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
            self._wrong((*place, "at_most"), "`at_most` is a whole number from 1", value=True)
            most = None
        return Loop(
            over=over,
            name=name,
            key=key if isinstance(key, Template) else None,
            at_most=most,
            only=self._condition(raw, place, "only"),
        )

    # the verb's own keys --------------------------------------------------------------------------

    def _shape_of(self, raw: Mapping[str, Any], verb: str, place: Path, roots: set[str]) -> Shape:
        action = self.actions[verb]
        own = {key: value for key, value in raw.items() if key not in STEP_KEYS}
        self._validate(action, own, place)
        self._refuse_step_keys(own, place)
        for key in action.literal & own.keys():
            self._target(own[key], (*place, key))
        return {
            key: value
            if key in action.literal and not (isinstance(value, str) and is_template(value))
            else self._shape(value, (*place, key), roots, body=key in BODY_KEYS)
            for key, value in own.items()
        }

    def _validate(self, action: Action, own: Mapping[str, Any], place: Path) -> None:
        try:
            action.params.model_validate(own)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                where = one["loc"]
                key = where[-1] if where else action.verb
                if one["type"] == "extra_forbidden":
                    known = [*action.params.model_fields, *STEP_KEYS]
                    self._wrong(
                        (*place, *where),
                        f"`{key}` is not a key of a `{action.verb}` step",
                        nearest(str(key), known),
                    )
                elif one["type"] == "missing":
                    self._wrong(place, f"a `{action.verb}` step needs `{key}`")
                else:
                    text = str(one["msg"]).removeprefix("Value error, ")
                    self._wrong(
                        (*place, *where), f"`{key}`: {text[0].lower()}{text[1:]}", value=True
                    )

    def _refuse_step_keys(self, own: Mapping[str, Any], place: Path) -> None:
        """After [rule.do.set] a following `body = …` would silently be a property."""
        for key in ("set", "set_once", "match"):
            table = own.get(key)
            for name in table if isinstance(table, Mapping) else ():
                inner = (*place, key, name)
                word = name in {
                    "body",
                    "set",
                    "set_once",
                    "match",
                    "if",
                    "for_each",
                    "on_failure",
                    "do",
                }
                if word and inner not in self.where.positions.quoted:
                    self._wrong(
                        inner,
                        f"`{name}` here is a property, but it is also a key of the step",
                        f'move it above, or write "{name}" in quotes for a property of that name',
                    )

    def _target(self, value: Any, place: Path) -> None:
        if isinstance(value, str) and not is_template(value):
            self.targets.append(value)
        elif place[-1] not in {"update", "append"}:
            self._wrong(
                place,
                "a target is written out, never a template",
                "name a [target], or a title, URL or id",
                value=True,
            )

    def _shape(self, value: Any, place: Path, roots: set[str], *, body: bool) -> Shape:
        if isinstance(value, str):
            return self._template(value, place, roots, body=body)
        if isinstance(value, Mapping):
            return {
                key: self._shape(one, (*place, key), roots, body=body) for key, one in value.items()
            }
        if isinstance(value, list):
            return [
                self._shape(one, (*place, index), roots, body=body)
                for index, one in enumerate(value)
            ]
        return value

    def _template(self, value: Any, place: Path, roots: set[str], *, body: bool = False) -> Shape:
        if not isinstance(value, str) or not is_template(value):
            return value
        try:
            template = compile_text(value, body=body)
        except TemplateFailed as error:
            self._wrong(place, str(error), value=True)
            return value
        for fault in faults(template, roots):
            self._wrong(place, fault.message, nearest(fault.word, [*roots]), value=True)
        return template
