"""Options of selects, multi-selects and statuses: known by name, whatever the case.

An unknown one is refused with the nearest name; a select's or multi-select's may be made by Notion
where the rule file allows it; a status's never can.
https://developers.notion.com/reference/property-object#select
"""

import difflib

from automation.model.errors import StepFailed
from automation.notion.schema import PropertySchema

MAX_NAME = 100
"""What Notion's interface takes; the API has no firm word on it."""


def option(schema: PropertySchema, name: str, place: str, *, refuse_unknown: bool) -> str:
    """The option's name as it stands in the schema, or the new one's. Raises StepFailed."""
    known = known_option(schema, name)
    if known is not None:
        return known
    if schema.type == "status" or refuse_unknown:
        raise StepFailed(f"{place} has no option {name!r}", remedy=_remedy(schema, name))
    if "," in name:
        raise StepFailed(
            f"{place}: Notion's options cannot hold a comma: {name!r}",
            remedy="Give a list of texts for several options, or replace the comma.",
        )
    if len(name) > MAX_NAME:
        raise StepFailed(
            f"{place}: an option may have {MAX_NAME} characters, not {len(name)}",
            remedy="Shorten it with `| truncate`.",
        )
    return name


def known_option(schema: PropertySchema, name: str) -> str | None:
    """The option as the schema spells it, if it is there."""
    if name in schema.options:
        return name
    return {one.casefold(): one for one in schema.options}.get(name.casefold())


def _remedy(schema: PropertySchema, name: str) -> str:
    near = difflib.get_close_matches(name, schema.options, n=1)
    listed = ", ".join(schema.options) or "none"
    hint = f"Did you mean `{near[0]}`?" if near else f"It has: {listed}."
    if schema.type == "status":
        return f"{hint} A status option is made in Notion, by hand."
    return f'{hint} [defaults] unknown_options = "create" lets Notion make new ones.'
