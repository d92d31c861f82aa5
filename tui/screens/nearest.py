"""The rows that a model was trained on which are most like an item: did it see this, and what was it taught to say?"""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import nearest_queries
from tui.actions import bindings_for
from tui.formats import count
from tui.nearest_queries import Nearest, NearRow, asked_text
from tui.prediction_queries import Item
from tui.screens.view import View, explained
from tui.widgets.marked_text import labelled, marked, shown
from tui.widgets.row_table import Col, Row, RowTable
from tui.word_diff import compare

COLUMNS = (
    Col("alike", 5, justify="right"),
    Col("words", 9, justify="right"),
    Col("row", share=3),
    Col("answer", share=2),
)


class NearestScreen(View[Nearest]):
    BINDINGS = bindings_for("app", "run")
    DEFAULT_CLASSES = "paired"
    view = "nearest"

    def __init__(self, run_id: str, eval_name: str, model: str, item: Item) -> None:
        super().__init__(run_id)
        self.eval, self.of, self.item = eval_name, model, item

    def body(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield RowTable(COLUMNS, id="rows")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail tall", can_focus=False):
            yield Static("", id="row", markup=False)

    def fetch(self) -> Nearest:
        prompt = self.item.outputs[0].prompt
        return nearest_queries.nearest(self.board.store, self.run_id or "", self.eval, self.of, prompt)

    def present(self, model: Nearest) -> None:
        ink = self.ink
        self.head(f"training rows like item {self.item.row_id[:12]}")
        what = Text(f"{count(len(model.rows))} of {count(model.looked_at)} rows ", style=f"bold {ink.accent}")
        steps = ", ".join(dict.fromkeys(row.step_id for row in model.rows) or model.trainings)
        what.append(visible(f"that {self.of} was trained on ({steps}), by the words they share with what users say"))
        self.query_one("#what", Static).update(what if model.looked_at else "")
        self.set_class(not model.rows, "empty")
        if not model.rows:
            reason = model.why or "No training row shares a word with it."
            todo = "Take another model (m), or look at what the spec trains on (key 2)."
            self.query_one("#nothing", Static).update(explained(visible(reason), todo, ink))
            return
        self.table().fill([self._row(row) for row in model.rows])
        self.give_keys(self.table())

    def _row(self, row: NearRow) -> Row:
        ink = self.ink
        alike = Text(f"{100 * row.alike:.0f}%", style=f"bold {ink.primary}")
        words = Text(f"{row.shared} of {row.words}", style=ink.faint)
        answer = Text(one_line(row.expected, 200), style=ink.faint)
        return Row(f"{row.step_id}\n{row.row_id}", (alike, words, Text(one_line(row.text, 200)), answer))

    def _current(self) -> NearRow | None:
        key = self.table().current
        rows = self.model.rows if self.model is not None else ()
        return next((row for row in rows if f"{row.step_id}\n{row.row_id}" == key), None)

    def on_data_table_row_highlighted(self) -> None:
        row, ink = self._current(), self.ink
        if row is None:
            return
        asked, wanted = asked_text(self.item.outputs[0].prompt), self.item.outputs[0].expected
        text = labelled([("row", row.row_id[:12]), ("of", row.step_id)], ink)
        text.append("\n\nthe item  ", style=f"bold {ink.faint}").append_text(shown(asked, ink.text))
        text.append("\nthe row   ", style=f"bold {ink.faint}").append_text(marked(compare(asked, row.text), ink))
        text.append("\nexpected  ", style=f"bold {ink.good}").append_text(shown(wanted, ink.text))
        text.append("\nits answer  ", style=f"bold {ink.good}")
        text.append_text(marked(compare(wanted, row.expected), ink))
        text.append("\n\nEnter shows the row as the model saw it, with its loss mask", style=ink.faint)
        self.query_one("#row", Static).update(text)

    def action_open(self) -> None:
        row = self._current()
        if row is not None:
            self.board.open_above("training_row", self.run_id or "", row.step_id, row.row_id)
