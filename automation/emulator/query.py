"""Queries of a data source: filter, sort, page by page.

Without sorts the newest come first. What a query found is kept under its cursor, so that its pages
fit together while rows change. https://developers.notion.com/reference/query-a-data-source
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from automation.emulator import ids, reading, showing, values
from automation.emulator.dates import minute
from automation.emulator.errors import invalid
from automation.emulator.filters import TEXTS, TIMESTAMPS, Ground, compile_filter, equalities
from automation.emulator.paging import envelope, page_size, refuse_cursor
from automation.emulator.shapes import array, literal, one_of, table, text
from automation.emulator.workspace import DataSource, Page, Property, Snapshot, Workspace

Object = dict[str, Any]

MAX_SNAPSHOTS = 1000
_DIRECTION = literal("ascending", "descending")
SORTS = array(
    one_of(
        table({"property": text(), "direction": _DIRECTION}),
        table({"timestamp": literal(*TIMESTAMPS), "direction": _DIRECTION}),
    )
)
"""The check of `sorts`."""


def run(space: Workspace, identity: str, body: Object, only: Sequence[str]) -> Object:
    """POST /data_sources/{id}/query."""
    source = space.data_source(identity)
    size = page_size(body.get("page_size"), "body")
    shown = reading.chosen(source.properties.values(), only)
    cursor = body.get("start_cursor")
    if cursor is None:
        found, start = _found(space, source, body), 0
    else:
        found, start = _kept(space, source, cursor)
    pages = (space.pages[one] for one in found.pages[start : start + size])
    results = [showing.page(space, one, shown) for one in pages if _wanted(one, body)]
    more = found.pages[start + size : start + size + 1]
    answer = envelope(
        "page_or_data_source", results, _keep(space, found, more[0]) if more else None
    )
    if found.capped:
        answer["request_status"] = {
            "type": "incomplete",
            "incomplete_reason": "query_result_limit_reached",
        }
    return answer


def _found(space: Workspace, source: DataSource, body: Object) -> Snapshot:
    rows = [space.pages[one] for one in _candidates(space, source, body.get("filter"))]
    rows = [page for page in rows if _wanted(page, body)]
    if body.get("filter") is not None:
        test = compile_filter(body["filter"], Ground(space, source, space.now()))
        rows = [page for page in rows if test(page)]
    rows.reverse()
    for one in reversed(body.get("sorts") or []):
        rows = _sorted(space, source, rows, one)
    found = [page.id for page in rows[: space.query_cap]]
    return Snapshot(
        id=ids.new_id(), source=source.id, pages=found, capped=len(rows) > space.query_cap
    )


def _wanted(page: Page, body: Object) -> bool:
    """Rows in the trash are shown only when asked for; data sources are rows in wikis alone."""
    if body.get("result_type") == "data_source":
        return False
    archived = bool(body.get("is_archived"))
    return page.in_trash is bool(body.get("in_trash")) and page.is_archived is archived


def _candidates(space: Workspace, source: DataSource, raw: Any) -> Iterable[str]:
    """The rows, in order of creation; fewer where the index knows better."""
    for name, wanted in equalities(raw):
        one = source.find(name)
        if one is not None and one.type in TEXTS:
            there = values.equal_to(space, source, one, wanted)
            return sorted(there, key=lambda found: space.pages[found].number)
    return source.rows


# pages of a result --------------------------------------------------------------------------------


def _keep(space: Workspace, found: Snapshot, first: str) -> str:
    """The cursor of the page that starts with a row."""
    space.snapshots[found.id] = found
    if len(space.snapshots) > MAX_SNAPSHOTS:
        del space.snapshots[next(iter(space.snapshots))]
    return f"s:{found.id}:{first}"


def _kept(space: Workspace, source: DataSource, cursor: str) -> tuple[Snapshot, int]:
    kind, _, rest = str(cursor).partition(":")
    identity, _, first = rest.partition(":")
    found = space.snapshots.get(identity)
    if kind != "s" or found is None or found.source != source.id or first not in found.pages:
        raise refuse_cursor(cursor)
    return found, found.pages.index(first)


# sorts --------------------------------------------------------------------------------------------


def _sorted(space: Workspace, source: DataSource, rows: list[Page], one: Object) -> list[Page]:
    """By one sort, stably; pages without a value come last, whichever the direction."""
    key = _key(space, source, one)
    keyed = [(key(page), page) for page in rows]
    there = [pair for pair in keyed if pair[0] is not None]
    there.sort(key=lambda pair: pair[0], reverse=one["direction"] == "descending")
    return [page for _, page in there] + [page for found, page in keyed if found is None]


def _key(space: Workspace, source: DataSource, one: Object) -> Callable[[Page], Any]:
    if "timestamp" in one:
        name = one["timestamp"]
        return lambda page: minute(page.created if name == "created_time" else page.edited)
    found = source.find(one["property"])
    if found is None:
        raise invalid(f"Could not find sort property with name or id: {one['property']}")
    if found.type in {"select", "status"}:
        return _by_option(found)

    def key(page: Page) -> Any:
        value = reading.comparable(found.type, reading.shown(space, page, found))
        if found.type == "rollup":
            value = value.get("number", value.get("date"))
            value = value["start"] if isinstance(value, dict) else value
        if isinstance(value, list):
            value = ", ".join(value)
        folded = value.casefold() if isinstance(value, str) else value
        return None if folded == "" else folded

    return key


def _by_option(found: Property) -> Callable[[Page], Any]:
    """Choices sort as their options stand."""
    order = {option["id"]: index for index, option in enumerate(found.detail["options"])}
    return lambda page: order.get(page.values.get(found.id))
