"""Traces as people read them: aligned, as wide as the terminal, the decisive lines in colour."""

import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from automation.engine.explain import Trace, TracedLine, TracedTable

GAP = "  "
LEAST = 24
"""The least width of a column, however narrow the terminal."""
UNBOUNDED = 10_000


def stdout() -> Console:
    """Where results go. Colours only for a terminal, and never with NO_COLOR."""
    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(
        highlight=False, markup=False, emoji=False, width=UNBOUNDED, color_system=None
    )  # fmt: skip


def show(lines: Sequence[Text], console: Console) -> None:
    """Print lines that are laid out already."""
    for line in lines:
        line.rstrip()
        console.print(line, soft_wrap=True)


def fit(text: str, width: int) -> str:
    """A text as wide as that on a screen, where some characters take two cells: cut, or filled up."""
    text = text.replace("\t", " ")
    room = width - cell_len(text)
    return text + " " * room if room >= 0 else f"{set_cell_size(text, width - 1)}…"


def lines_of(one: Trace, width: int) -> list[Text]:
    """One rule: its verdict, then every line beside what the event had."""
    shared = _shared_numbers(one.lines)
    longest = max((cell_len(line.text) for line in one.lines), default=0)
    column = min(longest, max(LEAST, (width - 12) // 2))
    made = [_head(one)]
    for table in one.tables:
        heading = _heading(table)
        if heading:
            made.append(Text(f"{'':8}{heading}", style="dim"))
        for line in table.lines:
            had = str(line.had)
            if line.number in shared:
                had = f"{line.path}: {had}"
            made += _line(line, had, column, width)
    return made


def _shared_numbers(lines: Sequence[TracedLine]) -> set[int]:
    """Numbers of lines on which several tests stand: there it must be said which one is meant."""
    numbers = [line.number for line in lines]
    return {number for number in numbers if numbers.count(number) > 1}


def _head(one: Trace) -> Text:
    verdict, style = ("fires", "bold green") if one.fires else ("does not fire", "bold red")
    return Text.assemble((f"{one.file}: ", "dim"), (one.rule, "bold"), " ", (verdict, style))


def _heading(table: TracedTable) -> str:
    """What a table of several lines or alternatives means, said once above it."""
    if table.word in {"when", "either"} and (table.of > 1 or table.word == "either"):
        verdict = "passes" if table.passed else "does not pass"
        return f"{table.name} {verdict}: one of {table.of} must"
    if table.word == "unless" and (table.of > 1 or len(table.lines) > 1):
        return f"{table.name} {'does not stop it' if table.passed else 'stops it'}"
    return ""


def _line(line: TracedLine, had: str, column: int, width: int) -> Iterator[Text]:
    mark, style = ("✓", "green") if line.passed else ("✗", "bold red")
    room = max(LEAST, width - column - 11)
    first, *rest = textwrap.wrap(had, room, break_on_hyphens=False) or [""]
    yield Text.assemble(
        GAP, (mark, style), f" {line.number:>3}{GAP}", fit(line.text, column), GAP,
        (first, "" if line.passed else "red"),
    )  # fmt: skip
    for more in rest:
        yield Text(f"{'':{column + 11}}{more}", style="" if line.passed else "red")
