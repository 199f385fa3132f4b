"""`append = PAGE`: blocks to a page, at its end, its start, or under a heading."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal

from automation.actions.base import Params, body_blocks
from automation.model.action import Action, Call, Conversation, StepResult, Wrote
from automation.model.errors import StepFailed
from automation.model.request import Notion, Response
from automation.model.target import TargetKind
from automation.model.values import Json, Value
from automation.notion import wire
from automation.notion.blocks import append_all, text_blocks
from automation.notion.ids import page_id
from automation.notion.richtext import Run, plain_text

HEADINGS = ("heading_1", "heading_2", "heading_3", "heading_4")


class AppendParams(Params):
    """Keys of an `append` step."""

    append: Value
    body: Value
    under: Value = None
    position: Literal["start", "end"] = "end"
    once: Value = None


class Append:
    """Appends, in as few requests as the body allows."""

    verb = "append"
    params = AppendParams
    literal = frozenset({"append"})
    writes = True

    def steps(self, call: Call) -> Conversation:
        """See Action."""
        params = call.params
        assert isinstance(params, AppendParams)
        page, url, title = _page_of(call, params.append)
        content = body_blocks(params.body)
        if not content:
            return StepResult(value={"id": page, "blocks": []})
        after = None
        if params.under:
            after = yield from _under(page, str(params.under))
            if after is None:
                content = [*text_blocks("heading_2", [Run(text=str(params.under))]), *content]
        start = params.position == "start" and after is None
        ids = yield from append_all(page, content, after=after, start=start)
        return StepResult(
            value={"id": page, "blocks": ids},
            wrote=(Wrote(what="appended", page_id=page, url=url, title=title),),
        )


def _page_of(call: Call, value: Value) -> tuple[str, str, str]:
    target = call.targets.get(value) if isinstance(value, str) else None
    if target is not None:
        if target.kind is TargetKind.DATA_SOURCE:
            raise StepFailed(f"`{target.name}` is a data source; `append` needs a page")
        return target.id, target.url, target.title
    found = page_id(value)
    if found is None:
        raise StepFailed(
            f"`append` needs a page: a target, an id, an address or an earlier step, not {value!r}"
        )
    known: Mapping[str, Any] = value if isinstance(value, dict) else {}
    return found, str(known.get("url", "")), str(known.get("title", ""))


def _under(page: str, heading: str) -> Generator[Notion, Response, str | None]:
    """The last block that belongs to the heading, or nothing if there is no such heading."""
    children = yield from _children(page)
    for index, one in enumerate(children):
        if one["type"] in HEADINGS and _words(one).strip() == heading.strip():
            return _end_of_section(children, index)
    return None


def _end_of_section(children: Sequence[Json], at: int) -> str:
    level = HEADINGS.index(children[at]["type"])
    last = at
    for one in children[at + 1 :]:
        if one["type"] in HEADINGS and HEADINGS.index(one["type"]) <= level:
            break
        last += 1
    return str(children[last]["id"])


def _words(one: Json) -> str:
    return plain_text(one[one["type"]].get("rich_text", []))


def _children(page: str) -> Generator[Notion, Response, list[Json]]:
    found: list[Json] = []
    cursor: str | None = None
    while True:
        answer = yield wire.list_children(page, cursor=cursor)
        found += answer.body["results"]
        cursor = answer.body.get("next_cursor")
        if not cursor:
            return found


ACTION: Action = Append()
