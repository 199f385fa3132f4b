"""Lists what the connection sees, as a conversation of reads: for `notion.lock`.

Search is not exhaustive and behind the times, so what is known by its id already, or named by a rule, is asked for
beside it; and every schema is read from the data source itself.
https://developers.notion.com/reference/post-search
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.model.errors import StepFailed
from automation.model.lock import Lock, Locked, LockedPage, LockedSource
from automation.model.request import Notion, Response
from automation.model.target import TargetKind, TargetName
from automation.notion import wire
from automation.notion.finding import locate, tried
from automation.notion.ids import page_id
from automation.notion.locking import in_order, locked_page, locked_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is there. `targets` are those of the rules that were found, `missing` the others with the reason."""

    lock: Lock
    targets: Mapping[str, Locked] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)


Talk = Generator[Notion, Response, Survey]


def survey(names: Mapping[str, TargetName], before: Lock) -> Talk:
    """Every data source there is, and the pages among the targets; `before` is what was known."""
    listed = yield from _listed()
    listed |= dict.fromkeys(one.id for one in before.sources)
    sources: dict[str, LockedSource] = {}
    for identity in listed:
        source = yield from _source(identity)
        if source is not None:
            sources[source.id] = source
    return (yield from _with_targets(names, sources))


def again(lock: Lock) -> Talk:
    """Everything of the lock as it is now, and every data source that is new."""
    found = yield from survey({}, lock)
    pages = []
    for one in lock.pages:
        page = yield from _page(one.id)
        if page is not None:
            pages.append(page)
    return Survey(lock=in_order(Lock(sources=found.lock.sources, pages=tuple(pages))))


def _listed() -> Generator[Notion, Response, dict[str, None]]:
    """The ids of all data sources that search tells of."""
    found: dict[str, None] = {}
    cursor: str | None = None
    while True:
        answer = yield wire.search("", kind=TargetKind.DATA_SOURCE.value, cursor=cursor)
        found |= {str(one["id"]): None for one in answer.body["results"]}
        cursor = answer.body.get("next_cursor")
        if not cursor:
            return found


def _source(identity: str) -> Generator[Notion, Response, LockedSource | None]:
    found = yield from tried(wire.retrieve_data_source(identity))
    return locked_source(found) if _is_there(found) else None


def _page(identity: str) -> Generator[Notion, Response, LockedPage | None]:
    found = yield from tried(wire.retrieve_page(identity))
    return locked_page(found) if _is_there(found) else None


def _is_there(found: Mapping[str, Any] | None) -> bool:
    return found is not None and not found.get("in_trash")


def _with_targets(names: Mapping[str, TargetName], sources: dict[str, LockedSource]) -> Talk:
    pages: dict[str, LockedPage] = {}
    targets: dict[str, Locked] = {}
    missing: dict[str, str] = {}
    for text, name in names.items():
        lock = Lock(sources=tuple(sources.values()), pages=tuple(pages.values()))
        known = lock.look_up(name, page_id(name.text))
        if len(known) == 1:
            targets[text] = known[0]
            continue
        found = yield from _target(name)
        match found:
            case LockedSource():
                sources[found.id] = targets[text] = found
            case LockedPage():
                pages[found.id] = targets[text] = found
            case str():
                missing[text] = found
    lock = Lock(sources=tuple(sources.values()), pages=tuple(pages.values()))
    return Survey(lock=in_order(lock), targets=targets, missing=missing)


def _target(name: TargetName) -> Generator[Notion, Response, Locked | str]:
    """A target found as the service finds it, or why not."""
    try:
        target = yield from locate(name)
    except StepFailed as error:
        return ". ".join(part for part in (str(error), error.remedy) if part)
    found: Locked | None
    if target.kind is TargetKind.DATA_SOURCE:
        found = yield from _source(target.id)
    else:
        found = yield from _page(target.id)
    return found or f"`{name.name}` ({target.id}) is in the trash"
