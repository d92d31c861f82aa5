"""A figure of agreement with its interval, and the ways in which intervals are made.

Shares of items get Wilson's interval. What is no share (kappa, alpha, calibration error) is a function of sums over
items, so the bootstrap of ``runtime.statistics.resampling`` resamples items and never single labels: labels of one item
belong together. Under ten items nothing is resampled, and where a resample has no value (all of it one label)
the interval is left out rather than made of those that have one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds, two_sided
from runtime.statistics.clustered import Clusters, share_bounds
from runtime.statistics.proportion import wilson
from runtime.statistics.resampling import Sums

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LEVEL = 0.95
FEWEST = 10  # items that are resampled
RESAMPLES = 2_000  # ends of a 95% interval move by about 2% of its width from one seed to the next
_BEYOND = 5  # resamples that have to lie beyond a bound


@dataclass(frozen=True, slots=True)
class Figure:
    """``which`` is the label, reviewer or pair that it is about, empty for all. ``n`` counts items, ``missing`` those
    that are left out of it. ``method`` names the interval, ``none`` where there is none."""

    statistic: str
    which: str
    n: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None
    unit: str  # share | plain
    method: str


def nothing(statistic: str, unit: str, missing: int = 0, which: str = "") -> Figure:
    return Figure(statistic, which, 0, missing, None, None, None, unit, "none")


def share(statistic: str, hits: int, n: int, missing: int = 0, which: str = "", tail: float | None = None) -> Figure:
    """A share of items, one yes or no each."""
    if n == 0:
        return nothing(statistic, "share", missing, which)
    bounds = wilson(hits, n, two_sided(LEVEL) if tail is None else tail)
    return Figure(statistic, which, n, missing, hits / n, bounds.low, bounds.high, "share", "wilson")


def clustered_share(
    statistic: str, sums: Floats, sizes: Floats, missing: int = 0, which: str = "", tail: float | None = None
) -> Figure:
    """A share of answers that belong to items: ``sums`` of ``sizes`` answers a item; items without any fall out."""
    there = sizes > 0
    if not there.any():
        return nothing(statistic, "share", missing + len(sizes), which)
    left = missing + int(np.count_nonzero(~there))
    if (sizes[there] == 1).all():
        return share(statistic, int(sums[there].sum()), int(there.sum()), left, which, tail)
    clusters = Clusters(sums[there], sizes[there])
    bounds = share_bounds(clusters, two_sided(LEVEL) if tail is None else tail)
    found = (clusters.mean, bounds.low, bounds.high)
    return Figure(statistic, which, clusters.count, left, *found, "share", "korn-graubard")


def resampled(
    statistic: str,
    items: Floats,
    score: Callable[[Floats], Floats],
    seed: int,
    missing: int = 0,
    which: str = "",
    unit: str = "plain",
    tail: float | None = None,
) -> Figure:
    """A number made of sums over items: ``items`` is a matrix items × k, ``score`` maps sums (…, k) to numbers."""
    n = len(items)
    if n == 0:
        return nothing(statistic, unit, missing, which)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = float(score(items.sum(axis=0)))
        if not np.isfinite(estimate):
            return Figure(statistic, which, n, missing, None, None, None, unit, "none")
        bounds, method = _bounds(items, score, seed, tail) if n >= FEWEST else (None, "none")
    if bounds is None:
        return Figure(statistic, which, n, missing, estimate, None, None, unit, "none")
    return Figure(statistic, which, n, missing, estimate, bounds.low, bounds.high, unit, method)


def _bounds(
    items: Floats, score: Callable[[Floats], Floats], seed: int, tail: float | None
) -> tuple[Bounds | None, str]:
    tail = two_sided(LEVEL) if tail is None else tail
    if tail * RESAMPLES < _BEYOND:
        return None, "none"
    found = Sums.of(items, seed, RESAMPLES).taken(score)
    if not np.isfinite(found.draws).all() or not np.isfinite(found.left_out).all() or not found.varies:
        return None, "none"
    return found.bounds(tail), "bca"
