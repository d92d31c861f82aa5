"""How well a number orders items that people have ordered: AUROC, and pairwise accuracy for more than two labels.

Over all pairs of items to which people gave different labels: 1 where the number is greater for the better one, 1/2
where the numbers are equal (Mann & Whitney 1947; with two labels it is the area under the ROC curve). The interval is
that of a ratio of two U-statistics by their items' influence (Sen 1960; with two labels nearly DeLong et al. 1988), on
the logit scale, so that it stays between 0 and 1. Exact; labels² × n log n.
"""

from __future__ import annotations

from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np

from runtime.agreement.figures import FEWEST, LEVEL, Figure, Floats, Ints, nothing
from runtime.statistics import two_sided


def ranking(statistic: str, human: Ints, score: Floats, missing: int = 0, tail: float | None = None) -> Figure:
    """``human`` are places of labels, worst first; ``score`` the judge's numbers, none missing."""
    right, compared = concordance(human, score)
    total = float(compared.sum())
    if total == 0:
        return nothing(statistic, "plain", missing + len(human))
    estimate = float(right.sum()) / total
    error = _standard_error(right, compared, estimate, total)
    figure = Figure(statistic, "", len(human), missing, estimate, None, None, "plain", "none")
    if len(human) < FEWEST or error == 0 or not 0 < estimate < 1:
        return figure
    z = -NormalDist().inv_cdf(two_sided(LEVEL) if tail is None else tail)
    middle, half = log(estimate / (1 - estimate)), z * error / (estimate * (1 - estimate))
    low, high = (1 / (1 + exp(-max(-700.0, min(700.0, middle + side * half)))) for side in (-1, 1))
    return Figure(statistic, "", len(human), missing, estimate, low, high, "plain", "u-statistic")


def _standard_error(right: Floats, compared: Floats, estimate: float, total: float) -> float:
    """Each item is in pairs; ``total`` counts every pair twice, once a side."""
    n = len(right)
    influence = 2 * (right - estimate * compared) / total
    return sqrt(n / (n - 1) * float(influence @ influence)) if n > 1 else 0.0


def concordance(human: Ints, score: Floats) -> tuple[Floats, Floats]:
    """Of each item the sum over its pairs with items of other labels, and how many pairs those are."""
    right, compared = np.zeros(len(human)), np.zeros(len(human))
    labels = np.unique(human)
    sorted_scores = {label: np.sort(score[human == label]) for label in labels.tolist()}
    for label in labels.tolist():
        mine = human == label
        values = score[mine]
        for other, those in sorted_scores.items():
            if other == label:
                continue
            below = np.searchsorted(those, values, side="left")
            equal = np.searchsorted(those, values, side="right") - below
            above = len(those) - below - equal
            right[mine] += (below if other < label else above) + equal / 2
            compared[mine] += len(those)
    return right, compared
