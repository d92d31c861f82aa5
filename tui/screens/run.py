"""One run: its plan as a tree with state, rows and time, what each step is made of beside it; live while it runs.

On a wide terminal the step stands to the right of the tree, on a narrow one below it, and ``z`` gives it the screen.
Loops, rounds and the answers of large evals are folded; what runs or went wrong is open by itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries, step_queries
from tui.actions import bindings_for
from tui.formats import brief_count, count
from tui.items_ahead import AFTER_S, read_ahead, worth_it
from tui.live import LiveRun
from tui.queries import RunRow, StepRow
from tui.run_actions import ActsOnRuns
from tui.screens.view import View, explained
from tui.step_queries import Expression, Plans, StepSpec
from tui.view_models.plan_lines import PlanLine, around_line, first_opened, plan_lines, tree_parts
from tui.view_models.plan_tree import Part, folds_around
from tui.view_models.runs import STATE_MARKS, RunView, next_command, run_view
from tui.view_models.step_detail import step_detail
from tui.widgets.columns import line_text
from tui.widgets.live_text import between_text, now_text
from tui.widgets.row_table import Col, Row, RowTable, next_hit
from tui.widgets.step_text import fold_text, step_text

if TYPE_CHECKING:
    from runtime.detached import Started

COLUMNS = (
    Col("", 1),
    Col("step", share=5),
    Col("in", 7, justify="right"),
    Col("out", 7, justify="right"),
    Col("dropped", 8, justify="right", wide=True),
    Col("time", 11, justify="right"),
    Col("why", share=4, wide=True),
)
STEP = 1  # of the columns
LOOKED_FOR = ("running", "failed", "interrupted")  # the step that one opens a run for


@dataclass(frozen=True)
class RunModel:
    run: RunRow
    steps: list[StepRow]
    plans: Plans
    texts: dict[str, StepSpec]


@dataclass
class _Seen:
    """What was worked out of a model once, and what was opened and closed by hand."""

    parts: list[Part] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    sql: dict[str, tuple[Expression, ...]] = field(default_factory=dict)


class RunScreen(ActsOnRuns, View[RunModel]):
    BINDINGS = bindings_for("app", "run", "act", "plan")
    CSS_PATH = "run.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    view = "run"
    ticks = True

    def __init__(self, run_id: str | None = None) -> None:
        super().__init__(run_id)
        self._ahead = False  # whether the items of the run are being read, or were
        self._placed = False  # whether the cursor was put on the step that one looks for once
        self._seen = _Seen()
        self._told: tuple[object, ...] = ()  # what the text of the step was made from
        self.lines: list[PlanLine] = []

    def body(self) -> ComposeResult:
        yield Static("", id="progress", markup=False)
        yield Static("", id="nothing", markup=False)
        with Container(id="plan"):
            yield RowTable(COLUMNS, id="steps")
            with VerticalScroll(classes="detail", can_focus=False):
                yield Static("", id="step", markup=False)

    # --- reading ---------------------------------------------------------------------------------

    def fetch(self) -> RunModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            run, steps = queries.run(store, run_id), queries.steps(store, run_id)
            known = self.model  # a plan and a spec's text never change: they are read once
            if known is not None and known.plans.steps:
                return RunModel(run, steps, known.plans, known.texts)
            return RunModel(run, steps, step_queries.plans(store, run_id), step_queries.spec_texts(store, run_id))

    def present(self, model: RunModel) -> None:
        self.remove_class("empty")
        self._show(self._view(model))
        if not self._placed:
            states = {line.status: line.key for line in reversed(self.lines) if line.step}
            if (first := next((states[state] for state in LOOKED_FOR if state in states), None)) is not None:
                self.table().go_to(first)
        self._placed = True
        self.give_keys(self.table())
        if not self._ahead and model.run.status != "running" and worth_it(model.steps):
            self._ahead = True
            self.set_timer(AFTER_S, self._read_ahead)

    def _read_ahead(self) -> None:
        store, run_id, shelf = self.board.store, self.run_id or "", self.board.shelf
        if self.is_current:  # whoever is on the way to something else does not wait for it
            self.ask("ahead", lambda: read_ahead(store, run_id, shelf), lambda _: None, lambda _: None)

    def on_live(self, live: LiveRun) -> None:
        if self.model is not None:
            self._show(self._view(self.model))

    def not_begun(self, started: Started) -> None:
        self.say("")
        self.add_class("empty")
        self.head(self.run_id or "", "running" if self.must_retry else "failed")
        if self.must_retry:
            what, todo = "The run is starting: its spec is compiled.", "It appears here by itself."
        else:
            what = f"The run ended before it began, with exit code {started.code}."
            todo = visible(started.said(), newlines=True) or f"It said nothing in {started.output}."
        self.query_one("#nothing", Static).update(explained(what, todo, self.ink))

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Names to another width."""
        if self.stands and self.model is not None:
            self._show(self.shown_run)

    def _view(self, model: RunModel) -> RunView:
        return run_view(model.run, model.steps, time.time(), self.board.live_of(self.run_id))

    # --- showing ---------------------------------------------------------------------------------

    def _show(self, run: RunView) -> None:
        self.shown_run = run
        if self.model is not None and len(self._seen.parts) != len(run.steps):
            self._seen.parts = tree_parts(self.model.plans.plan, run.steps)
        self.lines = plan_lines(run, self._seen.parts, self._opened())
        self.head(f"{run.spec}  {run.run_id}", run.status, run.verdict)
        self._show_progress(run)
        self.table().renew([self._row(line) for line in self.lines])
        self._show_step()

    def _opened(self) -> set[str]:
        by_itself = first_opened(self._seen.parts, self.shown_run.steps)
        return (by_itself | self._seen.opened) - self._seen.closed

    def _show_progress(self, run: RunView) -> None:
        """What runs now, or how it ended."""
        strip, ink, live = self.query_one("#progress", Static), self.ink, self.board.live_of(self.run_id)
        current = next((step for step in run.steps if step.status == "running"), None)
        if run.status == "running" and current is not None:
            strip.update(now_text(current, live, ink))
            return
        text = Text(run.headline, style=ink.faint)
        if run.status == "running" and live is not None:
            text.append("\n").append_text(between_text(live, ink))
        if run.error:
            text.append("\n✗ " + visible(run.error), style=ink.bad)
        for one in run.warnings:
            text.append(f"\n! {visible(one.code)} ", style=f"bold {ink.unsure}")
            text.append(one_line(one.message, 300), style=ink.text)
        advice = next_command(run.status, run.spec, run.verdict)
        if advice:
            text.append("\n" + visible(advice), style=ink.faint)
        strip.update(text)

    def _row(self, line: PlanLine, *, whole: bool = False) -> Row:
        """``whole``: to look through or to copy, so that no name gives way to what stands behind it."""
        ink, step = self.ink, line.step
        fold = "" if line.node.opened is None else "▾ " if line.node.opened else "▸ "
        name = Text(line.node.lead + fold, style=ink.faint).append(f"{line.kind} ", style=ink.faint)
        name.append(one_line(line.name, 200), style=ink.text if step is not None else f"bold {ink.text}")
        others = f" (+{line.more})" if line.more else ""
        if others and not whole:
            name.truncate(max(1, self.table().width_of(STEP) - len(others)), overflow="ellipsis")
        name.append(others, style=ink.faint)
        rows = (step.rows_in, step.rows_out) if step is not None else (None, None)
        lost = step.rows_dropped if step is not None else None
        mark = Text(STATE_MARKS.get(line.status, "·"), style=ink.state(line.status))
        took = Text(line.took, style=ink.faint if line.status == "cached" else ink.text)
        counts = ("" if n is None else brief_count(n) for n in rows)
        dropped = Text(count(lost) if lost else "", style=ink.accent)
        return Row(line.key, (mark, name, *counts, dropped, took, Text(one_line(line.note, 300), style=ink.faint)))

    def on_data_table_row_highlighted(self) -> None:
        self._show_step()

    def _current(self) -> PlanLine | None:
        current = self.table().current
        return next((line for line in self.lines if line.key == current), None)

    def _show_step(self) -> None:
        """The step or fold under the cursor in words."""
        line, model = self._current(), self.model
        if line is None or model is None:
            return
        told = (line, id(model), line.key in self._seen.sql, self.app.theme, self.room("#step"))
        if told == self._told:  # a run that goes on is told twice a second
            return
        self._told, place = told, self.query_one("#step", Static)
        if line.step is None:
            steps = [step for step in self.shown_run.steps if step.step_id in line.node.steps]
            place.update(fold_text(line, steps, self.ink))
            return
        row = next(step for step in model.steps if step.step_id == line.key)
        sql, plan_step = self._seen.sql.get(row.step_id), model.plans.steps.get(row.step_id)
        detail = step_detail(row, line.status, model.plans, model.texts, sql or ())
        waiting = sql is None and plan_step is not None
        place.update(step_text(detail, self.ink, self.room("#step"), waiting=waiting))
        if sql is None and plan_step is not None:
            step_id = row.step_id
            self.ask("sql", lambda: step_queries.expressions(plan_step), lambda found: self._take_sql(step_id, found))

    def _take_sql(self, step_id: str, found: tuple[Expression, ...]) -> None:
        self._seen.sql[step_id] = found
        self._show_step()

    # --- keys ------------------------------------------------------------------------------------

    def chosen_run(self) -> RunRow | None:
        return self.model.run if self.model is not None else None

    def action_open(self) -> None:
        line = self._current()
        if line is not None and line.step is None:
            self.action_fold()
        elif line is not None and line.step is not None and self.run_id is not None and line.step.view != "run":
            self.board.open_view(line.step.view, self.run_id, line.step.step_id)

    def action_fold(self) -> None:
        """Open or close the fold under the cursor, or the one that its step is in."""
        line = self._current()
        if line is None:
            return
        key = line.key
        if line.step is not None:
            path = next(part.path for part in self._seen.parts if part.id == line.key)
            if not path:
                return
            key = "/".join(path)
        opened = key in self._opened()
        (self._seen.closed if opened else self._seen.opened).add(key)
        (self._seen.opened if opened else self._seen.closed).discard(key)
        self._show(self.shown_run)
        self.table().go_to(key)

    def look_for(self, text: str, step: int) -> str:
        """What is folded is found too: its folds are opened when the cursor comes to it."""
        table, parts = self.table(), self._seen.parts
        if not text or not parts:
            return table.find(text, step)
        every = plan_lines(self.shown_run, parts, folds_around(parts, {part.id for part in parts}))
        order = [line.key for line in every]
        hits = [
            i for i, line in enumerate(every) if text.casefold() in line_text(self._row(line, whole=True)).casefold()
        ]
        here = order.index(table.current) if table.current in order else 0
        table.highlight(text)
        if not hits:
            return f"no line holds it, of {len(every):,} lines"
        found = next_hit(hits, here, step)
        around = around_line(every[found], parts)
        self._seen.opened |= around
        self._seen.closed -= around
        self._show(self.shown_run)
        table.go_to(order[found])
        return f"{hits.index(found) + 1} of {len(hits)}, in {len(every):,} lines"

    def copied(self, what: str) -> str | None:
        line = self._current()
        return line_text(self._row(line, whole=True)) if what == "line" and line is not None else super().copied(what)

    def action_zoom(self) -> None:
        self.call_after_refresh(self.toggle_class("zoomed")._show_step)  # its lines to the new width
        if not self.has_class("zoomed"):
            self.give_keys(self.table())

    def leave_part(self) -> bool:
        zoomed = self.has_class("zoomed")
        if zoomed:
            self.action_zoom()
        return zoomed
