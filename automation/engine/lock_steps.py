"""The steps of one rule, held to the lock: what each writes and asks, and whose pages it is about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from automation.engine.known_file import RuleFile
from automation.engine.lock_mentions import Locked, Mentions
from automation.engine.lock_pages import Pages, listed
from automation.engine.lock_reading import Known, Reading, Sight
from automation.engine.lock_targets import Lost, Targets
from automation.engine.lock_values import Asking, Setting
from automation.engine.positions import Path
from automation.engine.problems import nearest
from automation.engine.template import is_template
from automation.engine.uses import looped_over
from automation.model.lock import LockedPage, LockedProperty, LockedSource, Wrong

SETS = ("match", "set", "set_once")
OWN_TIMES = frozenset({"created_time", "last_edited_time"})
PAGE_TITLE = frozenset({"title", "Name"})
"""All that a page under a page can be given."""
NEED_SOURCE = frozenset({"upsert", "find"})
NEED_PAGE = frozenset({"append", "update", "comment"})
VERBS = ("create", "upsert", "find", "update", "append", "comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Checks the steps of one rule. `pages` are what is known of the pages of each data source, by its id;
    `refused` are the verdicts on properties, which the rules of all files share."""

    targets: Targets
    file: RuleFile
    pages: Mapping[str, Pages]
    refused: dict[tuple[str, str, bool], Wrong | None]
    refuse_unknown: bool
    mentions: Mentions

    def check(self, steps: Any, place: Path, sight: Sight) -> Sight:
        """Steps in order; what those behind them see."""
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            if isinstance(step, Mapping):
                sight = self._step(step, (*place, index), sight)
        return sight

    def _step(self, step: Mapping[str, Any], place: Path, sight: Sight) -> Sight:
        inner = self._looped(step, place, sight)
        if inner.read:
            Reading(file=self.file, mentions=self.mentions).step(step, place, inner)
        verb = next((one for one in VERBS if isinstance(step.get(one), str)), "")
        source = self._verb(verb, step, place, inner) if verb else None
        if isinstance(step.get("do"), list):
            after = self.check(step["do"], (*place, "do"), inner)
            sight = _as_before(sight, after)
        return self._named(step, verb, source, sight)

    def _looped(self, step: Mapping[str, Any], place: Path, sight: Sight) -> Sight:
        """What a step inside a loop sees: an element under the loop's name."""
        over = step.get("for_each")
        if not isinstance(over, str):
            return sight
        if sight.read:
            reading = Reading(file=self.file, mentions=self.mentions)
            reading.template(over, (*place, "for_each"), sight)
        name, found = step.get("as", "item"), looped_over(over)
        known = sight.read.get(found[0]) if found and not found[1] else None
        if known is None or not known.many or not isinstance(name, str):
            return sight.but(name)
        return Sight({**sight.read, name: Known(pages=known.pages)}, sight.but(name).made)

    def _named(
        self, step: Mapping[str, Any], verb: str, source: LockedSource | None, sight: Sight
    ) -> Sight:
        """What the step's id stands for behind it."""
        name = step.get("id")
        if not isinstance(name, str):
            return sight
        sight = sight.but(name)
        if source is None or "for_each" in step:
            return sight
        if verb == "find":
            known = Known(pages=self.pages[source.id], many=True)
            return Sight({**sight.read, name: known}, sight.made)
        if verb in {"create", "upsert", "update"}:
            return Sight(sight.read, {**sight.made, name: source})
        return sight

    # what is written and asked --------------------------------------------------------------------

    def _verb(
        self, verb: str, step: Mapping[str, Any], place: Path, sight: Sight
    ) -> LockedSource | None:
        """The step's own keys; the data source it works in, if that is known."""
        found = self._target(verb, step, place)
        within = self._target("within", step, place) if verb == "update" else None
        if verb == "update":
            if isinstance(found, LockedPage) and not found.source:
                self._no_properties(step, place)
            found = self._page_of(step[verb], found, within, sight)
        if isinstance(found, LockedPage):
            if verb == "create":
                self._page_title(step, place)
            return None
        if found is None:
            return None
        for key in SETS:
            self._sets(step.get(key), (*place, key), found)
        if verb == "find":
            self._where(step.get("where"), (*place, "where"), found)
            self._order(step.get("order"), (*place, "order"), found)
        return found

    def _target(self, key: str, step: Mapping[str, Any], place: Path) -> Locked | None:
        """The target a key names; said where it is not there, or not what the verb needs."""
        text, at = step.get(key), (*place, key)
        if not isinstance(text, str) or not text or is_template(text):
            return None
        found = self.targets.find(text)
        if isinstance(found, Lost):
            if text not in self.targets.names:
                self.file.wrong(self.file.value(at), found.message, found.help, error=found.certain)
            return None
        self.mentions.of_target(at, found, text)
        is_source = isinstance(found, LockedSource)
        if (key in NEED_SOURCE and not is_source) or (key in NEED_PAGE and is_source):
            there, needed = ("data source", "page") if is_source else ("page", "data source")
            message = f"`{text}` is a {there}, and `{key}` needs a {needed}"
            self.file.wrong(self.file.value(at), message, error=True)
            return None
        return found

    def _page_of(
        self, text: str, page: Locked | None, within: Locked | None, sight: Sight
    ) -> LockedSource | None:
        """The data source of the page that an `update` changes: where it lies, or the step that found it."""
        if isinstance(page, LockedPage):
            return self.targets.lock.source(page.source)
        if isinstance(within, LockedSource):
            return within
        over = looped_over(text)
        if over is None or over[1] not in {(), ("id",), ("url",)}:
            return None
        return sight.source(over[0])

    def _page_title(self, step: Mapping[str, Any], place: Path) -> None:
        for name in step["set"] if isinstance(step.get("set"), Mapping) else ():
            if name not in PAGE_TITLE:
                span = self.file.key((*place, "set", name))
                helps = "set `title`, or create it in a data source"
                self.file.wrong(span, "a page under a page has only a title", helps, error=True)

    def _no_properties(self, step: Mapping[str, Any], place: Path) -> None:
        """An `update` of a page that is no row."""
        if isinstance(step.get("set"), Mapping) and step["set"]:
            message = f"`{step['update']}` is in no data source: it has no properties to set"
            self.file.wrong(self.file.key((*place, "set")), message, error=True)

    def _property(
        self, name: str, at: Path, source: LockedSource, *, is_key: bool
    ) -> LockedProperty | None:
        """The property of that name, or an error where it stands."""
        one = source.find(name)
        if one is not None:
            self.mentions.of_name(at, source, one, is_key=is_key)
            return one
        span = self.file.key(at) if is_key else self.file.value(at)
        message = f"`{source.title}` has no property `{name}`"
        names = [known.name for known in source.properties]
        self.file.wrong(span, message, partial(_nearest, name, names), error=True)
        return None

    def _sets(self, raw: Any, place: Path, source: LockedSource) -> None:
        matching = place[-1] == "match"
        judge = self.targets.judge
        for name, value in raw.items() if isinstance(raw, Mapping) else ():
            at = (*place, name)
            one = self._property(name, at, source, is_key=True)
            if one is None:
                continue
            wrong = self._refused(source, one, matching=matching)
            if wrong is not None:
                self.file.wrong(self.file.key(at), wrong.message, wrong.help, error=True)
                continue
            self._warn_of_relation(one, at, source)
            setting = Setting(
                source=source,
                property=one,
                judge=judge,
                file=self.file,
                refuse_unknown=self.refuse_unknown,
                matching=matching,
                note=self._note(source, one),
            )
            setting.check(value, at)

    def _refused(
        self, source: LockedSource, one: LockedProperty, *, matching: bool
    ) -> Wrong | None:
        """Why the property takes no value at all, whatever it is."""
        asked = (source.id, one.id, matching)
        if asked not in self.refused:
            judge = self.targets.judge
            wrong = judge.settable(source, one)
            self.refused[asked] = wrong or (judge.matchable(source, one) if matching else None)
        return self.refused[asked]

    def _note(self, source: LockedSource, one: LockedProperty) -> Any:
        return partial(_noted, self.mentions, source, one)

    def _warn_of_relation(self, one: LockedProperty, at: Path, source: LockedSource) -> None:
        """A relation whose other side the connection does not see: Notion takes no page of it."""
        if one.relation and self.targets.lock.source(one.relation) is None:
            message = f"`{one.name}` of {source.title} relates to a data source that is not in notion.lock"
            helps = "share that one too, then run `automation notion pull`"
            self.file.warn(self.file.key(at), message, helps)

    def _where(self, raw: Any, place: Path, source: LockedSource) -> None:
        for name, value in raw.items() if isinstance(raw, Mapping) else ():
            at, is_time = (*place, name), name in OWN_TIMES
            one = None if is_time else self._property(name, at, source, is_key=True)
            if one is None and not is_time:
                continue
            Asking(
                source=source,
                name=name,
                judge=self.targets.judge,
                file=self.file,
                note=self._note(source, one) if one else _nobody,
            ).check(value, at)

    def _order(self, raw: Any, place: Path, source: LockedSource) -> None:
        """`"Name"`, `"-Due date"`, or a list of these."""
        for at, text in _texts(raw, place):
            name = text.removeprefix("-")
            if name not in OWN_TIMES and not is_template(text):
                self._property(name, at, source, is_key=False)


def _noted(
    mentions: Mentions, source: LockedSource, one: LockedProperty, at: Path, value: Any
) -> None:
    mentions.of_value(at, source, one, value)


def _nobody(at: Path, value: Any) -> None:
    """A page's own times are in no lock."""


def _nearest(name: str, names: Sequence[str]) -> str:
    return nearest(name, names) or f"it has: {listed(names)}"


def _texts(raw: Any, place: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(raw, str):
        yield place, raw
    elif isinstance(raw, list):
        for index, one in enumerate(raw):
            if isinstance(one, str):
                yield (*place, index), one


def _as_before(sight: Sight, after: Sight) -> Sight:
    """Behind a loop: an inner step's id is the list of its results, of which nothing is known."""
    gone = (after.read.keys() | after.made.keys()) - (sight.read.keys() | sight.made.keys())
    for name in gone:
        sight = sight.but(name)
    return sight
