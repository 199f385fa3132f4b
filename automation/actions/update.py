"""`update = PAGE`: properties of a page that is known: by id or address, or an earlier step's page."""

from collections.abc import Generator, Mapping
from typing import Any

from automation.actions.base import Params, complete, encoded, page_result
from automation.actions.comparing import differing
from automation.model.action import Action, Call, Conversation
from automation.model.errors import StepFailed
from automation.model.request import Notion, Response
from automation.model.values import Json, Value
from automation.notion import wire
from automation.notion.ids import page_id
from automation.notion.richtext import plain_text
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
        page = (yield wire.retrieve_page(_page_of(call, params.update))).body
        _check_within(call, params.within, page["parent"])
        trash = _trash(params.trash)
        changes: dict[str, Json] = {}
        if params.set:
            _refuse_trashed(page, trash)
            changed = yield from _changed(call, page, params.set)
            changes = {"properties": changed} if changed else {}
        if trash is not None and trash != page.get("in_trash"):
            changes["in_trash"] = trash
        if not changes:
            return page_result("unchanged", page)
        request = wire.update_page(str(page["id"]), changes)
        answer = yield wire.bounded(request, f"the change of {page.get('url')}")
        return page_result("trashed" if trash is True else "updated", answer.body)


def _changed(
    call: Call, page: Mapping[str, Any], values: Mapping[str, Value]
) -> Generator[Notion, Response, dict[str, Json]]:
    """The values that differ from the page's, by the schema of its data source."""
    source = page["parent"].get("data_source_id")
    if source is None:
        raise StepFailed(f"{page.get('url')} is not in a data source: it has no properties to set")
    found = (yield wire.retrieve_data_source(source)).body
    title = plain_text(found.get("title") or []) or str(page.get("url"))
    schema = read_schema(title, found["properties"])
    before = yield from complete(page, schema, values)
    return differing(encoded(call, schema, values, before=before), before)


def _trash(value: Value) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise StepFailed(f"`trash` is true or false, not {value!r}")


def _refuse_trashed(page: Mapping[str, Any], trash: bool | None) -> None:
    if page.get("in_trash") and trash is not False:
        raise StepFailed(
            f"{page.get('url')} is in the trash",
            remedy="Restore it in Notion, or with `trash = false` in the step.",
        )


def _page_of(call: Call, value: Value) -> str:
    target = call.targets.get(value) if isinstance(value, str) else None
    found = target.id if target is not None else page_id(value)
    if found is None:
        raise StepFailed(
            f"`update` needs a page: an id, an address or an earlier step, not {value!r}"
        )
    return found


def _check_within(call: Call, within: Value, parent: Mapping[str, Any]) -> None:
    if within is None:
        return
    target = call.targets.get(within)
    if target is None or parent.get(f"{target.kind.value}_id") != target.id:
        raise StepFailed(
            f"the page is not within `{within}`",
            remedy="An id that comes from a payload may only lead to pages the rule allows.",
        )


ACTION: Action = Update()
