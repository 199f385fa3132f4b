"""`make bench`: measure everything and write docs/benchmarks.md."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench import matching, measure, planning
from bench.machine import look
from bench.measure import Sizes
from bench.parts import Bench
from bench.report import Results, render, verdicts

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"

TINY = Sizes(
    rounds=1, clients=5, seconds=0.5, rate=50, steady_seconds=0.5, warm_seconds=0.2, events=3,
    backlog=600, delivery_seconds=0.5, starts=1, rest_seconds=0.5, rules=(10, 100), planned=200,
)  # fmt: skip


def main() -> None:
    """Measure and write; with --tiny only see that everything works, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="small numbers, printed, not written")
    tiny = parser.parse_args().tiny
    # On the disk of this checkout: the temporary folder of a machine may be memory, and sync nothing.
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as folder:
        results = run(Path(folder), TINY if tiny else Sizes())
    page = render(results)
    if tiny:
        print(page)
    else:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")
        _say(f"written to {PAGE.relative_to(ROOT)}")
    for one in verdicts(results):
        print(f"{one.word.strip('*'):<22} {one.what}: {one.measured} ({one.wanted})")


def run(folder: Path, sizes: Sizes) -> Results:
    """Measure everything."""
    bench = Bench(folder)
    begun = time.perf_counter()
    return Results(
        machine=_step("the machine", lambda: look(folder)),
        sizes=sizes,
        rest=_step("at rest", lambda: measure.rest(bench, sizes)),
        reaction=_step("from an event to Notion", lambda: measure.reaction(bench, sizes)),
        flat_out=_step("acknowledgements, flat out", lambda: measure.flat_out(bench, sizes)),
        steady=_step("acknowledgements, steady", lambda: measure.steady(bench, sizes)),
        delivery=_step("delivery beside intake", lambda: measure.delivery(bench, sizes)),
        spent=_step("Notion's real budgets", lambda: measure.budgets(bench, sizes)),
        matching=_step("finding rules", lambda: matching.measure(sizes.rules)),
        planning=_step("a plan over what is stored", lambda: planning.measure(sizes.planned)),
        took_seconds=time.perf_counter() - begun,
    )


def _step(what: str, work: Callable[[], T]) -> T:
    begun = time.perf_counter()
    result = work()
    _say(f"{what}: {time.perf_counter() - begun:.0f} s")
    return result


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
