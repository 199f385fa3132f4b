"""The name of an effect, for ever: the same event, rule, step and element always give the same key."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from automation.model.event import Event


@dataclass(frozen=True, slots=True)
class EffectKeys:
    """Keys nobody outside can guess: a stranger must not be able to plant a page under one."""

    secret: bytes = field(repr=False)

    def of(self, event: Event, rule_id: str) -> Callable[[str, str], str]:
        """(step id, element key) -> key, for one run. Rests on the delivery key, not on our event id."""
        stem = (event.source, event.keys[0], rule_id)

        def key(step: str, element: str) -> str:
            text = "\x1f".join((*stem, step, element))
            digest = hmac.new(self.secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
            return "a1_" + base64.b32encode(digest.digest()).decode()[:26].lower()

        return key
