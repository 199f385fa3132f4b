"""`update = PAGE`: properties of a page that is known: by id or address, or an earlier step's page."""

from collections.abc import Mapping
from typing import Any

from automation.actions.base import Params, encoded, page_result
from automation.actions.comparing import differing
from automation.model.action import Action, Call, Conversation
from automation.model.errors import StepFailed
from automation.model.values import Json, Value
from automation.notion import wire
from automation.notion.ids import page_id
from automation.notion.schema import read_schema


class UpdateParams(Params):
    """Keys of an `update` step."""

    update: Value
    set: Mapping[str, Value] = {}
    trash: Value = None
    within: Value = None


class Update:
    """Reads the page, then writes what differs."""

    verb = "update"
    params = UpdateParams
    literal = frozenset({"update", "within"})
    writes = True

    def steps(self, call: Call) -> Conversation:
        """See Action."""
        params = call.params
        assert isinstance(params, UpdateParams)
        identity = _page_of(call, params.update)
        page = (yield wire.retrieve_page(identity)).body
        parent = page["parent"]
        source = parent.get("data_source_id")
        _check_within(call, params.within, source)
        changes: dict[str, Json] = {}
        if params.set:
            if source is None:
                raise StepFailed(
                    f"{page.get('url')} is not in a data source: it has no properties to set"
                )
            found = (yield wire.retrieve_data_source(source)).body
            schema = read_schema(str(page.get("url")), found["properties"])
            wanted = encoded(call, schema, params.set, before=page["properties"])
            changed = differing(wanted, page["properties"])
            changes = {"properties": changed} if changed else {}
        if isinstance(params.trash, bool) and params.trash != page.get("in_trash"):
            changes["in_trash"] = params.trash
        if not changes:
            return page_result("unchanged", page)
        answer = yield wire.update_page(identity, changes)
        return page_result("trashed" if params.trash is True else "updated", answer.body)


def _page_of(call: Call, value: Value) -> str:
    target = call.targets.get(value) if isinstance(value, str) else None
    found = target.id if target is not None else page_id(value)
    if found is None:
        raise StepFailed(
            f"`update` needs a page: an id, an address or an earlier step, not {value!r}"
        )
    return found


def _check_within(call: Call, within: Value, source: Any) -> None:
    if within is None:
        return
    target = call.targets.get(within)
    if target is None or target.id != source:
        raise StepFailed(
            f"the page is not within `{within}`",
            remedy="An id that comes from a payload may only lead to pages the rule allows.",
        )


ACTION: Action = Update()
