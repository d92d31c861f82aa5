"""The rounds of a loop: proxy against gold with their intervals, and what each round came to."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries, round_queries
from tui.actions import bindings_for
from tui.queries import RunRow
from tui.round_queries import RoundRow
from tui.screens.view import View, explained
from tui.view_models.rounds import (
    STATES,
    RoundsView,
    figure_of,
    limit_of,
    roles,
    rounds_view,
    shown_figure,
    why,
)
from tui.widgets.braille_plot import Series
from tui.widgets.line_chart import LineChart
from tui.widgets.row_table import Col, Row, RowTable

COLUMNS = (
    Col("", 1),
    Col("round", 5, justify="right"),
    Col("state", share=1),
)
FIGURE, WHY = 20, Col("why", share=2, wide=True)
LOOKS = (("solid", "●"), ("dashed", "○"), ("dotted", "◆"), ("dotted", "◇"))


@dataclass(frozen=True)
class RoundsModel:
    run: RunRow
    loops: tuple[RoundsView, ...]
    findings: list[tuple[str, str, int | None]]


class RoundsScreen(View[RoundsModel]):
    BINDINGS = bindings_for("app", "run", "rounds")
    CSS_PATH = "rounds.tcss"
    view = "rounds"

    def __init__(self, run_id: str | None = None, step_id: str | None = None) -> None:
        super().__init__(run_id)
        self._at = 0

    def body(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield LineChart("by round", legend=True, id="curves")
        yield RowTable(COLUMNS, id="rounds")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="round", markup=False)

    def fetch(self) -> RoundsModel:
        store, run_id = self.board.store, self.run_id or ""
        plan = queries.plan(store, run_id)
        loops = tuple(rounds_view(loop, roles(plan, loop.name)) for loop in round_queries.loops(store, run_id))
        return RoundsModel(queries.run(store, run_id), loops, round_queries.warnings(store, run_id))

    def present(self, model: RoundsModel) -> None:
        self.head(f"{model.run.spec}  {model.run.run_id}", self.board.state(model.run), model.run.verdict)
        self.set_class(not model.loops, "empty")
        if not model.loops:
            todo = "A `loop` block trains in rounds; docs/loops.md tells how. Key 3 shows the trainings of this run."
            self.query_one("#nothing", Static).update(explained("This run has no loop.", todo, self.ink))
            return
        self._draw(model)
        self.give_keys(self.table())

    @property
    def _loop(self) -> RoundsView | None:
        return self.model.loops[self._at % len(self.model.loops)] if self.model and self.model.loops else None

    def _draw(self, model: RoundsModel) -> None:
        ink, loop = self.ink, self._loop
        assert loop is not None
        text = Text().append(f"loop {visible(loop.name)}  ", style=f"bold {ink.text}")
        text.append(visible(loop.told) + "   95% intervals", style=ink.faint)
        if len(model.loops) > 1:
            text.append(f"   {self._at % len(model.loops) + 1} of {len(model.loops)} loops (t)", style=ink.faint)
        if loop.left_out:
            text.append(f"   {loop.left_out} more metrics are in the list below", style=ink.faint)
        for code, message, _ in model.findings:
            text.append(f"\n! {code} ", style=f"bold {ink.unsure}").append(one_line(message, 400), style=ink.text)
        self.query_one("#what", Static).update(text)
        styles = (ink.primary, ink.accent, ink.secondary, ink.good)
        series = [
            Series(curve.title, curve.points, style, look, mark, curve.spread)
            for curve, style, (look, mark) in zip(loop.curves, styles, LOOKS, strict=False)
        ]
        self.query_one("#curves", LineChart).plot(series[::-1], ink.faint, unit="round")
        self.query_one("#curves").display = bool(series)
        table, titles = self.table(), [curve.role or curve.figure for curve in loop.curves[:2]]
        table.cols = (*COLUMNS, *(Col(visible(title), FIGURE, justify="right") for title in titles), WHY)
        table.fill([self._row(loop, one) for one in loop.rounds])

    def _row(self, loop: RoundsView, one: RoundRow) -> Row:
        ink = self.ink
        figures: list[str | Text] = [shown_figure(figure_of(one, curve.figure)) for curve in loop.curves[:2]]
        mark = Text("*" if one.number == loop.chosen else "", style=f"bold {ink.good}")
        cells = (mark, str(one.number), STATES.get(one.state, one.state), *figures)
        return Row(str(one.number), (*cells, Text(one_line(why(one), 300), style=ink.faint)))

    def on_data_table_row_highlighted(self) -> None:
        loop, current, ink = self._loop, self.table().current, self.ink
        one = next((x for x in loop.rounds if str(x.number) == current), None) if loop else None
        if one is None or loop is None:
            return
        text = Text().append(f"round {one.number}  ", style=f"bold {ink.text}")
        text.append(STATES.get(one.state, visible(one.state)), style=ink.faint)
        if one.number == loop.chosen:
            text.append("  * the loop stands for it", style=ink.good)
        if told := why(one):
            text.append("\n" + visible(told), style=ink.text)
        for figure in one.figures:
            text.append(f"\n  {visible(figure.name):<24} ", style=ink.faint)
            text.append(f"{shown_figure(figure):<24}", style=ink.bad if figure.stopped else ink.text)
            text.append(f" {visible(limit_of(figure))}", style=ink.faint)
        self.query_one("#round", Static).update(text)

    def action_next_training(self) -> None:
        if self.model is not None and self.model.loops:
            self._at += 1
            self._draw(self.model)
