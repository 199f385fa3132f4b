"""Numbers for Prometheus. Labels are bounded: sources that exist, verdicts, states."""

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from automation.model.run import Counts


class Metrics:
    """One registry per application; nothing global."""

    def __init__(self, counts: Callable[[], Awaitable[Counts]], now: Callable[[], float]) -> None:
        self._counts = counts
        self._now = now
        self._registry = CollectorRegistry()
        self._deliveries = Counter(
            "automation_deliveries", "Deliveries by source and verdict", ["source", "verdict"],
            registry=self._registry,
        )  # fmt: skip
        self._ack = Histogram(
            "automation_ack_seconds", "From the request to the answer", registry=self._registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 3),
        )  # fmt: skip
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
        self._deliveries.labels(source, verdict).inc()
        self._ack.observe(seconds)

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
