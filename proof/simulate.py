"""The service's own code under virtual time, decided by one seed: kills, stops, lost answers, storms.

python -m proof.simulate --seeds 200 [--from 0] [--seed 17] [--verbose]
"""

import argparse
import asyncio
import json
import logging
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import structlog

from automation.model.event import Event
from automation.model.run import State
from automation.store import sql_runs
from automation.store.sqlite import migrate
from proof.machine import Hazards, Machine, SimulatedService, own_tasks
from proof.notion import SimulatedNotion, Weather
from proof.verdict import Verdict, judge
from proof.virtual import VirtualClock, VirtualLoop, run

RULES = Path(__file__).parent / "rules"
KINDS = ("make", "keep", "line", "pages", "story")
PATIENCE_SECONDS = 3 * 24 * 3600.0
BUDGET = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One simulated world."""

    events: int = 24
    machines: int = 2
    rows: int = 3
    hazards: Hazards = Hazards(kill=0.008, stop=0.0008, refuse=0.005)
    weather: Weather = Weather(
        refused=0.02, lost_before=0.04, lost_after=0.08, late=0.03, storm=0.06, committed=0.03
    )
    outage_seconds: float = 0.0
    budget: int = BUDGET


@dataclass(slots=True)
class World:
    """Everything outside the processes."""

    setting: Setting
    random: Random
    clock: VirtualClock
    connection: sqlite3.Connection
    notion: SimulatedNotion
    kills: Counter[str] = field(default_factory=Counter)
    machines: list[tuple[Machine, SimulatedService]] = field(default_factory=list)
    graves: list[Machine] = field(default_factory=list)
    born: int = 0
    sent: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    calm: bool = False

    def raise_one(self, place: int) -> None:
        """Start a process."""
        self.born += 1
        machine = Machine(
            f"p{self.born}", Random(self.random.getrandbits(64)),
            Hazards() if self.calm else self.setting.hazards,
            lambda label: self.kills.update([label]),
        )  # fmt: skip
        service = SimulatedService(
            machine, connection=self.connection, clock=self.clock, rules=RULES,
            carry=self.notion.carry, random=self.random, budget=self.setting.budget,
        )  # fmt: skip
        if place == len(self.machines):
            self.machines.append((machine, service))
        else:
            # Kept: a killed task waits for ever, and must not be collected as one that was forgotten.
            self.graves.append(self.machines[place][0])
            self.machines[place] = (machine, service)
        machine.start(service.serve())

    async def supervise(self, place: int) -> None:
        """Start it again whenever it dies."""
        while True:
            await self.machines[place][0].died.wait()
            await asyncio.sleep(self.random.uniform(0.1, 20.0))
            self.raise_one(place)

    async def deliver(self, event: dict[str, object], kind: str) -> None:
        """Send until acknowledged, as a patient sender does; sometimes once more."""
        self.sent.setdefault(kind, []).append(event)
        again = 1 + (self.random.random() < 0.2)
        while again:
            machine, service = self.random.choice(self.machines)
            made = Event(
                id=f"{self.random.getrandbits(80):020x}", source="proof", name=f"proof.{kind}",
                keys=(f"{kind}:{event['n']}",), received_at=self.clock.now(),
                body=json.dumps(event).encode(),
            )  # fmt: skip
            if not machine.died.is_set() and await machine.until_dead(service.take(made)):
                again -= 1
            else:
                await asyncio.sleep(self.random.uniform(0.5, 5.0))

    def make_calm(self) -> None:
        """No more faults: what is left must come to its end."""
        self.calm = True
        self.notion.weather = Weather()
        for machine, _ in self.machines:
            machine.hazards = Hazards()

    def unfinished(self) -> int:
        """Runs that have not ended, and events not planned."""
        counts = sql_runs.counts(self.connection)
        ended = {State.DONE.value, State.PARKED.value}
        runs = sum(number for state, number in counts.runs.items() if state not in ended)
        return runs + counts.events.get("new", 0)


async def _live(world: World) -> None:
    for place in range(world.setting.machines):
        world.raise_one(place)
        asyncio.get_running_loop().create_task(world.supervise(place))
    world.notion.away_until = world.setting.outage_seconds
    lanes: dict[str, list[dict[str, object]]] = {}
    for n in range(world.setting.events):
        kind = KINDS[n % len(KINDS)]
        parts = list(range(world.random.randint(1, 4) if kind == "pages" else 130))
        lanes.setdefault(kind, []).append(
            {"n": n, "who": f"row{world.random.randrange(world.setting.rows)}", "parts": parts}
        )
    await asyncio.gather(*(_send_in_order(world, kind, events) for kind, events in lanes.items()))
    world.make_calm()
    end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while world.unfinished() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(5.0)


async def _send_in_order(world: World, kind: str, events: Sequence[dict[str, object]]) -> None:
    for event in events:
        await asyncio.sleep(world.random.expovariate(1 / 20.0))
        await world.deliver(event, kind)


def simulate(seed: int, setting: Setting) -> Verdict:
    """One world from its beginning to its end."""
    loop = VirtualLoop()
    loop.set_task_factory(own_tasks)  # type: ignore[arg-type]  # no generators here
    clock = VirtualClock(loop)
    random = Random(seed)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    migrate(connection)
    connection.execute("COMMIT")
    notion = SimulatedNotion(clock, Random(random.getrandbits(64)), setting.weather, setting.budget)
    world = World(setting, random, clock, connection, notion)
    with _seeded_identities(Random(random.getrandbits(64))):
        run(_live(world), loop)
    return judge(
        seed, notion.emulator.workspace, world.sent, kills=world.kills, unfinished=world.unfinished(),
        runs=sql_runs.runs(connection, limit=10_000, state=None, rule=None, event=None, before_seq=None),
        requests=len(notion.emulator.log.entries),
    )  # fmt: skip


@contextmanager
def _seeded_identities(random: Random) -> Iterator[None]:
    """New ids come from the seed as well: they decide how sets are ordered."""
    kept = os.urandom
    os.urandom = random.randbytes
    try:
        yield
    finally:
        os.urandom = kept


def main(given: Sequence[str]) -> int:
    """Run seeds; 1 if any lost or doubled."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets must be the same in every run of a seed.
        again = [sys.executable, "-m", "proof.simulate", *given]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    parser = argparse.ArgumentParser(prog="python -m proof.simulate")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--verbose", action="store_true")
    words = parser.parse_args(given)
    level = logging.INFO if words.verbose else logging.CRITICAL
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))
    seeds = (
        [words.seed] if words.seed is not None else range(words.first, words.first + words.seeds)
    )
    bad = 0
    totals: Counter[str] = Counter()
    for seed in seeds:
        verdict = simulate(seed, Setting())
        totals.update(verdict.totals())
        if not verdict.good:
            bad += 1
            print(f"seed {seed}: {verdict.words()}", flush=True)
    print(dict(totals), f"bad seeds {bad}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
