"""`append = PAGE`: blocks to a page, at its end, its start, or under a heading."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from automation.actions.base import Params, body_blocks, children
from automation.model.action import Action, Call, Conversation, StepResult, Wrote
from automation.model.errors import StepFailed
from automation.model.request import Notion, Recall, Remember, Response
from automation.model.target import TargetKind
from automation.model.values import Json, Value
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
        once = f"once:{page}:{params.once}" if params.once not in (None, "") else None
        if once is not None:
            known = (yield Recall(key=once)).body
            if known is not None:
                return StepResult(value={"id": page, "blocks": known})
        place = yield from _place(page, params)
        if place.heading:
            content = [*text_blocks("heading_2", [Run(text=place.heading)]), *content]
        ids = yield from append_all(page, content, after=place.after, start=place.start)
        if once is not None:
            yield Remember(key=once, value=ids)
        return StepResult(
            value={"id": page, "blocks": ids},
            wrote=(Wrote(what="appended", page_id=page, url=url, title=title),),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the blocks go: behind a block, at the start, or at the end; below a heading to be made."""

    after: str | None = None
    start: bool = False
    heading: str = ""


def _place(page: str, params: AppendParams) -> Generator[Notion, Response, Place]:
    at_start = params.position == "start"
    heading = str(params.under or "").strip()
    if not heading:
        return Place(start=at_start)
    found = yield from children(page)
    for index, one in enumerate(found):
        if one["type"] in HEADINGS and _words(one).strip() == heading:
            return Place(after=str(one["id"]) if at_start else _end_of_section(found, index))
    # A heading that is missing is made, and the rest stands below it.
    last = str(found[-1]["id"]) if found and not at_start else None
    return Place(after=last, start=at_start, heading=heading)


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


ACTION: Action = Append()
