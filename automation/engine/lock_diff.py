"""What changed in Notion since the lock, and which rules each change breaks or touches.

A change breaks what the check says nothing against with the lock, and something with that change alone made to it:
so the difference and the check cannot disagree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from automation.engine.lock_check import Checked, Found, check_lock
from automation.engine.lock_mentions import Mention, Role
from automation.engine.lock_targets import Lost, Targets, named_targets
from automation.model.lock import (
    Judge,
    Lock,
    Locked,
    LockedOption,
    LockedPage,
    LockedProperty,
    LockedSource,
)
from automation.model.target import TargetName


class Kind(StrEnum):
    """What happened."""

    GONE = "gone"
    """The data source or page is deleted, or no longer shared."""
    NEW = "new"
    RETITLED = "retitled"
    MOVED = "moved"
    PROPERTY_REMOVED = "property removed"
    PROPERTY_ADDED = "property added"
    PROPERTY_RENAMED = "property renamed"
    PROPERTY_RETYPED = "property retyped"
    RELATION_CHANGED = "relation changed"
    OPTION_REMOVED = "option removed"
    OPTION_ADDED = "option added"
    OPTION_RENAMED = "option renamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `thing` is the data source or page as it was, or as it is if it is new; `property` is the name it
    had; `was` and `now` are what changed. `after` is the lock with this change alone."""

    kind: Kind
    thing: Locked
    property: str = ""
    property_id: str = ""
    was: str = ""
    now: str = ""
    after: Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A place in a rule that a change breaks, with what the check says then, or only touches."""

    path: str
    line: int
    column: int
    rule: str
    breaks: bool
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A change and the places it touches, those that break first."""

    change: Change
    touched: tuple[Touched, ...]

    @property
    def breaks(self) -> bool:
        """Whether a rule breaks."""
        return any(one.breaks for one in self.touched)


# changes ------------------------------------------------------------------------------------------


def changes(lock: Lock, now: Lock) -> Iterator[Change]:
    """Everything that is otherwise, in the order of the lock."""
    present = {one.id: one for one in now.sources}
    for old in lock.sources:
        new = present.pop(old.id, None)
        yield from _of_source(lock, old, new)
    for added in present.values():
        yield Change(kind=Kind.NEW, thing=added, after=_with(lock, added))
    pages = {one.id: one for one in now.pages}
    for page in lock.pages:
        yield from _of_page(lock, page, pages.get(page.id))


def _of_source(lock: Lock, old: LockedSource, new: LockedSource | None) -> Iterator[Change]:
    if new is None:
        yield Change(kind=Kind.GONE, thing=old, after=_without(lock, old))
        return
    if new.title != old.title:
        after = _with(lock, replace(old, title=new.title))
        yield Change(kind=Kind.RETITLED, thing=old, was=old.title, now=new.title, after=after)
    if new.database != old.database:
        after = _with(lock, replace(old, database=new.database))
        yield Change(kind=Kind.MOVED, thing=old, was=old.database, now=new.database, after=after)
    present = {one.id: one for one in new.properties}
    for one in old.properties:
        yield from _of_property(lock, old, one, present.pop(one.id, None))
    for added in present.values():
        yield Change(
            kind=Kind.PROPERTY_ADDED,
            thing=old,
            property=added.name,
            property_id=added.id,
            now=added.type,
            after=_with(lock, replace(old, properties=(*old.properties, added))),
        )


def _of_page(lock: Lock, old: LockedPage, new: LockedPage | None) -> Iterator[Change]:
    if new is None:
        yield Change(kind=Kind.GONE, thing=old, after=_without(lock, old))
        return
    if new.title != old.title:
        after = _with(lock, replace(old, title=new.title))
        yield Change(kind=Kind.RETITLED, thing=old, was=old.title, now=new.title, after=after)
    if new.source != old.source:
        after = _with(lock, replace(old, source=new.source))
        yield Change(kind=Kind.MOVED, thing=old, was=old.source, now=new.source, after=after)


def _of_property(
    lock: Lock, source: LockedSource, old: LockedProperty, new: LockedProperty | None
) -> Iterator[Change]:
    def change(kind: Kind, one: LockedProperty | None, was: str = "", now: str = "") -> Change:
        others = tuple(one if known is old else known for known in source.properties)
        kept = tuple(known for known in others if known is not None)
        return Change(
            kind=kind,
            thing=source,
            property=old.name,
            property_id=old.id,
            was=was,
            now=now,
            after=_with(lock, replace(source, properties=kept)),
        )

    if new is None:
        yield change(Kind.PROPERTY_REMOVED, None, old.type)
        return
    if new.name != old.name:
        yield change(Kind.PROPERTY_RENAMED, replace(old, name=new.name), old.name, new.name)
    if new.type != old.type:
        yield change(Kind.PROPERTY_RETYPED, replace(new, name=old.name), old.type, new.type)
        return
    if new.relation != old.relation:
        after = replace(old, relation=new.relation)
        yield change(Kind.RELATION_CHANGED, after, old.relation, new.relation)
    for kind, options, was, now in _of_options(old, new):
        yield change(kind, replace(old, options=options), was, now)


Options = tuple[LockedOption, ...]


def _of_options(
    old: LockedProperty, new: LockedProperty
) -> Iterator[tuple[Kind, Options, str, str]]:
    """Each with the options after it alone. An option made anew under its old name is the old one."""
    present = {one.id: one for one in new.options}
    names = {one.name for one in new.options}
    known = {one.id for one in old.options} | {one.name for one in old.options}
    for one in old.options:
        there = present.get(one.id)
        if one.name in names:
            continue
        if there is not None:
            renamed = tuple(there if each is one else each for each in old.options)
            yield Kind.OPTION_RENAMED, renamed, one.name, there.name
        else:
            rest = tuple(each for each in old.options if each is not one)
            yield Kind.OPTION_REMOVED, rest, one.name, ""
    for one in new.options:
        if one.id not in known and one.name not in known:
            yield Kind.OPTION_ADDED, (*old.options, one), "", one.name


def _with(lock: Lock, one: Locked) -> Lock:
    """The lock with this in the place of what has its id."""
    kept = _without(lock, one)
    if isinstance(one, LockedSource):
        return replace(kept, sources=(*kept.sources, one))
    return replace(kept, pages=(*kept.pages, one))


def _without(lock: Lock, one: Locked) -> Lock:
    return Lock(
        sources=tuple(each for each in lock.sources if each.id != one.id),
        pages=tuple(each for each in lock.pages if each.id != one.id),
    )


# what they touch ----------------------------------------------------------------------------------


def differences(
    files: Mapping[str, str],
    tables: Mapping[str, Mapping[str, Any]],
    *,
    lock: Lock,
    now: Lock,
    judge: Judge,
) -> list[Difference]:
    """Every change with what it touches in these rule files."""
    before = check_lock(files, tables, lock, judge, mentions=True)
    touching = _Touching(
        files=files, tables=tables, names=named_targets(tables), judge=judge, before=before
    )
    return [Difference(change=one, touched=touching.by(one)) for one in changes(lock, now)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Touching:
    files: Mapping[str, str]
    tables: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, TargetName]
    judge: Judge
    before: Checked

    def by(self, change: Change) -> tuple[Touched, ...]:
        """The places a change touches, the broken ones first, each in the order of the files."""
        mentions = [one for one in self.before.mentions if _concerns(one, change)]
        broken = list(self._lost(mentions, change)) + self._broken(mentions, change)
        places = {(one.path, one.line, one.column) for one in broken}
        rules = {(one.path, one.rule) for one in broken}
        only = [
            _touched(one, breaks=False)
            for one in mentions
            if (one.path, one.line, one.column) not in places and (one.path, one.rule) not in rules
        ]
        return tuple(_once(_sorted(broken))) + tuple(_once(_sorted(only)))

    def _broken(self, mentions: Sequence[Mention], change: Change) -> list[Touched]:
        """What the check says with this change, and not without it, in the files that it can concern."""
        paths = {one.path for one in mentions}
        if _title_after(change) in {name.text for name in self.names.values()}:
            paths = set(self.tables)  # two things may have one title now
        tables = {path: raw for path, raw in self.tables.items() if path in paths}
        after = check_lock(self.files, tables, change.after, self.judge, names=self.names)
        known = {_place(one) for one in self.before.found if one.problem.severity == "error"}
        return [
            _of_problem(one)
            for one in after.found
            if one.problem.severity == "error" and _place(one) not in known
        ]

    def _lost(self, mentions: Sequence[Mention], change: Change) -> Iterator[Touched]:
        """Steps whose target is not found any more: their rules wait."""
        targets = Targets(change.after, self.judge, self.names)
        for one in mentions:
            if one.role is Role.TARGET:
                found = targets.find(one.value)
                if isinstance(found, Lost):
                    yield _touched(one, breaks=True, message=found.message)


def _title_after(change: Change) -> str | None:
    """The title that something has by this change, and had not before."""
    match change.kind:
        case Kind.NEW:
            return change.thing.title
        case Kind.RETITLED:
            return change.now
        case _:
            return None


def _place(one: Found) -> tuple[str, int, int]:
    return one.problem.path, one.problem.line, one.problem.column


def _concerns(one: Mention, change: Change) -> bool:
    if one.thing != change.thing.id:
        return False
    match change.kind:
        case Kind.GONE | Kind.NEW | Kind.RETITLED | Kind.MOVED:
            return one.role is Role.TARGET
        case Kind.OPTION_REMOVED | Kind.OPTION_RENAMED:
            # What a template gives may be that option, too.
            same = one.value is None or _same(one.value, change.was)
            return one.property == change.property_id and one.role is Role.VALUE and same
        case Kind.OPTION_ADDED | Kind.PROPERTY_ADDED:
            return False
        case _:
            return one.property == change.property_id and one.role is Role.NAME


def _same(value: Any, name: str) -> bool:
    return isinstance(value, str) and value.strip().casefold() == name.casefold()


def _touched(one: Mention, *, breaks: bool, message: str = "") -> Touched:
    return Touched(
        path=one.path,
        line=one.line,
        column=one.column,
        rule=one.rule,
        breaks=breaks,
        message=message,
    )


def _of_problem(one: Found) -> Touched:
    found = one.problem
    return Touched(
        path=found.path,
        line=found.line,
        column=found.column,
        rule=one.rule,
        breaks=True,
        message=found.message,
    )


def _sorted(some: Sequence[Touched]) -> list[Touched]:
    return sorted(some, key=lambda one: (one.path, one.line, one.column))


def _once(some: Sequence[Touched]) -> list[Touched]:
    """Two mentions of one place are one."""
    return list({(one.path, one.line, one.column): one for one in some}.values())
