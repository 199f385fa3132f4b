"""A few seeded worlds of `proof`: two processes killed at any point, answers lost, late and refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from automation.emulator import pages
from automation.emulator.richtext import words
from automation.emulator.seed import SEEDS
from automation.emulator.workspace import Workspace
from proof.machine import Hazards
from proof.simulate import Setting, simulate
from proof.verdict import Sent, Verdict, judge

KILLS = Hazards(kill=0.012, refuse=0.005)
SMALL = replace(Setting(), events=15, hazards=KILLS)


@pytest.mark.parametrize("seed", range(6))
def test_every_event_has_its_effect_once_and_in_order(seed: int) -> None:
    verdict = simulate(seed, SMALL)
    assert verdict.good, verdict.words()
    assert verdict.kills
    assert verdict.events == 15


def test_the_judge_tells_what_is_missing_and_what_stands_twice() -> None:
    space = Workspace(now=lambda: datetime(2026, 11, 25, tzinfo=UTC))
    SEEDS["demo"](space)
    sent = {"make": [{"n": 1}, {"n": 2}], "line": [{"n": 3}]}
    missing = _judged(space, sent)
    assert missing.lost == ("line 3", "make 1", "make 2")
    assert not missing.good

    commits = next(one for one in space.data_sources.values() if words(one.title) == "Commits")
    for name in ("make 1", "make 2", "make 2"):
        body = {
            "parent": {"type": "data_source_id", "data_source_id": commits.id},
            "properties": {"Name": {"title": [{"text": {"content": name}}]}},
        }
        pages.create(space, body)
    doubled = _judged(space, sent)
    assert (doubled.lost, doubled.doubled) == (("line 3",), ("make 2",))


def _judged(space: Workspace, sent: Sent) -> Verdict:
    return judge(1, space, sent, kills={}, unfinished=0, runs=(), requests=0)
