"""What a step asks of the outside, and what it hears back.

Steps are generators: they yield a `Request` and receive a `Response`. Both are plain data because
the store journals them. A request says itself what repeating it would do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from automation.model.values import Json, JsonObject


class Repeat(StrEnum):
    """What happens when the same request is carried out twice."""

    READ = "read"
    SAFE = "safe"
    """A write that ends the same when repeated (absolute property values, trash)."""
    DOUBLES = "doubles"
    """A write that leaves a second effect (create, append, comment)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByProperty:
    """Settle a doubtful create: is there a page whose property equals this text?

    `since` (ISO time, optional) bounds it to pages created since then.
    """

    data_source_id: str
    property: str
    type: str
    value: Json
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByChildren:
    """Settle a doubtful append: do `count` new children of `parent_id` look like those that were sent?

    `after` (optional) bounds it to the children behind that one.
    """

    parent_id: str
    after: str | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ByTitle:
    """Settle a doubtful create without a key: is there a new page of this title in the parent?

    `property` is the name of the data source's title property; empty for a page under a page.
    """

    parent_id: str
    title: str
    property: str = ""


Probe = ByProperty | ByChildren | ByTitle


@dataclass(frozen=True, slots=True, kw_only=True)
class Notion:
    """One request to the Notion API. `path` starts behind `/v1`, e.g. `/pages`."""

    method: str
    path: str
    body: JsonObject | None = None
    query: tuple[tuple[str, str], ...] = ()
    repeat: Repeat = Repeat.READ
    probe: Probe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A download from a vendor, named by the source's own adapter (`zoom.transcript`)."""

    what: str
    arguments: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to an agent, answered in a closed shape."""

    agent: str
    about: Mapping[str, Json]
    answer: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """One path of an event and the value it must have. A `moment` is ISO text that means a point in time."""

    path: tuple[str, ...]
    value: Json
    moment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A durable pause until another event of this name, or below it, has all of these values.

    It counts when it was received from `since` to `until` (ISO times). `zone` is the rule's, for dates.
    """

    event: str
    same: tuple[Same, ...]
    since: str
    until: str
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What was last remembered under this key; the response's body is the value, or nothing."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """Keep a value under this key. The same again changes nothing."""

    key: str
    value: Json


Request = Notion | Fetch | Ask | Wait | Recall | Remember


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The answer to a request. For Notion: HTTP status and decoded body of a success.

    For a Wait: 200 and the event's document, or TIMED_OUT and nothing.
    """

    status: int
    body: Json = None


TIMED_OUT = 408
"""The status of a wait that ended without its event."""
