"""The fate of one row: what every step of the run did with it, the same as ``sft trace`` tells.

Enter on a step in which the row is a conversation shows it as a training sees it.
"""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui.actions import bindings_for
from tui.fate_queries import FateLine, RowFate, row_fate
from tui.screens.view import View
from tui.themes import Ink
from tui.widgets.marked_text import shown
from tui.widgets.row_table import Col, Row, RowTable

COLUMNS = (Col("", 1), Col("step", 30), Col("what it did with the row", share=1))
MARKS = {
    "kept": "✓",
    "dropped": "✗",
    "absent": "·",
    "unknown": "?",
    "learned": "✓",
    "answered": "✓",
    "measured": "✓",
    "validated": "✓",
    "shown": "✓",
}


class FateScreen(View[RowFate]):
    """``wanted`` is a row id, or ``FILE:LINE`` where there is none."""

    BINDINGS = bindings_for("app", "run")
    CSS_PATH = "data_part.tcss"
    view = "data"

    def __init__(self, run_id: str, wanted: str) -> None:
        super().__init__(run_id)
        self.wanted = wanted
        self.first = True  # the cursor is put where the row fell once

    def body(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield RowTable(COLUMNS, id="steps")
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="row", markup=False)

    def fetch(self) -> RowFate:
        return row_fate(self.board.store, self.run_id or "", self.wanted)

    def present(self, model: RowFate) -> None:
        ink = self.ink
        self.head(f"row {model.row_id[:12]}")
        what = Text().append(visible(", ".join(model.places)), style=f"bold {ink.text}")
        if model.lost:
            what.append(f"\n✗ no row: {visible(model.lost)}", style=ink.bad)
        if model.written:
            what.append("\n" + visible(model.written), style=ink.faint)
        self.query_one("#what", Static).update(what)
        self.table().fill([self._row(line) for line in model.steps])
        fell = next((line.step_id for line in model.steps if line.state == "dropped"), None)
        if fell is not None and self.first:
            self.table().go_to(fell)
        self.first = False
        self.table().display = bool(model.steps)
        self.give_keys(self.table())
        if not model.steps:
            self._tell(None)

    def _row(self, line: FateLine) -> Row:
        ink = self.ink
        style = _style(line.state, ink)
        cells = (Text(MARKS.get(line.state, "·"), style=f"bold {style}"), Text(line.step_id, style=ink.faint))
        return Row(line.step_id, (*cells, Text(one_line(line.line, 300), style=style)))

    def on_data_table_row_highlighted(self) -> None:
        self._tell(self._current())

    def _current(self) -> FateLine | None:
        current = self.table().current
        return next((line for line in self.model.steps if line.step_id == current), None) if self.model else None

    def _tell(self, line: FateLine | None) -> None:
        """What the step did in full, then the row."""
        if self.model is None:
            return
        ink, text = self.ink, Text()
        if line is not None:
            text.append(visible(line.line), style=_style(line.state, ink)).append("\n")
            if line.note:
                text.append_text(shown(line.note, ink.text)).append("\n")
            if line.conversation:
                text.append("Enter shows it as it is trained on\n", style=ink.faint)
        for name, value in self.model.content:
            text.append(f"\n{visible(name)}\n", style=f"bold {ink.faint}")
            text.append_text(shown(value, ink.text))
        self.query_one("#row", Static).update(text)

    def action_open(self) -> None:
        line = self._current()
        if line is not None and line.conversation and self.model is not None and self.run_id is not None:
            self.board.open_above("training_row", self.run_id, line.step_id, self.model.row_id)


def _style(state: str, ink: Ink) -> str:
    return {"dropped": ink.bad, "absent": ink.faint, "unknown": ink.unsure}.get(state, ink.text)
