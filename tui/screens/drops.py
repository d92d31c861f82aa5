"""The rows that a step or one of its rules dropped: reason, measured value, and what survived instead."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import drop_queries, queries
from tui.actions import bindings_for
from tui.formats import count
from tui.screens.view import View
from tui.view_models.data import Drop, FunnelLine, drop
from tui.widgets.marked_text import labelled, marked, shown
from tui.widgets.row_table import Col, Row, RowTable
from tui.word_diff import compare

PAGE = 200
COLUMNS = (
    Col("line", 9, justify="right"),
    Col("value", 11, justify="right"),
    Col("survivor", 11),
    Col("row", share=1),
)


class DropsScreen(View[list[Drop]]):
    """Pages through the ledger as the cursor goes down."""

    BINDINGS = bindings_for("app", "run")
    view = "data"

    def __init__(self, run_id: str, line: FunnelLine) -> None:
        super().__init__(run_id)
        self.line = line
        self.drops: list[Drop] = []

    def body(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield RowTable(COLUMNS, id="drops")
        with VerticalScroll(classes="detail tall", can_focus=False):
            yield Static("", id="row", markup=False)

    def fetch(self) -> list[Drop]:
        return self._page(0)

    def _page(self, offset: int) -> list[Drop]:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            found = drop_queries.drops(store, run_id, self.line.step_id, self.line.rule, PAGE, offset)
            row_files = queries.row_files(store, run_id)
        return [drop(row, row_files) for row in found]

    def present(self, model: list[Drop]) -> None:
        ink, self.drops = self.ink, list(model)
        self.head(f"dropped by {self.line.title}")
        numbers = f"{count(self.line.dropped)} of {count(self.line.entering)} rows"
        what = Text().append(numbers, style=f"bold {ink.accent}")
        what.append("  " + visible(self.line.reason), style=ink.text)
        self.query_one("#what", Static).update(what)
        self.table().fill(self._rows(model, 0), more=len(model) == PAGE)
        self.table().focus()

    def on_row_table_near_end(self) -> None:
        offset = len(self.drops)
        self.ask("page", lambda: self._page(offset), lambda page: self._extend(page, offset))

    def _extend(self, page: list[Drop], offset: int) -> None:
        if offset == len(self.drops):
            self.drops.extend(page)
            self.table().extend(self._rows(page, offset), more=len(page) == PAGE)

    def _rows(self, page: list[Drop], offset: int) -> list[Row]:
        ink = self.ink
        return [
            Row(
                str(offset + position),
                (
                    Text(count(row.line), style=ink.faint),
                    Text(one_line(row.value, 40), style=ink.accent),
                    Text(one_line(row.survivor or "", 40), style=ink.faint),
                    row.text,
                ),
            )
            for position, row in enumerate(page)
        ]

    def on_data_table_row_highlighted(self) -> None:
        current, ink = self.table().current, self.ink
        if current is None or int(current) >= len(self.drops):
            return
        row = self.drops[int(current)]
        facts = [("at", row.place), *([("value", row.value)] if row.value else [])]
        facts += [("row", row.row_id[:12])] if row.row_id else []
        text = labelled(facts, ink).append("\n")
        if row.detail:
            text.append_text(shown(row.detail, ink.accent)).append("\n")
        survivor = dict(row.survivor_content)
        if row.survivor is not None:
            text.append(f"kept instead: {visible(row.survivor)}; what only one of them has is marked\n", ink.faint)
        for name, value in row.content:
            text.append(f"\n{visible(name)}\n", style=f"bold {ink.faint}")
            other = survivor.get(name)
            text.append_text(shown(value, ink.text) if other is None else marked(compare(other, value), ink))
        self.query_one("#row", Static).update(text)
