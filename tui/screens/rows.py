"""The rows of a source, a rendered set or a mixture, any number of them; Enter goes on to one row."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.actions import bindings_for
from tui.formats import count, place
from tui.row_queries import RowSet, StepRowLine, row_count, row_page
from tui.screens.view import View, explained
from tui.widgets.big_table import BigTable
from tui.widgets.columns import Col, Row
from tui.widgets.marked_text import shown

COLUMNS = (Col("place", 9, justify="right"), Col("row", share=1))


@dataclass(frozen=True)
class RowsModel:
    """``rows`` are those on show, which a search that is not answered yet does not change."""

    rows: RowSet
    total: int | None
    row_files: frozenset[str]


class RowsScreen(View[RowsModel]):
    """``title`` says what the rows are of. Rows of conversations open as training rows, others with their fate."""

    BINDINGS = bindings_for("app", "run")
    DEFAULT_CLASSES = "paired"
    view = "data"

    def __init__(self, run_id: str, rows: RowSet, title: str) -> None:
        super().__init__(run_id)
        self.rows, self.title_text = rows, title
        self.shown: RowSet | None = None
        self.lines: dict[str, StepRowLine] = {}

    def body(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield BigTable(COLUMNS, id="rows")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail tall", can_focus=False):
            yield Static("", id="row", markup=False)

    def fetch(self) -> RowsModel:
        store, rows = self.board.store, self.rows
        return RowsModel(rows, row_count(store, rows), queries.row_files(store, self.run_id or ""))

    def present(self, model: RowsModel) -> None:
        self.head(self.title_text)
        self.set_class(not model.total, "empty")
        if not model.total:
            told, todo = "These rows are not in the store.", "Run the spec: `sft run FILE`."
            if model.total is not None:
                told, todo = "There is no row here.", "Escape goes back."
            if model.rows.search:
                told, todo = f"No row holds {visible(model.rows.search)!r}.", "Escape shows all rows again."
            self.query_one("#nothing", Static).update(explained(told, todo, self.ink))
            return
        with_text = f" with {one_line(model.rows.search, 60)!r}" if model.rows.search else ""
        what = Text().append(f"{count(model.total)} rows{with_text}  ", style=f"bold {self.ink.text}")
        self.query_one("#what", Static).update(what.append(visible(self.rows.step_id), style=self.ink.faint))
        table = self.query_one(BigTable)
        table.searched = model.rows.search
        table.show(model.total, lambda begin, end: self._read(model.rows, begin, end), keep=model.rows == self.shown)
        self.give_keys(table)
        self.shown = model.rows

    def _read(self, rows: RowSet, begin: int, end: int) -> list[Row]:
        """A page; runs in a worker thread."""
        ink, made = self.ink, []
        for line in row_page(self.board.store, rows, begin, end):
            key = str(line.place)
            self.lines[key] = line
            number = line.line if line.line is not None else line.place
            text = " · ".join(value for name, value in line.texts if name != "system")
            made.append(Row(key, (Text(count(number), style=ink.faint), one_line(text, 400))))
        while len(self.lines) > 5000:
            self.lines.pop(next(iter(self.lines)))
        return made

    def _current(self) -> StepRowLine | None:
        return self.lines.get(self.query_one(BigTable).current or "")

    def on_big_table_highlighted(self) -> None:
        line, ink = self._current(), self.ink
        if line is None or self.model is None:
            return
        where = place(line.file, line.line, self.model.row_files) if line.line is not None else f"place {line.place:,}"
        text = Text().append(f"{visible(where)}   row {visible(line.row_id[:12])}", style=ink.faint)
        for name, value in line.texts:
            text.append(f"\n{visible(name)}\n", style=f"bold {ink.faint}").append_text(shown(value, ink.text))
        self.query_one("#row", Static).update(text)

    def on_big_table_searched(self, event: BigTable.Searched) -> None:
        """Only the rows that hold a text; all of them again for an empty one."""
        self.rows = replace(self.rows, search=event.text)
        self.reload()

    def leave_part(self) -> bool:
        """Out of a search first."""
        searched, self.rows = self.rows.search, replace(self.rows, search="")
        if searched:
            self.reload()
        return bool(searched)

    def action_open(self) -> None:
        line = self._current()
        if line is None or self.run_id is None:
            return
        if self.rows.conversations:
            self.board.open_above("training_row", self.run_id, self.rows.step_id, line.row_id)
        else:
            self.board.open_above("fate", self.run_id, line.row_id)
