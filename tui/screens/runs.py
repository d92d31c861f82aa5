"""Home: the runs of the store, newest first."""

from __future__ import annotations

import time

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.actions import bindings_for
from tui.live import state_of
from tui.queries import RunRow
from tui.screens.view import View, explained
from tui.view_models.runs import STATE_MARKS, VERDICT_MARKS, run_line
from tui.widgets.row_table import Col, Row, RowTable

PAGE = 100
COLUMNS = (
    Col("", 1),
    Col("run", 20),
    Col("spec", share=2),
    Col("gate", 14),
    Col("started", 11),
    Col("took", 11, justify="right"),
    Col("steps", 14, wide=True),
    Col("note", share=2, wide=True),
)


class RunsScreen(View[list[RunRow]]):
    BINDINGS = bindings_for("app")
    view = "runs"

    def body(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="runs")
        yield Static("", id="nothing", markup=False)

    def fetch(self) -> list[RunRow]:
        return queries.runs(self.board.store, PAGE)

    def present(self, model: list[RunRow]) -> None:
        self.set_class(not model, "empty")
        if not model:
            self.empty()
            return
        self.table().fill([self._row(run) for run in model], more=len(model) == PAGE)
        many = f"{len(model)}{'+' if len(model) == PAGE else ''} runs" if len(model) > 1 else "one run"
        self.head(str(self.board.store.root), remark=f"{many} in this store")
        self.board.watch_run(next((run.run_id for run in model if state_of(run) == "running"), None))
        self.table().focus()

    def empty(self) -> None:
        note = self.query_one("#nothing", Static)
        self.set_class(True, "empty")
        note.update(explained("No run yet.", "Run a spec, and it appears here:\n\n    sft run FILE.sft", self.ink))
        self.head(str(self.board.store.root), remark="empty store")

    def on_screen_resume(self) -> None:
        if self.model is not None:
            self.reload()

    def action_open(self) -> None:
        run_id = self.table().current
        if run_id is not None:
            self.board.open_run(run_id)

    def on_row_table_near_end(self) -> None:
        offset = len(self.table().records)
        self.ask("page", lambda: queries.runs(self.board.store, PAGE, offset), self._extend)

    def _extend(self, page: list[RunRow]) -> None:
        self.table().extend([self._row(run) for run in page], more=len(page) == PAGE)

    def _row(self, run: RunRow) -> Row:
        line, ink = run_line(run, time.time()), self.ink
        state = Text(STATE_MARKS.get(line.status, "·"), style=ink.state(line.status))
        verdict = Text(line.status if line.verdict is None else "", style=ink.state(line.status))
        if line.verdict:
            verdict = Text(f"{VERDICT_MARKS.get(line.verdict, '?')} {visible(line.verdict)}")
            verdict.stylize(ink.verdict(line.verdict))
        cells = (state, line.run_id, line.spec, verdict, line.started, line.took, line.steps)
        return Row(run.run_id, (*cells, one_line(line.error or "", 300)))
