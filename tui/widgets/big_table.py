"""A list of any length: rows are read by position as they come into sight, in worker threads, and few are kept.

The caller says how many rows there are and gives a function that reads those from position a up to b; what is on the
screen is asked for in one call, the newest wish wins, and scrolling past a million rows asks only for where it stops.
Pages that were seen last stay (``PAGES_KEPT`` of ``PAGE`` rows), whatever the length, so a table of a million rows
costs what one of two thousand does. A row that is not read yet is a line of dots. The cursor is a position; ``show``
with the same rows keeps it, and keeps the old lines in sight until the new ones are there: to look at, not to act on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from runtime.internal_errors import finding_of
from spec_lang.diagnostics import Diagnostic
from tui.actions import bindings_for
from tui.formats import count
from tui.positions import place_of
from tui.questions import answer_of, ask_beside
from tui.widgets.ask_line import Asked, ask_on
from tui.widgets.columns import Col, Row, cells_in_sight, column_widths, columns_shown, fitted_cell

PAGE = 25
PAGES_KEPT = 80
NOT_READ = "·"
MARK = "◆"

Read = Callable[[int, int], Sequence[Row]]


class BigTable(ScrollView, can_focus=True):
    """Posts ``Highlighted`` when the cursor comes to a row that is read, ``Selected`` on a click on it, ``Searched``
    with what was asked after ``/``, and ``Refused`` when rows cannot be read."""

    BINDINGS = bindings_for("table", "long")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"big-table--header", "big-table--cursor", "big-table--mark"}
    DEFAULT_CSS = """
    BigTable {
        height: 1fr;
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        overflow-x: hidden;
    }
    BigTable > .big-table--header { background: $background; color: $foreground 68%; }
    BigTable > .big-table--cursor { background: $primary 10%; color: $foreground; }
    BigTable:focus > .big-table--cursor { background: $primary 22%; }
    BigTable > .big-table--mark { color: $accent; text-style: bold; }
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    class Highlighted(Message):
        """The cursor stands on a row that is read: ``table.row``."""

        def __init__(self, table: BigTable) -> None:
            super().__init__()
            self.table = table

    class Selected(Highlighted):
        """The row under the cursor was clicked."""

    class Searched(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Refused(Message):
        def __init__(self, finding: Diagnostic) -> None:
            super().__init__()
            self.finding = finding

    def __init__(self, columns: Sequence[Col], *, id: str) -> None:
        super().__init__(id=id)
        self.cols = tuple(columns)
        self.total = self._edition = 0
        self.marked: frozenset[str] = frozenset()
        self.searched = ""  # what the rows on show were searched for; the line after ``/`` begins with it
        self._read: Read | None = None
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()
        self._stale: dict[int, list[Row]] = {}
        self._reading = False

    def show(self, total: int, read: Read, *, at: int | None = None, keep: bool = True) -> None:
        """List ``total`` rows; ``read(a, b)`` gives those of positions a to b - 1 and runs in a worker thread.

        With ``keep`` the cursor stays at its position, or goes to ``at`` where its row is now; without, it goes to the
        first row.
        """
        self._edition += 1
        self._stale = dict(self._pages) if keep else {}
        self._pages.clear()
        self.total, self._read = total, read
        self.virtual_size = Size(self.size.width, total + 1)  # and the head
        target = (self.cursor if at is None else at) if keep else 0
        moved = self.cursor - self.scroll_offset.y
        self.set_reactive(BigTable.cursor, max(0, min(target, total - 1)))
        if not keep:
            self.scroll_to(y=0, animate=False, force=True)
        elif at is not None:
            self.scroll_to(y=max(0, self.cursor - moved), animate=False, force=True)
        self.refresh()
        self._want()

    def on_unmount(self) -> None:
        self._read = None  # which may hold the places of all rows

    @property
    def row(self) -> Row | None:
        """The row under the cursor, once it is read; what stood there in the list before is only drawn."""
        return self.row_at(self.cursor) if self.cursor // PAGE in self._pages else None

    @property
    def current(self) -> str | None:
        return self.row.key if self.row is not None else None

    def row_at(self, position: int) -> Row | None:
        page, place = divmod(position, PAGE)
        rows = self._pages.get(page) or self._stale.get(page)
        return rows[place] if rows and place < len(rows) and position < self.total else None

    def mark(self, keys: frozenset[str]) -> None:
        """Show which rows are marked, by their keys."""
        self.marked = keys
        self.refresh()

    def go_to(self, position: int, *, middle: bool = False) -> None:
        """Move the cursor, and the list when the row is out of sight."""
        self.cursor = max(0, min(position, self.total - 1))
        top, height = self.scroll_offset.y, self._lines
        if not top <= self.cursor < top + height:
            up = height // 2 if middle else 0 if self.cursor < top else height - 1
            self.scroll_to(y=max(0, self.cursor - up), animate=False, force=True)

    # --- reading -----------------------------------------------------------------------------

    @property
    def _lines(self) -> int:
        """Rows that there is room for."""
        return max(1, self.size.height - 1)

    def _want(self) -> None:
        """Ask for what is in sight and not read; one question at a time, the next one when its answer is there."""
        if self._reading or self._read is None or not self.total or (self.display and not self.size.height):
            return
        top = min(self.scroll_offset.y if self.display else self.cursor, self.total - 1)
        bottom = min(top + self._lines, self.total) - 1 if self.display else top  # hidden: an item has the screen
        pages = range(top // PAGE, bottom // PAGE + 1)
        for page in self._pages.keys() & set(pages):
            self._pages.move_to_end(page)
        missing = [page for page in pages if page not in self._pages]
        if missing:
            self._reading = True
            self._ask(self._edition, self._read, missing[0] * PAGE, min((missing[-1] + 1) * PAGE, self.total))

    def _ask(self, edition: int, read: Read, begin: int, end: int) -> None:
        async def work() -> None:
            try:
                rows = await answer_of(lambda: list(read(begin, end)))
            except Exception as error:  # a bug of ours costs these rows and not the dashboard
                self._refuse(finding_of(error))
            else:
                self._arrived(edition, begin, end, rows)

        ask_beside(self, work, "rows")

    def _arrived(self, edition: int, begin: int, end: int, rows: list[Row]) -> None:
        self._reading = False
        if not self.is_attached:
            return
        if edition == self._edition:
            for start in range(0, end - begin, PAGE):  # fewer rows than asked for leave pages that are empty
                page = (begin + start) // PAGE
                self._pages[page] = rows[start : start + PAGE]
                self._stale.pop(page, None)
            while len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
            self.refresh()
            if begin <= self.cursor < end:
                self._stale.clear()  # what is in sight is new
                self.post_message(self.Highlighted(self))
        self._want()

    def _refuse(self, finding: Diagnostic) -> None:
        self._reading = False
        self.post_message(self.Refused(finding))

    # --- drawing -----------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y == 0:
            return self._head(width)
        position = self.scroll_offset.y + y - 1
        if position >= self.total:
            return Strip.blank(width, self.rich_style)
        look = self.rich_style
        if position == self.cursor:
            look += self.get_component_rich_style("big-table--cursor")
        row = self.row_at(position)
        shown = columns_shown(self.cols, self.size.width)
        unread: list[str | Text] = [Text(NOT_READ, style="dim") for _ in shown]
        cells = unread if row is None else cells_in_sight(row, self.cols, self.size.width)
        marked = look + Style(color=self.get_component_rich_style("big-table--mark").color, bold=True)
        mark = Segment(MARK, marked) if row is not None and row.key in self.marked else Segment(" ", look)
        return self._line(mark, shown, cells, width, look + Style.from_meta({"row": position}))

    def _head(self, width: int) -> Strip:
        look = self.rich_style + self.get_component_rich_style("big-table--header")
        shown = columns_shown(self.cols, self.size.width)
        titles: list[str | Text] = [self.cols[index].title for index in shown]
        strip = self._line(Segment(" ", look), shown, titles, width, look)
        where = f" {count(self.cursor + 1)} of {count(self.total)} " if self.total else ""
        room = max(0, width - len(where))
        titles_end = len(strip.text[: room + 1].rpartition(" ")[0])  # no title is cut in two
        return Strip([*strip.crop(0, titles_end).adjust_cell_length(room, look), Segment(where, look)])

    def _line(self, begin: Segment, shown: list[int], cells: list[str | Text], width: int, look: Style) -> Strip:
        columns = [self.cols[index] for index in shown]
        pairs = zip(column_widths(columns, self.size.width), columns, cells, strict=True)
        console = self.app.console
        parts = [part for size, col, cell in pairs for part in fitted_cell(cell, size, col.justify, console, look)]
        return Strip([begin, *parts]).adjust_cell_length(width, look).crop(0, width)

    # --- keys and mouse ----------------------------------------------------------------------

    def watch_cursor(self, old: int, new: int) -> None:
        if old == new:
            return
        for line in (old + 1, new + 1, self.scroll_offset.y):  # the head tells the position
            self.refresh_line(line)
        if self.row is not None:
            self.post_message(self.Highlighted(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._want()

    def on_resize(self, event: events.Resize) -> None:
        self.virtual_size = Size(event.size.width, self.total + 1)
        self.go_to(self.cursor)
        self.refresh()
        self._want()

    def on_click(self, event: events.Click) -> None:
        position = event.style.meta.get("row")
        if isinstance(position, int):
            event.stop()
            if position == self.cursor and self.row is not None:
                self.post_message(self.Selected(self))
            self.go_to(position)

    def action_cursor_down(self) -> None:
        self.go_to(self.cursor + 1)

    def action_cursor_up(self) -> None:
        self.go_to(self.cursor - 1)

    def action_page_down(self) -> None:
        self.go_to(self.cursor + self._lines)

    def action_page_up(self) -> None:
        self.go_to(self.cursor - self._lines)

    def action_scroll_top(self) -> None:
        self.go_to(0)

    def action_scroll_bottom(self) -> None:
        self.go_to(self.total - 1)

    async def action_jump(self) -> None:
        """Ask for a row by its number, or a place in percent."""

        def wrong(text: str) -> str | None:
            return None if place_of(text, self.total) is not None else "a row's number, or a place such as 50%"

        def then(text: str) -> None:
            if (position := place_of(text, self.total)) is not None:
                self.go_to(position, middle=True)

        await ask_on(self.screen, Asked("go to", f"1 to {count(self.total)}, or 50%", wrong=wrong, then=then))

    async def action_search(self) -> None:
        def then(text: str) -> None:
            self.post_message(self.Searched(text))

        await ask_on(self.screen, Asked("search", "rows with this text; empty for all", self.searched, then=then))
