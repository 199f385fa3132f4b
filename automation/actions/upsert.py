"""`upsert = TARGET`: the page whose `match` properties equal, made if there is none."""

from collections.abc import Generator, Mapping
from typing import Any

from automation.actions.base import (
    Params,
    body_blocks,
    complete,
    cover_of,
    data_source_of,
    encoded,
    icon_of,
    make_page,
    page_result,
    schema_of,
)
from automation.actions.comparing import differing, equality, exactly
from automation.actions.newest import Newest, dump
from automation.model.action import Action, Call, Conversation, StepResult
from automation.model.errors import StepFailed
from automation.model.request import ByProperty, Notion, Response
from automation.model.target import Target
from automation.model.values import Json, Value
from automation.notion import wire
from automation.notion.options import known_option
from automation.notion.schema import Schema

Found = Generator[Notion, Response, list[Mapping[str, Any]]]


class UpsertParams(Params):
    """Keys of an `upsert` step."""

    upsert: Value
    match: Mapping[str, Value]
    set: Mapping[str, Value] = {}
    set_once: Mapping[str, Value] = {}
    body: Value = None
    icon: Value = None
    cover: Value = None
    newer_than: Value = None


class Upsert:
    """Finds, then makes or changes. What is equal already is not written."""

    verb = "upsert"
    params = UpsertParams
    literal = frozenset({"upsert"})
    writes = True

    def steps(self, call: Call) -> Conversation:
        """See Action."""
        params = call.params
        assert isinstance(params, UpsertParams)
        target = data_source_of(call, params.upsert)
        schema = schema_of(target)
        keys = encoded(call, schema, params.match)
        newest = Newest(key=f"{target.id}:{dump(equality(keys, schema))}", value=params.newer_than)
        if (yield from newest.is_older()):
            return StepResult(value=None)
        result = yield from self._put(call, target, schema, keys)
        yield from newest.keep()
        return result

    def _put(
        self, call: Call, target: Target, schema: Schema, keys: Mapping[str, Json]
    ) -> Conversation:
        params = call.params
        assert isinstance(params, UpsertParams)
        pages = yield from _matching(target, schema, keys)
        if len(pages) > 1:
            raise StepFailed(
                f"{len(pages)} pages of {schema.where} match: {pages[0]['url']} and {pages[1]['url']}",
                remedy="Remove all but one of them in Notion, then retry the run.",
            )
        if pages:
            return (yield from _change(call, schema, pages[0], params))
        properties = {**keys} | encoded(call, schema, {**params.set_once, **params.set})
        page = yield from make_page(
            call,
            target,
            properties,
            body_blocks(params.body),
            natural=_natural(target.id, schema, keys),
            icon=icon_of(params.icon),
            cover=cover_of(params.cover),
        )
        return page_result("created", page)


def _matching(target: Target, schema: Schema, keys: Mapping[str, Json]) -> Found:
    """The pages with exactly these values: two are enough to know that one is too many."""
    if _has_new_option(schema, keys):
        return []
    found: list[Mapping[str, Any]] = []
    cursor: str | None = None
    while len(found) < 2:
        answer = yield wire.query(target.id, where=equality(keys, schema), cursor=cursor)
        found += exactly(answer.body["results"], keys)
        cursor = answer.body.get("next_cursor")
        if not cursor:
            break
    return found


def _has_new_option(schema: Schema, keys: Mapping[str, Json]) -> bool:
    """An option that is still to be made: no page can have it, and no query can ask for it."""
    return any(
        one.type in {"select", "status"} and known_option(one, value[one.type]["name"]) is None
        for name, value in keys.items()
        if (one := schema.get(name)).type in value and value[one.type]
    )


def _change(
    call: Call, schema: Schema, page: Mapping[str, Any], params: UpsertParams
) -> Conversation:
    before = yield from complete(page, schema, params.set)
    wanted = encoded(call, schema, params.set, before=before)
    changes = differing(wanted, before)
    if not changes:
        return page_result("unchanged", page)
    request = wire.update_page(str(page["id"]), {"properties": changes})
    answer = yield wire.bounded(request, f"the change of {page['url']}")
    return page_result("updated", answer.body)


def _natural(data_source_id: str, schema: Schema, keys: Mapping[str, Json]) -> ByProperty | None:
    """A lone text key can settle a doubtful create."""
    if len(keys) != 1:
        return None
    name, value = next(iter(keys.items()))
    kind = schema.get(name).type
    where = equality({name: value}, schema)
    return (
        ByProperty(
            data_source_id=data_source_id, property=name, type=kind, value=where[kind]["equals"]
        )
        if "equals" in where.get(kind, {})
        else None
    )


ACTION: Action = Upsert()
