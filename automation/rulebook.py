"""The rules in force: reads the folder, keeps the last good version of a broken file, remembers old sets.

A broken file disables only itself, loudly, and what it said before stays in force until it is fixed,
also over a restart. Of two files that name the same thing the one that was not changed stands.
Runs keep the rule set they were planned with; its texts are kept in the store by content.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from watchfiles import awatch

from automation.engine.load import Loaded, load, reload_kept
from automation.engine.problems import Problem
from automation.engine.rules import Rule, RuleSet
from automation.learning import learned
from automation.model.action import Action
from automation.model.errors import NotInStore, RuleError, StoreError
from automation.model.fields import Catalogue, Schema
from automation.rulefiles import prints_of, read_folder
from automation.store.base import Store

log = structlog.get_logger()

LOOK_EVERY_SECONDS = 2.0
"""How often the folder is looked at where the system does not tell of changes."""
LISTEN_AGAIN_SECONDS = 60.0
SETS_AT_HAND = 32
IN_FORCE = "rules:in-force"
"""Under this key the store remembers the hash of the rules in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """The folder, read: the rules that stand, what is wrong, and the good text of each file."""

    rules: RuleSet
    problems: tuple[Problem, ...]
    good: Mapping[str, str]


class RuleBook:
    """What the rules say, now and then."""

    def __init__(
        self,
        folder: Path,
        *,
        actions: Mapping[str, Action],
        store: Store,
        changed: Callable[[RuleSet], None],
        published: Mapping[str, Schema],
    ) -> None:
        self._folder = folder
        self._actions = actions
        self._store = store
        self._changed = changed
        self._catalogue = Catalogue(published=published)
        self._good: Mapping[str, str] = {}
        self._prints: object = None
        self._sets: dict[str, RuleSet] = {}
        self._kept: set[str] = set()
        self.problems: tuple[Problem, ...] = ()
        self.current: RuleSet = load({}, actions=actions).rules

    # reading --------------------------------------------------------------------------------------

    async def remember(self) -> None:
        """Learn the last good versions of an earlier process; they stand in for files that are broken now."""
        digest = await self._store.recall(IN_FORCE)
        try:
            self._good = json.loads(await self._store.text(digest)) if digest else {}
        except NotInStore:
            self._good = {}

    async def learn(self) -> None:
        """Look at the newest deliveries: the next load knows what was in them."""
        try:
            found = await learned(self._store, self._catalogue.published)
        except StoreError as error:
            log.warning("rules.not_learned", error=str(error))
            return
        self._catalogue = Catalogue(published=self._catalogue.published, learned=found)

    def load(self) -> bool:
        """Read the folder; true if the rules in force changed. Raises RuleError if it cannot be read."""
        return self._use(_reading(self._folder, self._good, self._actions, self._catalogue))

    async def reload(self) -> None:
        """Read the folder beside the loop. What cannot be read changes nothing, and is said."""
        try:
            await self.learn()
            reading = await asyncio.to_thread(
                _reading, self._folder, self._good, self._actions, self._catalogue
            )
        except RuleError as error:
            log.error("rules.unreadable", folder=str(self._folder), error=str(error))  # noqa: TRY400
            self.problems = (_folder_problem(self._folder, str(error)),)
        else:
            self._use(reading)
            await self.keep()

    def _use(self, reading: _Reading) -> bool:
        for problem in reading.problems:
            log.warning(
                "rules.problem",
                at=f"{problem.path}:{problem.line}:{problem.column}",
                problem=problem.message,
            )
        self.problems, self._good = reading.problems, reading.good
        changed = reading.rules.hash != self.current.hash or not self._sets
        if changed:
            self.current = reading.rules
            self._have(reading.rules)
            log.info("rules.loaded", rules=len(self.current.rules), hash=self.current.hash[:12])
            self._changed(self.current)
        return changed

    # old sets -------------------------------------------------------------------------------------

    async def keep(self) -> RuleSet:
        """The rules in force, once their texts are in the store."""
        rules = self.current
        if rules.hash not in self._kept:
            await self._store.keep_text(rules.text)
            await self._store.remember(IN_FORCE, rules.hash)
            self._kept = {rules.hash}
        return rules

    async def rule_set(self, digest: str) -> RuleSet:
        """The rule set of that hash, from the store if need be. Raises RuleError or NotInStore."""
        if digest == self.current.hash:
            return self.current
        found = self._sets.get(digest)
        if found is None:
            text = await self._store.text(digest)
            found = await asyncio.to_thread(reload_kept, text, self._actions)
            self._have(found)
        return found

    def _have(self, rules: RuleSet) -> None:
        """Keep it at hand, and let go of the one that came first if there are many."""
        self._sets[rules.hash] = rules
        if len(self._sets) > SETS_AT_HAND:
            del self._sets[next(iter(self._sets))]

    async def pinned(self, digest: str, rule_id: str) -> Rule:
        """The rule as it was when the run was planned. Raises RuleError."""
        rule = (await self.rule_set(digest)).rules.get(rule_id)
        if rule is None:
            raise RuleError(
                f"rule `{rule_id}` is not in the rule set {digest[:12]} it was planned with"
            )
        return rule

    def in_force(self, rule_id: str) -> bool:
        """Whether the rule is there and enabled now; pending runs of others are held."""
        rule = self.current.rules.get(rule_id)
        return rule is not None and rule.enabled

    # watching -------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Load again at every change of the folder, until cancelled.

        The system's news are a hint to look at once. Without any, as for a network file system or a folder
        that was made anew, it is looked at every few seconds.
        """
        news = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(news), name="rules")
            while True:
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_SECONDS):
                        await news.wait()
                news.clear()

    async def _listen(self, news: asyncio.Event) -> None:
        while True:
            try:
                async for _ in awatch(self._folder, watch_filter=_tells, step=20, debounce=100):
                    news.set()
            except Exception as error:
                # No more watches to be had, a file whose name is not UTF-8: the looking goes on.
                log.warning("rules.not_watched", folder=str(self._folder), error=repr(error))
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def _look(self) -> None:
        try:
            prints = await asyncio.to_thread(prints_of, self._folder)
            if prints != self._prints:
                self._prints = prints
                await self.reload()
        except StoreError as error:
            log.warning("rules.not_kept", error=str(error))
        except Exception:
            # A fault of ours must not end the watch: the rules in force stay.
            log.exception("rules.not_loaded", folder=str(self._folder))


def target_texts(rules: RuleSet) -> Collection[str]:
    """Every target that rules name, as they write it."""
    return {text for rule in rules.rules.values() for text in rule.targets}


def _tells(_: object, path: str) -> bool:
    """Whether a change of this path may be a change of rules (`..data` is how containers mount settings).
    A database in the same folder changes all the time."""
    return path.endswith((".toml", "/..data"))


def _folder_problem(folder: Path, message: str) -> Problem:
    return Problem(path=str(folder), line=1, column=1, length=1, message=message)


def _reading(
    folder: Path, good: Mapping[str, str], actions: Mapping[str, Action], catalogue: Catalogue
) -> _Reading:
    """Read the folder; `good` are the texts that stood before. Raises RuleError if it cannot be read."""
    files, unread = read_folder(folder)
    stood = {path: text for path, text in good.items() if path in files or _within(path, unread)}
    texts = {**{path: text for path, text in stood.items() if path not in files}, **files}
    problems = dict.fromkeys(unread.values())
    broken: set[str] = set()
    # What breaks is replaced by what stood before, or left out, until the rest stands together.
    while True:
        loaded = _load(texts, stood, actions, catalogue)
        problems |= dict.fromkeys(one for one in loaded.problems if one.path not in broken)
        new = {one.path for one in loaded.problems if one.severity == "error"}
        if not new:
            found = tuple(sorted(problems, key=lambda one: (one.path, one.line, one.column)))
            return _Reading(rules=loaded.rules, problems=found, good=texts)
        for path in new:
            if path in stood and texts[path] != stood[path]:
                texts[path] = stood[path]
            else:
                del texts[path]
        broken |= new


def _within(path: str, unread: Collection[str]) -> bool:
    """Whether it is one of the files and folders that could not be read, or in one of them."""
    return any(path == one or path.startswith(f"{one}/") for one in unread)


def _load(
    texts: Mapping[str, str],
    stood: Mapping[str, str],
    actions: Mapping[str, Action],
    catalogue: Catalogue,
) -> Loaded:
    unchanged = {path for path, text in texts.items() if stood.get(path) == text}
    return load(texts, actions=actions, catalogue=catalogue, first=unchanged)
