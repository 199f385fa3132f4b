"""What stands around the conditions: what became of a rule's run, and whether the rule is still the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from automation.cli.listing import outcome, stamp
from automation.engine.fingerprint import fingerprints
from automation.engine.problems import Problem
from automation.engine.rules import Rule, RuleSet
from automation.model.run import Run, State
from automation.store.base import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One thing that happened, or that holds the rule up. `kind` is a stable word for machines."""

    kind: str
    text: str

    def to_json(self) -> Mapping[str, str]:
        """For machines."""
        return {"stage": self.kind, "text": self.text}


# the run ------------------------------------------------------------------------------------------


def of_run(run: Run, rule: Rule | None, budgets: Sequence[Budget], now: datetime) -> list[Stage]:
    """Where a run stands and why."""
    made = [_state(run, now)]
    if rule is not None and rule.guard.dry_run and run.state is State.DONE:
        made.append(Stage(kind="guard", text="the guard's dry_run held back what it would write"))
    if run.state in {State.PENDING, State.RUNNING}:
        made += _budget(budgets)
    return made


def _state(run: Run, now: datetime) -> Stage:
    match run.state:
        case State.DONE:
            when = stamp(run.finished_at) if run.finished_at else ""
            return Stage(kind="done", text=f"done {when}: {outcome(run) or 'nothing to write'}")
        case State.RUNNING:
            return Stage(kind="running", text=f"being carried out now, attempt {run.attempts}")
        case State.WAITING:
            return _waiting(run)
        case State.PARKED:
            return _parked(run)
        case State.PENDING if run.attempts == 0:
            return Stage(kind="pending", text=f"waits for its turn in the lane {run.lane}")
        case State.PENDING:
            tries = f"{run.attempts} attempt{'s' if run.attempts > 1 else ''} made"
            when = f"the next {stamp(run.next_attempt_at)}" if run.next_attempt_at > now else "due"
            return Stage(kind="retry", text=f"{tries}, {when}: {run.reason}".rstrip(": "))


def _waiting(run: Run) -> Stage:
    kind, _, what = (run.waiting_for or "").partition(":")
    match kind:
        case "target":
            text = (
                f"waits until the target `{what}` is found: share it with the connection in Notion"
            )
        case "rule":
            text = "held: its rule is disabled or gone, and goes on when the rule is back"
        case "event":
            return Stage(kind="waiting_event", text=run.reason or f"it waits for {what}")
        case _:
            text = f"waits for {run.waiting_for or 'something'}"
    reason = f" ({run.reason})" if run.reason else ""
    return Stage(kind=f"waiting_{kind}" if kind else "waiting", text=text + reason)


def _parked(run: Run) -> Stage:
    kind = "guard" if "guard" in run.reason else "parked"
    text = f"parked, it needs a person: {run.reason} {run.remedy}".rstrip()
    return Stage(kind=kind, text=text)


def _budget(budgets: Sequence[Budget]) -> list[Stage]:
    """Runs share the token's budget: what is taken of it now may be what they wait for."""
    return [
        Stage(
            kind="budget",
            text=f"the request budget is closed until {stamp(one.paused_until)}: {one.reason}",
        )
        if one.paused_until
        else Stage(
            kind="budget", text=f"{one.counted} requests of this minute's budget are taken by now"
        )
        for one in budgets
    ]


# the rule since then ------------------------------------------------------------------------------


def since(rule_id: str, then: RuleSet, today: RuleSet, problems: Sequence[Problem]) -> list[Stage]:
    """Whether the rule is still as it was when the event was planned."""
    broken = _broken(rule_id, then, problems)
    if broken is not None:
        return [
            Stage(
                kind="broken",
                text=f"its file is broken since: {broken.path}:{broken.line}:{broken.column}:"
                f" {broken.message} (a service that runs keeps the last good version in force)",
            )
        ]
    if rule_id not in today.rules:
        return [Stage(kind="gone", text="the rule is gone since")]
    if rule_id not in then.rules:
        return [
            Stage(
                kind="newer",
                text="the rule is newer than the event: it was not in force when the event was planned",
            )
        ]
    if fingerprints(then)[rule_id] != fingerprints(today)[rule_id]:
        return [
            Stage(kind="changed", text="the rule was changed since; shown is what it said then")
        ]
    return []


def _broken(rule_id: str, then: RuleSet, problems: Sequence[Problem]) -> Problem | None:
    rule = then.rules.get(rule_id)
    return next((one for one in problems if rule is not None and _same(one.path, rule.file)), None)


def _same(one: str, other: str) -> bool:
    """Whether two spellings lead to one file: the service may name its folder otherwise than we do."""
    return one == other or one.endswith("/" + other) or other.endswith("/" + one)
