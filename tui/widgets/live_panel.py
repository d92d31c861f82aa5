"""The run that goes on, above the list of runs: its plan around the step that runs, rate, time left, loss, resources.

On a wide terminal the plan stands beside the figures and the curve of the loss; on a narrow one the figures stand above
a few lines of the plan.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui.live import LiveRun
from tui.resources import Resources, resource_words
from tui.themes import Ink
from tui.view_models.plan_lines import ENDED, PlanLine, window
from tui.view_models.runs import STATE_MARKS, RunView
from tui.widgets.braille_plot import Series
from tui.widgets.line_chart import LineChart
from tui.widgets.live_text import between_text, now_text
from tui.widgets.marked_text import labelled


class LivePanel(Container):
    """``tell`` shows a run; hidden without one."""

    def compose(self) -> ComposeResult:
        with Vertical(id="live-now"):
            yield Static("", id="live-figures", markup=False)
            yield LineChart("loss", id="live-loss")
        yield Static("", id="live-plan", markup=False)

    def tell(
        self,
        run: RunView,
        lines: Sequence[PlanLine],
        live: LiveRun | None,
        resources: Resources | None,
        ink: Ink,
    ) -> None:
        self.border_title = Text(f"▶ {one_line(run.spec, 60)}  {one_line(run.run_id, 60)}")
        self.border_subtitle = Text(_ended(run))
        self.query_one("#live-figures", Static).update(self._figures(run, live, resources, ink))
        plan = self.query_one("#live-plan", Static)
        room = max(3, plan.content_size.height)
        first, last = window(lines, room)
        text = Text("\n", end="").join([_plan_line(line, ink) for line in lines[first:last]])
        text.no_wrap, text.overflow = True, "ellipsis"
        plan.update(text)
        chart = self.query_one("#live-loss", LineChart)
        running = next((step for step in run.steps if step.status == "running"), None)
        points = live.points.get(running.step_id, ()) if live is not None and running is not None else ()
        curve = tuple((float(point.step), point.loss) for point in points if point.loss is not None)
        self.set_class(bool(curve), "curved")
        if curve:
            chart.plot([Series("loss", curve, ink.primary)], ink.faint)

    def _figures(self, run: RunView, live: LiveRun | None, resources: Resources | None, ink: Ink) -> Text:
        running = next((step for step in run.steps if step.status == "running"), None)
        text = now_text(running, live, ink, 16) if running is not None else between_text(live, ink)
        if live is not None and live.stopping:
            text.append("\n! asked to stop; it ends at the next safe point", style=ink.unsure)
        if resources is not None:
            width = self.query_one("#live-figures", Static).content_size.width
            text.append("\n").append_text(labelled(resource_words(resources), ink, width))
        return text


def _ended(run: RunView) -> str:
    ended = sum(step.status in ENDED for step in run.steps)
    return f"{ended} of {len(run.steps)} steps done"


def _plan_line(line: PlanLine, ink: Ink) -> Text:
    text = Text(end="")
    text.append(STATE_MARKS.get(line.status, "·") + " ", style=ink.state(line.status))
    fold = "" if line.node.opened is None else "▾ " if line.node.opened else "▸ "
    running = line.status == "running"
    text.append(line.node.lead + fold + visible(line.kind) + " ", style=ink.faint)
    text.append(one_line(line.name, 120), style=f"bold {ink.primary}" if running else ink.text)
    if line.step is not None and line.status in ENDED:
        text.append(f"  {line.took}", style=ink.faint)
    return text
