"""The course of a training: curves over steps or tokens, smoothed if wanted, a line of figures, values at a place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median
from typing import Literal

from tui.formats import count, number
from tui.queries import StepRow, TrainPoint

Curve = tuple[tuple[float, float], ...]
Axis = Literal["step", "tokens"]
WINDOWS = (1, 5, 20, 100)  # optimiser steps that a smoothed value is the mean of; 1 is the measured one
CURVES = ("loss", "validation_loss", "learning_rate", "tokens_per_second", "padding_share")


@dataclass(frozen=True)
class TrainingView:
    """One train step. Curves are (optimiser step or tokens so far, value); a point without a value is left out."""

    step_id: str
    name: str
    status: str
    loss: Curve
    validation_loss: Curve
    learning_rate: Curve
    tokens_per_second: Curve
    padding_share: Curve
    figures: tuple[tuple[str, str], ...]
    places: Curve = ()  # (x, optimiser step) of every point, for a cursor


def training_view(step: StepRow, points: Sequence[TrainPoint], axis: Axis = "step") -> TrainingView:
    curves = course(points, axis)
    figures = _figures(points, curves)
    if step.rows_dropped:
        figures.append(("dropped rows", count(step.rows_dropped)))
    places = tuple((x, float(point.step)) for x, point in zip(along(points, axis), points, strict=True))
    return TrainingView(step.step_id, step.name, step.status, **curves, figures=tuple(figures), places=places)


def course(points: Sequence[TrainPoint], axis: Axis = "step") -> dict[str, Curve]:
    """Every curve of a training by its name."""
    places = along(points, axis)
    return {
        name: tuple(
            (x, float(y)) for x, point in zip(places, points, strict=True) if (y := getattr(point, name)) is not None
        )
        for name in CURVES
    }


def along(points: Sequence[TrainPoint], axis: Axis) -> list[float]:
    """Where each point stands: its optimiser step, or the tokens that were trained on until then."""
    if axis == "step":
        return [float(point.step) for point in points]
    return [float(total) for total in accumulate(point.tokens or 0 for point in points)]


def stride(points: Sequence[TrainPoint]) -> int:
    """How many optimiser steps a point stands for: 1, or what a long training was averaged over."""
    return max(1, round(points[-1].step / len(points))) if points else 1


def smoothed(points: Curve, window: int, each: int = 1) -> Curve:
    """Each value as the mean of about ``window`` optimiser steps around it, ``each`` of which are a point. The ends
    have fewer neighbours and keep those."""
    half = window // each // 2
    if half < 1:
        return points
    sums = [0.0, *accumulate(y for _, y in points)]
    spans = ((max(0, i - half), min(len(points), i + half + 1)) for i in range(len(points)))
    return tuple(
        (x, (sums[end] - sums[begin]) / (end - begin)) for (x, _), (begin, end) in zip(points, spans, strict=True)
    )


def point_at(points: Curve, x: float) -> tuple[float, float] | None:
    """The last point up to a place; None before the first one."""
    position = bisect_right(points, (x, float("inf")))
    return points[position - 1] if position else None


def value_at(points: Curve, x: float) -> float | None:
    """The last value up to a place."""
    point = point_at(points, x)
    return point[1] if point is not None else None


def _figures(points: Sequence[TrainPoint], curves: dict[str, Curve]) -> list[tuple[str, str]]:
    loss, validation, speed = curves["loss"], curves["validation_loss"], curves["tokens_per_second"]
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
    padding = [value for _, value in curves["padding_share"]]
    if padding:
        figures.append(("padding", number(sum(padding) / len(padding), "share")))
    return figures
