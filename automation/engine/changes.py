"""What a rule's steps would do to pages, beside what was done or is known: property by property."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from automation.engine.rehearse import Effect
from automation.engine.trial import agree
from automation.model.values import Value

REQUESTS: Mapping[str, int] = {
    "find": 1,
    "create": 1,
    "upsert": 2,
    "update": 3,
    "append": 1,
    "comment": 1,
    "upload": 3,
}
"""About how many requests to Notion a step costs when nothing goes wrong: an upsert asks and writes, an
update reads the page and its schema before it writes, an upload is begun, sent and attached. A long body
costs more; what is equal already costs less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One value before and after. `old` is None with `was` false where nothing is known of it."""

    name: str
    old: Value
    new: Value
    was: bool = True
    stays: bool = True
    """False where the new rules do not write it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one step would do to one page otherwise than before; `gone` where it would do nothing any more.

    `place` is the same text for the same page.
    """

    place: str
    verb: str
    target: str
    key: Mapping[str, Value]
    properties: tuple[Property, ...]
    gone: bool = False
    page: str = ""
    """The page's address, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPage:
    """A page as an earlier run saw or left it: plain values by property."""

    id: str
    url: str
    properties: Mapping[str, Value]


def requests(effects: Sequence[Effect]) -> int:
    """About how many requests to Notion these steps cost."""
    return sum(REQUESTS.get(effect.verb, 0) for effect in effects)


def written(effect: Effect) -> dict[str, Value]:
    """Everything a step would write, by name: properties by their own, the rest in angle brackets."""
    made: dict[str, Value] = {}
    for key in ("match", "set_once", "set"):
        made |= effect.keys.get(key) or {}
    for key in ("body", "icon", "cover", "trash"):
        if key in effect.keys:
            made[f"<{key}>"] = effect.keys[key]
    return made


def place(effect: Effect) -> str:
    """Which page a step writes, as far as its keys tell: the same text for the same page."""
    key = effect.keys.get("match")
    return json.dumps([effect.verb, effect.target, key], sort_keys=True, default=str)


def between(before: Sequence[Effect], after: Sequence[Effect], zone: ZoneInfo) -> list[Change]:
    """What the new steps would write otherwise than the old ones; steps that write alike are left out."""
    old, new = _by_place(before), _by_place(after)
    changes = []
    for name, effect in new.items():
        was = written(old[name]) if name in old else {}
        properties = tuple(_differing(was, written(effect), zone))
        if properties or name not in old:
            changes.append(_change(name, effect, properties))
    for name, effect in old.items():
        if name not in new:
            properties = tuple(_differing(written(effect), {}, zone))
            changes.append(_change(name, effect, properties, gone=True))
    return changes


def _by_place(effects: Sequence[Effect]) -> dict[str, Effect]:
    """The writing steps by their page; those of one page under a number."""
    found: dict[str, Effect] = {}
    for effect in effects:
        if effect.writes:
            name, number = place(effect), 0
            while f"{name}#{number}" in found:
                number += 1
            found[f"{name}#{number}"] = effect
    return found


def _change(
    name: str, effect: Effect, properties: tuple[Property, ...], *, gone: bool = False
) -> Change:
    target = effect.target
    return Change(
        place=name,
        verb=effect.verb,
        target=target if isinstance(target, str) else json.dumps(target, default=str),
        key=effect.keys.get("match") or {},
        properties=properties,
        gone=gone,
    )


def _differing(
    old: Mapping[str, Value], new: Mapping[str, Value], zone: ZoneInfo
) -> Iterator[Property]:
    for name, value in new.items():
        if name not in old:
            yield Property(name=name, old=None, new=value, was=False)
        elif not agree(old[name], value, zone) and old[name] != value:
            yield Property(name=name, old=old[name], new=value)
    for name in old.keys() - new.keys():
        yield Property(name=name, old=old[name], new=None, stays=False)


def against_known(change: Change, pages: Sequence[KnownPage], zone: ZoneInfo) -> Change:
    """The change beside what is known of its page; as it is where nothing is."""
    page = next((one for one in pages if _is(one, change, zone)), None)
    if page is None:
        return change
    properties = [_beside(one, page.properties) for one in change.properties]
    left = [
        one for one in properties if not (one.was and one.stays and agree(one.old, one.new, zone))
    ]
    return dataclasses.replace(change, page=page.url or page.id, properties=tuple(left))


def _is(page: KnownPage, change: Change, zone: ZoneInfo) -> bool:
    if change.verb == "update":
        return page.id.replace("-", "") == change.target.replace("-", "")
    return bool(change.key) and all(
        name in page.properties and agree(page.properties[name], value, zone)
        for name, value in change.key.items()
    )


def _beside(one: Property, known: Mapping[str, Any]) -> Property:
    if one.was or one.name not in known:
        return one
    return Property(name=one.name, old=known[one.name], new=one.new)
