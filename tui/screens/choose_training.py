"""A list of trainings over the screen, of which one is chosen; Escape chooses none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.formats import ago, count, number
from tui.training_queries import MOST_OTHERS, TrainingRow
from tui.widgets.row_table import Col, Row, RowTable

COLUMNS = (
    Col("train", share=2),
    Col("spec", share=2),
    Col("run", 20),
    Col("when", 11, needs=80),
    Col("steps", 7, justify="right"),
    Col("loss", 9, justify="right"),
)


class ChooseTraining(ModalScreen["TrainingRow | None"]):
    CSS_PATH = "choose_training.tcss"
    BINDINGS: ClassVar = [Binding("escape,h,q", "dismiss", "Close"), Binding("l", "choose", "Choose", show=False)]

    def __init__(self, rows: Sequence[TrainingRow]) -> None:
        super().__init__()
        self._rows = {row.step_hash: row for row in rows[:MOST_OTHERS]}
        self._more = len(rows) > MOST_OTHERS

    def compose(self) -> ComposeResult:
        with Vertical(id="choose"):
            yield RowTable(COLUMNS, id="trainings")

    def on_mount(self) -> None:
        frame, table = self.query_one("#choose"), self.query_one(RowTable)
        frame.border_title, frame.border_subtitle = "Beside which training?", "Enter chooses, Esc closes"
        if self._more:
            frame.border_title += f" The newest {MOST_OTHERS}; older ones are not listed"
        now = time.time()
        table.fill(
            [
                Row(
                    key,
                    (row.name, row.spec, row.run_id, ago(row.started_at, now), count(row.steps), number(row.loss)),
                )
                for key, row in self._rows.items()
            ]
        )
        table.focus()

    def on_data_table_row_selected(self) -> None:
        self.action_choose()

    def action_choose(self) -> None:
        key = self.query_one(RowTable).current
        if key is not None:
            self.dismiss(self._rows[key])
