"""The spread of a metric over templates, best mean minus worst, with its bootstrap interval over items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds
from runtime.statistics.resampling import Sums

Floats = npt.NDArray[np.float64]


def spread(answers: Floats) -> float:
    """Largest minus smallest column mean of a matrix items × templates."""
    means = answers.mean(axis=0)
    return float(means.max() - means.min())


def spread_bounds(answers: Floats, tail: float, seed: int) -> Bounds:
    """BCa interval of :func:`spread`, items resampled as whole rows, in whichever order they come. ``answers`` holds no
    NaN."""
    ordered = answers[np.lexsort(answers.T)]
    sums = Sums.of(np.hstack([ordered, np.ones((len(answers), 1))]), seed)
    found = sums.taken(_spread_of_sums)
    if not found.varies:
        return Bounds(found.estimate, found.estimate)
    return found.bounds(tail)


def _spread_of_sums(sums: Floats) -> Floats:
    means = sums[..., :-1] / np.maximum(sums[..., -1:], 1.0)
    difference: Floats = means.max(axis=-1) - means.min(axis=-1)
    return difference
