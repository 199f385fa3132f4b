"""Makes automation/sources/fields/github.txt from GitHub's published webhook schemas.

    python scripts/github_fields.py

Run by hand when GitHub adds fields worth having, never in CI; its result is committed. It needs npm and
installs three packages into a temporary folder:

- `@octokit/webhooks-schemas`, the JSON Schemas of the webhook payloads,
- `@octokit/webhooks-examples`, payloads to go with them: what GitHub was seen to send is known too,
- `@octokit/openapi-webhooks`, GitHub's own OpenAPI description, which has the newer fields.

All are MIT (see LICENSE.github beside the table). A field that any of them knows is in the table: a valid
rule must not be refused, so variants of one thing (the full and the simple user) are one type here, which has
every field of each, and whatever a schema leaves open is open. It is one long file so that it runs as it stands.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEMAS = "@octokit/webhooks-schemas@7.6.1"
EXAMPLES = "@octokit/webhooks-examples@7.6.1"
OPENAPI = "@octokit/openapi-webhooks@12.1.0"
TABLE = Path(__file__).parent.parent / "automation" / "sources" / "fields" / "github.txt"

EVERYWHERE = {
    "repository": "repository",
    "organization": "organization",
    "installation": "installation",
    "enterprise": "enterprise",
    "sender": "user",
}
"""https://docs.github.com/en/webhooks/webhook-events-and-payloads#webhook-payload-object-common-properties"""

ANY_ACTION = {"repository_dispatch"}
"""The caller names the action.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository_dispatch"""

ALIASES = {
    "simple user": "user",
    "nullable simple user": "user",
    "webhooks user": "user",
    "user mannequin": "user",
    "full repository": "repository",
    "minimal repository": "repository",
    "simple repository": "repository",
    "repository webhooks": "repository",
    "repository lite": "repository",
    "organization simple": "organization",
    "organization simple webhooks": "organization",
    "enterprise webhooks": "enterprise",
    "team simple": "team",
    "license simple": "license",
    "integration": "app",
    "github app": "app",
    "simple installation": "installation",
    "installation lite": "installation",
    "installationlite": "installation",
    "reaction rollup": "reactions",
    "pull request auto merge": "auto merge",
    "pullrequestautomerge": "auto merge",
    "pull request webhook": "pull request",
    "simple pull request": "pull request",
    "simple commit": "commit",
    "simplecommit": "commit",
    "commit simple": "commit",
    "checkrun": "check run",
    "check run with simple check suite": "check run",
    "simple check suite": "check suite",
    "deployment simple": "deployment",
    "secret scanning alert webhook": "secret scanning alert",
}
MAX_VALUES = 16
MAX_VALUES_TEXT = 240
KINDS = {"string": "text", "integer": "number", "number": "number", "boolean": "boolean"}


@dataclass(eq=False)
class Node:
    """What may stand at one place. `values` are the only texts there; None when texts are free."""

    kinds: set[str] = field(default_factory=set)
    values: set[str] | None = None
    parts: dict[str, "Node"] = field(default_factory=dict)
    refs: set[str] = field(default_factory=set)
    item: "Node | None" = None
    optional: bool = False
    table: bool = False


def merge(into: Node, other: Node) -> None:
    """Everything that either may be. A field that only one has may be missing."""
    if "text" in into.kinds and "text" in other.kinds:
        both = into.values is not None and other.values is not None
        into.values = (into.values or set()) | (other.values or set()) if both else None
    elif "text" in other.kinds:
        into.values = other.values
    if into.table and other.table:
        for name in into.parts.keys() ^ other.parts.keys():
            (into.parts.get(name) or other.parts[name]).optional = True
    for name, part in other.parts.items():
        if name in into.parts:
            if into.parts[name] is not part:
                merge(into.parts[name], part)
        else:
            into.parts[name] = part
    into.kinds |= other.kinds
    into.refs |= other.refs
    into.optional |= other.optional
    into.table |= other.table
    if other.item is not None:
        if into.item is None:
            into.item = other.item
        elif into.item is not other.item:
            merge(into.item, other.item)


def canonical(name: str) -> str:
    """One name for all variants of a thing."""
    words = re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
    words = re.sub(r"^(nullable|webhooks) ", "", words)
    words = re.sub(r" \d+$", "", words)
    return ALIASES.get(words, words).replace(" ", "-")


class Reader:
    """Turns the schemas of one document into nodes; named things go to `types`."""

    def __init__(self, definitions: Mapping[str, Any], types: dict[str, Node]) -> None:
        self.definitions = definitions
        self.types = types
        self.names = {
            canonical(schema.get("title") or key)
            for key, schema in definitions.items()
            if not re.search(r"\$|[-_]event$|^webhook-", key) and self.is_table(schema)
        }
        self.seen: set[str] = set()

    def node(self, schema: Any) -> Node:
        """What the schema allows."""
        if not isinstance(schema, Mapping) or not schema:
            return Node(kinds={"any"})
        if "$ref" in schema:
            return self.reference(schema["$ref"].rpartition("/")[2])
        made = Node()
        for key in ("allOf", "oneOf", "anyOf"):
            for one in schema.get(key, ()):
                merge(made, self.node(one))
        merge(made, self.own(schema))
        return made

    def reference(self, key: str) -> Node:
        """A named definition: a type of ours if it is a table, else what it says."""
        target = self.definitions[key]
        if not self.is_table(target):
            return self.node(target)
        name = canonical(target.get("title") or key)
        if key not in self.seen:
            self.seen.add(key)
            self.add(name, self.node({k: v for k, v in target.items() if k != "title"}))
        nullable = "null" in _types(target) or target.get("nullable") is True
        return Node(refs={name}, optional=nullable)

    def is_table(self, schema: Mapping[str, Any]) -> bool:
        """Whether it has fields of its own."""
        return "properties" in schema or any(
            "$ref" in one or self.is_table(one) for one in schema.get("allOf", ())
        )

    def add(self, name: str, node: Node) -> None:
        """One more variant of a type, even if it says that it is that type and more."""
        node.refs.discard(name)
        if name in self.types:
            merge(self.types[name], node)
        else:
            self.types[name] = node

    def own(self, schema: Mapping[str, Any]) -> Node:
        """What the schema says itself, its alternatives aside."""
        made = Node(optional=schema.get("nullable") is True)
        words = [schema["const"]] if "const" in schema else schema.get("enum")
        types = _types(schema) or _types_of_values(words)
        made.optional |= "null" in types
        made.kinds = {KINDS[one] for one in types if one in KINDS}
        if schema.get("format") in {"date-time", "timestamp"} and "text" in made.kinds:
            made.kinds = made.kinds - {"text"} | {"time"}
        if words is not None and "text" in made.kinds:
            made.values = {word for word in words if isinstance(word, str)}
        if "array" in types:
            made.item = self.node(schema.get("items"))
        if "object" in types or "properties" in schema:
            self.table(schema, made)
        return made

    def table(self, schema: Mapping[str, Any], made: Node) -> None:
        """A table's fields; one with a title that others have too is a type."""
        required = set(schema.get("required", ()))
        parts = {name: self.node(one) for name, one in schema.get("properties", {}).items()}
        for name, part in parts.items():
            part.optional |= name not in required
        more = schema.get("additionalProperties", None if parts else True)
        if more is True or isinstance(more, Mapping):
            parts["*"] = self.node(more)
        made.table = True
        made.parts = parts
        title = canonical(schema.get("title", ""))
        if title in self.types or title in self.names:
            self.add(title, Node(parts=dict(parts), table=True))
            made.table, made.parts, made.refs = False, {}, {title}


def _types(schema: Mapping[str, Any]) -> list[str]:
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else list(given)


def _types_of_values(words: Any) -> list[str]:
    names = {str: "string", bool: "boolean", int: "integer", type(None): "null"}
    return sorted({names[type(word)] for word in words or () if type(word) in names})


# the three packages -------------------------------------------------------------------------------

Events = dict[str, Node]


def put(events: Events, kind: str, node: Node) -> None:
    """One more variant of an event, under its own name: `issues.opened`."""
    action = node.parts.get("action")
    actions = (action.values if action else None) or {""}
    for one in sorted(actions) if kind not in ANY_ACTION else ["*"]:
        name = f"{kind}.{one}".rstrip(".")
        mine = Node(table=True, parts={key: _copy(part) for key, part in node.parts.items()})
        if action is not None and one not in {"", "*"}:
            mine.parts["action"] = Node(kinds={"text"}, values={one})
        if name in events:
            merge(events[name], mine)
        else:
            events[name] = mine


def _copy(node: Node) -> Node:
    made = Node()
    merge(
        made,
        Node(
            kinds=set(node.kinds),
            values=node.values and set(node.values),
            refs=set(node.refs),
            optional=node.optional,
            table=node.table,
        ),
    )
    made.parts = {name: _copy(part) for name, part in node.parts.items()}
    made.item = _copy(node.item) if node.item else None
    return made


def from_schemas(folder: Path, types: dict[str, Node], events: Events) -> None:
    """@octokit/webhooks-schemas: one definition an event and action, `issues$opened`."""
    document = json.loads((folder / "webhooks-schemas" / "schema.json").read_text())
    definitions = document["definitions"]
    reader = Reader(definitions, types)
    for key, schema in definitions.items():
        if "$" in key:
            put(events, key.partition("$")[0], reader.node({**schema, "title": "event"}))


def from_openapi(folder: Path, plan: str, types: dict[str, Node], events: Events) -> None:
    """@octokit/openapi-webhooks: one webhook an event and action, named in a header's example."""
    document = json.loads((folder / "openapi-webhooks" / "generated" / f"{plan}.json").read_text())
    definitions = document["components"]["schemas"]
    reader = Reader(definitions, types)
    for webhook in document["webhooks"].values():
        post = webhook["post"]
        kind = post["operationId"].partition("/")[0].replace("-", "_")
        body = post["requestBody"]["content"]["application/json"]["schema"]
        for key in [one["$ref"] for one in body.get("oneOf", [body])]:
            schema = definitions[key.rpartition("/")[2]]
            put(events, kind, reader.node({**schema, "title": "event"}))


def from_examples(folder: Path, types: dict[str, Node], events: Events) -> None:
    """@octokit/webhooks-examples: what was seen is known, whatever a schema says."""
    for plan in sorted((folder / "webhooks-examples").glob("*/index.json")):
        for kind in json.loads(plan.read_text()):
            for payload in kind["examples"]:
                action = payload.get("action")
                action = "*" if kind["name"] in ANY_ACTION else action
                name = f"{kind['name']}.{action}" if action else kind["name"]
                see(payload, events.setdefault(name, _bare(kind["name"])), types)


def _bare(kind: str) -> Node:
    """An event that no schema has, with what every event has."""
    parts = {name: Node(refs={ref}, optional=True) for name, ref in EVERYWHERE.items()}
    return Node(table=True, parts={} if kind == "enterprise" else parts)


def see(value: Any, node: Node, types: dict[str, Node]) -> None:
    """Note that this value was sent here."""
    if "any" in node.kinds:
        return
    match value:
        case None:
            node.optional = True
        case bool():
            node.kinds.add("boolean")
        case int() | float():
            node.kinds.add("number")
        case str():
            if "time" not in node.kinds or not re.match(r"\d{4}-\d\d-\d\dT", value):
                if "text" in node.kinds and node.values is not None:
                    node.values.add(value)
                elif "text" not in node.kinds:
                    node.kinds.add("text")
                    node.values = None
        case list():
            node.item = node.item or Node()
            for one in value:
                see(one, node.item, types)
        case dict():
            for name, one in value.items():
                see(one, _part(name, node, types), types)


def _part(name: str, node: Node, types: dict[str, Node]) -> Node:
    for ref in sorted(node.refs):
        if name in types[ref].parts:
            return types[ref].parts[name]
    if name in node.parts:
        return node.parts[name]
    if "*" in node.parts:
        return node.parts["*"]
    owner = types[min(node.refs)] if node.refs else node
    if owner is node:
        node.table = True
    return owner.parts.setdefault(name, Node(optional=True))


# the table ----------------------------------------------------------------------------------------


def lines(node: Node, types: Mapping[str, Node], path: str = "") -> Iterator[tuple[str, str]]:
    """(path, type) of everything below a node, in the notation of automation/sources/notation.py."""
    known = {name for ref in node.refs for name in types[ref].parts}
    for name, part in sorted(node.parts.items()):
        if name in known:
            continue
        here = f"{path}.{name}" if path else name
        yield from _field(part, here, types)


def _field(part: Node, here: str, types: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    text = notation(part)
    below = list(_below(part, here, types))
    if text != "table" or not below:
        yield here, text
    yield from below


def _below(part: Node, here: str, types: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    if "any" in part.kinds:
        return
    yield from lines(part, types, here)
    if part.item is not None:
        yield from _below(part.item, f"{here}[]", types)


def notation(node: Node) -> str:
    """The type as the table writes it."""
    mark = "?" if node.optional else ""
    if "any" in node.kinds:
        return "any" + mark
    names = sorted(node.refs) + (["table"] if node.table and not node.refs else [])
    kinds = set(node.kinds)
    if node.values is not None and "text" in kinds and _short(node.values):
        names += [json.dumps(value) for value in sorted(node.values)]
        kinds.discard("text")
    names += sorted(kinds)
    if node.item is not None:
        names.append(f"[{notation(node.item)}]".replace("?]", "]"))
    return ("|".join(names) or "any") + mark


def _short(values: set[str]) -> bool:
    plain = all(re.fullmatch(r"[\w .:+/-]+", value) and "  " not in value for value in values)
    return plain and 0 < len(values) <= MAX_VALUES and sum(map(len, values)) <= MAX_VALUES_TEXT


def sections(types: Mapping[str, Node], events: Events) -> Iterator[str]:
    """The blocks of the table: what all events have, the types, then each kind of event."""
    common = [f"{name} {ref}?" for name, ref in sorted(EVERYWHERE.items())]
    yield block("events *", common)
    for name in sorted(reachable(types, events)):
        yield block(f"type {name}", [f"{path} {text}" for path, text in lines(types[name], types)])
    kinds: dict[str, dict[str, list[str]]] = {}
    for name, node in sorted(events.items()):
        rows = [f"{path} {text}" for path, text in lines(node, types)]
        kinds.setdefault(name.partition(".")[0], {})[name] = [
            row for row in rows if row not in common
        ]
    for kind, own in kinds.items():
        if kind != "ping":
            yield from kind_blocks(kind, own)


def kind_blocks(kind: str, own: Mapping[str, list[str]]) -> Iterator[str]:
    """One event, or what all its actions share and then each action."""
    if list(own) == [kind]:
        yield block(f"event {kind}", own[kind])
        return
    shared = [row for row in next(iter(own.values())) if all(row in rows for rows in own.values())]
    yield block(f"events {kind}", shared)
    for name, rows in own.items():
        yield block(f"event {name}", [row for row in rows if row not in shared])


def block(head: str, rows: list[str]) -> str:
    """One section of the table."""
    return "\n".join([head, *rows]) + "\n"


def reachable(types: Mapping[str, Node], events: Events) -> set[str]:
    """The types that an event leads to."""
    found: set[str] = set()
    todo = [*events.values(), Node(refs=set(EVERYWHERE.values()))]
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        found |= node.refs
        todo += [types[ref] for ref in node.refs] + [*node.parts.values()]
        todo += [node.item] if node.item else []
    return found


HEADER = f"""\
# The fields of GitHub's webhook events, in the notation of automation/sources/notation.py.
# Made by scripts/github_fields.py from {SCHEMAS}, {EXAMPLES}
# and {OPENAPI}; MIT, see LICENSE.github. Edit github.names.txt or the script, not this.
"""


def main() -> None:
    """Install, read, write."""
    with tempfile.TemporaryDirectory(prefix="github-fields-") as name:
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
             "--prefix", name, SCHEMAS, EXAMPLES, OPENAPI],
            check=True,
        )  # fmt: skip
        folder = Path(name) / "node_modules" / "@octokit"
        types: dict[str, Node] = {}
        events: Events = {}
        from_schemas(folder, types, events)
        for plan in ("api.github.com", "ghec", "ghes-3.19"):
            from_openapi(folder, plan, types, events)
        from_examples(folder, types, events)
    TABLE.write_text("\n".join([HEADER, *sections(types, events)]), encoding="utf-8")
    print(f"{TABLE.name}: {len(events)} events, {TABLE.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
