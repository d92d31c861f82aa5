"""Rates corrected for the errors of the judge that they were counted by: prediction-powered inference.

Angelopoulos et al. 2023 (Science 382:669; arXiv 2301.09633), of a mean: with what a judge says of ``N`` answers and
what it and people say of ``n`` labelled ones, ``θ = mean_N f + mean_n (y - f)`` and ``Var = s²_f / N + s²_(y-f) / n``.
It rests on the labelled answers being like those that are measured; whether they are, no number here can tell. Where no
labelled answer was judged wrongly the sample says nothing of the judge's error, and two wrong ones, one each way, are
added: the interval is then not narrower than what so few labels can prove.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, sqrt
from statistics import NormalDist

from runtime.agreement.figures import LEVEL, Floats
from runtime.statistics import two_sided
from runtime.statistics.clustered import Clusters, clustered_standard_error

FEWEST = 30  # labelled answers that a correction is made with


@dataclass(frozen=True, slots=True)
class Corrected:
    """``n`` items were judged, ``labelled`` ones have labels of people too. What lies beyond 0 and 1 is cut off."""

    n: int
    labelled: int
    estimate: float | None
    low: float | None
    high: float | None
    method: str


def corrected(answers: Floats, judged: Floats, human: Floats, tail: float | None = None, samples: int = 1) -> Corrected:
    """``answers`` is a matrix items × templates of what the judge says (1 meets the condition, NaN is missing);
    ``judged`` and ``human`` are 0 or 1 of the labelled answers, none missing."""
    clusters, labelled = Clusters.of_rows(answers, samples), len(human)
    if clusters.count < 2 or labelled < FEWEST:
        return Corrected(clusters.count, labelled, None, None, None, "none")
    errors = human - judged
    estimate = clusters.mean + float(errors.mean())
    spread = float(errors.var(ddof=1)) / labelled
    method = "ppi"
    if spread == 0:
        spread, method = 2.0 / (labelled + 1) / (labelled + 2), "ppi with two errors"
    own = clustered_standard_error(clusters)
    error = sqrt((0.0 if isnan(own) else own**2) + spread)
    half = -NormalDist().inv_cdf(two_sided(LEVEL) if tail is None else tail) * error
    low, middle, high = (min(1.0, max(0.0, end)) for end in (estimate - half, estimate, estimate + half))
    return Corrected(clusters.count, labelled, middle, low, high, method)
