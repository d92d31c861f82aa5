"""The course of a training: loss, validation, learning rate, speed, padding; live while it runs, beside another one.

What the cursor stands on is told in numbers above the charts, so that no value has to be read off a picture.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries, training_queries
from tui.actions import bindings_for
from tui.formats import NOTHING, count, number
from tui.live import KEPT_POINTS, LiveRun
from tui.queries import RunRow, StepRow, TrainPoint
from tui.screens.choose_training import ChooseTraining
from tui.screens.view import View, explained
from tui.training_queries import Course, TrainingRow
from tui.view_models.training import (
    WINDOWS,
    Axis,
    Curve,
    TrainingView,
    course_curves,
    joined,
    point_at,
    smoothed,
    training_view,
    value_at,
)
from tui.widgets.braille_plot import Series
from tui.widgets.line_chart import LineChart
from tui.widgets.marked_text import labelled

# Chart -> curve, title, unit of its values.
SMALL = (
    ("rate", "learning_rate", "learning rate", "plain"),
    ("speed", "tokens_per_second", "tokens a second", "plain"),
    ("padding", "padding_share", "padding share", "share"),
)


@dataclass(frozen=True)
class TrainingModel:
    run: RunRow
    steps: list[StepRow]  # the train steps of the run
    courses: dict[str, Course]  # by step id


@dataclass(frozen=True)
class Other:
    """The training that this one is compared with."""

    row: TrainingRow
    course: Course

    @property
    def name(self) -> str:
        return f"{self.row.name} of {self.row.run_id}"


class TrainingScreen(View[TrainingModel]):
    BINDINGS = bindings_for("app", "run", "training")
    CSS_PATH = "training.tcss"
    view = "training"

    def __init__(self, run_id: str | None = None, step_id: str | None = None) -> None:
        super().__init__(run_id)
        self.step_id = step_id
        self.axis: Axis = "step"
        self.window = 1
        self.cursor: float | None = None
        self.other: Other | None = None
        self.shown: TrainingView | None = None

    def body(self) -> ComposeResult:
        yield Static("", id="figures", markup=False)
        yield LineChart("loss", legend=True, id="loss")
        with Horizontal(id="small-charts"):
            for id_, _, title, _ in SMALL:
                yield LineChart(title, from_zero=True, id=id_)

    def fetch(self) -> TrainingModel:
        store, run_id = self.board.store, self.run_id or ""
        steps = [step for step in queries.steps(store, run_id) if step.kind == "train"]
        courses = {step.step_id: training_queries.course_of(store, step) for step in steps}
        return TrainingModel(queries.run(store, run_id), steps, courses)

    def present(self, model: TrainingModel) -> None:
        self.head(f"{model.run.spec}  {model.run.run_id}", self.board.state(model.run), model.run.verdict)
        self.set_class(not model.steps, "empty")
        if not model.steps:
            told = explained("This run trains nothing.", "A `train` block of the spec does.", self.ink)
            self.query_one("#figures", Static).update(told)
            return
        if self.step_id not in [step.step_id for step in model.steps]:
            self.step_id = model.steps[0].step_id
        self._draw(model)

    def on_live(self, live: LiveRun) -> None:
        if self.model is not None and self.model.steps:
            course = self.model.courses[self._step(self.model).step_id]
            if not self.reading and _gap(course, live.points.get(self.step_id or "", ())):
                self.reload()  # the store has what the events no longer tell
            self._draw(self.model)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._redraw)

    # --- drawing -------------------------------------------------------------------------------

    def _draw(self, model: TrainingModel) -> None:
        step = self._step(model)
        live = self.board.live_of(self.run_id)
        course = joined(model.courses[step.step_id], live.points.get(step.step_id, ()) if live else ())
        self.shown = shown = training_view(step, course, self.axis)
        beside = course_curves(self.other.course, self.axis) if self.other is not None else {}
        self._show_figures(model, step, beside)
        self._draw_loss(shown, beside)
        ink = self.ink
        for (id_, name, _, _), style in zip(SMALL, (ink.secondary, ink.good, ink.accent), strict=True):
            own = Series("", self._smooth(getattr(shown, name), shown.each), style)
            curves = [Series("", self._smooth(beside.get(name, ()), self._other_each), ink.faint, "dashed"), own]
            self.query_one(f"#{id_}", LineChart).plot(curves, ink.faint, unit=self.axis, cursor=self.cursor)

    def _draw_loss(self, shown: TrainingView, beside: dict[str, Curve]) -> None:
        ink, window, curves = self.ink, self._window(shown.each), []
        if self.other is not None:
            loss = self._smooth(beside["loss"], self._other_each)
            curves.append(Series("its validation", beside["validation_loss"], ink.secondary, "dotted", "○"))
            curves.append(Series("the other one", loss, ink.secondary, "dashed"))
        if window > 1:
            curves.append(Series("as measured", shown.loss, ink.faint, "dotted"))
        curves.append(Series("validation", shown.validation_loss, ink.accent, "dotted", "●"))
        curves.append(Series("training", self._smooth(shown.loss, shown.each), ink.primary))
        note = f"each point the mean of {window} steps" if window > 1 else ""
        self.query_one("#loss", LineChart).plot(curves, ink.faint, unit=self.axis, cursor=self.cursor, note=note)

    def _window(self, each: int) -> int:
        """The steps that a drawn value is the mean of: what was chosen, or what a long course was averaged over."""
        return max(each, (self.window // each // 2 * 2 + 1) * each) if self.window > 1 else each

    @property
    def _other_each(self) -> int:
        return self.other.course.each if self.other is not None else 1

    def _smooth(self, points: Curve, each: int) -> Curve:
        return smoothed(points, self.window, each)

    def _show_figures(self, model: TrainingModel, step: StepRow, beside: dict[str, Curve]) -> None:
        ink, shown = self.ink, self.shown
        assert shown is not None
        figures = shown.figures if self.cursor is None else ()  # there is one kind of numbers at a time
        text = labelled([("train", shown.name), *figures], ink, self.room("#figures"))
        if len(model.steps) > 1:
            text.append(f"   {model.steps.index(step) + 1} of {len(model.steps)} trains (t)", style=ink.faint)
        if not shown.figures:
            since = f", run {step.finished_by} has trained it since" if step.finished_by else ""
            text.append(visible(f"  no step yet: {step.status}{since}"), style=ink.faint)
        text.append("\n")
        if self.cursor is None:
            beside_it = f"x leaves {one_line(self.other.name, 60)}" if self.other else "x beside another run"
            over = "tokens" if self.axis == "step" else "steps"
            text.append(f"← → numbers at a place   w smoother   a over {over}   {beside_it}", style=ink.faint)
        else:
            text.append_text(self._under_cursor(shown, beside, self.cursor))
        self.query_one("#figures", Static).update(text)

    def _under_cursor(self, shown: TrainingView, beside: dict[str, Curve], x: float) -> Text:
        """The measured values at the cursor, never the smoothed ones."""
        ink = self.ink
        at = value_at(shown.places, x)
        facts = [("at step", count(round(at)) if at is not None else "–")]
        if self.axis == "tokens":
            facts.append(("tokens", count(round(x))))
        names = (("loss", "loss", "plain"), ("validation_loss", "validation", "plain"))
        for name, title, unit in (*names, *((name, title, unit) for _, name, title, unit in SMALL)):
            places = shown.validated if name == "validation_loss" else shown.places
            if told := _told(getattr(shown, name), places, x, unit):
                facts.append((title, told))
        text = labelled(facts, ink, self.room("#figures"))
        if self.other is not None:
            text.append(f"\n{one_line(self.other.name, 60)} there ", style=ink.faint)
            loss = _told(beside["loss"], beside["places"], x, "plain") or NOTHING
            ended = beside["places"][-1] if beside["places"] else (x, 0.0)
            text.append(f"loss {loss}{', where it ended' if ended[0] < x else ''}", style=ink.text)
            if validation := _told(beside["validation_loss"], beside["validated"], x, "plain"):
                text.append(f"   validation {validation}", style=ink.text)
        return text

    def _step(self, model: TrainingModel) -> StepRow:
        return next(step for step in model.steps if step.step_id == self.step_id)

    def _redraw(self) -> None:
        if self.model is not None and self.model.steps and self.stands:
            self._draw(self.model)

    # --- keys ----------------------------------------------------------------------------------

    def action_next_training(self) -> None:
        if self.model is not None and self.model.steps:
            ids = [step.step_id for step in self.model.steps]
            self.step_id = ids[(ids.index(self.step_id or ids[0]) + 1) % len(ids)]
            self.cursor = None
            self._draw(self.model)

    def action_next_axis(self) -> None:
        self.axis, self.cursor = "tokens" if self.axis == "step" else "step", None
        self._redraw()

    def action_next_window(self) -> None:
        self.window = WINDOWS[(WINDOWS.index(self.window) + 1) % len(WINDOWS)]
        self._redraw()

    def action_walk(self, points: int) -> None:
        """Move the cursor by so many points of the course; the first key sets it on the last one."""
        places = [x for x, _ in self.shown.places] if self.shown is not None else []
        if not places:
            return
        if self.cursor is None:
            self.cursor = places[-1]
        else:
            now = sum(x <= self.cursor for x in places) - 1
            self.cursor = places[min(len(places) - 1, max(0, now + points))]
        self._redraw()

    def on_line_chart_pointed(self, event: LineChart.Pointed) -> None:
        places = [x for x, _ in self.shown.places] if self.shown is not None else []
        if places:
            self.cursor = min(places, key=lambda x: abs(x - event.x))
            self._redraw()

    def action_against(self) -> None:
        """Choose another training of the store; the key a second time leaves the comparison."""
        if self.other is not None:
            self.other = None
            self._redraw()
        elif self.model is not None and self.model.steps:
            own, store = self._step(self.model).step_hash, self.board.store
            self.ask("trainings", lambda: training_queries.other_trainings(store, own), self._choose)

    def _choose(self, found: list[TrainingRow]) -> None:
        if not found:
            self.app.notify("no other training is in this store", markup=False)
            return
        self.app.push_screen(ChooseTraining(found), self._chosen)

    def _chosen(self, row: TrainingRow | None) -> None:
        if row is not None:
            self.ask(
                "other", lambda: Other(row, training_queries.course(self.board.store, row.step_hash)), self._beside
            )

    def _beside(self, other: Other) -> None:
        self.other = other
        self._redraw()

    def action_rounds(self) -> None:
        if self.run_id is not None:
            self.board.open_view("rounds", self.run_id)

    def copied(self, what: str) -> str | None:
        return visible(str(self.query_one("#figures", Static).content), newlines=True)

    def leave_part(self) -> bool:
        walked, self.cursor = self.cursor is not None, None
        if walked:
            self._redraw()
        return walked


def _told(curve: Curve, places: Curve, x: float, unit: str) -> str:
    """The last value up to a place, with the step that it is of where it is an earlier one; empty before the first."""
    point = point_at(curve, x)
    if point is None:
        return ""
    return number(point[1], unit) + (
        f" of step {count(round(value_at(places, point[0]) or 0))}" if point[0] < x else ""
    )


def _gap(stored: Course, live: Collection[TrainPoint]) -> bool:
    """Whether steps between the stored ones and the live ones are not known any more: only so many are kept."""
    last = stored.points[-1].step if stored.points else 0
    return len(live) >= KEPT_POINTS and next(iter(live)).step > last + 1
