"""One number with its interval for a set of items: what the ``metrics`` table holds.

The interval follows from the data's shape: Wilson for one yes-or-no answer an item, a clustered
share (Korn-Graubard) for several (templates, repeats), Student's t, clustered by item, for plain numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds, two_sided
from runtime.statistics.clustered import Clusters, mean_bounds, share_bounds
from runtime.statistics.proportion import wilson

Floats = npt.NDArray[np.float64]
SHOWN_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``n`` counts items with at least one answer, ``missing`` answers that are not there or could not be measured."""

    n: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None
    method: str  # wilson | korn-graubard | t | none


def aggregate(answers: Floats, unit: str, level: float = SHOWN_LEVEL, samples: int = 1) -> Aggregate:
    """Mean and two-sided interval of a matrix items × templates, in which NaN marks what is missing. Each entry is the
    mean of so many ``samples``."""
    clusters = Clusters.of_rows(answers, samples)
    missing = int(np.count_nonzero(np.isnan(answers)))
    if clusters.count == 0:
        return Aggregate(0, missing, None, None, None, "none")
    bounds, method = _bounds(clusters, unit, answers.shape[1] * samples, level)
    return Aggregate(clusters.count, missing, clusters.mean, finite(bounds.low), finite(bounds.high), method)


def _bounds(clusters: Clusters, unit: str, asked: int, level: float) -> tuple[Bounds, str]:
    tail = two_sided(level)
    if unit != "share":
        return mean_bounds(clusters, tail), "t"
    if asked == 1:
        return wilson(float(clusters.sums.sum()), clusters.answers, tail), "wilson"
    return share_bounds(clusters, tail), "korn-graubard"


def finite(value: float) -> float | None:
    """None for what a table cannot show: an infinite or undefined end."""
    return value if isfinite(value) else None
