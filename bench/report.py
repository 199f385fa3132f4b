"""docs/benchmarks.md, whole: every figure in it comes from the run, and so does every verdict."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench import matching
from bench.machine import Machine
from bench.measure import Beside, Delivery, Reaction, Rest, Sizes, Spent
from bench.parts import Load
from bench.planning import Took


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that was measured."""

    machine: Machine
    sizes: Sizes
    flat_out: Beside
    steady: Beside
    reaction: Reaction
    delivery: Delivery
    spent: Sequence[Spent]
    rest: Rest
    matching: Sequence[matching.Row]
    planning: Took
    took_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One figure that is to be reached."""

    what: str
    wanted: str
    measured: str
    reached: bool | None
    """None: the disk is slower than the target asks for."""

    @property
    def word(self) -> str:
        """In words."""
        return {True: "reached", False: "**not reached**", None: "not asked of this disk"}[
            self.reached
        ]


def verdicts(results: Results) -> list[Verdict]:
    """The figures to reach, each with what was measured."""
    share = statistics.median(results.flat_out.share())
    p99 = _median(results.steady.service, 0.99)
    limit = _p99_limit(results.machine.fsync_ms)
    first = statistics.median(results.reaction.from_sent)
    kept = results.delivery.share()
    start = statistics.median(results.rest.start_seconds)
    clients, rate = results.sizes.clients, results.sizes.rate
    curve = [row for row in results.matching if row.kind == "mixed"]
    times = curve[-1].index_us / curve[0].index_us
    planning = results.planning
    return [
        Verdict(
            what=f"durable acknowledgements a second, {clients} clients flat out",
            wanted="at least 80 % of the skeleton's",
            measured=f"{share:.0%}",
            reached=share >= 0.8,
        ),
        Verdict(
            what=f"p99 of the acknowledgement at a steady {rate}/s",
            wanted=f"at most {limit} ms" if limit else "at most 25 ms where fsync takes 5 ms",
            measured=f"{p99:.1f} ms",
            reached=p99 <= limit if limit else None,
        ),
        Verdict(
            what="from a delivery to the first request at Notion, idle, p50",
            wanted="at most 10 ms",
            measured=f"{first:.1f} ms",
            reached=first <= 10,
        ),
        Verdict(
            what="requests to Notion a second while intake is saturated",
            wanted="at least 80 % of the rate alone",
            measured=f"{kept:.0%}",
            reached=kept >= 0.8,
        ),
        Verdict(
            what="resident memory at rest",
            wanted="at most 110 MB",
            measured=f"{results.rest.memory_mb:.0f} MB",
            reached=results.rest.memory_mb <= 110,
        ),
        Verdict(
            what="from the start to the first 200 on /healthz",
            wanted="at most 1.5 s",
            measured=f"{start:.2f} s",
            reached=start <= 1.5,
        ),
        Verdict(
            what="acknowledged events found in the database afterwards",
            wanted="all",
            measured="all" if results.flat_out.kept and results.steady.kept else "not all",
            reached=results.flat_out.kept and results.steady.kept,
        ),
        Verdict(
            what=f"an event against {curve[-1].rules:,} mixed rules, reading it included",
            wanted=f"at most 2 times the cost of {curve[0].rules}",
            measured=f"{times:.2f} times",
            reached=times <= 2,
        ),
        Verdict(
            what=f"`automation plan` over {planning.events:,} stored events",
            wanted="under 60 s",
            measured=f"{planning.seconds:.1f} s",
            reached=planning.seconds < 60,
        ),
    ]


def _p99_limit(fsync_ms: float) -> int:
    """Milliseconds allowed on a disk that syncs in so many; 0 on a slower one."""
    if fsync_ms <= 1:
        return 15
    return 25 if fsync_ms <= 5 else 0


def render(results: Results) -> str:
    """The page."""
    parts = [
        _head(results),
        _verdict_table(verdicts(results)),
        _flat_out(results),
        _steady(results),
        _reaction(results.reaction, results.sizes),
        _delivery(results.delivery, results.sizes),
        _spent(results.spent),
        _rest(results.rest),
        _matching(results.matching),
        _planning(results.planning),
        _how(results),
    ]
    return "\n\n".join(parts) + "\n"


def _head(results: Results) -> str:
    machine = results.machine
    return f"""# Benchmarks

Written by `make bench`; do not edit. {machine.date}, commit {machine.commit}.

Machine: {machine.cpu}, {machine.cores} cores, {machine.system}; Python {machine.python}, SQLite
{machine.sqlite}; an fsync of the disk takes {machine.fsync_ms:.2f} ms (p50).

Times are this machine's on that day, with the load, the service and the local Notion sharing its
cores; they drift with what else it does. The ratios are what to compare: the service and a *bare
skeleton* are measured in alternating rounds. The skeleton is the least that can be called a durable
receiver of signed webhooks (`bench/skeleton.py`): the same server and framework, HMAC over the body,
`json.loads`, one grouped SQLite commit (WAL, `synchronous=FULL`), 200. It checks nothing else, plans
nothing, delivers nothing."""


def _verdict_table(found: Sequence[Verdict]) -> str:
    rows = [f"| {one.what} | {one.wanted} | {one.measured} | {one.word} |" for one in found]
    return "\n".join(["| figure | to reach | measured | |", "|---|---|---:|---|", *rows])


def _flat_out(results: Results) -> str:
    sizes, found = results.sizes, results.flat_out
    return f"""## Acknowledgements, flat out

{sizes.clients} clients keep their connections and send the next signed push as soon as the last one is
acknowledged; each push is its own event ({results.flat_out.service[0].body_bytes:,} bytes). An acknowledgement
follows the fsync. The service has the shipped recipes loaded and plans and delivers meanwhile, within
the budget of Notion's free plan. {sizes.rounds} rounds of {sizes.seconds:g} s each, alternating; median [least-most].

{_load_table(found, rate=True)}

Ratio, round by round: {", ".join(f"{one:.0%}" for one in found.share())}."""


def _steady(results: Results) -> str:
    sizes = results.sizes
    return f"""## Acknowledgements, {sizes.rate} a second

Deliveries are due at fixed moments and are not held back by slow answers; the time counts from the
moment one was due. {sizes.rounds} rounds of {sizes.steady_seconds:g} s each, alternating; median [least-most].

{_load_table(results.steady, rate=False)}"""


def _load_table(found: Beside, *, rate: bool) -> str:
    lines = [
        "| | acknowledged a second | p50, ms | p99, ms | refused |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, loads in (("service", found.service), ("skeleton", found.skeleton)):
        cells = [
            _spread([one.rate for one in loads], 0),
            _spread([one.ms_at(0.5) for one in loads], 1),
            _spread([one.ms_at(0.99) for one in loads], 1),
            str(sum(one.refused for one in loads)),
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _reaction(found: Reaction, sizes: Sizes) -> str:
    return f"""## From an event to Notion, idle

{sizes.events} pushes, one after another, to a service that has nothing else to do, with the shipped recipe
`github-push-to-commits`; until the local Notion logs the first request the push causes (the search for
the commit's row). In between: the event, its plan, the claim of its run and the permit to send are each
on disk.

| ms | p50 | p99 |
|---|---:|---:|
| from when it was sent | {_at(found.from_sent, 0.5):.1f} | {_at(found.from_sent, 0.99):.1f} |
| from its acknowledgement | {_at(found.from_acked, 0.5):.1f} | {_at(found.from_acked, 0.99):.1f} |"""


def _delivery(found: Delivery, sizes: Sizes) -> str:
    return f"""## Delivery while intake is saturated

How fast the service can deliver when Notion is not what holds it back: the local Notion's window is
lifted, and so is the service's budget. A rule makes one row of each push. *Alone*: {sizes.backlog:,} accepted pushes are
worked off. *Under load*: the same, while {sizes.clients} clients send flat out. {sizes.rounds} rounds; median [least-most].

| | requests to Notion a second | acknowledged a second |
|---|---:|---:|
| alone | {_spread(found.alone, 0)} | |
| under load | {_spread(found.loaded, 0)} | {_spread(found.acks, 0)} |

One process and one event loop do both. Few clients are let into a turn of the loop, and one event is
planned in it, so delivery has its turns however many clients there are; what is left of the processor
goes to acknowledgements, which still follow within the time shown above. No real Notion allows this
rate: see the next table."""


def _spent(found: Sequence[Spent]) -> str:
    rows = [
        f"| {one.plan} | {one.budget} | {one.alone_seconds:.2f} | {one.loaded_seconds:.2f} | {one.refused} |"
        for one in found
    ]
    table = "\n".join(
        [
            "| plan | requests in 60 s | spent after, s, alone | under load | refused with 429 |",
            "|---|---:|---:|---:|---:|",
            *rows,
        ]
    )
    return f"""## Delivery with Notion's real budgets

Notion allows so many requests in 60 s, all at once if one likes. The service sends them as soon as there
is work, then waits, and never sends one more in any 60 s. Its rate over a minute is the budget, alone
and under load, as long as it is spent within the minute; how soon it is spent is the difference.

{table}"""


def _rest(found: Rest) -> str:
    return f"""## At rest

`automation serve` with the shipped recipes and an empty database: {found.memory_mb:.0f} MB resident,
{found.threads} threads. From the start of the process to the first 200 on `/healthz`:
{_spread(found.start_seconds, 2)} s ({len(found.start_seconds)} starts; median [least-most])."""


def _matching(found: Sequence[matching.Row]) -> str:
    return f"""## Finding the rules an event concerns

One GitHub push of 18 KB, read from its bytes and matched, again and again, against rules loaded from
TOML. *Mixed*: nine in ten ask for a value of their own, over six event names. *One name*: all listen to
the push, each for a repository of its own. *Nothing to hash*: all listen to the push and only ask
whether a text contains another, so every one must be run. With and without the index the same rules are
found, which is checked here. The reference figures below are of other designs, measured before this one was built.

{matching.table(found)}"""


def _planning(found: Took) -> str:
    return f"""## What a change of rules would do

`automation plan` over {found.events:,} stored events of five kinds ({found.megabytes:,.0f} MB), with one recipe changed, one
taken away and one added: {found.seconds:.1f} s, of which {found.processor_seconds:.1f} s are work of its own processor; {found.peak_megabytes:.0f} MB
of memory at most."""


def _how(results: Results) -> str:
    return f"""## To repeat it

`make bench` sets everything up, measures (this run took {results.took_seconds:.0f} s), writes this page and removes
its databases. Everything runs on 127.0.0.1, each part in its own process. Nothing else should run on the
machine meanwhile. The last two by themselves: `python -m bench.matching`, `python -m bench.planning`."""


# figures ------------------------------------------------------------------------------------------


def _median(loads: Sequence[Load], share: float) -> float:
    return statistics.median(one.ms_at(share) for one in loads)


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _spread(values: Sequence[float], digits: int) -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} [{least:,.{digits}f}-{most:,.{digits}f}]"
