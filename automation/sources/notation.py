"""The notation in which the fields of a source's events are written down, and its reading.

A table is text in blocks with an empty line between them; a line that starts with `#` is a remark.

    events *                     what every event has
    sender user?

    names push                   short names of ours, which the sender does not send
    branch text                  the branch, where a branch was pushed

    event push                   what this event has
    commits [commit]
    head_commit commit?

    events issues                what every `issues.…` has
    issue issue

    event issues.opened          and this one besides; several names may stand here, with commas
    action "opened"
    changes.old_issue issue?

    type user                    a shape that others name
    login text
    type "Bot"|"User"

    event *.*
    + user                       everything that the type has

    hints                        what to say to who tries a name
    pull_request.merged          a merged one is `github.pull_request.closed` with `pull_request.merged = true`

    quiet                        names that few rules want, left out of short lists
    *_url

A line is a path, its type, and behind two spaces what it is. A type is `text`, `number`, `boolean`, `time`,
`table`, `any`, a text in quotes (one of the only texts there), the name of a type, or `[type]` for a list;
alternatives have `|` between them, and `?` at the end says that it may be missing or null. `a.b` is the
field b in the table a, `a[].b` in each table of the list a, and `a.*` is every other field of a.

Blocks are read when they are needed: GitHub's three hundred events cost nothing to a rule about one.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from automation.model.fields import (
    ANYTHING,
    OTHERS,
    Anything,
    Field,
    Fields,
    Form,
    Forms,
    Kind,
    ListOf,
    Plain,
    Schema,
)

KINDS = {
    "text": Kind.TEXT,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "time": Kind.TIME,
}
_WORD = re.compile(r'"(?P<value>[^"]*)"|(?P<name>[^\s|\[\]"?]+)|(?P<mark>[\[\]|?])')


T = TypeVar("T")


class Later(Mapping[str, T]):
    """A mapping whose names are known and whose values are made when they are asked for."""

    def __init__(self, names: Callable[[], Iterable[str]], make: Callable[[str], T]) -> None:
        self._list = names
        self._make = make
        self._names: dict[str, None] | None = None
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            if name not in self._all():
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, None]:
        if self._names is None:
            self._names = dict.fromkeys(self._list())
        return self._names


def read_schema(source: str, text: str) -> Schema:
    """The schema that a source's tables give."""
    return _Table(text).schema(source)


@dataclass(slots=True)
class _Node:
    """A field while it is read: its line, and what was written below it."""

    type: str = ""
    note: str = ""
    short: bool = False
    parts: dict[str, "_Node"] = field(default_factory=dict)
    element: "_Node | None" = None


class _Table:
    def __init__(self, text: str) -> None:
        self.blocks: dict[str, list[str]] = {}
        for block in text.split("\n\n"):
            head, _, body = block.strip("\n").partition("\n")
            while head.startswith("#"):
                head, _, body = body.partition("\n")
            while head.endswith(","):
                more, _, body = body.partition("\n")
                head += " " + more
            word, *names = head.replace(",", " ").split() or [""]
            for name in names or [""]:
                self.blocks.setdefault(f"{word} {name}".strip(), []).append(body)
        self.types = Later(lambda: self.named("type"), self.type)
        self.events = Later(lambda: self.named("event"), self.event)

    def schema(self, source: str) -> Schema:
        hints = {
            name: text.strip()
            for name, _, text in (line.partition(" ") for line in self.lines("hints"))
        }
        return Schema(
            source=source,
            published=True,
            events=self.events,
            hints=hints,
            quiet=tuple(line.strip() for line in self.lines("quiet")),
        )

    def named(self, word: str) -> list[str]:
        """The names of all blocks of that kind."""
        return [head.partition(" ")[2] for head in self.blocks if head.startswith(word + " ")]

    def lines(self, head: str) -> Iterator[str]:
        for body in self.blocks.get(head, ()):
            yield from (line for line in body.splitlines() if line and not line.startswith("#"))

    def type(self, name: str) -> Fields:
        """Types name each other, themselves too: one is read when something below it is asked for."""
        root = _Node()

        def parts() -> dict[str, _Node]:
            if not root.parts:
                self.put(root, f"type {name}")
            return root.parts

        return Fields(Later(parts, lambda part: self.field(parts()[part])))

    def event(self, name: str) -> Fields:
        """What the event has, what shorter and shorter names share, and the short names that are not sent."""
        root, parts = _Node(), name.split(".")
        above = [".".join(parts[:end]) for end in range(len(parts), 0, -1)] + [OTHERS]
        self.put(root, f"event {name}")
        for one in above:
            self.put(root, f"events {one}")
        for one in above:
            self.put(root, f"names {one}", short=True)
        return self.fields(root)

    def put(self, root: _Node, head: str, *, short: bool = False) -> None:
        """Add a block's lines. What is there stays: the nearer block was first, a field that is sent before a short
        name, and a block's own lines before those of the types it has."""
        included = []
        for line in self.lines(head):
            if line.startswith("+ "):
                included.append(line[2:].strip())
                continue
            path, kind, note = _cells(line)
            node = _at(root, path)
            if not node.type:
                node.type, node.note, node.short = kind, note, short
        for name in included:
            self.put(root, f"type {name}", short=short)

    # from lines to forms --------------------------------------------------------------------------

    def fields(self, node: _Node) -> Fields:
        return Fields(Later(lambda: node.parts, lambda name: self.field(node.parts[name])))

    def field(self, node: _Node) -> Field:
        return Field(
            forms=self.forms(node) or ANYTHING,
            optional=node.type.endswith("?"),
            short=node.short,
            note=node.note,
        )

    def forms(self, node: _Node) -> Forms:
        words = [
            (found.lastgroup or "", found[found.lastgroup or ""])
            for found in _WORD.finditer(node.type)
        ]
        made, _ = self.alternatives(words, 0, node)
        if node.parts and not any(isinstance(one, Fields | Anything) for one in made):
            made.append(self.fields(node))
        if node.element and not any(isinstance(one, ListOf) for one in made):
            made.append(ListOf(self.forms(node.element)))
        return tuple(made)

    def alternatives(
        self, words: list[tuple[str, str]], at: int, node: _Node
    ) -> tuple[list[Form], int]:
        """The forms up to the closing bracket, and where that is."""
        made: list[Form] = []
        values: list[str] = []
        while at < len(words) and words[at] != ("mark", "]"):
            group, word = words[at]
            if group == "value":
                values.append(word)
            elif group == "name":
                made += self.named_form(word, node)
            elif word == "[":
                inner, at = self.alternatives(words, at + 1, node.element or _Node())
                made.append(ListOf(tuple(inner)))
            at += 1
        if values:
            made.append(Plain(Kind.TEXT, tuple(values)))
        return made, at

    def named_form(self, word: str, node: _Node) -> Forms:
        if word in KINDS:
            return (Plain(KINDS[word]),)
        if word == "any":
            return ANYTHING
        own: Forms = (self.fields(node),) if node.parts or word == "table" else ()
        return own if word == "table" else (self.types[word], *own)


def _cells(line: str) -> tuple[str, str, str]:
    """Path, type and note of a line."""
    path, _, rest = line.strip().partition(" ")
    kind, _, note = rest.strip().partition("  ")
    return path, kind, note.strip()


def _at(root: _Node, path: str) -> _Node:
    node = root
    for step in path.split("."):
        name = step.rstrip("[]")
        node = node.parts.setdefault(name, _Node())
        for _ in range(step.count("[]")):
            if node.element is None:
                node.element = _Node()
            node = node.element
    return node
