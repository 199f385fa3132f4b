"""The floor plan: which room may enter which. A room that is not in the table fails."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "automation"

SERVICE = {
    "clock", "directory", "dispatcher", "conduct", "effects", "exchange", "governor", "intake",
    "learning", "loop", "owners", "planner", "readiness", "rulebook", "rulefiles", "scheduler", "timing", "watching",
}  # fmt: skip
EDGES = {"store", "outbound"}
ROOMS: dict[str, set[str]] = {
    "model": set(),
    "sources": {"model"},
    "engine": {"model"},
    "notion": {"model"},
    "actions": {"model", "notion"},
    "store": {"model"},
    "outbound": {"model", "notion"},
    "settings": {"model"},
    **{name: {"model", "sources", "engine", "notion", "actions"} | EDGES | SERVICE for name in SERVICE},
    "web": {"model", "engine", "store", "intake", "settings"},
    "adoption": {"model", "sources", "engine", "settings"} | SERVICE,
    "wiring": {"model", "sources", "engine", "notion", "actions", "web", "settings", "adoption"} | EDGES | SERVICE,
    "cli": {"model", "sources", "engine", "notion", "actions", "web", "settings", "adoption", "wiring", "emulator"}
    | EDGES
    | SERVICE,
    "emulator": set(),
}  # fmt: skip
"""One line per room: the rooms it may enter."""

PURE = {"model", "sources", "engine", "notion", "actions"}
WAITING = {"asyncio", "httpx", "os", "random", "socket", "sqlite3", "starlette", "time", "uvicorn"}
FENCED = {
    "httpx": {"outbound"},
    "apscheduler": {"scheduler"},
    "liquid": {"engine"},
    "sqlite3": {"store"},
}
"""Packages that one room alone may import."""


def modules(package: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Everything the module imports, as absolute dotted names; also inside functions."""
    base = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                above = base.split(".")[: len(base.split(".")) - node.level + 1]
                start = ".".join([*above, start]).rstrip(".")
            for alias in node.names:
                inner = f"{start}.{alias.name}"
                yield inner if inner in known else start


def room(name: str) -> str:
    """The room of a module of ours."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def breaches(package: Path, rooms: dict[str, set[str]]) -> list[str]:
    """Every import that the plan does not allow."""
    known = modules(package)
    top = package.name
    found = []
    for name, path in known.items():
        here = room(name)
        if not here or here == "__main__":
            continue
        if here not in rooms:
            found.append(f"{name}: the room `{here}` is not in the plan")
            continue
        for target in imports(name, path, known):
            first = target.split(".")[0]
            if first == top:
                there = room(target)
                if there not in {here, ""} and there not in rooms[here]:
                    found.append(f"{name} enters {there} ({target})")
            elif here in PURE and first in WAITING:
                found.append(f"{name} is pure and imports {first}")
            elif first in FENCED and here not in FENCED[first] | {"emulator"}:
                found.append(f"{name} imports {first}, which belongs to {sorted(FENCED[first])}")
    return found


def rings(package: Path) -> list[str]:
    """Modules that import each other, however far round."""
    known = modules(package)
    graph = {
        name: {
            target for target in imports(name, path, known) if target in known and target != name
        }
        for name, path in known.items()
    }
    done: set[str] = set()
    found: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            found.append(" -> ".join((*trail[trail.index(name) :], name)))
            return
        if name in done:
            return
        for target in sorted(graph[name]):
            visit(target, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())
    return found


def test_every_import_stays_on_its_floor() -> None:
    assert breaches(PACKAGE, ROOMS) == []


def test_there_is_no_import_ring() -> None:
    assert rings(PACKAGE) == []


def test_type_checking_blocks_are_not_used() -> None:
    users = [name for name, path in modules(PACKAGE).items() if "TYPE_CHECKING" in path.read_text()]
    assert users == []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small house with one room a floor."""
    package = tmp_path / "automation"
    for name in ("engine", "outbound"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "outbound" / "client.py").touch()
    return package


@pytest.mark.parametrize(
    "line",
    [
        "from automation.outbound import client",
        "from automation.outbound.client import send",
        "import automation.outbound.client",
        "from ..outbound import client",
        "from .. import outbound",
        "def f():\n    from automation import outbound",
    ],
    ids=["package", "module", "import", "relative", "relative-package", "inside-a-function"],
)
def test_a_planted_breach_is_seen(house: Path, line: str) -> None:
    (house / "engine" / "plan.py").write_text(line)
    assert [one.split(" (")[0] for one in breaches(house, ROOMS)] == [
        "automation.engine.plan enters outbound"
    ]


@pytest.mark.parametrize("name", ["asyncio", "httpx", "os.path", "time", "starlette.requests"])
def test_a_pure_room_that_waits_is_seen(house: Path, name: str) -> None:
    (house / "engine" / "plan.py").write_text(f"import {name}")
    assert breaches(house, ROOMS) == [
        f"automation.engine.plan is pure and imports {name.partition('.')[0]}"
    ]


def test_a_room_that_is_not_in_the_plan_is_seen(house: Path) -> None:
    (house / "attic.py").touch()
    assert breaches(house, ROOMS) == ["automation.attic: the room `attic` is not in the plan"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("from automation.engine import b", "from automation.engine import a"),
        ("import automation.engine.b", "from . import a"),
        ("from .b import x", "def f():\n    from .a import y"),
    ],
    ids=["absolute", "mixed", "inside-a-function"],
)
def test_a_planted_ring_is_seen(house: Path, one: str, two: str) -> None:
    (house / "engine" / "a.py").write_text(one)
    (house / "engine" / "b.py").write_text(two)
    assert rings(house) == ["automation.engine.a -> automation.engine.b -> automation.engine.a"]
