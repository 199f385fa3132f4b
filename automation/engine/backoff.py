"""What follows a failed attempt: a table, and nothing else.

Transient faults are tried again for as long as they last; what only a person can mend parks at once
with the remedy; what crashes the attempt itself is tried three times.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from automation.model.errors import (
    Deferred,
    NotionRejected,
    RuleError,
    SendFailed,
    StepFailed,
    StoreUnavailable,
)
from automation.model.run import Outcome, Parked, RetryAt

POISON_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds: from `first`, doubling, to `longest`."""

    first: float = 1.0
    longest: float = 300.0


def wait_seconds(attempts: int, jitter: float, pace: Pace = Pace()) -> float:
    """1 s doubling to 5 min, half of it by chance. `jitter` is in [0, 1)."""
    full = min(pace.longest, pace.first * 2.0 ** min(max(attempts - 1, 0), 20))
    return full / 2 + full / 2 * jitter


def decide(
    error: Exception, *, attempts: int, now: datetime, jitter: float, pace: Pace = Pace()
) -> Outcome:
    """What to do about the error of attempt number `attempts` (from 1)."""
    soon = wait_seconds(attempts, jitter, pace)
    match error:
        case Deferred(seconds=float() | int() as seconds):
            return _retry(now, seconds + jitter, error)
        case SendFailed() | StoreUnavailable():
            return _retry(now, soon, error)
        case NotionRejected(remedy=remedy) | StepFailed(remedy=remedy):
            return Parked(reason=str(error), remedy=remedy)
        case RuleError():
            return Parked(
                reason=str(error),
                remedy="Mend the rule; for this event, let the sender deliver it anew.",
            )
        case _ if attempts < POISON_TRIES:
            return _retry(now, soon, error)
        case _:
            return Parked(
                reason=f"it failed {attempts} times: {type(error).__name__}: {error}",
                remedy="This is a fault of the service; the log has its trace.",
            )


def _retry(now: datetime, seconds: float, error: Exception) -> RetryAt:
    return RetryAt(at=now + timedelta(seconds=seconds), reason=str(error) or type(error).__name__)
