"""The course of a training: loss, validation loss, learning rate and speed; live while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from spec_lang.plain_text import visible
from tui import queries
from tui.actions import bindings_for
from tui.live import LiveRun, merge_points
from tui.queries import RunRow, StepRow, TrainPoint
from tui.screens.view import View
from tui.view_models.training import training_view
from tui.widgets.line_chart import LineChart, Series
from tui.widgets.marked_text import labelled


@dataclass(frozen=True)
class TrainingModel:
    run: RunRow
    steps: list[StepRow]  # the train steps of the run
    points: dict[str, list[TrainPoint]]  # by step id


class TrainingScreen(View[TrainingModel]):
    BINDINGS = bindings_for("app", "run", "training")
    view = "training"

    def __init__(self, run_id: str | None = None, step_id: str | None = None) -> None:
        super().__init__(run_id)
        self.step_id = step_id

    def body(self) -> ComposeResult:
        yield Static("", id="figures", markup=False)
        yield LineChart("loss", id="loss")
        with Horizontal(id="small-charts"):
            yield LineChart("learning rate", from_zero=True, id="rate")
            yield LineChart("tokens a second", from_zero=True, id="speed")

    def fetch(self) -> TrainingModel:
        store, run_id = self.board.store, self.run_id or ""
        steps = [step for step in queries.steps(store, run_id) if step.kind == "train"]
        points = {step.step_id: queries.train_points(store, step.step_hash) for step in steps}
        return TrainingModel(queries.run(store, run_id), steps, points)

    def present(self, model: TrainingModel) -> None:
        self.head(f"{model.run.spec}  {model.run.run_id}", self.board.state(model.run), model.run.verdict)
        if not model.steps:
            self.query_one("#figures", Static).update("This run trains nothing: its spec has no `train` block.")
            return
        if self.step_id not in [step.step_id for step in model.steps]:
            self.step_id = model.steps[0].step_id
        self._draw(model)

    def on_live(self, live: LiveRun) -> None:
        if self.model is not None and self.model.steps:
            self._draw(self.model)

    def _draw(self, model: TrainingModel) -> None:
        step = next(step for step in model.steps if step.step_id == self.step_id)
        live = self.board.live_of(self.run_id)
        fresh = live.points.get(step.step_id, ()) if live else ()
        course, ink = training_view(step, merge_points(model.points[step.step_id], fresh)), self.ink
        others = f" ({len(model.steps)} train steps, t for the next)" if len(model.steps) > 1 else ""
        figures = labelled([("train", course.name), *course.figures], ink).append(visible(others), style=ink.faint)
        if not course.figures:
            figures.append(f"  no step yet: {step.status}", style=ink.faint)
        self.query_one("#figures", Static).update(figures)
        loss = self.query_one("#loss", LineChart)
        loss.border_title = "loss  [$primary]⣀⣀ training[/]  [$accent]⣀⣀ validation[/]"
        validation = Series("validation", course.validation_loss, ink.accent)
        loss.plot([validation, Series("training", course.loss, ink.primary)], ink.faint)
        self.query_one("#rate", LineChart).plot([Series("rate", course.learning_rate, ink.secondary)], ink.faint)
        self.query_one("#speed", LineChart).plot([Series("speed", course.tokens_per_second, ink.good)], ink.faint)

    def action_next_training(self) -> None:
        if self.model is not None and self.model.steps:
            ids = [step.step_id for step in self.model.steps]
            self.step_id = ids[(ids.index(self.step_id or ids[0]) + 1) % len(ids)]
            self._draw(self.model)
