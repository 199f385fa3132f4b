"""The rules in force: reads the folder, keeps the last good version of a broken file, remembers old sets.

A broken file disables only itself, loudly, and what it said before stays in force until it is fixed.
Runs keep the rule set they were planned with; its texts are kept in the store by content.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import structlog
from watchfiles import awatch

from automation.engine.load import load, reload_kept
from automation.engine.problems import Problem
from automation.engine.rules import Rule, RuleSet
from automation.learning import learned
from automation.model.action import Action
from automation.model.errors import RuleError, StoreError
from automation.model.fields import Catalogue, Schema
from automation.store.base import Store

log = structlog.get_logger()

MAX_FILE_BYTES = 1_000_000


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
        self._good: dict[str, str] = {}
        self._sets: dict[str, RuleSet] = {}
        self._kept: set[str] = set()
        self.problems: tuple[Problem, ...] = ()
        self.current: RuleSet = load({}, actions=actions).rules

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
        files, unread = read_folder(self._folder)
        loaded = load(files, actions=self._actions, catalogue=self._catalogue)
        self.problems = (*unread, *loaded.problems)
        broken = {problem.path for problem in self.problems if problem.severity == "error"}
        last_good = {path: self._good[path] for path in broken & self._good.keys()}
        if last_good:
            loaded = load({**files, **last_good}, actions=self._actions)
        for problem in self.problems:
            log.warning(
                "rules.problem",
                at=f"{problem.path}:{problem.line}:{problem.column}",
                problem=problem.message,
            )
        self._good.update({path: text for path, text in files.items() if path not in broken})
        changed = loaded.rules.hash != self.current.hash or not self._sets
        self._put(loaded.rules)
        return changed

    def _put(self, rules: RuleSet) -> None:
        self.current = rules
        self._sets[rules.hash] = rules
        log.info("rules.loaded", rules=len(rules.rules), hash=rules.hash[:12])
        self._changed(rules)

    async def keep(self) -> None:
        """Put the texts of the rules in force into the store, once."""
        rules = self.current
        if rules.hash not in self._kept:
            await self._store.keep_text(rules.text)
            self._kept.add(rules.hash)

    async def rule_set(self, digest: str) -> RuleSet:
        """The rule set of that hash, from the store if need be. Raises RuleError or NotInStore."""
        found = self._sets.get(digest)
        if found is None:
            text = await self._store.text(digest)
            found = await asyncio.to_thread(reload_kept, text, self._actions)
            self._sets[digest] = found
        return found

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

    def target_texts(self) -> Collection[str]:
        """Every target the rules in force name, as they write it."""
        return {text for rule in self.current.rules.values() for text in rule.targets}

    async def watch(self) -> None:
        """Load again at every change of the folder, until cancelled."""
        async for _ in awatch(self._folder, watch_filter=_is_rule_file, step=20, debounce=100):
            try:
                await self.learn()
                self.load()
            except RuleError as error:
                log.error("rules.unreadable", folder=str(self._folder), error=str(error))  # noqa: TRY400


def _is_rule_file(_: object, path: str) -> bool:
    return path.endswith(".toml")


def read_folder(folder: Path) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    """The texts of all rule files by path, and what could not be read. Raises RuleError without a folder."""
    if not folder.is_dir():
        raise RuleError(
            f"there is no rules folder {folder}; make one with `automation init`, or set AUTOMATION_RULES"
        )
    files: dict[str, str] = {}
    problems: list[Problem] = []
    root = folder.resolve()
    for path in sorted(folder.rglob("*.toml")):
        try:
            files[str(path)] = _read_file(path, root)
        except (OSError, UnicodeDecodeError, RuleError) as error:
            problems.append(
                Problem(
                    path=str(path), line=1, column=1, length=1, message=f"cannot be read: {error}"
                )
            )
    return files, tuple(problems)


def _read_file(path: Path, root: Path) -> str:
    if not path.resolve().is_relative_to(root):
        raise RuleError("it is a link that leads out of the rules folder")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise RuleError(f"it is larger than {MAX_FILE_BYTES} bytes")
    return path.read_text(encoding="utf-8")
