"""Markdown as the documentation tests need it: sections, tables, code, links and command lines."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = (README, *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(.*)$")
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"(?:[A-Z][A-Z_]*=\S* )*(?:\S*/)?automation (.+)")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what stands behind the fence, its text, and the line it begins on."""

    info: str
    text: str
    where: str


def blocks(path: Path) -> list[Block]:
    """Every fenced block of a file."""
    found: list[Block] = []
    info: str | None = None
    lines: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence is None:
            lines.append(line)
        elif info is None:
            info, lines, start = fence[1].strip(), [], number
        else:
            found.append(Block(info, "\n".join(lines) + "\n", f"{path.name}:{start}"))
            info = None
    assert info is None, f"{path.name} has a block that does not end"
    return found


def prose(path: Path) -> str:
    """A file without its fenced blocks."""
    kept, inside = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def section(path: Path, heading: str) -> str:
    """The prose below a heading, down to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    kept: list[str] = []
    inside = False
    for line in prose(path).splitlines():
        if re.match(rf"#{{1,{level}}} ", line):
            inside = line == heading
        elif inside:
            kept.append(line)
    assert kept, f"{path.name} has no {heading!r}"
    return "\n".join(kept)


def code(text: str) -> list[str]:
    """Every inline code span, line breaks as spaces, escaped pipes of tables as pipes."""
    return [" ".join(span.replace("\\|", "|").split()) for span in _SPAN.findall(text)]


def rows(text: str) -> Iterator[list[str]]:
    """The rows of every table, without heads: the text of each cell."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("|") and not line.startswith("|---"):
            cells = [cell.strip() for cell in _CELL.split(line)[1:-1]]
            if not lines[number + 1 : number + 2] or not lines[number + 1].startswith("|---"):
                yield cells


def first_cells(text: str) -> set[str]:
    """Every code span in the first column of a table."""
    return {span for cells in rows(text) for span in code(cells[0])}


def links(path: Path) -> list[str]:
    """Where the links of a file lead."""
    return _LINK.findall(prose(path))


def anchors(path: Path) -> set[str]:
    """The headings of a file as GitHub makes anchors of them."""
    heads = (line.lstrip("#").strip() for line in prose(path).splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def command_lines(path: Path) -> Iterator[list[str]]:
    """Every `automation …` that a reader could type: in blocks and in inline code."""
    typed = [line for block in blocks(path) for line in _typed(block)]
    for line in [*typed, *code(prose(path))]:
        command = _COMMAND.fullmatch(line.strip())
        if command:
            yield shlex.split(command[1], comments=True)


def _typed(block: Block) -> Iterator[str]:
    lines = block.text.splitlines()
    if block.info == "console":
        yield from (line[2:] for line in lines if line.startswith("$ "))
    elif block.info in {"sh", "bash"}:
        yield from (part for line in lines for part in line.split(" && "))
