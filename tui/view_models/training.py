"""The course of a training: curves of loss, validation loss, learning rate and speed, and a line of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tui.formats import count, number
from tui.queries import StepRow, TrainPoint

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class TrainingView:
    """One train step. Curves are (optimiser step, value); a point without a value is left out."""

    step_id: str
    name: str
    status: str
    loss: Curve
    validation_loss: Curve
    learning_rate: Curve
    tokens_per_second: Curve
    figures: tuple[tuple[str, str], ...]


def training_view(step: StepRow, points: Sequence[TrainPoint]) -> TrainingView:
    loss, validation = curve(points, "loss"), curve(points, "validation_loss")
    speed = curve(points, "tokens_per_second")
    figures = []
    if points:
        figures.append(("step", count(points[-1].step)))
    if loss:
        figures.append(("loss", f"{number(loss[0][1])} → {number(loss[-1][1])}"))
    if validation:
        best = min(value for _, value in validation)
        figures.append(("validation", f"{number(validation[0][1])} → {number(validation[-1][1])}"))
        if validation[-1][1] > best * 1.01:
            figures.append(("best", number(best)))
    if speed:
        figures.append(("speed", f"{median(value for _, value in speed):,.0f} tokens/s"))
    padding = [point.padding_share for point in points if point.padding_share is not None]
    if padding:
        figures.append(("padding", number(sum(padding) / len(padding), "share")))
    if step.rows_dropped:
        figures.append(("dropped rows", count(step.rows_dropped)))
    rate = curve(points, "learning_rate")
    return TrainingView(step.step_id, step.name, step.status, loss, validation, rate, speed, tuple(figures))


def curve(points: Sequence[TrainPoint], column: str) -> Curve:
    found = ((float(point.step), getattr(point, column)) for point in points)
    return tuple((x, float(y)) for x, y in found if y is not None)
