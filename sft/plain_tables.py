"""Pages as aligned text or Markdown. Pure; nothing wider than asked, no control character.

Columns get what they need where the line has room. Where it has not, the widest text columns give
way, down to twelve characters, and their cells end in an ellipsis. What is there to be copied is never cut.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size

from spec_lang.plain_text import visible
from tui.in_sight import begin, first_difference

GAP = "  "
NARROWEST = 12
NO_TERMINAL_WIDTH = 100
NOTE_INDENT = "     "
# What makes GitHub mention somebody, link an address, or refer to an issue.
_LIVE = re.compile(r"(?i)(@(?!\u2060)|:(?=//)|www(?=\.)|#(?=\d)|\bgh-(?=\d))")


@dataclass(frozen=True)
class Table:
    """A title (may be empty), columns and cells of text; ``right`` are the positions of columns with numbers.

    ``notes`` has a text for each row (may be empty), told below it in text and as a last column in Markdown, which is
    called ``noted``. ``copied``: the last column is there to be copied into a file or a command line; it is shown
    whole, also where its line gets wider than the page. ``compared`` are the positions of two columns of texts that are
    held against each other: where they are cut, it is around what differs first, wherever that is. So they are looked
    through whole.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: frozenset[int] = frozenset()
    notes: Sequence[str] = ()
    noted: str = "reason"
    copied: bool = False
    compared: tuple[int, int] | None = None


@dataclass(frozen=True)
class Page:
    """What a view says: ``data`` for programs, the rest for readers."""

    data: Any
    head: str
    tables: tuple[Table, ...]
    tail: str = ""


def as_text(page: Page, width: int) -> str:
    """The page in lines of at most ``width`` cells."""
    blocks = [wrapped(page.head, width)] if page.head else []
    for table in page.tables:
        title = wrapped(table.title, width) if table.title else []
        blocks.append([*title, *aligned(table, width)])
    if page.tail:
        blocks.append(wrapped(page.tail, width))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def as_markdown(page: Page) -> str:
    """The page as Markdown: every cell in full, marks that mean something there escaped, and nobody mentioned, since
    cells hold rows and what models wrote, and a page is pasted where people are called by their names."""
    return unlinked(_markdown(page))


def _markdown(page: Page) -> str:
    blocks = [_escaped(page.head)] if page.head else []
    for table in page.tables:
        columns, rows = table.columns, table.rows
        if table.notes:
            columns, rows = (*columns, table.noted), [(*r, note) for r, note in zip(rows, table.notes, strict=True)]
        rule = ["---:" if i in table.right else "---" for i in range(len(columns))]
        lines = [markdown_row(columns), f"| {' | '.join(rule)} |", *(markdown_row(row) for row in rows)]
        blocks.append(("### " + _escaped(table.title) + "\n\n" if table.title else "") + "\n".join(lines))
    if page.tail:
        blocks.append(_escaped(page.tail))
    return "\n\n".join(blocks) + "\n"


def markdown_text(text: str) -> str:
    """A text within a line of Markdown."""
    return _escaped(text).strip()


def markdown_table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], *right: int) -> str:
    """One table of a card, in a file of its own: paths and addresses stay as they are. ``right`` are the positions of
    columns with numbers."""
    return _markdown(Page(None, "", (Table(title, columns, rows, frozenset(right)),)))


def aligned(table: Table, width: int, *, header: bool = True) -> list[str]:
    """A table in lines. Cells are made visible and cut to their column."""
    last = len(table.columns) - 1 if table.copied else None
    whole = {last, *(table.compared or ())}
    cells = [tuple(visible(c if i in whole else c[: 4 * width]) for i, c in enumerate(row)) for row in table.rows]
    wanted = [table.columns, *cells] if header else cells
    needs = [max((cell_len(row[i]) for row in wanted), default=0) for i in range(len(table.columns))]
    fixed = table.right if last is None else table.right | {last}
    widths = fitted(needs, fixed, width - len(GAP) * (len(needs) - 1))
    if table.compared is not None:
        cells = [_around(row, table.compared, widths) for row in cells]
        wanted = [table.columns, *cells] if header else cells
    lines, notes = [], ["", *table.notes] if header and table.notes else list(table.notes)
    for position, row in enumerate(wanted):
        shown = [_cut(cell, w, right=i in table.right) for i, (cell, w) in enumerate(zip(row, widths, strict=True))]
        line = GAP.join(shown).rstrip()
        lines.append(line if table.copied or cell_len(line) <= width else _cut(line, width, right=False))
        if notes:
            lines.extend(wrapped(notes[position], width, NOTE_INDENT))
    return lines


def _around(row: tuple[str, ...], compared: tuple[int, int], widths: Sequence[int]) -> tuple[str, ...]:
    """Two cells from where they have to begin for their first difference to be in sight."""
    shown, place = list(row), first_difference(*(row[i] for i in compared))
    for i in compared:
        start = begin(row[i], place, widths[i])
        shown[i] = f"…{row[i][start:]}" if start else row[i]
    return tuple(shown)


def fitted(needs: Sequence[int], fixed: frozenset[int], room: int) -> list[int]:
    """Column widths: what is needed, less what the widest columns that are not ``fixed`` can give up."""
    widths = list(needs)
    while sum(widths) > room:
        giving = [i for i in range(len(widths)) if i not in fixed and widths[i] > NARROWEST]
        if not giving:
            return widths
        widest = max(giving, key=lambda i: widths[i])
        others = [widths[i] for i in giving if i != widest]
        least = max(NARROWEST, *others) if others else NARROWEST
        step = min(widths[widest] - min(least, widths[widest] - 1), sum(widths) - room)
        widths[widest] -= max(1, step)
    return widths


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """A text in lines of at most ``width`` cells (at least 20), broken at blanks where that is possible."""
    room = max(20, width)
    lines = textwrap.wrap(visible(text), room, initial_indent=indent, subsequent_indent=indent, break_long_words=True)
    return [piece for line in lines for piece in (chop_cells(line, room) if cell_len(line) > room else [line])]


def _cut(cell: str, width: int, *, right: bool) -> str:
    if cell_len(cell) > width:
        return set_cell_size(cell, max(0, width - 1)) + "…"
    blank = " " * (width - cell_len(cell))
    return blank + cell if right else cell + blank


def markdown_row(cells: Sequence[str]) -> str:
    """A row of a table, every cell in full."""
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    shown = visible(text).replace("\\", "\\\\")
    for mark in "|`*_<>[]#&$~":
        shown = shown.replace(mark, "\\" + mark)
    return shown


def unlinked(text: str) -> str:
    """Markdown in which no name is mentioned, no bare address is a link and no number is an issue: a word joiner, which
    takes no room, parts `@` from the name, `:` from `//`, `www` from its dot, `#` and `GH-` from a number."""
    return _LIVE.sub(lambda match: f"{match[1]}\u2060", text)


def terminal_width() -> int:
    return shutil.get_terminal_size((NO_TERMINAL_WIDTH, 24)).columns
