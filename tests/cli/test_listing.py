"""What the lists say of a run, in words."""

from datetime import UTC, datetime

import pytest

from automation.cli.listing import outcome
from automation.model.action import Wrote
from automation.model.run import Run, State

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RUNS: dict[str, tuple[dict[str, object], str]] = {
    "done": (
        {"state": State.DONE, "wrote": (Wrote(what="created", page_id="1", title="Fix it"),)},
        "created Fix it",
    ),
    "nothing-to-write": ({"state": State.DONE}, ""),
    "parked": (
        {"state": State.PARKED, "reason": "two pages match", "remedy": "Remove one."},
        "two pages match. Remove one.",
    ),
    "waiting": (
        {"state": State.WAITING, "waiting_for": "target:Tasks"},
        "waits for the target Tasks",
    ),
    "waiting-with-a-reason": (
        {"state": State.WAITING, "waiting_for": "rule:a", "reason": "its rule is disabled"},
        "its rule is disabled",
    ),
}


@pytest.mark.parametrize(("facts", "said"), RUNS.values(), ids=RUNS)
def test_a_run_says_what_it_wrote_or_why_not(facts: dict[str, object], said: str) -> None:
    plain = {
        "id": "e:r",
        "event_id": "e",
        "rule_id": "r",
        "rules_hash": "h",
        "planned_at": NOON,
        "lane": "page:Tasks",
        "seq": 1,
        "attempts": 1,
        "next_attempt_at": NOON,
    }
    assert outcome(Run(**{**plain, **facts})) == said  # type: ignore[arg-type]
