"""Tables: as wide as Notion takes, rows that a request can have, no cell cut short.

https://developers.notion.com/reference/block#table
"""

from collections.abc import Iterator, Sequence

from automation.model.values import Json
from automation.notion import wire
from automation.notion.blocks import MAX_TEXT_BYTES, block
from automation.notion.richtext import Run, rich_text
from automation.notion.wire import MAX_ARRAY

Cell = list[Json]


def table(rows: Sequence[Sequence[Sequence[Run]]]) -> Iterator[Json]:
    """A table of cells of runs, its first row the header; wider than 100 columns it is several."""
    width = max(len(row) for row in rows)
    for start in range(0, width, MAX_ARRAY):
        columns = min(width - start, MAX_ARRAY)
        made = [
            block("table_row", {"cells": cells})
            for row in rows
            for cells in _rows([rich_text(cell) for cell in row[start : start + columns]], columns)
        ]
        detail = {"table_width": columns, "has_column_header": True, "children": made}
        yield block("table", detail)


def _rows(cells: list[Cell], columns: int) -> Iterator[list[Cell]]:
    """One row; what its cells cannot hold goes on in the next, in the same columns."""
    left = cells + [[]] * (columns - len(cells))
    while True:
        taken = _taken(left)
        yield taken
        left = [cell[len(part) :] for cell, part in zip(left, taken, strict=True)]
        if not any(left):
            return


def _taken(cells: Sequence[Cell]) -> list[Cell]:
    """From each cell as many pieces as an array and a row may have; at least one in all."""
    taken: list[Cell] = [[] for _ in cells]
    size = 0
    for cell, part in zip(cells, taken, strict=True):
        for piece in cell[:MAX_ARRAY]:
            weight = len(wire.encoded(piece))
            if size and size + weight > MAX_TEXT_BYTES:
                break
            part.append(piece)
            size += weight
    return taken
