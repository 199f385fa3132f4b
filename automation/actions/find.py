"""`find = TARGET`: pages of a data source, as a typed list."""

from collections.abc import Mapping
from typing import Any

from automation.actions.base import Params, data_source_of, schema_of
from automation.actions.filtering import asked
from automation.model.action import Action, Call, Conversation, StepResult
from automation.model.errors import StepFailed
from automation.model.values import Json, Value
from automation.notion import wire
from automation.notion.schema import Schema
from automation.notion.values import plain_page

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
TIMES = ("created_time", "last_edited_time")


class FindParams(Params):
    """Keys of a `find` step."""

    find: Value
    where: Mapping[str, Value] = {}
    order: Value = None
    limit: Value = DEFAULT_LIMIT


class Find:
    """Reads; writes nothing."""

    verb = "find"
    params = FindParams
    literal = frozenset({"find"})
    writes = False

    def steps(self, call: Call) -> Conversation:
        """See Action."""
        params = call.params
        assert isinstance(params, FindParams)
        target = data_source_of(call, params.find)
        schema = schema_of(target)
        question = asked(params.where, schema, now=call.now, zone=call.zone)
        sorts = _sorts(params.order, schema)
        limit = _limit(params.limit)
        pages: list[Mapping[str, Any]] = []
        cursor: str | None = None
        while len(pages) < limit:
            # Pages that are looked at again may drop out: then a full page of results is asked for.
            size = wire.PAGE_SIZE if question.checks else min(limit - len(pages), wire.PAGE_SIZE)
            answer = yield wire.query(
                target.id, where=question.where, sorts=sorts, cursor=cursor, page_size=size
            )
            pages += [page for page in answer.body["results"] if question.accepts(page)]
            cursor = answer.body.get("next_cursor")
            if not cursor:
                break
        return StepResult(value=[plain_page(page) for page in pages[:limit]])


def _limit(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_LIMIT:
        raise StepFailed(f"`limit` is a whole number from 1 to {MAX_LIMIT}")
    return value


def _sorts(order: Value, schema: Schema) -> list[Json]:
    """`"Name"`, `"-Due date"` or a list of these."""
    names = [] if order is None else order if isinstance(order, list) else [order]
    made = []
    for name in names:
        text = str(name)
        direction = "descending" if text.startswith("-") else "ascending"
        text = text.removeprefix("-")
        by = {"timestamp": text} if text in TIMES else {"property": schema.get(text).name}
        made.append({**by, "direction": direction})
    return made


ACTION: Action = Find()
