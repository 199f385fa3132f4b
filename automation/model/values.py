"""Names for data whose shape is somebody else's.

`Json` is what a sender, Notion or a rule file said; it is the one place where `Any` is spelled.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A decoded JSON value: None, bool, int, float, str, list or dict of these."""

JsonObject: TypeAlias = Mapping[str, Any]
"""A decoded JSON object."""

JsonArray: TypeAlias = Sequence[Any]

Value: TypeAlias = Any
"""A value of a rule: `Json`, or a `date` or aware `datetime`."""
