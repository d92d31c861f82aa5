"""One run: its steps with state, rows, time and the reason why each ran; live while it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.actions import bindings_for
from tui.formats import count, rate
from tui.live import LiveRun
from tui.queries import RunRow, StepRow
from tui.screens.view import View
from tui.view_models.runs import STATE_MARKS, RunView, StepLine, next_command, run_view
from tui.widgets.marked_text import labelled, shown
from tui.widgets.row_table import Col, Row, RowTable

COLUMNS = (
    Col("", 1),
    Col("step", share=3),
    Col("in", 9, justify="right"),
    Col("out", 9, justify="right"),
    Col("dropped", 8, justify="right"),
    Col("time", 11, justify="right"),
    Col("why", share=4, wide=True),
)
BAR = 24


@dataclass(frozen=True)
class RunModel:
    run: RunRow
    steps: list[StepRow]


class RunScreen(View[RunModel]):
    BINDINGS = bindings_for("app", "run")
    view = "run"

    _placed = False  # whether the cursor was put on the running step once

    def body(self) -> ComposeResult:
        yield Static("", id="progress", markup=False)
        yield RowTable(COLUMNS, id="steps")
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="step", markup=False)

    def fetch(self) -> RunModel:
        run_id = self.run_id or ""
        return RunModel(queries.run(self.board.store, run_id), queries.steps(self.board.store, run_id))

    def present(self, model: RunModel) -> None:
        self._show(self._view(model))
        running = next((step.step_id for step in self.shown_run.steps if step.status == "running"), None)
        if not self._placed and running is not None:
            self.table().go_to(running)
        self._placed = True
        self.table().focus()

    def on_live(self, live: LiveRun) -> None:
        if self.model is not None:
            self._show(self._view(self.model))

    def _view(self, model: RunModel) -> RunView:
        return run_view(model.run, model.steps, time.time(), self.board.live_of(self.run_id))

    def _show(self, run: RunView) -> None:
        self.shown_run = run
        self.head(f"{run.spec}  {run.run_id}", run.status, run.verdict)
        self._show_progress(run)
        self.table().fill([self._row(step) for step in run.steps])
        self._show_step()

    def _show_progress(self, run: RunView) -> None:
        """What runs now, or how it ended."""
        strip, ink, live = self.query_one("#progress", Static), self.ink, self.board.live_of(self.run_id)
        text = Text()
        current = next((step for step in run.steps if step.status == "running"), None)
        if run.status == "running" and current is not None:
            text.append(f"▶ {visible(current.kind)} {visible(current.name)}  ", style=f"bold {ink.primary}")
            text.append_text(bar(current.share, ink.primary, ink.faint))
            if current.share is not None:
                text.append(f" {current.share:.0%}", style=ink.text)
            text.append("\n  " + visible(current.note), style=ink.faint)
            point = live.last_point() if live else None
            if point is not None:
                facts = (f"loss {point.loss:.4g}", rate(point.tokens_per_second, "tokens"))
                text.append(" · " + " · ".join(fact for fact in facts if fact), style=ink.accent)
        else:
            text.append(run.headline, style=ink.faint)
            if run.error:
                text.append("\n✗ " + visible(run.error), style=ink.bad)
            advice = next_command(run, run.verdict)
            if advice:
                text.append("\n" + advice, style=ink.faint)
        strip.update(text)

    def _row(self, step: StepLine) -> Row:
        ink = self.ink
        name = Text(f"{step.kind} ", style=ink.faint).append(one_line(step.name, 200), style=ink.text)
        dropped = Text(count(step.rows_dropped) if step.rows_dropped else "", style=ink.accent)
        mark = Text(STATE_MARKS.get(step.status, "·"), style=ink.state(step.status))
        took = Text(step.took, style=ink.faint if step.status == "cached" else ink.text)
        rows = tuple("" if rows is None else count(rows) for rows in (step.rows_in, step.rows_out))
        return Row(step.step_id, (mark, name, *rows, dropped, took, Text(one_line(step.note, 300), style=ink.faint)))

    def on_data_table_row_highlighted(self) -> None:
        self._show_step()

    def _show_step(self) -> None:
        """The step under the cursor in words."""
        row = next((s for s in self.model.steps if s.step_id == self.table().current), None) if self.model else None
        line = next((s for s in self.shown_run.steps if s.step_id == self.table().current), None)
        if row is None or line is None:
            return
        ink = self.ink
        text = Text().append(visible(row.step_id), style=f"bold {ink.text}")
        text.append(f"  {line.status}", style=ink.state(line.status))
        if row.line is not None:
            text.append(f"  line {row.line} of the spec", style=ink.faint)
        text.append(f"  {visible(row.step_hash[:12])}\n", style=ink.faint)
        if row.error:
            text.append_text(shown(row.error, ink.bad)).append("\n")
        elif line.note:
            text.append_text(shown(line.note, ink.text)).append("\n")
        facts = [(key, str(value)) for key, value in row.summary.items() if isinstance(value, str | int | float | bool)]
        self.query_one("#step", Static).update(text.append_text(labelled(facts, ink)))

    def action_open(self) -> None:
        current = self.table().current
        step = next((s for s in self.shown_run.steps if s.step_id == current), None)
        if step is not None and self.run_id is not None and step.view != "run":
            self.board.open_view(step.view, self.run_id, step.step_id)


def bar(share: float | None, style: str, faint: str, width: int = BAR) -> Text:
    """A progress bar; an unknown share is an empty one."""
    full = round((share or 0.0) * width)
    return Text("━" * full, style=style).append("─" * (width - full), style=faint)
