"""Home: the run that goes on, and below it the runs of the store with what each measured and how that changed.

The list is there at once. What a run's headline changed against its reference is worked out after that, a run at a
time, newest first (``home_changes``).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.diagnostics import Diagnostic
from spec_lang.plain_text import one_line, visible
from tui import home_queries
from tui.actions import bindings_for
from tui.formats import NOTHING
from tui.home_changes import Changes, work_out
from tui.home_model import FIRST_PAGE, HomeModel, home_model
from tui.home_queries import Delta, HomeRow
from tui.live import LiveRun, elsewhere, state_of
from tui.queries import RunRow
from tui.resources import Resources, Sampler
from tui.run_actions import ActsOnRuns
from tui.screens.view import View, explained
from tui.starting import first_screen_is_there
from tui.view_models.home import HomeLine, home_line
from tui.view_models.runs import STATE_MARKS, VERDICT_MARKS, elsewhere_words, next_command, run_view
from tui.widgets.ask_line import open_line
from tui.widgets.row_table import Col, Row, RowTable

if TYPE_CHECKING:
    from tui.ahead import Ahead

SAMPLE_SECONDS = 2.0
COLUMNS = (
    Col("", 2),
    Col("spec", share=2),
    Col("metric", share=3, wide=True),
    Col("gate", 14),
    Col("measured", 8, justify="right"),
    Col("change, 95%", 22, justify="right"),
    Col("started", 10),
    Col("run", 20, needs=140),  # it stands below the list as well
)


class RunsScreen(ActsOnRuns, View[HomeModel]):
    BINDINGS = bindings_for("app", "act", "runs")
    CSS_PATH = "runs.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    view = "runs"
    ticks = True
    lists_runs = True

    def __init__(self, ahead: Ahead | None = None) -> None:
        super().__init__()
        self._ahead = ahead
        self.rows: list[HomeRow] = []
        self.marked: str | None = None
        self._watched: str | None = None
        self._changes = Changes()
        self._resources: Resources | None = None
        self._sampler: Sampler | None = None

    def body(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="runs")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        self._sampler = Sampler(self.board.store.root)
        self.set_interval(SAMPLE_SECONDS, self._sample)

    # --- reading ---------------------------------------------------------------------------------

    def fetch(self) -> HomeModel:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and (found := ahead.take()) is not None:
            return found
        before = self.model.going if self.model is not None else None
        return home_model(self.board.store, FIRST_PAGE, self.rows[-1].run.run_id if self.rows else None, before)

    def present(self, model: HomeModel) -> None:
        self.set_class(not model.rows, "empty")
        if not model.rows:
            self.empty()
            return
        if self.follows != self._watched:  # another process
            self._watched, self._resources = self.follows, None
        self.rows = model.rows
        self.call_after_refresh(first_screen_is_there)
        if self.is_current:  # else the screen above watches its own run
            self.board.watch_run(self.follows)
        self._list(more=model.more)
        self._going()
        self.give_keys(self.table())
        self._work_out()

    @property
    def runs_on_show(self) -> Iterable[RunRow]:
        return (row.run for row in self.rows if row.run.status == "running")

    @property
    def follows(self) -> str | None:
        return self._going_run.run_id if self._going_run is not None else None

    @property
    def _going_run(self) -> RunRow | None:
        """The run on top, as long as its process works."""
        going = self.model.going if self.model is not None else None
        return going.run if going is not None and state_of(going.run) == "running" else None

    def empty(self) -> None:
        note = self.query_one("#nothing", Static)
        self.set_class(True, "empty")
        note.update(explained("No run yet.", "Run a spec, and it appears here:\n\n    sft run FILE.sft", self.ink))
        self.head(str(self.board.store.root), remark="empty store")

    def on_screen_resume(self) -> None:
        if self.model is not None:
            self.reload()

    def on_row_table_near_end(self) -> None:
        oldest, store = self.rows[-1].run.run_id, self.board.store
        self.ask("page", lambda: (oldest, home_queries.page(store, FIRST_PAGE, oldest)), self._extend)

    def _extend(self, found: tuple[str, tuple[list[HomeRow], bool]]) -> None:
        oldest, (page, more) = found
        if self.rows[-1].run.run_id != oldest:
            return  # the list was read again meanwhile, and asks for its own end
        self.rows = [*self.rows, *page]
        self.table().extend([self._row(row) for row in page], more=more)
        self._count(more=more)
        self._work_out()

    # --- what changed ----------------------------------------------------------------------------

    def _work_out(self) -> None:
        """The newest change that is not known yet; the next one follows when it is."""
        row = self._changes.begin(self.rows)
        if row is not None:
            self.ask("delta", lambda: (row, work_out(self.board.store, row)), self._take_delta)

    def _take_delta(self, found: tuple[HomeRow, Delta | Diagnostic | None]) -> None:
        if (finding := self._changes.end(*found)) is not None:
            self.refused(finding)  # the list is read again, and then this is asked again
            return
        self._list(more=self.table().more)
        self._work_out()

    def _line(self, row: HomeRow) -> HomeLine:
        return home_line(row, self._changes.of(row), time.time())

    # --- the list --------------------------------------------------------------------------------

    def _list(self, *, more: bool) -> None:
        self.set_class(self._going_run is not None, "going")
        self._count(more=more)
        self.table().renew([self._row(row) for row in self.rows], more=more)
        self._about()

    def _count(self, *, more: bool) -> None:
        many = f"{len(self.rows)}{'+' if more else ''} runs" if len(self.rows) > 1 else "one run"
        marked = f"  ·  {self.marked} is marked: x compares with it" if self.marked else ""
        self.head(str(self.board.store.root), remark=f"{many} in this store{marked}")

    def _row(self, row: HomeRow) -> Row:
        shown, ink = self._line(row), self.ink
        line = shown.run
        state = Text(STATE_MARKS.get(line.status, "·"), style=ink.state(line.status))
        state.append("◆" if row.run.run_id == self.marked else "★" if shown.blessed else " ", style=ink.accent)
        verdict = Text(visible(line.status) if line.verdict is None else "", style=ink.state(line.status))
        if line.verdict:
            verdict = Text(f"{VERDICT_MARKS.get(line.verdict, '?')} {visible(line.verdict)}")
            verdict.stylize(ink.verdict(line.verdict))
        change = Text(shown.change, style=_lean(shown.leaning, ink.good, ink.bad, ink.unsure) or ink.faint)
        name = Text(one_line(shown.name, 200), style=ink.faint)
        cells = (state, one_line(line.spec, 200), name, verdict, shown.estimate, change, line.started)
        return Row(row.run.run_id, (*cells, Text(one_line(line.run_id, 60), style=ink.faint)))

    def on_data_table_row_highlighted(self) -> None:
        self._about()

    def _about(self) -> None:
        """The run under the cursor in words."""
        row = self._current()
        if row is None:
            return
        shown, ink = self._line(row), self.ink
        line = shown.run
        text = Text().append(visible(line.run_id), style=f"bold {ink.text}").append(f"  {visible(line.spec)}", ink.text)
        text.append(f"  {STATE_MARKS.get(line.status, '·')} {visible(line.status)}", style=ink.state(line.status))
        if line.verdict:
            mark = VERDICT_MARKS.get(line.verdict, "?")
            text.append(f"  {mark} gate {visible(line.verdict)}", style=ink.verdict(line.verdict))
        text.append(f"  {line.steps}", style=ink.faint)
        if line.took != NOTHING:
            taken = f"{line.took} so far" if line.status == "running" else f"took {line.took}"
            text.append(f"  {taken}", style=ink.faint)
        if shown.blessed:
            text.append(f"  ★ baseline {', '.join(map(visible, shown.blessed))}", style=ink.accent)
        text.append("\n" + visible(self._advice(row, line.status)), style=ink.faint)
        if line.error:
            text.append("\n✗ " + visible(line.error), style=ink.bad)
        if shown.words:
            text.append("\n" + visible(shown.words, newlines=True), style=ink.text)
        self.query_one("#about", Static).update(text)

    def _advice(self, row: HomeRow, status: str) -> str:
        run = row.run
        if status == "running" and elsewhere(run) and self.model is not None:
            return elsewhere_words(run, self.model.signs.get(run.run_id), time.time())
        return next_command(status, run.spec, run.verdict)

    def _current(self) -> HomeRow | None:
        current = self.table().current
        return next((row for row in self.rows if row.run.run_id == current), None)

    # --- the run that goes on --------------------------------------------------------------------

    def on_live(self, live: LiveRun) -> None:
        self._going()

    def _going(self) -> None:
        going = self.model.going if self.model is not None else None
        if going is None:
            return
        from tui.view_models.plan_lines import first_opened, plan_lines, tree_parts
        from tui.widgets.live_panel import LivePanel

        if not self.query(LivePanel):  # the first run that goes on while this screen is there
            self.mount(LivePanel(id="live"), before="#runs")
            self.call_after_refresh(self._going)
        panel = self.query_one(LivePanel)
        if not panel.query("#live-figures"):  # its parts come after it
            return
        live = self.board.live_of(going.run.run_id)
        run = run_view(going.run, going.steps, time.time(), live)
        parts = tree_parts(going.plans.plan, run.steps)
        lines = plan_lines(run, parts, first_opened(parts, run.steps))
        panel.tell(run, lines, live, self._resources, self.ink)

    def _sample(self) -> None:
        run, sampler = self._going_run, self._sampler
        if run is not None and sampler is not None and self.is_current:
            self.ask("sample", lambda: sampler.sample(run.pid, run.host), self._take_sample)

    def _take_sample(self, found: Resources) -> None:
        self._resources = found
        self._going()

    # --- keys ------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to go back to but the list itself, from a search."""
        if action == "back" and self.is_mounted:
            return open_line(self) is not None
        return super().check_action(action, parameters)

    def chosen_run(self) -> RunRow | None:
        row = self._current()
        return row.run if row is not None else None

    def action_open(self) -> None:
        run_id = self.table().current
        if run_id is not None:
            self.board.open_run(run_id)

    def action_mark(self) -> None:
        current = self.table().current
        self.marked = None if current == self.marked else current
        self._list(more=self.table().more)

    def action_compare(self) -> None:
        """The marked run is the first; without one the run's reference is."""
        row = self._current()
        if row is None:
            return
        if self.marked is not None and self.marked != row.run.run_id:
            self.board.open_above("compare", self.marked, row.run.run_id)
        elif row.reference is not None:
            self.board.open_above("compare", row.reference.run_id, row.run.run_id)
        else:
            self.say("mark a run with Space, then press x on another one")


def _lean(leaning: str, good: str, bad: str, unsure: str) -> str:
    return {"better": good, "worse": bad, "changed": unsure}.get(leaning, "")
