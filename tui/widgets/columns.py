"""Columns of lists: what they are called, how they share the width there is, and what a cell may hold.

Both lists of the dashboard draw with these: the one whose rows are all there (``row_table``) and the one that reads
rows as they are seen (``big_table``). A cell is plain text or a rich text, so data never reaches a markup parser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from spec_lang.plain_text import visible
from tui.in_sight import begin

WIDE = 112  # with fewer the columns that share the rest would have four letters
MOST_CELL_CHARACTERS = 400
PADDING = 1  # blank cells on each side of a cell


@dataclass(frozen=True)
class Col:
    """A column: ``width`` cells, or a ``share`` of what the others leave. ``wide`` ones need a wide terminal, others a
    list that ``needs`` so many cells."""

    title: str
    width: int = 0
    share: int = 0
    justify: Literal["left", "right"] = "left"
    wide: bool = False
    needs: int = 0


@dataclass(frozen=True)
class Row:
    """One line: a key that stays the same over refreshes, and a cell a column. ``places`` has of cells the character
    that is to be in sight, where that is not the first."""

    key: str
    cells: tuple[str | Text, ...]
    places: Mapping[int, int] = field(default_factory=dict, compare=False)


def line_text(row: Row) -> str:
    """A line as text to copy or to look through, a tab between its cells."""
    cells = (cell.plain if isinstance(cell, Text) else visible(cell) for cell in row.cells)
    return "\t".join(cell.strip() for cell in cells if cell.strip())


def columns_shown(cols: Sequence[Col], width: int) -> list[int]:
    """Positions of the columns for which a list of ``width`` cells has room."""
    return [i for i, col in enumerate(cols) if width >= max(col.needs, WIDE if col.wide else 0)]


def column_widths(cols: Sequence[Col], width: int) -> list[int]:
    """Fixed widths as they are; the rest of the line by share, each at least 4."""
    free = width - 2 - 2 * PADDING * len(cols) - sum(col.width for col in cols)
    shares = sum(col.share for col in cols) or 1
    return [col.width or max(4, free * col.share // shares) for col in cols]


def harmless(text: Text) -> Text:
    """A cell whose characters all can be seen. Who makes one sees to that; what was forgotten loses its colours here,
    and does nothing to a terminal."""
    shown = visible(text.plain, newlines=True)
    return text if shown == text.plain else Text(shown, style=text.style)


def cell_text(value: str | Text, justify: Literal["left", "right"]) -> Text:
    """A cell that cannot break its line."""
    text = harmless(value) if isinstance(value, Text) else Text(visible(value[:MOST_CELL_CHARACTERS]))
    text.justify, text.no_wrap, text.overflow, text.end = justify, True, "ellipsis", ""
    return text


def cells_in_sight(row: Row, cols: Sequence[Col], width: int) -> list[str | Text]:
    """The cells of the columns for which a list has room, each from where it has to begin for its place to be seen."""
    shown = columns_shown(cols, width)
    if not row.places:
        return [row.cells[index] for index in shown]
    sizes = zip(shown, column_widths([cols[index] for index in shown], width), strict=True)
    return [_from_place(row.cells[index], row.places.get(index, 0), size) for index, size in sizes]


def _from_place(value: str | Text, place: int, width: int) -> str | Text:
    plain = value.plain if isinstance(value, Text) else value
    start = begin(plain, place, width)
    if not start:
        return value
    return Text("…", style=value.style).append_text(value[start:]) if isinstance(value, Text) else "…" + value[start:]


def fitted_cell(
    value: str | Text, width: int, justify: Literal["left", "right"], console: Console, look: Style
) -> list[Segment]:
    """A cell of exactly ``width`` on a ``look``, on one line whatever it holds, and the padding to the next one. A text
    in one style is cut as a string, which is ten times faster than as a rich text; nearly all are."""
    blank = Segment(" " * 2 * PADDING, look)
    text = harmless(value) if isinstance(value, Text) else cell_text(value, justify)
    if not text.spans:
        line = text.plain.partition("\n")[0]
        length = cell_len(line)
        if length > width:
            line = set_cell_size(line, width - 1) + "…"
        else:
            room = " " * (width - length)
            line = room + line if justify == "right" else line + room
        own = text.style if length else ""  # an empty cell that is reversed would be a block
        return [Segment(line, look + console.get_style(own) if own else look), blank]
    text = cell_text(text.copy(), justify)
    if "\n" in text.plain:
        text = text.split("\n", allow_blank=True)[0]
    text.align(justify, width)
    return [*Segment.apply_style(text.render(console), look), blank]
