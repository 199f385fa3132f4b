"""Two rule sets over the same events: which rules fire now and did not, which stop, what is written otherwise.

Only rules that differ are looked at, and only events that one of them hears have to be read. Whether
a rule fires is decided by `plan.wants`; what it would write comes from a rehearsal, for a bounded number
of events of each rule: beyond that, counts are scaled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from automation.engine.changes import Change, between, requests
from automation.engine.fingerprint import fingerprints
from automation.engine.index import Index, names_of
from automation.engine.plan import wants
from automation.engine.rehearse import Rehearsal, rehearse
from automation.engine.rules import Rule, RuleSet
from automation.model.action import Action
from automation.model.values import JsonObject

MOST_REHEARSED = 1_000
"""For so many events of a rule it is worked out what the rule would write, of each kind of difference."""
MOST_REHEARSED_IN_ALL = 10_000
MOST_STEPS = 5_000
"""Nor are there more steps performed for it than that: an event may have hundreds of elements."""
MOST_EXAMPLES = 3

Kind = Literal["new", "gone", "changed"]
Why = Literal["starts", "stops", "both"]
"""It fires now and did not; it did and does not now; it fires both ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A recorded event. `now` is when it was planned, or came; `read` gives what rules read of it."""

    id: str
    name: str
    now: datetime
    read: Callable[[], JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One event that a rule treats otherwise, and what that changes. `failed`: why its run would park."""

    event: str
    name: str
    at: datetime
    why: Why
    changes: tuple[Change, ...]
    failed: str = ""


@dataclass(slots=True, kw_only=True)
class Tally:
    """All events of one kind for one rule. Everything but `events` is counted on those that were rehearsed.

    `pages` are the pages that the new rule writes otherwise, by verb; `before` and `after` are requests.
    """

    events: int = 0
    rehearsed: int = 0
    steps: int = 0
    differing: int = 0
    failing: int = 0
    before: int = 0
    after: int = 0
    pages: dict[str, set[str]] = field(default_factory=dict)

    @property
    def scale(self) -> float:
        """By how much counts of the rehearsed events stand for all."""
        return self.events / self.rehearsed if self.rehearsed else 1.0


@dataclass(slots=True, kw_only=True)
class RuleDifference:
    """One rule in both versions, over all events."""

    rule: str
    kind: Kind
    before: Rule | None
    after: Rule | None
    tallies: dict[Why, Tally] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    def tally(self, why: Why) -> Tally:
        """The tally of that kind."""
        return self.tallies.setdefault(why, Tally())

    @property
    def differing(self) -> int:
        """Events for which it fires both ways and writes something else."""
        one = self.tallies.get("both", Tally())
        return round(one.differing * one.scale)

    @property
    def exact(self) -> bool:
        """Whether every event was rehearsed."""
        return all(one.events == one.rehearsed for one in self.tallies.values())

    @property
    def requests(self) -> tuple[int, int]:
        """About how many requests to Notion it costs before and after."""
        some = self.tallies.values()
        return (
            round(sum(one.before * one.scale for one in some)),
            round(sum(one.after * one.scale for one in some)),
        )

    @property
    def pages(self) -> dict[str, int]:
        """How many pages the new rule writes otherwise, by verb; at least, where not `exact`."""
        verbs = {verb for one in self.tallies.values() for verb in one.pages}
        return {
            verb: len(
                set[str]().union(*(one.pages.get(verb, set()) for one in self.tallies.values()))
            )
            for verb in sorted(verbs)
        }


class Comparison:
    """Feed it events, newest first; then read `rules`."""

    def __init__(self, before: RuleSet, after: RuleSet, *, actions: Mapping[str, Action]) -> None:
        self.rules = _differing(before, after)
        self.unchanged = len(after.rules.keys() - self.rules.keys())
        self.events = 0
        self._actions = actions
        self._before = _index(one.before for one in self.rules.values())
        self._after = _index(one.after for one in self.rules.values())
        share = MOST_REHEARSED_IN_ALL // max(1, len(self.rules))
        self._most = max(MOST_EXAMPLES, min(MOST_REHEARSED, share))

    def names(self) -> list[str]:
        """The names of events that matter, none of them below another."""
        sides = [rule for one in self.rules.values() for rule in (one.before, one.after)]
        found = {
            name for rule in sides if rule is not None and rule.enabled for name in names_of(rule)
        }
        return sorted(
            name for name in found if not any(name.startswith(f"{other}.") for other in found)
        )

    def add(self, event: Seen) -> None:
        """One event."""
        self.events += 1
        if not (self._before.hears(event.name) or self._after.hears(event.name)):
            return
        document = event.read()
        before = _firing(self._before, event, document)
        after = _firing(self._after, event, document)
        for name in before | after:
            why: Why = "both" if name in before and name in after else "starts"
            self._compare(self.rules[name], "stops" if name not in after else why, event, document)

    def _compare(self, one: RuleDifference, why: Why, event: Seen, document: JsonObject) -> None:
        tally = one.tally(why)
        tally.events += 1
        if tally.rehearsed >= self._most or tally.steps >= MOST_STEPS:
            return
        old = self._rehearse(one.before if why != "starts" else None, event, document)
        new = self._rehearse(one.after if why != "stops" else None, event, document)
        rule = one.after or one.before
        assert rule is not None
        changes = tuple(between(old.effects, new.effects, rule.zone))
        _count(tally, event, old, new, changes)
        if changes or old.failed != new.failed or why != "both":
            self._exemplify(one, why, event, changes, new.failed)

    def _rehearse(self, rule: Rule | None, event: Seen, document: JsonObject) -> Rehearsal:
        if rule is None:
            return Rehearsal(effects=())
        return rehearse(rule, document=document, now=event.now, actions=self._actions)

    def _exemplify(
        self,
        one: RuleDifference,
        why: Why,
        event: Seen,
        changes: tuple[Change, ...],
        failed: str,
    ) -> None:
        if sum(example.why == why for example in one.examples) < MOST_EXAMPLES:
            one.examples.append(
                Example(
                    event=event.id,
                    name=event.name,
                    at=event.now,
                    why=why,
                    changes=changes,
                    failed=failed,
                )
            )


def _count(
    tally: Tally, event: Seen, old: Rehearsal, new: Rehearsal, changes: Sequence[Change]
) -> None:
    tally.rehearsed += 1
    tally.steps += len(old.effects) + len(new.effects)
    tally.differing += bool(changes)
    tally.failing += bool(new.failed)
    tally.before += requests(old.effects)
    tally.after += requests(new.effects)
    for change in changes:
        if not change.gone:
            # A page is made for every event; others are told apart by what leads to them.
            page = change.place.rpartition("#")[0]
            name = f"{event.id}/{change.place}" if change.verb == "create" else page
            tally.pages.setdefault(change.verb, set()).add(name)


def _firing(index: Index[Rule], event: Seen, document: JsonObject) -> dict[str, Rule]:
    return {
        rule.id: rule
        for rule in index.candidates(event.name, document)
        if wants(rule, event.name, document, now=event.now)
    }


def _index(rules: Iterable[Rule | None]) -> Index[Rule]:
    return Index(rule for rule in rules if rule is not None)


def _differing(before: RuleSet, after: RuleSet) -> dict[str, RuleDifference]:
    """Rules that are not the same in both, those of the new set first and in its order."""
    old, new = fingerprints(before), fingerprints(after)
    made = {}
    for name in [*after.rules, *(one for one in before.rules if one not in after.rules)]:
        if old.get(name) == new.get(name):
            continue
        kind: Kind = "new" if name not in old else "gone" if name not in new else "changed"
        made[name] = RuleDifference(
            rule=name, kind=kind, before=before.rules.get(name), after=after.rules.get(name)
        )
    return made
