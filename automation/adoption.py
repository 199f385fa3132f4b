"""What changes when the rules change: declared senders, expected targets, schedules."""

from collections.abc import Mapping
from typing import Any

from automation.directory import Directory
from automation.engine.rules import RuleSet
from automation.engine.template import compile_text
from automation.intake import OpenSource, SourceBook
from automation.model.target import TargetName
from automation.scheduler import Scheduler
from automation.settings import secrets_for
from automation.sources.declared import Declared


def declared_sources(rules: RuleSet, environ: Mapping[str, str]) -> Mapping[str, OpenSource]:
    """The senders that the rules files declare."""

    def render(text: str, roots: Mapping[str, Any]) -> str:
        value = compile_text(text).render(roots)
        return "" if value is None else str(value)

    return {
        name: OpenSource(
            source=Declared(name, sender, render),
            secrets=secrets_for(sender.secret_env, environ),
        )
        for name, sender in rules.senders.items()
    }


def target_names(rules: RuleSet) -> dict[str, TargetName]:
    """How each target is to be found, by the text the rules write."""
    texts = {text for rule in rules.rules.values() for text in rule.targets}
    return {text: rules.targets.get(text, TargetName(name=text, text=text)) for text in texts}


class Adoption:
    """Brings the service to the rules that are in force."""

    def __init__(
        self,
        book: SourceBook,
        directory: Directory,
        scheduler: Scheduler,
        environ: Mapping[str, str],
    ) -> None:
        self._book = book
        self._directory = directory
        self._scheduler = scheduler
        self._environ = environ

    def use(self, rules: RuleSet) -> None:
        """These rules are in force now."""
        self._book.declare(declared_sources(rules, self._environ))
        self._directory.expect(target_names(rules))
        self._scheduler.use(rules)
