"""One model against another by per-item numbers: means over templates, or a metric that is no yes or no.

The unit is the item: its value is the mean over the templates under which it was asked, so the
answers of one item never count as several. Cost: the sign-flip test draws 9,999 sign vectors in
blocks, 0.1 s for 1,000 differences of which no two are equal, and some milliseconds where few sizes occur.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds
from runtime.statistics.paired import Pairs, tango

Floats = npt.NDArray[np.float64]
_BLOCK = 1 << 22  # signs a block: 32 MB as float64
SIGN_DRAWS = 9999
_ENUMERATED = 12  # non-zero differences up to which all 2^k sign vectors are listed


def paired_t_bounds(differences: Floats, tail: float) -> Bounds:
    """Student's t interval of the mean difference (n-1 degrees of freedom); unbounded for fewer than two items."""
    n = len(differences)
    if n < 2:
        return Bounds(float("-inf"), float("inf"))
    return _t_bounds(float(differences.mean()), float(differences.std(ddof=1)) / sqrt(n), n - 1, tail)


def effective_pairs(differences: Floats) -> Pairs:
    """Flips that are worth as much as these differences of shares, at least one, each in [-1, 1]; for Tango's interval.

    A difference counts as a gain or a loss of its size. Differences between 0 and 1 scatter less than flips, so counts
    and items are scaled by the variance of flips over theirs, ``sum |d| / sum d²``, as Korn and Graubard scale the
    answers to a share. Two pseudo-items +1 and -1 keep a few small differences from counting for much. Where all
    templates and samples of every item agree this is exactly the pairs under one, and there are never more items than
    answers.
    """
    sizes = np.abs(differences)
    worth = (float(sizes.sum()) + 2) / (float((differences**2).sum()) + 2)
    gained, lost = float(differences[differences > 0].sum()), -float(differences[differences < 0].sum()) + 0.0
    return Pairs(0, (len(differences) - gained - lost) * worth, gained * worth, lost * worth)


def difference_bounds(differences: Floats, unit: str, tail: float) -> Bounds:
    """Interval of the mean difference of paired items: Tango's of shares, Student's t of plain numbers."""
    return tango(effective_pairs(differences), tail) if unit == "share" else paired_t_bounds(differences, tail)


def adjusted_standard_error(differences: Floats) -> float:
    """Standard error of the mean of differences in [-1, 1] after adding the pseudo-items +1 and -1 (ddof = 1); positive
    for any n, as no flips do not mean no noise (Bonett & Price 2012, J. Educ. Behav. Stat. 37:479). For what items can
    detect, not for bounds: where only losses occur, a t interval of it passes too often."""
    padded = np.append(differences, (1.0, -1.0))
    return float(padded.std(ddof=1)) / sqrt(len(padded))


def paired_t_p_above(differences: Floats, delta: float) -> float:
    """P(a mean this high | the true one is ``delta``): the p-value behind the lower end of :func:`paired_t_bounds`; 1
    for fewer than two items. Differences that do not vary leave no doubt."""
    n = len(differences)
    if n < 2:
        return 1.0
    distance, error = float(differences.mean()) - delta, float(differences.std(ddof=1)) / sqrt(n)
    if error == 0:
        return 0.0 if distance > 0 else 1.0
    return _t_tail(distance / error, n - 1)


def _t_tail(statistic: float, df: int) -> float:
    from scipy.special import stdtr

    return float(stdtr(df, -statistic))


def _t_bounds(mean: float, error: float, df: int, tail: float) -> Bounds:
    from scipy.special import stdtrit

    half = float(stdtrit(df, 1 - tail)) * error
    return Bounds(mean - half, mean + half)


def sign_flip_p(differences: Floats, seed: int, resamples: int = SIGN_DRAWS) -> float:
    """P(a mean this low or lower | the sign of every difference is a coin toss): small when the candidate is worse.

    Fisher's randomisation test. All sign vectors are listed when at most 12 differences are not 0;
    otherwise ``(1 + #{as low}) / (resamples + 1)`` (Phipson & Smyth 2010), which is never 0. 1 when all are 0.
    """
    moving = differences[differences != 0]
    if len(moving) == 0:
        return 1.0
    # Sorting makes the drawn p-value a function of the set of items, not of their order.
    sizes = np.sort(np.abs(moving))
    observed = float(np.sort(moving).sum()) + 1e-9 * float(sizes.sum())
    if len(sizes) <= _ENUMERATED:
        codes = np.arange(1 << len(sizes))[:, None] >> np.arange(len(sizes))
        return float(np.mean((1.0 - 2.0 * (codes & 1)) @ sizes <= observed))
    generator = np.random.default_rng(seed)
    # Of equal sizes only how many keep their sign matters, and a mean over a few templates takes few values.
    distinct, counts = np.unique(sizes, return_counts=True)
    as_low, left = 0, resamples
    while left:
        rows = min(left, max(1, _BLOCK // len(distinct)))
        if len(distinct) < len(sizes):
            kept = generator.binomial(counts, 0.5, size=(rows, len(distinct)))
        else:
            kept = generator.integers(0, 2, size=(rows, len(distinct)), dtype=np.int8)
        as_low += int(np.count_nonzero((2.0 * kept - counts) @ distinct <= observed))
        left -= rows
    return (1 + as_low) / (resamples + 1)
