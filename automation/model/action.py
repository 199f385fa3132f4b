"""What a rule can do, as a conversation: the contract between the rules engine and `actions/`.

An action is a verb of the rules language. Its `steps` is a generator that yields requests and
receives responses; it never waits, so the same code is driven by hand in a unit test, by the
dispatcher against the emulator, and by the dispatcher against Notion.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from automation.model.request import Request, Response
from automation.model.target import Target
from automation.model.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """One effect, for people: `what` is created, updated, appended, trashed or unchanged; where nothing
    was written on purpose (`guard.dry_run`) it is would create, would update and so on."""

    what: str
    page_id: str
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What later steps see under the step's id, and what was written."""

    value: Json = None
    wrote: tuple[Wrote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One step, its templates rendered, its targets found.

    `params` is an instance of the action's own model. `key` identifies this effect for ever (rule,
    event, step, element). `refuse_unknown_options` is false only where the rule file allows Notion
    to make new select options.
    """

    params: BaseModel
    targets: Mapping[str, Target]
    key: str
    now: datetime
    zone: ZoneInfo
    refuse_unknown_options: bool = True
    notes: Mapping[str, Json] = field(default_factory=dict)


Conversation: TypeAlias = Generator[Request, Response, StepResult]


class Action(Protocol):
    """A verb. `ACTION: Action = Upsert()` in `actions/upsert.py` lets the type checker hold it to this."""

    @property
    def verb(self) -> str:
        """The word in TOML; also the file's name."""

    @property
    def params(self) -> type[BaseModel]:
        """A strict model (extra forbidden) of the step's keys, the verb's own included.

        It is applied twice: to the TOML as written, where a value may be a template text, and to
        the rendered values; so fields that take templates are typed as `Value`.
        """

    @property
    def literal(self) -> frozenset[str]:
        """Keys that are never templates (targets)."""

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""

    def steps(self, call: Call) -> Conversation:
        """Do it. Raises StepFailed where it cannot be done whatever Notion says."""
