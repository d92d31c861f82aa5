"""The trainings on a page: curves of loss, rate, speed and padding, and the rounds of loops."""

from __future__ import annotations

from collections.abc import Sequence

from sft.run_report.drawing import Curve, curves
from sft.run_report.markup import Markup, el, facts, head_row
from tui.view_models.rounds import STATES, RoundsView, figure_of, shown_figure, why
from tui.view_models.training import TrainingView

SMALL = (
    ("learning_rate", "learning rate", "plain"),
    ("tokens_per_second", "tokens a second", "plain"),
    ("padding_share", "padding share", "share"),
)


def training(trainings: Sequence[TrainingView]) -> Markup | None:
    if not trainings:
        return None
    return el("section", el("h2", "Training"), *(_course(one) for one in trainings), id="training")


def _course(view: TrainingView) -> Markup:
    loss = [
        Curve("training loss", view.loss, "primary"),
        Curve("validation loss", view.validation_loss, "accent", "dotted", "●"),
    ]
    told = f"loss of {view.name} over optimiser steps"
    if loss_told := dict(view.figures).get("loss"):
        told += f", {loss_told}"
    note = None
    if view.each > 1:
        note = f"Each point is the mean of {view.each} optimiser steps; validation losses are as they were measured."
    small = [
        el(
            "figure",
            el("figcaption", title),
            curves([Curve(title, points, "quiet")], unit, "step", title, from_zero=True),
        )
        for name, title, unit in SMALL
        if (points := getattr(view, name))
    ]
    return el(
        "article",
        el("h3", f"train {view.name}"),
        facts(view.figures),
        curves(loss, "plain", "step", told),
        el("p", note, class_="quiet") if note else None,
        el("details", el("summary", "learning rate, speed, padding"), el("div", *small, class_="small"))
        if small
        else None,
    )


def rounds(loops: Sequence[RoundsView], findings: Sequence[tuple[str, str, int | None]]) -> Markup | None:
    if not loops:
        return None
    found = [el("li", el("strong", code), f" {message}") for code, message, _ in findings]
    blocks = [_loop(loop) for loop in loops]
    return el("section", el("h2", "Loops"), el("ul", *found) if found else None, *blocks, id="loops")


def _loop(loop: RoundsView) -> Markup:
    looks = (("primary", "solid"), ("accent", "dashed"), ("quiet", "dotted"), ("good", "dotted"))
    shown = [
        Curve(curve.title, curve.points, style, look, "●", curve.spread)
        for curve, (style, look) in zip(loop.curves, looks, strict=False)
    ]
    rows = []
    for one in loop.rounds:
        cells = [el("td", f"{one.number}{' *' if one.number == loop.chosen else ''}", class_="n")]
        cells.append(el("td", STATES.get(one.state, one.state)))
        cells += [el("td", shown_figure(figure_of(one, curve.figure)), class_="n") for curve in loop.curves]
        rows.append(el("tr", *cells, el("td", why(one), class_="quiet")))
    columns = ("round", "state", *(curve.title for curve in loop.curves), "why")
    unit = loop.curves[0].unit if loop.curves else "plain"
    return el(
        "article",
        el("h3", f"loop {loop.name}"),
        el("p", f"The loop {loop.told}."),
        curves(shown, unit, "round", f"metrics of {loop.name} by round, with their intervals") if shown else None,
        el("div", el("table", head_row(columns, 0, *range(2, 2 + len(loop.curves))), *rows), class_="wide"),
    )
