"""What the targets of rules stand for, as far as the lock knows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.engine.problems import nearest
from automation.engine.template import is_template
from automation.model.lock import Judge, Lock, Locked
from automation.model.target import TargetKind, TargetName

TARGET_KEYS = ("create", "upsert", "find", "update", "append", "comment", "within")
"""Keys of a step whose value names a target, if it is no template."""
PULL = "share it with the connection, then run `automation notion pull`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A target that the lock cannot tell. `certain`: it has too many of them, which sharing does not mend."""

    message: str
    help: str
    certain: bool = False


@dataclass(slots=True)
class Targets:
    """The targets by the text that rules write; `names` are the [target] tables of all files."""

    lock: Lock
    judge: Judge
    names: Mapping[str, TargetName]
    _found: dict[str, Locked | Lost] = field(default_factory=dict)

    def find(self, text: str) -> Locked | Lost:
        """What a text stands for."""
        if text not in self._found:
            name = self.names.get(text) or TargetName(name=text, text=text)
            self._found[text] = self._find(name)
        return self._found[text]

    def _find(self, name: TargetName) -> Locked | Lost:
        found = self.lock.look_up(name, self.judge.identity(name.text))
        if len(found) == 1:
            return found[0]
        if found:
            return Lost(
                message=f"{len(found)} things in notion.lock are called `{name.text}`",
                help="name one of them by its id: " + ", ".join(one.id for one in found),
                certain=True,
            )
        return Lost(
            message=f"`{name.text}` is not in notion.lock",
            help=nearest(name.text, self.lock.titles(name.kind)) or PULL,
        )


def target_tables(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, TargetName]:
    """The [target] tables of parsed files, as far as they are right."""
    found: dict[str, TargetName] = {}
    for raw in tables.values():
        given = raw.get("target")
        for name, one in given.items() if isinstance(given, Mapping) else ():
            kinds = [
                kind
                for kind in TargetKind
                if isinstance(one, Mapping) and isinstance(one.get(kind.value), str)
            ]
            if len(kinds) == 1:
                key = one.get("key_property")
                found.setdefault(
                    name,
                    TargetName(
                        name=name,
                        text=one[kinds[0].value],
                        kind=kinds[0],
                        key_property=key if isinstance(key, str) else None,
                    ),
                )
    return found


def named_targets(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, TargetName]:
    """Every target of parsed files by the text that steps write, and those that only have a table."""
    names = target_tables(tables)
    for raw in tables.values():
        rules = raw.get("rule")
        for rule in rules if isinstance(rules, list) else ():
            for text in _named(rule):
                names.setdefault(text, TargetName(name=text, text=text))
    return names


def _named(holder: Any) -> Iterator[str]:
    """The targets that the steps of a rule or a loop name."""
    steps = holder.get("do") if isinstance(holder, Mapping) else None
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping):
            for key in TARGET_KEYS:
                text = step.get(key)
                if isinstance(text, str) and text and not is_template(text):
                    yield text
            yield from _named(step)
