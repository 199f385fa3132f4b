"""What `automation plan` found: as text, as JSON, and as Markdown for a pull request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from automation.cli.listing import stamp
from automation.engine.changes import Change, Property
from automation.engine.diff import Comparison, Example, RuleDifference, Why
from automation.engine.showing import short, written

WORDS: Mapping[str, tuple[str, str, str]] = {
    "new": ("+", "green", "new rule"),
    "gone": ("-", "red", "gone"),
    "changed": ("~", "yellow", "changed"),
}
PAGES: Mapping[str, str] = {
    "create": "made",
    "upsert": "made or changed",
    "update": "changed",
    "append": "appended to",
    "comment": "commented on",
}
WHY: Mapping[Why, str] = {
    "starts": "fires now",
    "stops": "does not fire any more",
    "both": "writes something else",
}
LONGEST = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A comparison, and what it was of."""

    current: str
    proposed: str
    since: datetime
    comparison: Comparison
    requests_per_minute: int

    @property
    def rules(self) -> Sequence[RuleDifference]:
        """The rules that differ."""
        return list(self.comparison.rules.values())

    @property
    def requests(self) -> tuple[int, int]:
        """About how many requests the rules that differ cost, before and after."""
        costs = [one.requests for one in self.rules]
        return sum(before for before, _ in costs), sum(after for _, after in costs)

    def minutes(self, requests: int) -> float:
        """How long that many requests take when nothing else is sent."""
        return round(requests / self.requests_per_minute, 1)


def count(number: int, what: str) -> str:
    """`1 event`, `2,000 events`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def events_of(one: RuleDifference, why: Why) -> int:
    """For how many events."""
    return one.tallies[why].events if why in one.tallies else 0


# the sentences ------------------------------------------------------------------------------------


def head(report: Report) -> str:
    """What was compared."""
    events = count(report.comparison.events, "recorded event")
    return (
        f"{report.current} → {report.proposed}: {events} since {stamp(report.since)}"
        f" that the rules which differ listen to"
    )


def verdict(one: RuleDifference) -> str:
    """For how many events it fires now, stops, or writes something else."""
    parts = [
        f"fires now for {count(events_of(one, 'starts'), 'event')}"
        if events_of(one, "starts")
        else "",
        f"stops firing for {count(events_of(one, 'stops'), 'event')}"
        if events_of(one, "stops")
        else "",
        f"writes something else for {count(one.differing, 'event')}" if one.differing else "",
    ]
    said = [part for part in parts if part]
    both = events_of(one, "both")
    if not said:
        return (
            f"the same for all {count(both, 'event')} it fires for" if both else "no event met it"
        )
    return ", ".join(said)


def pages(one: RuleDifference) -> str:
    """How many pages the new rule would make or change."""
    least = "" if one.exact else "at least "
    return ", ".join(
        f"{least}{count(number, 'page')} {PAGES.get(verb, verb)}"
        for verb, number in one.pages.items()
    )


def failing(one: RuleDifference) -> str:
    """How many runs of the new rule would park."""
    number = round(sum(tally.failing * tally.scale for tally in one.tallies.values()))
    return f"{count(number, 'run')} would park" if number else ""


def cost(report: Report) -> str:
    """The requests, and how much of the budget they are."""
    before, after = report.requests
    difference = after - before
    minutes = report.minutes(abs(difference))
    less = "less" if difference < 0 else "more"
    time = f"{minutes:,} minutes" if minutes >= 1 else "less than a minute"
    said = f"about {count(after, 'request')} to Notion instead of {before:,}"
    if not difference:
        return said
    return f"{said}: {time} {less} of a budget of {report.requests_per_minute} a minute"


def title(change: Change) -> str:
    """What is done to which page."""
    key = ", ".join(f"{name} = {written(value, 40)}" for name, value in change.key.items())
    where = f" {change.page}" if change.page else f" ({key})" if key else ""
    return f"{'no ' if change.gone else ''}{change.verb} {change.target}{where}"


def arrow(one: Property) -> str:
    """Old and new. What was never known is not called empty."""
    new = written(one.new, LONGEST) if one.stays else "not written"
    return f"{written(one.old, LONGEST)} → {new}" if one.was else f"→ {new}"


# for people ---------------------------------------------------------------------------------------


def as_text(report: Report, width: int) -> Iterator[Text]:
    """Rule by rule, then the cost."""
    yield Text(head(report), style="dim")
    if not report.rules:
        yield Text("no rule differs")
        return
    for one in report.rules:
        yield Text("")
        yield from _rule(one, width)
    yield Text("")
    unchanged = report.comparison.unchanged
    if unchanged:
        yield Text(f"{count(unchanged, 'rule')} the same in both", style="dim")
    yield Text(cost(report))


def _rule(one: RuleDifference, width: int) -> Iterator[Text]:
    mark, style, word = WORDS[one.kind]
    yield Text.assemble((f"{mark} {one.rule}", f"bold {style}"), f"  {word}: {verdict(one)}")
    for line in filter(None, (pages(one), failing(one))):
        yield Text(f"    {line}")
    for example in one.examples:
        yield Text.assemble(
            f"    {example.event[:8]}  {stamp(example.at)}  {example.name}  ",
            (WHY[example.why], style),
        )
        for line in _example(example):
            yield Text(short(f"      {line}", max(width, 40)))


def _example(one: Example) -> Iterator[str]:
    if one.failed:
        yield f"the run would park: {one.failed}"
    for change in one.changes:
        yield title(change)
        if not change.gone:
            longest = max((len(prop.name) for prop in change.properties), default=0)
            for prop in change.properties:
                yield f"  {prop.name:<{longest}}  {arrow(prop)}"


def as_markdown(report: Report) -> str:
    """For a pull request: a table of the rules, and the examples folded away."""
    lines = [f"### What these rules would do otherwise\n\n{_escaped(head(report))}.\n"]
    if not report.rules:
        return "\n".join([*lines, "No rule differs."])
    lines += ["| rule | | difference | pages | requests |", "|---|---|---|---|---:|"]
    for one in report.rules:
        before, after = one.requests
        lines.append(
            f"| `{one.rule}` | {WORDS[one.kind][2]} | {_escaped(verdict(one))} | {pages(one)}"
            f" | {after - before:+,} |"
        )
    lines.append(f"\n{cost(report)}.")
    for one in report.rules:
        if one.examples:
            lines += ["", *_details(one)]
    return "\n".join(lines)


def _details(one: RuleDifference) -> Iterator[str]:
    yield f"<details><summary>Examples for <code>{one.rule}</code></summary>\n"
    yield "```text"
    for example in one.examples:
        yield f"{example.event[:8]}  {stamp(example.at)}  {example.name}  {WHY[example.why]}"
        # Whatever a payload holds, it cannot end the fence.
        yield from (f"  {line}".replace("```", "'''") for line in _example(example))
    yield "```\n\n</details>"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


# for machines -------------------------------------------------------------------------------------


def as_json(report: Report) -> Mapping[str, Any]:
    """Everything."""
    before, after = report.requests
    return {
        "current": report.current,
        "proposed": report.proposed,
        "since": report.since.isoformat(),
        "events": report.comparison.events,
        "unchanged": report.comparison.unchanged,
        "rules": [_rule_json(one) for one in report.rules],
        "requests": {"before": before, "after": after},
        "minutes": {"before": report.minutes(before), "after": report.minutes(after)},
        "requests_per_minute": report.requests_per_minute,
    }


def _rule_json(one: RuleDifference) -> Mapping[str, Any]:
    before, after = one.requests
    return {
        "rule": one.rule,
        "kind": one.kind,
        "starts": events_of(one, "starts"),
        "stops": events_of(one, "stops"),
        "both": events_of(one, "both"),
        "differs": one.differing,
        "exact": one.exact,
        "pages": one.pages,
        "requests": {"before": before, "after": after},
        "examples": [_example_json(example) for example in one.examples],
    }


def _example_json(one: Example) -> Mapping[str, Any]:
    return {
        "event": one.event,
        "name": one.name,
        "at": one.at.isoformat(),
        "why": one.why,
        "failed": one.failed,
        "changes": [
            {
                "verb": change.verb,
                "target": change.target,
                "key": change.key,
                "page": change.page,
                "gone": change.gone,
                "properties": [_property_json(prop) for prop in change.properties],
            }
            for change in one.changes
        ],
    }


def _property_json(one: Property) -> Mapping[str, Any]:
    made = {"name": one.name, **({"old": one.old} if one.was else {})}
    return {**made, "new": one.new} if one.stays else made
