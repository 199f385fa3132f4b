"""What happens to requests on the way: the budget window, injected faults, and the log of what came.

https://developers.notion.com/reference/request-limits
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automation.emulator.errors import Refused


@dataclass(slots=True)
class Window:
    """A fixed window of `seconds`: at most `limit` requests in each; 0 is no limit."""

    limit: int = 180
    seconds: float = 60.0
    _started: float = 0.0
    _count: int = 0

    def take(self, now: datetime) -> None:
        """Count one request. Refuses with 429 past the limit."""
        if not self.limit:
            return
        moment = now.timestamp()
        if moment >= self._started + self.seconds:
            self._started = moment - moment % self.seconds
            self._count = 0
        self._count += 1
        if self._count > self.limit:
            wait = max(1, round(self._started + self.seconds - moment + 0.5))
            raise Refused(
                429,
                "rate_limited",
                "You have been rate limited. Please try again in a few minutes.",
                rate_limit_reason="public_api_request_rate_limit",
                retry_after=str(wait),
            )


@dataclass(slots=True)
class Fault:
    """An injected fault: `kind` for the next `times` requests that match."""

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    retry_after: int = 1
    seconds: float = 0.0

    def matches(self, method: str, path: str) -> bool:
        """Whether the request is one of its."""
        return self.times > 0 and self.method in {"", method} and path.startswith(self.path)


@dataclass(slots=True)
class Log:
    """Every request that came, in order, and what it was answered."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, **entry: Any) -> dict[str, Any]:
        """Note one; the entry can be filled in later."""
        self.entries.append(entry)
        return entry
