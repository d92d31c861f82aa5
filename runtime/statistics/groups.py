"""Groups of different items against each other: languages, tags, bins. Nothing is paired here.

numpy is imported with this module, ``scipy.special`` at the call.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds

Floats = npt.NDArray[np.float64]


def welch_bounds(first: Floats, second: Floats, tail: float) -> Bounds:
    """Interval of mean(first) - mean(second) for independent groups of unequal variance: Student's t with the degrees
    of freedom of Welch 1947 (Biometrika 34:28). Each entry is an item's value. Unbounded where a group has fewer than
    two items. Swapping the groups negates and swaps the ends.
    """
    if min(len(first), len(second)) < 2:
        return Bounds(float("-inf"), float("inf"))
    return _bounds(first, second, tail)


def share_difference_bounds(first: Floats, second: Floats, tail: float) -> Bounds:
    """The same for values from 0 to 1, with a right and a wrong pseudo-item in each group.

    Agresti & Caffo 2000 (Am. Stat. 54:280) for one answer an item, carried over to items with several answers, whose
    values are means. The pseudo-items keep the interval from shrinking to nothing where a group is all right or all
    wrong.
    """
    low, high = _bounds(_padded(first), _padded(second), tail)
    return Bounds(max(-1.0, low), min(1.0, high))


def _padded(values: Floats) -> Floats:
    return np.append(values, (1.0, 0.0))


def _bounds(first: Floats, second: Floats, tail: float) -> Bounds:
    from scipy.special import stdtrit

    errors = [float(group.var(ddof=1)) / len(group) for group in (first, second)]
    difference = float(first.mean() - second.mean())
    variance = sum(errors)
    if variance == 0:
        return Bounds(difference, difference)
    freedom = variance**2 / sum(e**2 / (len(g) - 1) for e, g in zip(errors, (first, second), strict=True))
    half = float(stdtrit(freedom, 1 - tail)) * sqrt(variance)
    return Bounds(difference - half, difference + half)
