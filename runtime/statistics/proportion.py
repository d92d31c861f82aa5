"""Intervals and tail probabilities for a share of independent items.

Wilson is what is shown (close to its nominal level from a handful of items on); Clopper-Pearson is
what decides (never above its error level, also at 0 of n, where the normal interval has width
zero). Wilson needs the standard library only; Clopper-Pearson needs ``scipy.special`` (imported at
the first call, about 0.1 s warm), not the far heavier ``scipy.stats``.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from runtime.statistics import Bounds

_NORMAL = NormalDist()


def wilson(successes: float, n: float, tail: float) -> Bounds:
    """Score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22:209).

    ``(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``. Raises ValueError when n is not positive.
    """
    _check(successes, n)
    z = -_NORMAL.inv_cdf(tail)
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if successes == n else min(1.0, (centre + half) / scale)
    return Bounds(low, high)


def clopper_pearson(successes: float, n: float, tail: float) -> Bounds:
    """Exact interval of a share by inverting the binomial test (Clopper & Pearson 1934, Biometrika 26:404).

    ``low = Beta⁻¹(tail; k, n-k+1)``, ``high = Beta⁻¹(1-tail; k+1, n-k)``. Counts may be fractional, as
    an effective sample size is (see ``clustered``). Raises ValueError when n is not positive.
    """
    from scipy.special import betaincinv

    _check(successes, n)
    failures = n - successes
    low = 0.0 if successes <= 0 else float(betaincinv(successes, failures + 1, tail))
    high = 1.0 if failures <= 0 else float(betaincinv(successes + 1, failures, 1 - tail))
    return Bounds(low, high)


def chance_of_at_least(successes: float, n: float, share: float) -> float:
    """P(X >= k), X ~ Binomial(n, share): the p-value behind Clopper-Pearson's lower end. Counts may be fractional."""
    from scipy.special import betainc

    return 1.0 if successes <= 0 else float(betainc(successes, n - successes + 1, share))


def chance_of_at_most(successes: float, n: float, share: float) -> float:
    """P(X <= k), X ~ Binomial(n, share): the p-value behind Clopper-Pearson's upper end. Counts may be fractional."""
    from scipy.special import betaincc

    return 1.0 if successes >= n else float(betaincc(successes + 1, n - successes, share))


def _check(successes: float, n: float) -> None:
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
