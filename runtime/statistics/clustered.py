"""Means and shares of answers that come in clusters: one item answered under several templates, or several times.

Answers to one item resemble each other, so counting answers as if they were independent makes
intervals too narrow (a false alarm rate of 43% where 5% was promised is on record). The item is
the unit here. numpy and ``scipy.special`` are imported with this module and by its functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds
from runtime.statistics.proportion import clopper_pearson

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Per-cluster ``sums`` and ``sizes`` (float64, one entry a cluster, sizes positive)."""

    sums: Floats
    sizes: Floats

    @classmethod
    def of_rows(cls, answers: Floats, samples: int = 1) -> Clusters:
        """From a matrix items × templates; NaN marks an answer that is missing. Items without any answer fall out.

        Each entry is the mean of so many ``samples``, which are answers to the item like those under other templates:
        their number counts, and how they scatter is in how item means do, ``SE² = (between + within/K) / n``.
        """
        present = ~np.isnan(answers)
        sizes = present.sum(axis=1).astype(np.float64)
        sums = np.where(present, answers, 0.0).sum(axis=1)
        return cls(sums[sizes > 0] * samples, sizes[sizes > 0] * samples)

    @property
    def count(self) -> int:
        return len(self.sizes)

    @property
    def answers(self) -> float:
        return float(self.sizes.sum())

    @property
    def mean(self) -> float:
        return float(self.sums.sum() / self.sizes.sum())


def clustered_standard_error(clusters: Clusters) -> float:
    """Standard error of the mean answer, NaN for fewer than two clusters.

    ``SE² = G/(G-1) · Σ_g (Σ_{i in g} (x_i - mean))² / N²`` with G-1 degrees of freedom (Miller 2024,
    "Adding error bars to evals", arXiv 2411.00640, appendix A; Liang & Zeger 1986 with the usual
    small-sample factor). With clusters of one answer it is ``s / sqrt(n)``, ddof = 1.
    """
    count = clusters.count
    if count < 2:
        return float("nan")
    residuals = clusters.sums - clusters.mean * clusters.sizes
    return sqrt(count / (count - 1) * float(residuals @ residuals)) / clusters.answers


def mean_bounds(clusters: Clusters, tail: float) -> Bounds:
    """Student's t interval of the mean with G-1 degrees of freedom; unbounded for fewer than two clusters."""
    from scipy.special import stdtrit

    if clusters.count < 2:
        return Bounds(float("-inf"), float("inf"))
    half = float(stdtrit(clusters.count - 1, 1 - tail)) * clustered_standard_error(clusters)
    return Bounds(clusters.mean - half, clusters.mean + half)


def mean_tail_probability(clusters: Clusters, value: float) -> float:
    """P(T <= t) of the t statistic of the mean against ``value``: small when the mean lies clearly below."""
    from scipy.special import stdtr

    if clusters.count < 2:
        return 0.5
    error = clustered_standard_error(clusters)
    distance = clusters.mean - value
    if error == 0:
        return 0.5 if distance == 0 else float(distance > 0)
    return float(stdtr(clusters.count - 1, distance / error))


def effective_answers(clusters: Clusters, tail: float) -> float:
    """How many independent answers the clustered ones are worth, for an interval with this tail.

    Korn & Graubard 1998 (Survey Methodology 24:193): ``n* = p(1-p) / SE²``, times
    ``(t_{n*-1} / t_{G-1})²`` because the variance itself was estimated from G clusters only; never
    more than there are answers. The variance is taken with two pseudo-items added, one right and one
    wrong under every template (the device of Agresti & Coull 1998, and of Bonett & Price 2012 for
    pairs), and scaled so that clusters of one answer count as exactly n. Without them the
    standard error of an all-right set is 0, and one failing answer would pass for proof that answers
    to one item are independent: 399 of 400 right would then clear a floor that 400 of 400 does not.
    """
    from scipy.special import stdtrit

    count, size = clusters.count, clusters.answers / clusters.count
    padded = Clusters(np.append(clusters.sums, (size, 0.0)), np.append(clusters.sizes, (size, size)))
    share = padded.mean
    variance = clustered_standard_error(padded) ** 2
    effective = min(share * (1 - share) / variance * count / (count + 1), clusters.answers)
    if count < 2:
        return min(effective, 1.0)
    if effective > count:
        factor = float(stdtrit(effective - 1, tail) / stdtrit(count - 1, tail)) ** 2
        effective = max(effective * factor, float(count))  # item means vary no more than single answers do
    return effective


def share_bounds(clusters: Clusters, tail: float) -> Bounds:
    """Clopper-Pearson bounds of a clustered share on the effective number of answers.

    With one answer an item these are the exact Clopper-Pearson bounds of n items.
    """
    effective = effective_answers(clusters, tail)
    return clopper_pearson(min(clusters.mean, 1.0) * effective, effective, tail)
