"""How long the service waits for what, as one value: a proof runs the same code with all of it scaled.

Every default stands on a fact of Notion's: it carries nothing out later than 60 s after it was sent,
answers after 55 s at the latest, and counts requests per 60 s.
https://developers.notion.com/reference/status-codes
https://developers.notion.com/reference/request-limits
"""

from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds, all of them."""

    deadline: float = 70.0
    """How long an answer is waited for: above Notion's own 55 s, whose 503 says what was committed."""
    lease: float = 120.0
    """For how long a run is taken; it is lengthened while its process lives."""
    guard: float = 90.0
    """What must be left of a lease when a write is sent: the deadline, and some."""
    stale: float = 15.0
    """A write not on its way this long after it was decided is not sent: its process stood still."""
    settle: float = 100.0
    """How long after an unclear write Notion is asked whether it was done."""
    window: float = 61.0
    """Notion's 60 s, and a margin for the time a request travels."""
    permit: float = 1.0
    """For how long a block of permits may be spent."""
    closed_token: float = 60.0
    """After a 401 one request in this time probes whether the token works again."""
    first_retry: float = 1.0
    longest_retry: float = 300.0

    def faster(self, factor: float) -> Self:
        """All of it divided by one factor."""
        return type(self)(**{name: seconds / factor for name, seconds in asdict(self).items()})
