"""What it costs to find the rules that an event concerns, from 10 to 10,000 of them.

One GitHub push of 18 KB, as it lies in the store, is read and matched again and again. Three sets of
rules: *mixed* (nine in ten ask for a value of their own, over six event names), *one name* (all listen
to the push, each for a repository of its own), *nothing to hash* (all listen to the push and only ask
whether a text contains another: every one must be run). Each set is measured twice, through the index
and one rule after another, and what is found must be the same.

`python -m bench.matching` prints the table.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from automation.cli.files import SAMPLES
from automation.engine.load import load
from automation.engine.plan import wanting, wants
from automation.engine.rules import Rule, RuleSet
from automation.model.event import Event, document
from automation.sources.reading import read
from automation.wiring import actions

SIZES = (10, 100, 1_000, 10_000)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BODY_BYTES = 18_000
PER_FILE = 1_000

REFERENCE: Mapping[str, Mapping[int, float]] = {
    "json.loads alone": {10: 117, 1_000: 117, 10_000: 117},
    "a plain loop of closures": {10: 8, 1_000: 772, 10_000: 10_754},
    "an index": {10: 2.0, 1_000: 2.7, 10_000: 27},
    "event-ruler (Java), parsing included": {10: 65, 1_000: 113, 10_000: 149},
}
"""Microseconds for one 18 KB push on 2 cores, Python 3.11, as other designs were measured before this
one was built. https://github.com/aws/event-ruler"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One set of rules. Times are microseconds for one event: reading it, and reading and matching it."""

    kind: str
    rules: int
    fired: int
    read_us: float
    index_us: float
    loop_us: float


def measure(sizes: Sequence[int] = SIZES) -> list[Row]:
    """The curve of every kind of rules."""
    event = push()
    return [
        _row(kind, condition, size, event) for kind, condition in KINDS.items() for size in sizes
    ]


def _row(kind: str, condition: Callable[[int], str], size: int, event: Event) -> Row:
    rules = load(_files(condition, size), actions=actions()).rules
    assert len(rules.rules) == size
    through_index, one_by_one = _found(_indexed, rules, event), _found(_looped, rules, event)
    assert through_index == one_by_one, "the index and the loop found different rules"
    return Row(
        kind=kind,
        rules=size,
        fired=len(through_index),
        read_us=_time(lambda: document(event, read(event))),
        index_us=_time(lambda: _found(_indexed, rules, event)),
        loop_us=_time(lambda: _found(_looped, rules, event)),
    )


Match = Callable[[str, Any, RuleSet], Iterable[Rule]]


def _found(match: Match, rules: RuleSet, event: Event) -> list[str]:
    return [rule.id for rule in match(event.name, document(event, read(event)), rules)]


def _indexed(name: str, seen: Any, rules: RuleSet) -> Iterable[Rule]:
    return wanting(name, seen, rules, now=NOW)


def _looped(name: str, seen: Any, rules: RuleSet) -> Iterable[Rule]:
    return (rule for rule in rules.rules.values() if wants(rule, name, seen, now=NOW))


def _time(work: Callable[[], object]) -> float:
    """Microseconds of the quickest of several rounds: what else the machine did is not ours."""
    rounds: list[float] = []
    begun = time.perf_counter()
    while len(rounds) < 5 or (len(rounds) < 200 and time.perf_counter() - begun < 0.4):
        at = time.perf_counter()
        work()
        rounds.append(time.perf_counter() - at)
    return min(rounds) * 1e6


# what is measured ---------------------------------------------------------------------------------


def push() -> Event:
    """A push as large as many are, read as GitHub's adapter reads it."""
    payload = json.loads((SAMPLES / "github" / "push.json").read_bytes())
    commit = payload["commits"][0]
    payload["commits"] = []
    while len(json.dumps(payload)) < BODY_BYTES:
        payload["commits"].append({**commit, "id": f"{len(payload['commits']):040x}"})
    return Event(
        id="bench",
        source="github",
        name="github.push",
        keys=("bench",),
        received_at=NOW,
        body=json.dumps(payload).encode(),
        names={"repo": payload["repository"]["full_name"], "branch": "main", "by": "ines"},
    )


def _mixed(number: int) -> str:
    lines = (
        f'on = "github.push"\nwhen.repo = "acme/r{number}"\nwhen.branch = "main"',
        f'on = "github.push"\nwhen.ref.starts_with = "refs/heads/team-{number}/"',
        f'on = "github.push"\nwhen.by = ["u{number}", "v{number}"]\nunless.deleted = true',
        f'on = "github.push"\nwhen.commits.author.name = "a{number}"',
        f'on = "github"\nwhen.repository.id = {number}',
        f'on = "github.issues.opened"\nwhen.issue.labels.name = "l{number}"',
        f'on = "github.pull_request"\nwhen.pull_request.head.ref.like = "feature/{number}-*"',
        f'on = "slack.message"\nwhen.channel = "C{number}"\nwhen.text.contains = "ship"',
        f'on = "zoom.meeting.ended"\nwhen.topic.contains = "number {number}"',
        f'on = "github.push"\nwhen.repo = {{ is = "ACME/R{number}", ignore_case = true }}',
    )
    return lines[number % len(lines)]


KINDS: Mapping[str, Callable[[int], str]] = {
    "mixed": _mixed,
    "one name": lambda number: f'on = "github.push"\nwhen.repo = "acme/r{number}"',
    "nothing to hash": lambda number: f'on = "github.push"\nwhen.ref.contains = "/team-{number}/"',
}


def _files(condition: Callable[[int], str], size: int) -> Mapping[str, str]:
    """A file may hold a megabyte, so they are several."""
    step = '[[rule.do]]\ncreate = "Log"\nset.Name = "seen"'
    texts = [f'[[rule]]\nid = "r{number}"\n{condition(number)}\n{step}' for number in range(size)]
    return {
        f"bench-{start:05}.toml": "\n".join(texts[start : start + PER_FILE])
        for start in range(0, size, PER_FILE)
    }


# what is shown ------------------------------------------------------------------------------------


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, the reference figures below."""
    lines = [
        "| rules | how many | read it, µs | read and match, µs | times the cost of the fewest | without the index, µs |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        fewest = min((one for one in rows if one.kind == row.kind), key=lambda one: one.rules)
        lines.append(
            f"| {row.kind} | {row.rules:,} | {row.read_us:.0f} | {row.index_us:.0f}"
            f" | {row.index_us / fewest.index_us:.2f} | {row.loop_us:,.0f} |"
        )
    sizes = sorted({size for figures in REFERENCE.values() for size in figures})
    lines += ["", "| reference, µs | " + " | ".join(f"{size:,}" for size in sizes) + " |"]
    lines.append("|---|" + "---:|" * len(sizes))
    for what, figures in REFERENCE.items():
        lines.append(
            f"| {what} | " + " | ".join(f"{figures.get(size, 0):,}" for size in sizes) + " |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    print(table(measure()))


if __name__ == "__main__":
    main()
