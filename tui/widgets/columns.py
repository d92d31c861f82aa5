"""Columns of lists: what they are called, how they share the width there is, and what a cell may hold.

Both lists of the dashboard draw with these: the one whose rows are all there (``row_table``) and the one that reads
rows as they are seen (``big_table``). A cell is plain text or a rich text, so data never reaches a markup parser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from spec_lang.plain_text import visible

WIDE = 112  # with fewer the columns that share the rest would have four letters
MOST_CELL_CHARACTERS = 400
PADDING = 1  # blank cells on each side of a cell


@dataclass(frozen=True)
class Col:
    """A column: ``width`` cells, or a ``share`` of what the others leave. ``wide`` ones need a wide terminal."""

    title: str
    width: int = 0
    share: int = 0
    justify: Literal["left", "right"] = "left"
    wide: bool = False


@dataclass(frozen=True)
class Row:
    """One line: a key that stays the same over refreshes, and a cell a column."""

    key: str
    cells: tuple[str | Text, ...]


def line_text(row: Row) -> str:
    """A line as text to copy or to look through, a tab between its cells."""
    cells = (cell.plain if isinstance(cell, Text) else visible(cell) for cell in row.cells)
    return "\t".join(cell.strip() for cell in cells if cell.strip())


def columns_shown(cols: Sequence[Col], width: int) -> list[int]:
    """Positions of the columns for which a list of ``width`` cells has room."""
    return [i for i, col in enumerate(cols) if not col.wide or width >= WIDE]


def column_widths(cols: Sequence[Col], width: int) -> list[int]:
    """Fixed widths as they are; the rest of the line by share, each at least 4."""
    free = width - 2 - 2 * PADDING * len(cols) - sum(col.width for col in cols)
    shares = sum(col.share for col in cols) or 1
    return [col.width or max(4, free * col.share // shares) for col in cols]


def cell_text(value: str | Text, justify: Literal["left", "right"]) -> Text:
    """A cell that cannot break its line."""
    text = value if isinstance(value, Text) else Text(visible(value[:MOST_CELL_CHARACTERS]))
    text.justify, text.no_wrap, text.overflow, text.end = justify, True, "ellipsis", ""
    return text


def fitted_cell(
    value: str | Text, width: int, justify: Literal["left", "right"], console: Console, look: Style
) -> list[Segment]:
    """A cell of exactly ``width`` on a ``look``, on one line whatever it holds, and the padding to the next one. A text
    in one style is cut as a string, which is ten times faster than as a rich text; nearly all are."""
    blank = Segment(" " * 2 * PADDING, look)
    text = value if isinstance(value, Text) else cell_text(value, justify)
    if not text.spans:
        line = text.plain.partition("\n")[0]
        length = cell_len(line)
        if length > width:
            line = set_cell_size(line, width - 1) + "…"
        else:
            room = " " * (width - length)
            line = room + line if justify == "right" else line + room
        return [Segment(line, look + console.get_style(text.style) if text.style else look), blank]
    text = cell_text(text.copy(), justify)
    if "\n" in text.plain:
        text = text.split("\n", allow_blank=True)[0]
    text.align(justify, width)
    return [*Segment.apply_style(text.render(console), look), blank]
