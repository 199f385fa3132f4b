"""`create = TARGET`: a new page in a data source, or under a page."""

from collections.abc import Mapping

from automation.actions.base import (
    Params,
    body_blocks,
    cover_of,
    encoded,
    icon_of,
    make_page,
    page_result,
    schema_of,
    target_of,
)
from automation.model.action import Action, Call, Conversation
from automation.model.errors import StepFailed
from automation.model.target import TargetKind
from automation.model.values import Json, Value
from automation.notion.properties import Custom, encode
from automation.notion.schema import PropertySchema

PAGE_TITLE = PropertySchema(id="title", name="title", type="title")
"""The one property of a page outside a data source."""


class CreateParams(Params):
    """Keys of a `create` step."""

    create: Value
    set: Mapping[str, Value] = {}
    body: Value = None
    icon: Value = None
    cover: Value = None


class Create:
    """Makes a page; its key property makes the making exact."""

    verb = "create"
    params = CreateParams
    literal = frozenset({"create"})
    writes = True

    def steps(self, call: Call) -> Conversation:
        """See Action."""
        params = call.params
        assert isinstance(params, CreateParams)
        target = target_of(call, params.create)
        if target.kind is TargetKind.DATA_SOURCE:
            properties = encoded(call, schema_of(target), params.set)
        else:
            properties = _title_only(params.set, _custom(call))
        page = yield from make_page(
            call,
            target,
            properties,
            body_blocks(params.body),
            icon=icon_of(params.icon),
            cover=cover_of(params.cover),
        )
        return page_result("created", page)


def _custom(call: Call) -> Custom:
    return Custom(zone=call.zone, refuse_unknown=call.refuse_unknown_options)


def _title_only(values: Mapping[str, Value], custom: Custom) -> dict[str, Json]:
    """A page under a page has a title and nothing else."""
    if not values.keys() <= {"title", "Name"}:
        raise StepFailed(
            "a page under a page has only a title",
            remedy="Set `title`, or create it in a data source.",
        )
    title = values.get("title", values.get("Name"))
    return {"title": encode(PAGE_TITLE, title, "the title", custom)}


ACTION: Action = Create()
