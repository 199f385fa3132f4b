"""Was a doubtful write done? One conversation per kind of probe; ends with the answer that was lost."""

from collections.abc import Generator, Mapping
from typing import Any

from automation.model.request import ByChildren, ByProperty, Notion, Probe, Response
from automation.notion import wire
from automation.notion.values import plain_value

Question = Generator[Notion, Response, Response | None]


def settle(probe: Probe) -> Question:
    """Ask. Returns what the lost answer would have said, or None if the write was not done."""
    match probe:
        case ByProperty():
            return _by_property(probe)
        case ByChildren():
            return _by_children(probe)


def _by_property(probe: ByProperty) -> Question:
    """Notion compares texts without case; a probe does not."""
    where = {"property": probe.property, probe.type: {"equals": probe.value}}
    cursor: str | None = None
    while True:
        answer = yield wire.query(probe.data_source_id, where=where, cursor=cursor)
        for page in answer.body["results"]:
            if _is_it(page, probe):
                return Response(status=200, body=page)
        cursor = answer.body.get("next_cursor")
        if not cursor:
            return None


def _is_it(page: Mapping[str, Any], probe: ByProperty) -> bool:
    value = page["properties"].get(probe.property)
    if not isinstance(probe.value, str) or value is None:
        return True
    return bool(plain_value(value) == probe.value)


def _by_children(probe: ByChildren) -> Question:
    """The children behind `after`: with an unchanged page there are none, with the write there are `count`."""
    children: list[dict[str, object]] = []
    cursor: str | None = None
    while True:
        answer = yield wire.list_children(probe.parent_id, cursor=cursor)
        children += answer.body["results"]
        cursor = answer.body.get("next_cursor")
        if not cursor:
            break
    ids = [child["id"] for child in children]
    behind = children[ids.index(probe.after) + 1 :] if probe.after in ids else []
    if probe.after is None or len(behind) < probe.count:
        return None
    return Response(status=200, body={"object": "list", "results": behind[: probe.count]})
