"""From one event to what the rules ask for. Pure: the same event, rules and time give the same plan."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from automation.engine.match import Scope, Table
from automation.engine.rules import Rule, RuleSet, Step
from automation.engine.shapes import render
from automation.engine.template import Template
from automation.model.errors import TemplateFailed
from automation.model.event import Event
from automation.model.run import Plan, PlannedRun
from automation.model.values import JsonObject


def listens(rule: Rule, name: str) -> bool:
    """Whether the rule hears events of this name; a schedule rule hears only its own ticks."""
    if rule.schedule is not None:
        return name == f"schedule.{rule.id}"
    return any(name == on or name.startswith(on + ".") for on in rule.on)


def scope_of(rule: Rule, document: JsonObject, now: datetime) -> Scope:
    """What the rule's conditions and templates see of an event."""
    return Scope(roots=roots_of(rule, document, now), now=now, zone=rule.zone)


def roots_of(rule: Rule, document: JsonObject, now: datetime) -> dict[str, Any]:
    """The roots every template of the rule has."""
    return {
        "event": document,
        "now": now.astimezone(rule.zone),
        "rule": {"id": rule.id, "description": rule.description},
    }


def fires(rule: Rule, document: JsonObject, scope: Scope) -> bool:
    """Whether the conditions hold."""
    return (
        (not rule.when or _one_passes(rule.when, document, scope))
        and (not rule.either or _one_passes(rule.either, document, scope))
        and not (rule.unless and _one_passes(rule.unless, document, scope))
    )


def _one_passes(tables: Sequence[Table], document: JsonObject, scope: Scope) -> bool:
    for table in tables:  # noqa: SIM110  # a generator for every rule costs as much as its test
        if table.passes(document, scope):
            return True
    return False


def plan(
    event: Event,
    document: JsonObject,
    rules: RuleSet,
    *,
    now: datetime,
    waiting: Collection[str] = (),
) -> Plan:
    """What the event asks for. `waiting` are the targets that are not found yet."""
    runs = []
    for rule in wanting(event.name, document, rules, now=now):
        missing = next((text for text in rule.targets if text in waiting), None)
        roots = roots_of(rule, document, now)
        runs.append(
            PlannedRun(
                rule_id=rule.id,
                lane=lane_of(rule, event, roots, rules),
                waiting_for=f"target:{missing}" if missing else None,
            )
        )
    return Plan(event_id=event.id, rules_hash=rules.hash, planned_at=now, runs=tuple(runs))


def wanting(name: str, document: JsonObject, rules: RuleSet, *, now: datetime) -> Iterator[Rule]:
    """The rules that fire for an event of this name, in their order."""
    for rule in rules.index.candidates(name, document):
        if wants(rule, name, document, now=now):
            yield rule


def wants(rule: Rule, name: str, document: JsonObject, *, now: datetime) -> bool:
    """Whether the rule, were it enabled, fires for an event of this name: the one place that decides it."""
    return listens(rule, name) and fires(rule, document, scope_of(rule, document, now))


def lane_of(rule: Rule, event: Event, roots: Mapping[str, Any], rules: RuleSet) -> str:
    """The order the run must keep: the page or upsert key of its first write, if the event alone decides it.

    A rule that only makes new pages has nothing to keep in order.
    """
    if rule.lane is not None:
        try:
            return f"lane:{rule.lane.render(roots)}"
        except TemplateFailed:
            return f"rule:{rule.id}"
    writes = [
        step for step in _flat(rule.steps) if step.verb in {"create", "upsert", "update", "append"}
    ]
    if writes and all(step.verb == "create" for step in writes):
        return f"new:{event.id}:{rule.id}"
    first = next((step for step in writes if step.verb != "create"), None)
    if first is None or first not in rule.steps or first.loop is not None:
        return f"rule:{rule.id}"
    return _target_lane(rule, first, roots, rules)


def _target_lane(rule: Rule, step: Step, roots: Mapping[str, Any], rules: RuleSet) -> str:
    where = step.shape[step.verb]
    if isinstance(where, Template) and where.roots - {"event"}:
        return f"rule:{rule.id}"
    try:
        page = where.render(roots) if isinstance(where, Template) else _literal(where, rules)
        key = render(step.shape["match"], roots) if step.verb == "upsert" else ""
    except TemplateFailed:
        return f"rule:{rule.id}"
    return f"page:{page}:{key}" if key else f"page:{page}"


def _literal(text: str, rules: RuleSet) -> str:
    name = rules.targets.get(text)
    return name.text if name else text


def _flat(steps: tuple[Step, ...]) -> list[Step]:
    return [one for step in steps for one in ((step,) if step.verb else _flat(step.inner))]
