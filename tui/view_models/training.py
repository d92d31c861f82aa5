"""The course of a training: curves over steps or tokens, smoothed if wanted, a line of figures, values at a place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby
from statistics import fmean, median
from typing import Literal

from tui.formats import count, number
from tui.queries import StepRow, TrainPoint
from tui.training_queries import Course, Figures, Validation

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
    validated: Curve = ()  # the same of every validation loss
    each: int = 1  # optimiser steps that a point is the mean of; validation losses are as they were measured


def training_view(step: StepRow, of: Course, axis: Axis = "step") -> TrainingView:
    figures = _figures(of.figures)
    if step.rows_dropped:
        figures.append(("dropped rows", count(step.rows_dropped)))
    curves = course_curves(of, axis)
    return TrainingView(step.step_id, step.name, step.status, **curves, figures=tuple(figures), each=of.each)


def course_curves(of: Course, axis: Axis = "step") -> dict[str, Curve]:
    """Every curve of a training by its name, and where its points and validation losses stand."""
    places = along(of.points, axis)
    curves: dict[str, Curve] = {
        name: tuple(
            (x, float(y)) for x, point in zip(places, of.points, strict=True) if (y := getattr(point, name)) is not None
        )
        for name in CURVES
    }
    curves["validation_loss"] = tuple((_place(one, axis), one.loss) for one in of.validation)
    curves["places"] = tuple((x, float(point.step)) for x, point in zip(places, of.points, strict=True))
    curves["validated"] = tuple((_place(one, axis), float(one.step)) for one in of.validation)
    return curves


def along(points: Sequence[TrainPoint], axis: Axis) -> list[float]:
    """Where each point stands: its optimiser step, or the tokens that were trained on until then."""
    if axis == "step":
        return [float(point.step) for point in points]
    return [float(total) for total in accumulate(point.tokens or 0 for point in points)]


def _place(one: Validation, axis: Axis) -> float:
    return float(one.step if axis == "step" else one.tokens)


def joined(stored: Course, live: Iterable[TrainPoint]) -> Course:
    """A course with the steps that the store does not have yet, averaged as the stored ones are."""
    last = stored.points[-1].step if stored.points else -1
    newer = [point for point in live if point.step > last]
    if not newer:
        return stored
    points = [*stored.points]
    for _, group in groupby(newer, key=lambda point: point.step // stored.each):
        points.append(_mean(list(group)))
    totals = accumulate(
        (point.tokens or 0 for point in newer), initial=sum(point.tokens or 0 for point in stored.points)
    )
    next(totals)
    measured = [
        Validation(point.step, point.validation_loss, total)
        for point, total in zip(newer, totals, strict=True)
        if point.validation_loss is not None
    ]
    figures = _continued(stored.figures, newer, points)
    return Course(tuple(points), (*stored.validation, *measured), stored.each, figures)


def _mean(group: Sequence[TrainPoint]) -> TrainPoint:
    """Neighbours as one point: under the number of the last, with the tokens of all."""
    if len(group) == 1:
        return group[0]

    def mean(name: str) -> float | None:
        known = [value for point in group if (value := getattr(point, name)) is not None]
        return fmean(known) if known else None

    means = {name: mean(name) for name in CURVES if name != "validation_loss"}
    return TrainPoint(group[-1].step, group[-1].epoch, tokens=sum(point.tokens or 0 for point in group), **means)


def _continued(known: Figures, newer: Sequence[TrainPoint], points: Sequence[TrainPoint]) -> Figures:
    """The figures with some more steps. Speed and padding are those of the points while the training goes on."""
    losses = [point.loss for point in newer if point.loss is not None]
    validation = [point.validation_loss for point in newer if point.validation_loss is not None]
    best = [*validation, *([known.best_validation] if known.best_validation is not None else [])]
    speeds = [point.tokens_per_second for point in points if point.tokens_per_second is not None]
    padding = [point.padding_share for point in points if point.padding_share is not None]
    return replace(
        known,
        step=newer[-1].step,
        first_loss=known.first_loss if known.first_loss is not None else next(iter(losses), None),
        last_loss=losses[-1] if losses else known.last_loss,
        first_validation=known.first_validation if known.first_validation is not None else next(iter(validation), None),
        last_validation=validation[-1] if validation else known.last_validation,
        best_validation=min(best) if best else None,
        speed=median(speeds) if speeds else None,
        padding=fmean(padding) if padding else None,
    )


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


def _figures(of: Figures) -> list[tuple[str, str]]:
    figures = []
    if of.step is not None:
        figures.append(("step", count(of.step)))
    if of.last_loss is not None:
        figures.append(("loss", f"{number(of.first_loss)} → {number(of.last_loss)}"))
    if of.last_validation is not None:
        figures.append(("validation", f"{number(of.first_validation)} → {number(of.last_validation)}"))
        if of.best_validation is not None and of.last_validation > of.best_validation * 1.01:
            figures.append(("best", number(of.best_validation)))
    if of.speed is not None:
        figures.append(("speed", f"{of.speed:,.0f} tokens/s"))
    if of.padding is not None:
        figures.append(("padding", number(of.padding, "share")))
    return figures
