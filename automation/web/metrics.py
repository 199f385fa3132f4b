"""Numbers for Prometheus. Labels are bounded: sources that exist, verdicts, states."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from automation.model.run import Counts

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 3.0)


class Deliveries(Collector):
    """Deliveries by source and verdict, and how long their answers took.

    Counted in plain numbers, made into metrics when somebody looks: the library's own counters take
    locks, and there is one thread here and a thousand deliveries to a look.
    """

    def __init__(self) -> None:
        self._verdicts: Counter[tuple[str, str]] = Counter()
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def add(self, source: str, verdict: str, seconds: float) -> None:
        """One delivery was answered."""
        self._verdicts[source, verdict] += 1
        self._buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        answered = CounterMetricFamily(
            "automation_deliveries",
            "Deliveries by source and verdict",
            labels=["source", "verdict"],
        )
        for labels, number in self._verdicts.items():
            answered.add_metric(labels, number)
        yield answered
        names = [*map(str, BOUNDS), "+Inf"]
        took = HistogramMetricFamily("automation_ack_seconds", "From the request to the answer")
        buckets = list(zip(names, map(float, accumulate(self._buckets)), strict=True))
        took.add_metric([], buckets, self._seconds)
        yield took


class Metrics:
    """One registry per application; nothing global."""

    def __init__(self, counts: Callable[[], Awaitable[Counts]], now: Callable[[], float]) -> None:
        self._counts = counts
        self._now = now
        self._registry = CollectorRegistry()
        self._deliveries = Deliveries()
        self._registry.register(self._deliveries)
        self._events = Gauge(
            "automation_events", "Events in the store by state", ["state"], registry=self._registry
        )
        self._runs = Gauge(
            "automation_runs", "Runs in the store by state", ["state"], registry=self._registry
        )
        self._age = Gauge(
            "automation_oldest_pending_seconds",
            "Age of the oldest run that waits for its turn",
            registry=self._registry,
        )
        self._sent = Gauge(
            "automation_notion_requests", "Requests sent to Notion", registry=self._registry
        )
        self.requests_sent: Callable[[], int] = lambda: 0

    def delivery(self, source: str, verdict: str, seconds: float) -> None:
        """One delivery was answered."""
        self._deliveries.add(source, verdict, seconds)

    async def render(self) -> str:
        """The exposition text, with what the store says now."""
        counts = await self._counts()
        for state, number in counts.events.items():
            self._events.labels(state).set(number)
        for state, number in counts.runs.items():
            self._runs.labels(state).set(number)
        oldest = counts.oldest_pending
        self._age.set(0 if oldest is None else max(0.0, self._now() - oldest.timestamp()))
        self._sent.set(self.requests_sent())
        return generate_latest(self._registry).decode()
