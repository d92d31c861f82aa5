"""What a long list looks like: a head with the place of the cursor at its end, and a line a row, drawn as it is seen.

Where the rows come from is told by the list itself (``big_table``); one that is not there yet is a line of dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.formats import count
from tui.widgets.columns import Col, Row, cells_in_sight, column_widths, columns_shown, fitted_cell

if TYPE_CHECKING:
    from rich.console import Console

NOT_READ = "·"
MARK = "◆"


class ListLines(ScrollView, can_focus=True):
    """``cursor`` is a position in ``total`` rows; keys of ``marked`` rows have a sign before them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--header", "list--cursor", "list--mark"}
    DEFAULT_CSS = """
    ListLines {
        height: 1fr;
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        overflow-x: hidden;
    }
    ListLines > .list--header { background: $background; color: $foreground 68%; }
    ListLines > .list--cursor { background: $primary 10%; color: $foreground; }
    ListLines:focus > .list--cursor { background: $primary 22%; }
    ListLines > .list--mark { color: $accent; text-style: bold; }
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    def __init__(self, columns: Sequence[Col], *, id: str) -> None:
        super().__init__(id=id)
        self.cols = tuple(columns)
        self.total = 0
        self.marked: frozenset[str] = frozenset()

    def row_at(self, position: int) -> Row | None:
        raise NotImplementedError

    def mark(self, keys: frozenset[str]) -> None:
        """Show which rows are marked, by their keys."""
        self.marked = keys
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, table, console = self.scrollable_content_region.width, self.size.width, self.app.console
        if y == 0:
            look = self.rich_style + self.get_component_rich_style("list--header")
            where = f" {count(self.cursor + 1)} of {count(self.total)} " if self.total else ""
            return head_strip(self.cols, where, width, table, look, console)
        position = self.scroll_offset.y + y - 1
        if position >= self.total:
            return Strip.blank(width, self.rich_style)
        look = self.rich_style
        if position == self.cursor:
            look += self.get_component_rich_style("list--cursor")
        row = self.row_at(position)
        shown = columns_shown(self.cols, table)
        unread: list[str | Text] = [Text(NOT_READ, style="dim") for _ in shown]
        cells = unread if row is None else cells_in_sight(row, self.cols, table)
        marked = look + Style(color=self.get_component_rich_style("list--mark").color, bold=True)
        mark = Segment(MARK, marked) if row is not None and row.key in self.marked else Segment(" ", look)
        columns = [self.cols[index] for index in shown]
        return row_strip(mark, columns, cells, width, table, look + Style.from_meta({"row": position}), console)


def row_strip(
    begin: Segment,
    columns: Sequence[Col],
    cells: Sequence[str | Text],
    width: int,
    table: int,
    look: Style,
    console: Console,
) -> Strip:
    """``width`` cells of a row of a list that is ``table`` cells wide, its scroll bar counted."""
    pairs = zip(column_widths(columns, table), columns, cells, strict=True)
    parts = [part for size, col, cell in pairs for part in fitted_cell(cell, size, col.justify, console, look)]
    return Strip([begin, *parts]).adjust_cell_length(width, look).crop(0, width)


def head_strip(cols: Sequence[Col], where: str, width: int, table: int, look: Style, console: Console) -> Strip:
    columns = [cols[index] for index in columns_shown(cols, table)]
    strip = row_strip(Segment(" ", look), columns, [col.title for col in columns], width, table, look, console)
    room = max(0, width - len(where))
    titles_end = len(strip.text[: room + 1].rpartition(" ")[0])  # no title is cut in two
    return Strip([*strip.crop(0, titles_end).adjust_cell_length(room, look), Segment(where, look)])
