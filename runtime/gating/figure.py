"""``annotators.alpha >= 0.667 [at level]``: a figure of a review, or of how a judge was calibrated.

Without a level the estimate decides, as it does for metrics, and the reason says so. With one the one-sided bound has
to clear the threshold; it is computed anew from the labels of the finished step, for its level. What has no bound (too
few items, one label alone) is inconclusive, whatever the estimate is. So is what would pass while the judge gave some
of the labelled answers no label, or people one that is none of the judge's: those are seldom the easy ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from compiler.judge_params import CalibrateParams, ReviewParams
from compiler.plan import Step
from compiler.step_params import FigureRequirement
from runtime.agreement.figures import Figure
from runtime.gating import wording
from runtime.gating.comparing import holds
from runtime.gating.decision import Decision, Verdict
from runtime.relational import engine, parquet
from runtime.statistics import Bounds, one_sided
from runtime.statistics.proportion import clopper_pearson

_OF_JUDGED = ("agreement", "kappa", "pairwise_accuracy")  # which leave out what has no verdict; `unjudged` counts it


def decide_figure(requirement: FigureRequirement, step: Step, folder: Path, scratch: Path) -> Decision:
    """Decide on what ``step`` left in ``folder``."""
    decision = _decide(requirement, step, folder, scratch)
    left = _left(requirement, step, folder, scratch) if decision.verdict is Verdict.PASS else []
    if not left:
        return decision
    told = wording.paragraph([*left[:-1], f"{left[-1]}, so this is no pass"])
    return replace(decision, verdict=Verdict.INCONCLUSIVE, reason=f"{decision.reason} {told}")


def _left(requirement: FigureRequirement, step: Step, folder: Path, scratch: Path) -> list[str]:
    """Which labelled answers a figure of a judge leaves out, for want of a verdict or of a label by people."""
    if not isinstance(step.params, CalibrateParams) or requirement.figure not in _OF_JUDGED:
        return []
    figure = _figure("unjudged", step, folder, scratch, None)
    if figure is None:
        return []
    told = []
    if figure.missing:
        others = wording.count(figure.missing, "answers")
        told.append(f"people gave {others} a label that is none of the judge's, which `written` can say or a task drop")
    if unjudged := round((figure.estimate or 0) * figure.n):
        told.append(f"the judge gave {wording.count(unjudged, 'labelled answers')} no label")
    return told


def _decide(requirement: FigureRequirement, step: Step, folder: Path, scratch: Path) -> Decision:
    level = None if requirement.level is None else float(requirement.level)
    figure = _figure(requirement.figure, step, folder, scratch, None if level is None else one_sided(level))
    threshold = float(requirement.threshold)
    name = f"`{requirement.figure}` of `{requirement.of}`"
    if figure is None or figure.estimate is None:
        reason = f"Nothing was measured: there are no labels from which {name} could be taken."
        return Decision(Verdict.INCONCLUSIVE, reason, requirement.unit, "none", threshold, level=level)
    unit, floor = requirement.unit, requirement.op in (">=", ">")
    items = wording.count(figure.n, "items")
    told = f"{name} is {wording.value(figure.estimate, unit)} over {items}"
    if figure.missing:
        told += f", {figure.missing:,} more left out"
    limit = f"{requirement.op} {wording.value(threshold, unit)}"
    shown = {"n": figure.n, "estimate": figure.estimate, "level": level}
    if level is None:
        verdict = Verdict.PASS if holds(figure.estimate, requirement.op, threshold) else Verdict.FAIL
        reason = wording.paragraph([told, f"the estimate alone decides {limit}: no level was asked for"])
        return Decision(verdict, reason, unit, "estimate only", threshold, low=figure.low, high=figure.high, **shown)
    bounds = _bounds(figure, one_sided(level))
    if bounds is None:
        reason = wording.paragraph([told, "too few items, or too little variation, to say how sure that is"])
        return Decision(Verdict.INCONCLUSIVE, reason, unit, "none", threshold, **shown)
    bound = bounds.low if floor else bounds.high
    if holds(bound, requirement.op, threshold):
        verdict = Verdict.PASS
    else:
        verdict = Verdict.INCONCLUSIVE if holds(figure.estimate, requirement.op, threshold) else Verdict.FAIL
    side = "lower" if floor else "upper"
    clears = "meets" if verdict is Verdict.PASS else "does not meet"
    sentence = f"its {side} {wording.percent(level)} bound {wording.value(bound, unit)} {clears} {limit}"
    test = {"wilson": "one-sided Clopper-Pearson bound", "bca": "one-sided BCa bound"}.get(figure.method, figure.method)
    return Decision(
        verdict,
        wording.paragraph([told, sentence]),
        unit,
        test,
        threshold,
        low=bounds.low,
        high=bounds.high,
        bound=bound,
        clearance=(bound - threshold) * (1 if floor else -1),
        **shown,
    )


def _bounds(figure: Figure, tail: float) -> Bounds | None:
    """Shares are decided by exact bounds, as those of metrics are."""
    if figure.method == "wilson" and figure.estimate is not None:
        return clopper_pearson(figure.estimate * figure.n, figure.n, tail)
    return None if figure.low is None or figure.high is None else Bounds(figure.low, figure.high)


def _figure(name: str, step: Step, folder: Path, scratch: Path, tail: float | None) -> Figure | None:
    with engine(scratch) as db:
        figures: Iterator[Figure]
        if isinstance(step.params, ReviewParams):
            from runtime.agreement.reviewers import review_figures
            from runtime.steps.review import read_ratings

            figures = review_figures(read_ratings(db, folder, step.params)[0], int(step.hash[:15], 16), tail)
        else:
            import numpy as np

            from runtime.steps.calibrate import LABELLED, labelled_figures

            assert isinstance(step.params, CalibrateParams)
            rows = int(db.value(f"SELECT count(*) FROM {parquet(folder / LABELLED)}"))
            of = labelled_figures(db, folder, step.params, int(step.hash[:15], 16), tail)
            figures = of(np.ones(rows, dtype=bool))
        return next((one for one in figures if one.statistic == name and not one.which), None)
