"""A list of rows that fits its width, keeps its cursor over a refresh and asks for more near its end.

Textual's table with three things on top: columns that share the width there is (some only where
there is room), cells that can only be plain text (data never reaches a markup parser), and paging.
Rows that were scrolled to stay loaded; nothing is loaded that nobody scrolled to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rich.text import Text
from textual import events
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable

from tui.actions import bindings_for
from tui.widgets.columns import Col, Row, cell_text, column_widths, columns_shown, line_text

__all__ = ["Col", "Row", "RowTable", "next_hit"]
NEAR_THE_END = 15


class RowTable(DataTable[Text]):
    """Posts ``NearEnd`` when the cursor comes near the last loaded row and more may be had."""

    BINDINGS = bindings_for("table")

    class NearEnd(Message):
        def __init__(self, table: RowTable) -> None:
            super().__init__()
            self.table = table

    def __init__(self, columns: Sequence[Col], *, id: str) -> None:
        super().__init__(id=id, cursor_type="row", cursor_foreground_priority="renderable")
        self.cols = tuple(columns)
        self.records: list[Row] = []
        self.more = False
        self.sought = ""
        self._fitted = -1

    def fill(self, rows: Sequence[Row], *, more: bool = False, keep: bool = True) -> None:
        """Show these rows; the cursor stays on its key where that is still there."""
        key = self.current if keep else None
        self.records, self.more = list(rows), more
        self._redraw(key)

    def renew(self, rows: Sequence[Row], *, more: bool = False) -> None:
        """Show these rows where they are mostly those on show: only cells that changed are drawn again, so that a list
        can be told twice a second while a run goes on."""
        known = [row.key for row in self.records] == [row.key for row in rows]
        if not known or not self.size.width or self._fitted != self.size.width:
            self.fill(rows, more=more)
            return
        shown = self._shown()
        for position, (old, new) in enumerate(zip(self.records, rows, strict=True)):
            for column, index in enumerate(shown):
                if not _alike(old.cells[index], new.cells[index]):
                    self.update_cell_at(Coordinate(position, column), self._cells(new, [index])[0])
        self.records, self.more = list(rows), more

    def extend(self, rows: Sequence[Row], *, more: bool) -> None:
        """Add a page."""
        self.records.extend(rows)
        self.more = more
        shown = self._shown()
        for row in rows:
            self.add_row(*self._cells(row, shown), key=row.key)

    @property
    def current(self) -> str | None:
        """The key of the row under the cursor."""
        return self.row.key if self.row is not None else None

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.records[self.cursor_row] if 0 <= self.cursor_row < len(self.records) else None

    def width_of(self, column: int) -> int:
        """Cells of a column, nothing while it is hidden."""
        shown = self._shown()
        widths = dict(zip(shown, column_widths([self.cols[i] for i in shown], self.size.width), strict=True))
        return widths.get(column, 0)

    def go_to(self, key: str) -> None:
        position = next((i for i, row in enumerate(self.records) if row.key == key), None)
        if position is not None:
            self.move_cursor(row=position, animate=False)

    def find(self, text: str, step: int = 0) -> str:
        """Mark what holds a text and go to the first such line from the cursor on (0), to the next (1) or to the one
        before (-1); what it came to, in words. Without a text nothing is marked any more."""
        self.highlight(text)
        hits = [i for i, row in enumerate(self.records) if self.sought and self.sought in line_text(row).casefold()]
        if not hits:
            return f"no line holds it, of {self._known()}" if text else ""
        position = next_hit(hits, self.cursor_row, step)
        self.move_cursor(row=position, animate=False)
        return f"{hits.index(position) + 1} of {len(hits)}, in {self._known()}"

    def highlight(self, text: str) -> None:
        """Mark what holds a text; an empty one marks nothing."""
        self.sought = text.casefold()
        self._redraw(self.current)

    def _known(self) -> str:
        return f"{len(self.records):,} lines{' that are loaded' if self.more else ''}"

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._fitted:
            self._redraw(self.current)

    def watch_cursor_coordinate(self, old: object, new: object) -> None:
        super().watch_cursor_coordinate(old, new)  # type: ignore[arg-type]
        if self.more and self.cursor_row >= len(self.records) - NEAR_THE_END:
            self.more = False
            self.post_message(self.NearEnd(self))

    def _shown(self) -> list[int]:
        return columns_shown(self.cols, self.size.width)

    def _redraw(self, key: str | None) -> None:
        if not self.size.width:  # hidden: drawn when it gets its width
            self._fitted = -1
            return
        self._fitted = self.size.width
        top = self.scroll_offset.y
        with self.prevent(self.RowHighlighted):
            self.clear(columns=True)
            shown = self._shown()
            for index, width in zip(shown, column_widths([self.cols[i] for i in shown], self.size.width), strict=True):
                col = self.cols[index]
                self.add_column(Text(col.title, justify=col.justify), width=width)
            for row in self.records:
                self.add_row(*self._cells(row, shown), key=row.key)
            if key is not None:
                self.go_to(key)
                self.scroll_to(y=top, animate=False, force=True)
        if self.records:
            self.post_message(self.RowHighlighted(self, self.cursor_row, self.ordered_rows[self.cursor_row].key))

    def _cells(self, row: Row, shown: Sequence[int]) -> list[Text]:
        return [self._cell(row.cells[index], self.cols[index].justify) for index in shown]

    def _cell(self, value: str | Text, justify: Literal["left", "right"]) -> Text:
        if not self.sought:
            return cell_text(value, justify)
        text = cell_text(value.copy() if isinstance(value, Text) else value, justify)  # a row keeps its own unmarked
        text.highlight_regex(re.compile(re.escape(self.sought), re.IGNORECASE), "reverse")
        return text


def next_hit(hits: Sequence[int], here: int, step: int) -> int:
    """Of the places that hold a text the first from ``here`` on (step 0), the next (1), or the one before (-1), round
    the end."""
    if step < 0:
        return next((i for i in reversed(hits) if i < here), hits[-1])
    return next((i for i in hits if i >= here + step), hits[0])


def _alike(old: str | Text, new: str | Text) -> bool:
    """Whether two cells look the same; rich's own comparison leaves the style of the whole out."""
    if isinstance(old, Text) and isinstance(new, Text):
        return old == new and old.style == new.style
    return old == new
