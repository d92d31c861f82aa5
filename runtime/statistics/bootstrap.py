"""Bootstrap intervals for statistics of a whole set, resampling items.

For what has no formula of its own, such as the spread between the best and the worst template.
``scipy.stats`` is imported at the call (0.5 s), so only a gate that asks for it pays.
"""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds

Floats = npt.NDArray[np.float64]
RESAMPLES = 4999
_BLOCK = 1 << 22  # values a block of resamples


def spread(answers: Floats) -> float:
    """Largest minus smallest column mean of a matrix items × templates."""
    means = answers.mean(axis=0)
    return float(means.max() - means.min())


def spread_bounds(answers: Floats, tail: float, seed: int) -> Bounds:
    """BCa interval (Efron 1987, J. Am. Stat. Assoc. 82:171) of :func:`spread`, items resampled as whole rows.

    Falls back to plain percentiles where BCa is undefined (all resamples equal, or a jackknife without
    variance). ``answers`` holds no NaN.
    """
    from scipy.stats import bootstrap

    columns = tuple(np.ascontiguousarray(answers[np.lexsort(answers.T), :].T))

    def statistic(*samples: Floats, axis: int = -1) -> Floats:
        means = np.stack([sample.mean(axis=axis) for sample in samples])
        difference: Floats = means.max(axis=0) - means.min(axis=0)
        return difference

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns where BCa is undefined; that case is handled below
        result = bootstrap(
            columns,
            statistic,
            paired=True,
            vectorized=True,
            n_resamples=RESAMPLES,
            batch=max(1, _BLOCK // answers.size),
            confidence_level=1 - 2 * tail,
            method="BCa",
            rng=np.random.default_rng(seed),
        )
    low, high = float(result.confidence_interval.low), float(result.confidence_interval.high)
    if np.isnan(low) or np.isnan(high):
        low, high = (float(q) for q in np.quantile(result.bootstrap_distribution, (tail, 1 - tail)))
    return Bounds(low, high)
