"""The verdicts: every requirement with its interval against its threshold, and the reason in words."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.actions import bindings_for
from tui.formats import count, number
from tui.queries import RunRow
from tui.screens.view import View, explained
from tui.view_models.verdicts import Requirement, VerdictView, decided, verdict_view
from tui.widgets.interval_strip import strip
from tui.widgets.marked_text import labelled, shown
from tui.widgets.row_table import Col, Row, RowTable

STRIP = 21
COLUMNS = (
    Col("", 1),
    Col("requirement", share=1),
    Col("estimate", 8, justify="right"),
    Col("interval ┃ threshold", STRIP),
    Col("needed", 7, justify="right", wide=True),
    Col("n", 6, justify="right"),
)


@dataclass(frozen=True)
class VerdictModel:
    run: RunRow
    view: VerdictView
    gated: bool


class VerdictsScreen(View[VerdictModel]):
    BINDINGS = bindings_for("app", "run")
    view = "verdicts"

    def __init__(self, run_id: str | None = None, step_id: str | None = None) -> None:
        super().__init__(run_id)

    def body(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="requirements")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="reason", markup=False)

    def fetch(self) -> VerdictModel:
        store, run_id = self.board.store, self.run_id or ""
        run = queries.run(store, run_id)
        rows, looks = queries.gates(store, run_id), queries.looks(store, run_id)
        gated = any(step.kind == "gate" for step in queries.steps(store, run_id))
        return VerdictModel(run, verdict_view(run.verdict, rows, looks, queries.plan(store, run_id)), gated)

    def present(self, model: VerdictModel) -> None:
        rows = model.view.requirements
        self.head(f"{model.run.spec}  {model.run.run_id}", self.board.state(model.run), model.view.verdict)
        nothing = self.query_one("#nothing", Static)
        self.set_class(not rows, "empty")
        if not rows:
            what = "A gate decides at the end of a run; this one has no verdict yet."
            todo = "Wait until the run gets there (key 1 shows how far it is)."
            if self.board.state(model.run) != "running":
                what, todo = "This run ended before its gate decided.", "Key 1 shows why, R continues it there."
            if not model.gated:
                what, todo = "The spec of this run has no gate, so there is no verdict.", "Add a `gate` block to it."
            nothing.update(explained(what, todo, self.ink))
            return
        first = not self.table().records
        self.table().fill([self._row(row) for row in rows])
        if first and (one := decided(model.view)) is not None:
            self.table().go_to(_key(one))
        self.give_keys(self.table())

    def _row(self, row: Requirement) -> Row:
        ink = self.ink
        style = ink.verdict(row.verdict)
        title = one_line(row.title.removeprefix("require "), 200)
        text = Text(title, style=ink.text) if row.part == 0 else Text("  " + title, style=ink.faint)
        ends = (row.low, row.high, row.bound)
        drawn = strip(ends, row.estimate, row.thresholds, STRIP, style, f"bold {ink.text}", ink.faint)
        cells = (Text(row.badge, style=f"bold {style}"), text, number(row.estimate, row.unit, signed=row.signed), drawn)
        needed = "±" if len(row.thresholds) > 1 else ""
        needed += number(abs(row.threshold) if needed and row.threshold else row.threshold, row.unit)
        return Row(_key(row), (*cells, needed, Text(count(row.n), style=ink.faint)))

    def _current(self) -> Requirement | None:
        current = self.table().current
        return next((x for x in self.model.view.requirements if _key(x) == current), None) if self.model else None

    def on_data_table_row_highlighted(self) -> None:
        row, ink = self._current(), self.ink
        if row is None:
            return
        text = Text().append(f"{row.badge} {row.verdict}  ", style=f"bold {ink.verdict(row.verdict)}")
        text.append(visible(row.text), style=f"bold {ink.text}")
        if row.part:
            text.append(visible(f"  {row.slice} = {row.slice_value}"), style=ink.accent)
        text.append("\n\n").append_text(shown(row.reason, ink.text)).append("\n\n")
        if row.target is not None and row.target.because:
            text.append("because ", style=ink.faint).append_text(shown(row.target.because, ink.text)).append("\n\n")
        text.append_text(labelled([("estimate", row.shown), *row.facts], ink, self.room("#reason")))
        if row.has_items:
            text.append("\n\nEnter opens the items behind it", style=ink.faint)
        self.query_one("#reason", Static).update(text)

    def action_open(self) -> None:
        row = self._current()
        if row is not None and row.has_items and self.run_id is not None:
            self.board.open_items(self.run_id, row)


def _key(row: Requirement) -> str:
    return f"{row.gate}\n{row.requirement}\n{row.part}"
