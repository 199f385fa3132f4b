"""Was a doubtful write done? One conversation per kind of probe; ends with the answer that was lost."""

from collections.abc import Generator

from automation.model.request import ByChildren, ByProperty, Notion, Probe, Response
from automation.notion import wire

Question = Generator[Notion, Response, Response | None]


def settle(probe: Probe) -> Question:
    """Ask. Returns what the lost answer would have said, or None if the write was not done."""
    match probe:
        case ByProperty():
            return _by_property(probe)
        case ByChildren():
            return _by_children(probe)


def _by_property(probe: ByProperty) -> Question:
    where = {"property": probe.property, probe.type: {"equals": probe.value}}
    answer = yield wire.query(probe.data_source_id, where=where, page_size=2)
    pages = answer.body["results"]
    return Response(status=200, body=pages[0]) if pages else None


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
