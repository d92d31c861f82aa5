"""A list of any length: rows are read by position as they come into sight, in worker threads, and few are kept.

The caller says how many rows there are and gives a function that reads those from position a up to b; what is on the
screen is asked for in one call, the newest wish wins, and scrolling past a million rows asks only for where it stops.
A row that is not read yet is a line of dots, but a jump waits ``GRACE_S`` for the rows where it leads, so that the list
is drawn once (drawing takes as long as reading). ``show`` with the same rows keeps the cursor, and keeps the old lines
in sight until the new ones are there: to look at, not to act on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from textual import events
from textual.geometry import Size
from textual.message import Message

from runtime.internal_errors import finding_of
from spec_lang.diagnostics import Diagnostic
from tui.actions import bindings_for
from tui.questions import answer_of, ask_beside
from tui.widgets.ask_line import ask_on
from tui.widgets.columns import Col, Row
from tui.widgets.list_lines import ListLines
from tui.widgets.list_questions import asked_place, asked_text
from tui.widgets.row_pages import RowPages

GRACE_S = 0.1

Read = Callable[[int, int], Sequence[Row]]


class BigTable(ListLines):
    """Posts ``Highlighted`` when the cursor comes to a row that is read, ``Selected`` on a click on it, ``Searched``
    with what was asked after ``/``, and ``Refused`` when rows cannot be read."""

    BINDINGS = bindings_for("table", "long")

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
        super().__init__(columns, id=id)
        self._edition = 0
        self.searched = ""  # what the rows on show were searched for; the line after ``/`` begins with it
        self._read: Read | None = None
        self._pages = RowPages()
        self._reading = False
        self._jump: tuple[int, bool] | None = None  # where the cursor goes once the rows there are read
        self._undrawn = ExitStack()  # nothing is drawn in between
        self._foreseen: int | None = None  # where it may go next; read when there is nothing else to read

    def show(self, total: int, read: Read, *, at: int | None = None, keep: bool = True) -> None:
        """List ``total`` rows; ``read(a, b)`` gives those of positions a to b - 1 and runs in a worker thread.

        With ``keep`` the cursor stays at its position, or goes to ``at`` where its row is now; without, it goes to the
        first row.
        """
        self._land(self._jump)
        self._edition += 1
        self._pages.renew(keep=keep)
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
        self._forget_jump()

    @property
    def row(self) -> Row | None:
        """The row under the cursor, once it is read; what stood there in the list before is only drawn, and a cursor
        that is about to jump is on none."""
        known = self._jump is None and self._pages.has(self.cursor, self.cursor + 1)
        return self.row_at(self.cursor) if known else None

    @property
    def current(self) -> str | None:
        return self.row.key if self.row is not None else None

    def row_at(self, position: int) -> Row | None:
        return self._pages.row(position) if position < self.total else None

    def go_to(self, position: int, *, middle: bool = False) -> None:
        """Move the cursor, and the list when the row is out of sight."""
        position = max(0, min(position, self.total - 1))
        self._forget_jump()
        top = self._top_with(position, middle)
        self.cursor = position
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def jump_to(self, position: int, *, middle: bool = False) -> None:
        """The same once the rows there are read, but after ``GRACE_S`` in any case."""
        self._forget_jump()
        self._jump = jump = max(0, min(position, self.total - 1)), middle
        self._want()
        if not self._land_if_read():
            self._undrawn.enter_context(self.app.batch_update())
            self.set_timer(GRACE_S, lambda: self._land(jump))

    def _land(self, jump: tuple[int, bool] | None) -> None:
        if jump is not None and self._jump is jump:
            position, middle = jump
            self.go_to(position, middle=middle)
            self.refresh()

    def _forget_jump(self) -> None:
        self._jump = None
        self._undrawn.close()

    def _land_if_read(self) -> bool:
        landed = self._jump is not None and self._pages.has(*self._in_sight())
        if landed:
            self._land(self._jump)
        return landed

    def _top_with(self, position: int, middle: bool) -> int:
        """The first row in sight once a row is to be seen."""
        top, height = self.scroll_offset.y, self._lines
        if top <= position < top + height:
            return top
        up = height // 2 if middle else 0 if position < top else height - 1
        return max(0, min(position - up, self.total - height))

    @property
    def at(self) -> int:
        """Where the cursor is, or will be at once."""
        return self.cursor if self._jump is None else self._jump[0]

    # --- reading -----------------------------------------------------------------------------

    @property
    def _lines(self) -> int:
        """Rows that there is room for."""
        return max(1, self.size.height - 1)

    def _want(self) -> None:
        """Ask for what is in sight and not read; one question at a time, the next one when its answer is there."""
        if self._reading or self._read is None or not self.total or (self.display and not self.size.height):
            return
        missing = self._pages.missing(*self._in_sight())
        if missing is None and self._foreseen is not None:
            missing = self._pages.missing(*self._from(self._top_with(self._foreseen, middle=True)))
        if missing is not None:
            self._reading = True
            self._ask(self._edition, self._read, missing[0], min(missing[1], self.total))

    def _in_sight(self) -> tuple[int, int]:
        """The rows that there is room for, of where the list stands or jumps to: from, and up to."""
        if not self.display:  # an item has the screen
            return self.cursor, min(self.cursor + 1, self.total)
        return self._from(self.scroll_offset.y if self._jump is None else self._top_with(*self._jump))

    def _from(self, top: int) -> tuple[int, int]:
        top = max(0, min(top, self.total - 1))
        return top, min(top + self._lines, self.total)

    def foresee(self, position: int | None) -> None:
        """Read the rows there ahead: while somebody types where to go, reading takes no time of theirs."""
        self._foreseen = position
        self._want()

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
            self._pages.put(begin, end, rows)
            before, (top, bottom) = self.cursor, self._in_sight()
            self._land_if_read()
            if begin < bottom and top < end:  # else it was read ahead
                self.refresh()
            if begin <= self.cursor < end:
                self._pages.forget_old()  # what is in sight is new
                if self.cursor == before:  # else it was told as it moved
                    self.post_message(self.Highlighted(self))
        self._want()

    def _refuse(self, finding: Diagnostic) -> None:
        self._reading = False
        self._land(self._jump)
        self.post_message(self.Refused(finding))

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
        self._land(self._jump)
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
        self.go_to(self.at + 1)

    def action_cursor_up(self) -> None:
        self.go_to(self.at - 1)

    def action_page_down(self) -> None:
        self.go_to(self.at + self._lines)

    def action_page_up(self) -> None:
        self.go_to(self.at - self._lines)

    def action_scroll_top(self) -> None:
        self.jump_to(0)

    def action_scroll_bottom(self) -> None:
        self.jump_to(self.total - 1)

    async def action_jump(self) -> None:
        def then(position: int) -> None:
            self._foreseen = None
            self.jump_to(position, middle=True)

        await ask_on(self.screen, asked_place(lambda: self.total, self.foresee, then))

    async def action_search(self) -> None:
        await ask_on(self.screen, asked_text(self.searched, lambda text: self.post_message(self.Searched(text))))
