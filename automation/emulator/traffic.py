"""What happens to requests on the way: the budget's window, and the log of what came.

https://developers.notion.com/reference/request-limits
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automation.emulator.errors import Refused
from automation.emulator.faults import CODES


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
            wait = max(1, math.ceil(self._started + self.seconds - moment))
            code, message = CODES["429"]
            raise Refused(
                429,
                code,
                message,
                rate_limit_reason="public_api_request_rate_limit",
                retry_after=str(wait),
            )


@dataclass(slots=True)
class Log:
    """Every request that came, in order, and what it was answered."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, **entry: Any) -> dict[str, Any]:
        """Note one; the entry can be filled in later."""
        self.entries.append(entry)
        return entry
