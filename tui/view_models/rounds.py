"""The rounds of a loop as curves: the proxy that rows are chosen by, the gold that the loop is for, and what else a
round was measured by. A rise of the one without the other is what to look for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.formats import estimate, number
from tui.round_queries import FigureRow, LoopRow, RoundRow

MOST_CURVES = 4
STATES = {"trained": "trained", "stopped": "stopped before it trained", "skipped": "skipped"}


@dataclass(frozen=True)
class RoundCurve:
    """A metric of the loop's model over its rounds. ``role`` is proxy, gold, best, or empty."""

    figure: str
    role: str
    unit: str
    points: tuple[tuple[float, float], ...]
    spread: tuple[tuple[float, float, float], ...]  # round, low, high

    @property
    def title(self) -> str:
        return f"{self.role} {self.figure}" if self.role else self.figure


@dataclass(frozen=True)
class RoundsView:
    """A loop: its curves (those of one unit, the proxy's or the first one's), its rounds, and what it stands for."""

    name: str
    told: str
    curves: tuple[RoundCurve, ...]
    rounds: tuple[RoundRow, ...]
    chosen: int | None
    left_out: int  # curves that are not drawn, of another unit or beyond the most that one can read


def roles(plan: Mapping[str, Any], loop: str) -> dict[str, str]:
    """What a loop's metrics are for: figure -> proxy, gold or best, from the plan's JSON."""
    found: dict[str, str] = {}
    for step in plan.get("steps", ()):
        params, labels = step.get("params", {}), step.get("local", {}).get("labels", {})
        if labels.get("loop") == loop and step.get("kind") in ("round", "select"):
            for role in ("best", "proxy", "gold"):
                if (at := params.get(role)) is not None:
                    found[f"{at['eval']}.{at['metric']}"] = role
    return found


def rounds_view(loop: LoopRow, known: Mapping[str, str]) -> RoundsView:
    """``known`` are the roles of its metrics."""
    names = dict.fromkeys(figure.name for one in loop.rounds for figure in one.figures if "." in figure.name)
    order = ("proxy", "gold", "best", "")
    curves = [_curve(loop, name, known.get(name, "")) for name in names]
    curves = sorted((curve for curve in curves if curve.points), key=lambda curve: order.index(curve.role))
    drawn = [curve for curve in curves if curve.unit == curves[0].unit][:MOST_CURVES]
    told = f"stands for round {loop.chosen}, by {loop.by}" if loop.chosen is not None else "stands for no round yet"
    return RoundsView(loop.name, told, tuple(drawn), loop.rounds, loop.chosen, len(curves) - len(drawn))


def _curve(loop: LoopRow, name: str, role: str) -> RoundCurve:
    found = [(one.number, figure) for one in loop.rounds for figure in one.figures if figure.name == name]
    points = tuple((float(at), figure.value) for at, figure in found if figure.value is not None)
    spread = tuple(
        (float(at), figure.low, figure.high)
        for at, figure in found
        if figure.low is not None and figure.high is not None
    )
    return RoundCurve(name, role, found[0][1].unit, points, spread)


def figure_of(one: RoundRow, name: str) -> FigureRow | None:
    return next((figure for figure in one.figures if figure.name == name), None)


def shown_figure(figure: FigureRow | None) -> str:
    """``61.2% [52, 70]``; an exclamation mark where it stopped the loop."""
    if figure is None:
        return ""
    shown = estimate(figure.value, figure.low, figure.high, figure.unit)
    return f"{shown} !" if figure.stopped else shown


def limit_of(figure: FigureRow) -> str:
    """The guard or stop rule on a figure, empty where there is none."""
    if figure.threshold is None:
        return ""
    unit = "points" if figure.op == "falls" and figure.unit == "share" else figure.unit
    shown = number(figure.threshold, unit)
    return f"{figure.op} {shown}" if figure.op not in ("falls", "above", "below") else f"stops: {figure.op} {shown}"


def own_rows(one: RoundRow) -> int | None:
    """How many rows that a model wrote a round was trained on; None before they are counted."""
    real = figure_of(one, "real_share")
    return None if real is None or real.value is None else real.n - round(real.value * real.n)


def why(one: RoundRow) -> str:
    """What became of a round, and what its figures say, each thing once; of figures without a value which they are."""
    told: dict[str, list[str]] = {}
    for figure in one.figures:
        if figure.reason and not figure.stopped:
            told.setdefault(figure.reason, []).extend([figure.name] if figure.value is None else [])
    said = (f"{', '.join(names)}: {reason}" if names else reason for reason, names in told.items())
    return "; ".join(filter(None, (one.reason, *said)))
