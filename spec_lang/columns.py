"""What stands in columns: cells of neighbouring lines, and comments at the ends of lines.

Lines share a column only where none of them is much longer than the others, so one long line does
not push its neighbours to the right; and a table that would be wider than a line stays unaligned.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

INDENT = "  "
WIDTH = 120  # Code beyond this column is written over several lines where it can be.
COMMENT_COLUMN = 44  # Comments at the end of a line begin here, or after the longest of their neighbours.
_COMMENT_GAP = "  "
# How much longer than the shortest of a table a first cell may be, a later one, and the name of a field.
_SPREAD, _LATER_SPREAD, FIELD_SPREAD = 12, 24, 24


class Line(Struct):
    """A line of the result. A line with ``cells`` is a row of the table that its neighbours with equal ``table`` form.

    ``wide`` is the cell before which a table has two spaces and not one.
    """

    indent: int
    text: str = ""
    comment: str = ""
    blank: bool = False
    table: object = None
    cells: tuple[str, ...] = ()
    wide: int = 0

    @property
    def width(self) -> int:
        """Columns of the last of its lines: strings may hold line breaks."""
        *before, last = self.text.split("\n")
        return cells_of(last) + (0 if before else len(INDENT) * self.indent)


def cells_of(text: str) -> int:
    """Terminal cells of a text: wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    shown = (char for char in text if unicodedata.category(char) not in ("Mn", "Me", "Cf"))
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in shown)


def text_of(lines: Sequence[Line]) -> str:
    """The lines with their tables and comments in columns, each ended by a line break."""
    _align_tables(lines)
    _align_comments(lines)
    return "".join(_written(line) for line in lines)


def _written(line: Line) -> str:
    text = line.text + line.comment
    return ("\n" if line.blank else "") + (INDENT * line.indent + text if text else "") + "\n"


# --- tables -----------------------------------------------------------------------------------


def _align_tables(lines: Sequence[Line]) -> None:
    for rows in _tables(lines):
        for section in sections([line.cells for line in rows]):
            part = rows[section.start : section.stop]
            texts = joined([line.cells for line in part], part[0].wide)
            if any(len(INDENT) * part[0].indent + cells_of(text) > WIDTH for text in texts):
                texts = [" ".join(cell for cell in line.cells if cell) for line in part]
            for line, text in zip(part, texts, strict=True):
                line.text = text


def _tables(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Neighbouring rows of one table; comments between rows do not part them, blank lines do."""
    rows: list[Line] = []
    for line in lines:
        note = not line.text and not line.cells
        other = (line.table, line.indent) != (rows[0].table, rows[0].indent) if rows else False
        if rows and (line.blank or (other and not note)):
            yield rows
            rows = []
        if line.table is not None:
            rows.append(line)
    if rows:
        yield rows


def sections(rows: Sequence[tuple[str, ...]], spread: int = _SPREAD) -> Iterator[range]:
    """Runs of rows that can share columns, greedily from the top."""
    start = 0
    spans: dict[int, tuple[int, int]] = {}
    for index, row in enumerate(rows):
        wider = {
            column: (min(spans.get(column, (size, 0))[0], size), max(spans.get(column, (0, size))[1], size))
            for column, size in ((column, cells_of(cell)) for column, cell in enumerate(row[:-1]) if cell)
        }
        if any(most - least > (_LATER_SPREAD if column else spread) for column, (least, most) in wider.items()):
            yield range(start, index)
            start = index
            wider = {column: (size, size) for column, cell in enumerate(row[:-1]) if (size := cells_of(cell))}
            spans = {}
        spans |= wider
    if rows:
        yield range(start, len(rows))


def joined(rows: Sequence[tuple[str, ...]], wide: int = 0) -> list[str]:
    """The rows' texts with their cells in columns; the last cell of a row is not filled up."""
    columns = max(map(len, rows))
    widths = [max((cells_of(row[at]) for row in rows if at < len(row) - 1), default=0) for at in range(columns)]
    spaced = sum(wide < len(row) for row in rows) > 1
    texts = []
    for row in rows:
        text = ""
        for at, cell in enumerate(row):
            gap = "" if not text else "  " if spaced and at == wide else " "
            if at == len(row) - 1:
                text += gap + cell
            elif widths[at]:
                text += gap + cell + " " * (widths[at] - cells_of(cell))
        texts.append(text)
    return texts


# --- comments at the ends of lines --------------------------------------------------------------


def _align_comments(lines: Sequence[Line]) -> None:
    run: list[Line] = []
    for line in lines:
        trailing = bool(line.comment and line.text)
        width = line.width
        if run and (not trailing or line.blank or "\n" in line.text or abs(width - run[-1].width) > _LATER_SPREAD):
            _place(run)
            run = []
        if trailing:
            run.append(line)
    _place(run)


def _place(run: list[Line]) -> None:
    widths = [line.width for line in run]
    column = max([COMMENT_COLUMN, *(width + len(_COMMENT_GAP) for width in widths)])
    for line, width in zip(run, widths, strict=True):
        line.comment = " " * (column - width) + line.comment
