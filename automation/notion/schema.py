"""A data source's properties, as Notion describes them."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from automation.model.errors import StepFailed
from automation.model.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertySchema:
    """One property. `options` are the names of a select, multi-select or status."""

    id: str
    name: str
    type: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """All properties of a data source by name. `title` is the name of its title property."""

    where: str
    properties: Mapping[str, PropertySchema]

    @property
    def title(self) -> str:
        """The name of the title property."""
        return next(name for name, one in self.properties.items() if one.type == "title")

    def get(self, name: str) -> PropertySchema:
        """A property by its name or id. Raises StepFailed with the nearest name."""
        found = self.properties.get(name) or next(
            (one for one in self.properties.values() if unquote(one.id) == unquote(name)), None
        )
        if found is None:
            near = difflib.get_close_matches(name, self.properties, n=1)
            hint = (
                f"Did you mean `{near[0]}`?"
                if near
                else f"It has: {', '.join(sorted(self.properties))}."
            )
            raise StepFailed(f"{self.where} has no property `{name}`", remedy=hint)
        return found


def read_schema(where: str, properties: JsonObject) -> Schema:
    """From the `properties` object of a data source."""
    return Schema(
        where=where,
        properties={name: _property(name, raw) for name, raw in properties.items()},
    )


def _property(name: str, raw: JsonObject) -> PropertySchema:
    kind = str(raw["type"])
    detail = raw.get(kind)
    options = detail.get("options", ()) if isinstance(detail, Mapping) else ()
    return PropertySchema(
        id=str(raw["id"]),
        name=name,
        type=kind,
        options=tuple(str(option["name"]) for option in options),
    )
