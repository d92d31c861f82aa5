"""One model against another on the same items, each right or wrong: flips decide.

Only items on which the two disagree carry information about the difference: ``gained`` went from
wrong to right, ``lost`` from right to wrong. The paired tests see a change that an unpaired test on
the same answers misses (the unpaired one's real error rate is near 1% where 5% was asked for).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist

from runtime.statistics import Bounds
from runtime.statistics.proportion import wilson

_NORMAL = NormalDist()
_EXACT_LIMIT = 1000  # discordant pairs up to which binomial coefficients are summed as integers


@dataclass(frozen=True, slots=True)
class Pairs:
    """Counts of pairs: right under both, wrong under both, and the two kinds of flip. Fractions where they stand for
    means (``paired_means.effective_pairs``); McNemar's test takes whole numbers."""

    both_right: float
    both_wrong: float
    gained: float
    lost: float

    @property
    def n(self) -> float:
        return self.both_right + self.both_wrong + self.gained + self.lost

    @property
    def difference(self) -> float:
        """Candidate's share minus baseline's."""
        return (self.gained - self.lost) / self.n

    def swapped(self) -> Pairs:
        """The same pairs with candidate and baseline exchanged."""
        return Pairs(self.both_right, self.both_wrong, self.lost, self.gained)


def mcnemar_exact(pairs: Pairs) -> float:
    """P(at least this many losses | gains and losses equally likely), 1 without flips (McNemar 1947)."""
    return _losses_tail(pairs, weight_of_observed=1.0)


def mcnemar_mid_p(pairs: Pairs) -> float:
    """The exact p-value less half the probability of the observed count; 1 without flips.

    Fagerland, Lydersen & Laake 2013 (BMC Med. Res. Methodol. 13:91): keeps close to its level where the
    exact test is far below it, so it needs fewer items for the same power.
    """
    return _losses_tail(pairs, weight_of_observed=0.5)


def _losses_tail(pairs: Pairs, weight_of_observed: float) -> float:
    flips, lost = int(pairs.gained + pairs.lost), int(pairs.lost)  # Python integers: 2**1000 has to be exact
    if flips == 0:
        return 1.0
    if flips <= _EXACT_LIMIT:
        beyond = sum(comb(flips, k) for k in range(lost + 1, flips + 1))
        total: int = 2**flips
        return beyond / total + weight_of_observed * (comb(flips, lost) / total)
    from scipy.special import bdtr, bdtrc

    beyond_p = float(bdtrc(lost, flips, 0.5))
    observed = float(bdtr(lost, flips, 0.5)) - (float(bdtr(lost - 1, flips, 0.5)) if lost else 0.0)
    return beyond_p + weight_of_observed * observed


def newcombe(pairs: Pairs, tail: float) -> Bounds:
    """Interval of the difference by squaring and adding Wilson limits (Newcombe 1998, Stat. Med. 17:2635, no. 10)."""
    n = pairs.n
    candidate, baseline = pairs.both_right + pairs.gained, pairs.both_right + pairs.lost
    share_c, share_b = candidate / n, baseline / n
    low_c, high_c = wilson(candidate, n, tail)
    low_b, high_b = wilson(baseline, n, tail)
    phi = _correlation(pairs)
    down = _hypotenuse(share_c - low_c, high_b - share_b, phi)
    up = _hypotenuse(high_c - share_c, share_b - low_b, phi)
    return Bounds(share_c - share_b - down, share_c - share_b + up)


def _correlation(pairs: Pairs) -> float:
    """Newcombe's phi: the correlation with a continuity correction that draws positive values towards 0."""
    n, a, d = pairs.n, pairs.both_right, pairs.both_wrong
    b, c = pairs.gained, pairs.lost
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    product = a * d - b * c
    corrected = max(product - n / 2, 0.0) if product > 0 else float(product)
    return corrected / sqrt(margins)


def _hypotenuse(x: float, y: float, phi: float) -> float:
    return sqrt(max(0.0, x * x - 2 * phi * x * y + y * y))


def tango(pairs: Pairs, tail: float) -> Bounds:
    """Score interval of the paired difference (Tango 1998, Stat. Med. 17:891); depends on n and the flips only.

    The values ``delta`` that the score test does not reject; found by bisection to 1e-12. Swapping
    candidate and baseline swaps and negates the ends exactly.
    """
    z = -_NORMAL.inv_cdf(tail)
    low = _lower_end(pairs, z)
    high = -_lower_end(pairs.swapped(), z)
    return Bounds(low, high)


def _lower_end(pairs: Pairs, z: float) -> float:
    if pairs.lost == pairs.n:
        return -1.0
    inside, outside = pairs.difference, -1.0
    for _ in range(60):
        middle = (inside + outside) / 2
        if tango_score(pairs, middle) > z:
            outside = middle
        else:
            inside = middle
    return (inside + outside) / 2


def tango_p_above(pairs: Pairs, delta: float) -> float:
    """P(a difference this high | the true one is ``delta``): small when it lies clearly above.

    The p-value behind the lower end of :func:`tango`: below a tail exactly where that end lies above ``delta``.
    """
    return 1.0 - _NORMAL.cdf(tango_score(pairs, delta))


def tango_p_below(pairs: Pairs, delta: float) -> float:
    """The same for the other side: small when the difference lies clearly below ``delta``."""
    return tango_p_above(pairs.swapped(), -delta)


def tango_score(pairs: Pairs, delta: float) -> float:
    """Score statistic of H: difference = delta; about standard normal under H, large when the truth is above delta.

    ``(gained - lost - n·delta) / sqrt(n (2q + delta(1-delta)))`` where q is the probability of a loss,
    estimated under H: the larger root of ``2n q² + B q + C = 0`` with
    ``B = -gained - lost + (2n - gained + lost) delta``, ``C = -lost · delta (1-delta)``.
    """
    n, gained, lost = pairs.n, pairs.gained, pairs.lost
    a = 2 * n
    b = -gained - lost + (2 * n - gained + lost) * delta
    c = -lost * delta * (1 - delta)
    loss = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = n * (2 * loss + delta * (1 - delta))
    distance = gained - lost - n * delta
    if variance <= 0:
        return 0.0 if distance == 0 else float("inf") * distance
    return distance / sqrt(variance)
