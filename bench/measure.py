"""What is measured, part by part. Each function starts what it needs and stops it again.

Where the service stands beside the skeleton, rounds alternate (A B A B): the speed of a shared machine
drifts, and both must meet the same weather.
"""

import http.client
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.parts import ONE_ROW, SECRET, Bench, Load, Server
from bench.pushes import Pushes

LIFTED = 1_000_000
"""A budget nobody reaches."""

PLANS = {"free": 180, "business": 600}
"""https://developers.notion.com/reference/request-limits"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured. A tiny one shows that the parts work."""

    rounds: int = 3
    clients: int = 50
    seconds: float = 5.0
    rate: int = 200
    steady_seconds: float = 8.0
    warm_seconds: float = 1.0
    events: int = 60
    backlog: int = 2_500
    delivery_seconds: float = 3.0
    starts: int = 5
    rest_seconds: float = 2.0
    rules: tuple[int, ...] = (10, 100, 1_000, 10_000)
    planned: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Rounds of the service, and of the skeleton beside each. `kept`: every acknowledged event was found
    in the database afterwards."""

    service: Sequence[Load]
    skeleton: Sequence[Load]
    kept: bool

    def share(self) -> Sequence[float]:
        """The service's rate as a share of the skeleton's, round by round."""
        pairs = zip(self.service, self.skeleton, strict=True)
        return [one.rate / other.rate for one, other in pairs]


def flat_out(bench: Bench, sizes: Sizes) -> Beside:
    """Acknowledgements a second when every client sends the next delivery at once."""
    return _beside(bench, sizes, "flat-out", clients=sizes.clients, seconds=sizes.seconds)


def steady(bench: Bench, sizes: Sizes) -> Beside:
    """Times to the acknowledgement of deliveries that are due at fixed moments."""
    return _beside(bench, sizes, "steady", rate=sizes.rate, seconds=sizes.steady_seconds)


def _beside(bench: Bench, sizes: Sizes, how: str, **options: float) -> Beside:
    service, skeleton, kept = [], [], True
    for _ in range(sizes.rounds):
        with bench.skeleton() as server:
            load, all_there = _round(bench, server, sizes, how, **options)
            skeleton.append(load)
            kept = kept and all_there
        with bench.emulator(PLANS["free"]) as notion, bench.service(notion) as server:
            load, all_there = _round(bench, server, sizes, how, **options)
            service.append(load)
            kept = kept and all_there
    return Beside(service=service, skeleton=skeleton, kept=kept)


def _round(
    bench: Bench, server: Server, sizes: Sizes, how: str, **options: float
) -> tuple[Load, bool]:
    warm = bench.load(server, "steady", rate=sizes.rate, seconds=sizes.warm_seconds)
    load = bench.load(server, how, **options)
    return load, server.stored() == warm.acked + load.acked


# from an event to Notion --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """Milliseconds from a delivery to the first request it causes at Notion, in order of size: from when it
    was sent, and from when it was acknowledged."""

    from_sent: Sequence[float]
    from_acked: Sequence[float]


def reaction(bench: Bench, sizes: Sizes) -> Reaction:
    """One delivery after another to a service that has nothing else to do, with the shipped recipe."""
    with bench.emulator(PLANS["free"]) as notion, bench.service(notion) as server:
        _until(lambda: bool(notion.get("/_emulator/requests")))
        time.sleep(sizes.rest_seconds)
        moments = _one_by_one(server, sizes.events)
        time.sleep(0.5)
        log = notion.get("/_emulator/requests")
    asked = [_moment(one) for one in log if one["path"].endswith("/query")]
    firsts = [next(at for at in asked if at > sent) for sent, _ in moments]
    if len(set(firsts)) < len(moments):
        raise RuntimeError("a delivery caused no request before the next was sent")
    pairs = list(zip(firsts, moments, strict=True))
    return Reaction(
        from_sent=sorted((first - sent) * 1e3 for first, (sent, _) in pairs),
        from_acked=sorted((first - acked) * 1e3 for first, (_, acked) in pairs),
    )


def _moment(request: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(request["time"]).timestamp()


def _one_by_one(server: Server, events: int) -> list[tuple[float, float]]:
    """When each delivery was sent, and when it was acknowledged."""
    pushes = Pushes(SECRET)
    moments = []
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for _ in range(events):
        headers, body = pushes.delivery()
        sent = time.time()
        connection.request("POST", "/hooks/github", body, headers)
        answer = connection.getresponse()
        answer.read()
        moments.append((sent, time.time()))
        if answer.status != 200:
            raise RuntimeError(f"a delivery was answered {answer.status}")
        time.sleep(0.15)
    connection.close()
    return moments


# delivery beside intake ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Requests to Notion a second, round by round: alone, and while every client sends flat out; and the
    acknowledgements a second meanwhile."""

    alone: Sequence[float]
    loaded: Sequence[float]
    acks: Sequence[float]

    def share(self) -> float:
        """What is left of the rate under load."""
        return statistics.median(self.loaded) / statistics.median(self.alone)


def delivery(bench: Bench, sizes: Sizes) -> Delivery:
    """With Notion's window lifted: how fast the service can deliver, alone and under load."""
    alone, loaded, acks = [], [], []
    for _ in range(sizes.rounds):
        with (
            bench.emulator(0) as notion,
            bench.service(notion, budget=LIFTED, rules=ONE_ROW) as server,
        ):
            bench.load(server, "flat-out", clients=10, seconds=10, most=sizes.backlog)
            time.sleep(0.5)
            alone.append(_requests_a_second(notion, sizes.delivery_seconds))
            load = bench.begin_load(
                server, "flat-out", clients=sizes.clients, seconds=sizes.delivery_seconds + 1.5
            )
            time.sleep(1.2)
            loaded.append(_requests_a_second(notion, sizes.delivery_seconds))
            acks.append(bench.end_load(load).rate)
    return Delivery(alone=alone, loaded=loaded, acks=acks)


def _requests_a_second(notion: Server, seconds: float) -> float:
    before, begun = _requests(notion), time.perf_counter()
    time.sleep(seconds)
    return (_requests(notion) - before) / (time.perf_counter() - begun)


def _requests(notion: Server) -> int:
    return int(notion.get("/_emulator/state")["requests"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How long it took until a plan's requests of one minute were sent, alone and under load; and the most
    requests that were ever refused for want of budget."""

    plan: str
    budget: int
    alone_seconds: float
    loaded_seconds: float
    refused: int


def budgets(bench: Bench, sizes: Sizes) -> Sequence[Spent]:
    """With Notion's real window: a minute's budget is spent at once, then nobody may send."""
    return [_spending(bench, sizes, plan) for plan in PLANS]


def _spending(bench: Bench, sizes: Sizes, plan: str) -> Spent:
    alone, refused = _spend(bench, sizes, plan, loaded=False)
    loaded, more = _spend(bench, sizes, plan, loaded=True)
    return Spent(
        plan=plan,
        budget=PLANS[plan],
        alone_seconds=alone,
        loaded_seconds=loaded,
        refused=refused + more,
    )


def _spend(bench: Bench, sizes: Sizes, plan: str, *, loaded: bool) -> tuple[float, int]:
    budget = PLANS[plan]
    with ExitStack() as stack:
        notion = stack.enter_context(bench.emulator(budget))
        server = stack.enter_context(bench.service(notion, plan=plan, rules=ONE_ROW))
        clients = sizes.clients if loaded else 5
        more = {} if loaded else {"most": budget + 20}
        load = bench.begin_load(server, "flat-out", clients=clients, seconds=8, **more)
        _until(lambda: _requests(notion) >= budget or load.poll() is not None, 8)
        bench.end_load(load)
        _until(lambda: _requests(notion) >= budget, 8)
        log = notion.get("/_emulator/requests")
    sent = [_moment(one) for one in log[:budget] if one["path"] == "/pages"]
    return sent[-1] - sent[0], sum(one["status"] == 429 for one in log)


def _until(done: Callable[[], bool], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        time.sleep(0.05)


# at rest ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Seconds from the start of the process to the first 200 of /healthz; memory and threads at rest."""

    start_seconds: Sequence[float]
    memory_mb: float
    threads: int


def rest(bench: Bench, sizes: Sizes) -> Rest:
    """A fresh service with the shipped recipes."""
    seconds = []
    memory, threads = 0.0, 0
    with bench.emulator(PLANS["free"]) as notion:
        for number in range(sizes.starts):
            begun = time.perf_counter()
            with bench.service(notion) as server:
                server.get("/healthz")
                seconds.append(time.perf_counter() - begun)
                if number == sizes.starts - 1:
                    time.sleep(sizes.rest_seconds)
                    memory, threads = server.memory_mb(), server.threads()
    return Rest(start_seconds=seconds, memory_mb=memory, threads=threads)
