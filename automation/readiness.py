"""What /readyz says: whether deliveries can be kept, and what waits for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from automation.clock import Clock
from automation.directory import Directory
from automation.governor import Governor
from automation.intake import Intake
from automation.model.errors import StoreError
from automation.model.run import Counts
from automation.rulebook import RuleBook, target_texts
from automation.store.base import Store

TRY_EVERY = timedelta(seconds=1)
"""How often the store is written just to see whether it can be: anybody may ask as often as they like."""

MARK = "readyz"


async def counts_of(store: Store) -> Counts:
    """What the store counts; nothing while it cannot be read."""
    try:
        return await store.counts()
    except StoreError:
        return Counts()


@dataclass(slots=True, kw_only=True)
class Readiness:
    """Asks the parts."""

    intake: Intake
    rules: RuleBook
    directory: Directory
    store: Store
    governor: Governor
    clock: Clock
    _tried: datetime | None = field(default=None, init=False)
    _trouble: str = field(default="", init=False)

    async def tell(self) -> Mapping[str, Any]:
        """`ready` is false while deliveries cannot be stored; everything else is for people."""
        trouble = await self._store_trouble()
        counts = await counts_of(self.store)
        stop = self.governor.stop
        return {
            "ready": not trouble,
            "store": trouble or "ok",
            "rules": len(self.rules.current.rules),
            "broken": [one.to_json() for one in self.rules.problems if one.severity == "error"],
            "waiting": self._waiting(),
            "events": counts.events,
            "runs": counts.runs,
            "notion": {
                "sent": self.governor.sent,
                "queued": self.governor.waiting,
                "paused_until": stop.until.isoformat() if stop else None,
                "paused_because": stop.reason if stop else None,
            },
        }

    async def _store_trouble(self) -> str:
        """Why the store cannot be written; empty when it can."""
        now = self.clock.now()
        if self._tried is None or abs(now - self._tried) >= TRY_EVERY:
            self._tried = now
            try:
                await self.store.remember(MARK, now.isoformat())
                self._trouble = ""
            except StoreError as error:
                self._trouble = str(error)
        return self._trouble or self.intake.trouble(now)

    def _waiting(self) -> Sequence[Mapping[str, str]]:
        """The rules that wait for a target, and why."""
        texts = target_texts(self.rules.current)
        why = {**self.directory.missing(texts), **self.directory.unknown(texts)}
        return [
            {"rule": rule.id, "target": text, "reason": why[text]}
            for rule in self.rules.current.rules.values()
            for text in rule.targets
            if text in why
        ]
