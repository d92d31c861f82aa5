"""What a set of items can show: the smallest effect it detects, and the items an effect needs.

Standard library only, so that `check` can ask as gates do, without loading numpy (``statistics`` takes 6 ms, so who
may not need it imports this late). Normal approximations: good to about one item in twenty, which is what planning
needs.
"""

from __future__ import annotations

from math import ceil, sqrt
from statistics import NormalDist

POWER = 0.8
PRIOR_FLIPS = 0.2  # share of items that flip between two models, when nothing has been measured yet

_NORMAL = NormalDist()


def _quantiles(level: float, power: float) -> float:
    return _NORMAL.inv_cdf(level) + _NORMAL.inv_cdf(power)


def non_inferiority_n(deviation: float, distance: float, level: float, power: float = POWER) -> int:
    """Items for a one-sided paired test at ``level`` to clear a margin that is ``distance`` away.

    ``n = (z_level + z_power)² s² / distance²``, s the standard deviation of per-item differences; with
    binary pairs and no true change s² is the share of flips (Miller 2024, arXiv 2411.00640; Chow et al.,
    Sample Size Calculations in Clinical Research). s² = 0.2, 95%, power 0.8: 124 items for 10 points,
    495 for 5, 3,092 for 2.
    """
    return ceil(_quantiles(level, power) ** 2 * deviation**2 / distance**2 - 1e-9)


def minimum_detectable(deviation: float, n: int, level: float, power: float = POWER) -> float:
    """The smallest true difference that n items show with this power: ``(z_level + z_power) s / sqrt(n)``."""
    return _quantiles(level, power) * deviation / sqrt(n)


def equivalence_n(deviation: float, margin: float, level: float, power: float = POWER) -> int:
    """Items for two one-sided paired tests at ``level`` to show that two equal models are equal within ``margin``.

    ``n = (z_level + z_(1+power)/2)² s² / margin²``: both tests have to succeed, so each may miss half of what is left
    (Chow, Shao, Wang & Lokhnygina, Sample Size Calculations in Clinical Research, 3.1).
    """
    both = _NORMAL.inv_cdf(level) + _NORMAL.inv_cdf((1 + power) / 2)
    return ceil(both**2 * deviation**2 / margin**2 - 1e-9)


def equivalence_margin(deviation: float, n: int, level: float, power: float = POWER) -> float:
    """The smallest margin within which n items show that two equal models are equal."""
    return (_NORMAL.inv_cdf(level) + _NORMAL.inv_cdf((1 + power) / 2)) * deviation / sqrt(n)


def share_minimum_detectable(threshold: float, n: float, level: float, above: bool, power: float = POWER) -> float:
    """How far beyond ``threshold`` a true share has to lie so that n items prove it with this power.

    Smallest d with ``d sqrt(n) >= z_level sqrt(t(1-t)) + z_power sqrt(p(1-p))``, p = t ± d (the usual normal
    approximation for one proportion; Fleiss, Levin & Paik 2003, section 2.3). NaN when no share inside [0, 1] does.
    """
    room = 1 - threshold if above else threshold

    def shows(distance: float) -> bool:
        share = threshold + distance if above else threshold - distance
        spread_0, spread_1 = sqrt(threshold * (1 - threshold)), sqrt(max(0.0, share * (1 - share)))
        return distance * sqrt(n) >= _NORMAL.inv_cdf(level) * spread_0 + _NORMAL.inv_cdf(power) * spread_1

    if not shows(room):
        return float("nan")
    low, high = 0.0, room
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high
