"""A Notion data source or page that a rule names, once it has been found."""

from dataclasses import dataclass
from enum import StrEnum

from automation.model.values import JsonObject


class TargetKind(StrEnum):
    DATA_SOURCE = "data_source"
    PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetName:
    """How the rules name it: `text` is a title, URL or id. Without a [target] table, `kind` is open."""

    name: str
    text: str
    kind: TargetKind | None = None
    key_property: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target as found: `properties` is Notion's own schema object (name -> property), for a data source."""

    name: str
    kind: TargetKind
    id: str
    title: str
    url: str
    properties: JsonObject
    key_property: str | None = None
