"""Tests in rules, as written: `[[rule.test]]` to cases. `rehearse` runs them.

What a case can get wrong is said when its file loads: a step that is not there, a property the step
does not set, an answer of the wrong shape.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine import match
from automation.engine.checking import Good
from automation.engine.conditions import compile_table
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.rules import Case, Expectation, Step, performed
from automation.engine.where import Where

TABLES = frozenset({"set", "set_once", "match"})
"""Keys of a step that hold properties: an expectation goes one level further into them."""

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""The clock of a test that does not set one (a Monday), so that a test says the same every day."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The rule the tests are for: what it listens to, its steps and its zone."""

    on: tuple[str, ...]
    steps: tuple[Step, ...]
    zone: ZoneInfo


def build_cases(
    raw: Sequence[Good], place: Path, where: Where, subject: Subject
) -> tuple[Case, ...]:
    """The cases of `[[rule.test]]`, their values right as far as the grammar goes; what is wrong with
    what they mean is noted in `where`."""
    builder = _Builder(where, subject)
    return tuple(builder.case(one, (*place, index)) for index, one in enumerate(raw))


class _Builder:
    def __init__(self, where: Where, subject: Subject) -> None:
        self.where = where
        self.subject = subject
        self.steps = performed(subject.steps)

    def _wrong(
        self, place: Path, message: str, help_text: str = "", *, value: bool = False
    ) -> None:
        positions = self.where.positions
        span = positions.value(place) if value else positions.key(place)
        self.where.wrong(span, message, help_text)

    def case(self, raw: Good, place: Path) -> Case:
        """One test."""
        if not raw.keys() & {"fires", "expect"} and not self._is_written(place, "fires", "expect"):
            self._wrong(
                place,
                "this test expects nothing",
                "write `fires = true`, `fires = false`, or `expect.<step>.set.<Property> = …`",
            )
        fires = raw.get("fires", True)
        if not fires and "expect" in raw:
            self._wrong((*place, "expect"), "a rule that does not fire performs no step to expect")
        line = self.where.positions.key(place).line
        return Case(
            name=raw.get("name", "") or f"test in line {line}",
            line=line,
            on=raw.get("on", ""),
            event=self._event(raw, place),
            at=self._clock(raw.get("at", NOON)),
            given=self._given(raw.get("given", {}), (*place, "given")),
            fires=fires,
            expect=tuple(self._expect(raw.get("expect", {}), (*place, "expect"))),
        )

    def _is_written(self, place: Path, *keys: str) -> bool:
        """Whether one of the keys stands there, right or wrong."""
        return any((*place, key) in self.where.positions.keys for key in keys)

    def _event(self, raw: Good, place: Path) -> str | Mapping[str, Any]:
        if "event" in raw:
            event: str | Mapping[str, Any] = raw["event"]
            return event
        if self.subject.on != ("schedule",) and not self._is_written(place, "event"):
            self._wrong(
                place,
                "a test needs an `event`",
                'a payload file such as "github.push.json", or a table of the event\'s fields',
            )
        return {}

    def _clock(self, at: datetime | date) -> datetime:
        if isinstance(at, datetime):
            return at if at.tzinfo else at.replace(tzinfo=self.subject.zone)
        return datetime.combine(at, time(), tzinfo=self.subject.zone)

    # answers --------------------------------------------------------------------------------------

    def _given(self, raw: Mapping[str, Any], place: Path) -> Mapping[str, Any]:
        return {name: value for name, value in raw.items() if self._answers(name, value, place)}

    def _answers(self, name: str, value: Any, place: Path) -> bool:
        found = self._step(name, (*place, name))
        if found is None:
            return False
        step, looped = found
        if looped and not isinstance(value, list):
            self._wrong(
                (*place, name),
                f"`{name}` stands in a loop: its answers are a list, one for each time",
                f"given.{name} = [ … ]",
                value=True,
            )
            return False
        answers = value if looped else [value]
        if step.verb == "find" and not all(isinstance(one, list) for one in answers):
            self._wrong(
                (*place, name),
                f"`{name}` finds pages: its answer is a list of tables",
                f'such as given.{name} = [{{ id = "p1", Name = "A" }}]',
                value=True,
            )
            return False
        return True

    def _step(self, name: str, place: Path) -> tuple[Step, bool] | None:
        found = self.steps.get(name)
        if found is None:
            known = ", ".join(self.steps) or "none"
            hint = nearest(name, self.steps) or f"the steps are: {known}"
            self._wrong(place, f"there is no step `{name}`", hint)
        return found

    # expectations ---------------------------------------------------------------------------------

    def _expect(self, raw: Mapping[str, Any], place: Path) -> Iterator[Expectation]:
        for name, value in raw.items():
            found = self._step(name, (*place, name))
            if found is not None:
                yield from self._of_step(found[0], value, (*place, name))

    def _of_step(self, step: Step, raw: Any, place: Path) -> Iterator[Expectation]:
        """A table is for every time the step is performed; a list is for each, and says how often."""
        if isinstance(raw, list):
            yield self._expectation(step, None, (), place, len(raw))
            for index, one in enumerate(raw):
                yield from self._of_time(step, index, one, (*place, index))
            return
        times = {key for key in raw if key.isdecimal()} if isinstance(raw, Mapping) else set()
        for key in times:
            yield from self._of_time(step, int(key), raw[key], (*place, key))
        if isinstance(raw, Mapping):
            raw = {key: value for key, value in raw.items() if key not in times}
        if raw or not times:
            yield from self._of_time(step, None, raw, place)

    def _of_time(
        self, step: Step, index: int | None, raw: Any, place: Path
    ) -> Iterator[Expectation]:
        if not isinstance(raw, Mapping):
            self._wrong(place, f"what `{step.id}` is given is a table of its keys", value=True)
            return
        for key, value in raw.items():
            if key not in step.shape:
                self._wrong(
                    (*place, key), f"step `{step.id}` has no `{key}`", nearest(key, step.shape)
                )
            elif key in TABLES and isinstance(value, Mapping):
                yield from self._properties(step, index, key, value, (*place, key))
            else:
                yield self._expectation(step, index, (key,), (*place, key), value)

    def _properties(
        self, step: Step, index: int | None, key: str, raw: Mapping[str, Any], place: Path
    ) -> Iterator[Expectation]:
        for name, value in raw.items():
            if name not in step.shape[key]:
                self._wrong(
                    (*place, name),
                    f"`{key}` of step `{step.id}` has no `{name}`",
                    nearest(name, step.shape[key]),
                )
            else:
                yield self._expectation(step, index, (key, name), (*place, name), value)

    def _expectation(
        self, step: Step, index: int | None, keys: tuple[str, ...], place: Path, wanted: Any
    ) -> Expectation:
        line = self.where.positions.key(place).line
        test = None
        if keys and self._is_test(wanted, place):
            test = compile_table({keys[-1]: wanted}, place[:-1], self.where)
        return Expectation(
            step=step.id,
            place=index,
            keys=keys,
            wanted=wanted,
            test=test,
            line=line,
            text=self.where.lines[line - 1].strip(),
        )

    def _is_test(self, value: Any, place: Path) -> bool:
        """Test words instead of a value; no table that a property takes has a key of that name."""
        quoted = self.where.positions.quoted
        return isinstance(value, Mapping) and any(
            key in match.WORDS and (*place, key) not in quoted for key in value
        )
