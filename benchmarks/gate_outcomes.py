"""What gates say of every outcome of a comparison, with its probability: sums in place of simulations.

Two models answer the same n items, and some share of the items flips between them. A verdict under one template depends
on the two kinds of flip alone, so every possible pair of counts is decided by the score tests behind the intervals that
gates use, on whole arrays (``tests/runtime/statistics`` holds them to the code that decides real gates). Milliseconds
for a thousand items.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from runtime.statistics import one_sided, two_sided

LEVEL = 0.95
ACCURACY = 0.8
ALPHA = one_sided(LEVEL)
_NORMAL = NormalDist()
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outcomes:
    """Every pair of counts of gains and losses among n items, with its probability."""

    n: int
    gained: Floats
    lost: Floats
    chance: Floats

    @classmethod
    def of(cls, n: int, flips: float, change: float) -> Outcomes:
        """``flips`` is the share of items that flip, ``change`` the true difference; what is left out adds up to less
        than 0.0001."""
        flipped = np.arange(n + 1)
        flipped = flipped[binom.pmf(flipped, n, flips) > 1e-9]
        gained = np.concatenate([np.arange(count + 1) for count in flipped]).astype(float)
        total = np.repeat(flipped, flipped + 1).astype(float)
        split = binom.pmf(gained, total, (flips + change) / (2 * flips))
        chance = binom.pmf(total, n, flips) * split
        likely = chance > 1e-12
        return cls(n, gained[likely], (total - gained)[likely], chance[likely])

    @property
    def difference(self) -> Floats:
        return (self.gained - self.lost) / self.n

    def share(self, of: Bools) -> float:
        """The probability of the outcomes for which something holds."""
        return float(self.chance[of].sum())


# --- the tests behind gates, on arrays -----------------------------------------------------------------


def mid_p(outcomes: Outcomes) -> Floats:
    """``mcnemar_mid_p`` for a drop."""
    flips, lost = outcomes.gained + outcomes.lost, outcomes.lost
    found: Floats = np.where(flips > 0, binom.sf(lost, flips, 0.5) + binom.pmf(lost, flips, 0.5) / 2, 1.0)
    return found


def score(gained: Floats, lost: Floats, n: int, delta: float) -> Floats:
    """``tango_score``: large where the difference lies clearly above ``delta``."""
    b = -gained - lost + (2 * n - gained + lost) * delta
    c = -lost * delta * (1 - delta)
    loss = (np.sqrt(np.maximum(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    variance = n * (2 * loss + delta * (1 - delta))
    distance = gained - lost - n * delta
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(
            variance > 0, distance / np.sqrt(variance), np.where(distance == 0, 0.0, np.inf * np.sign(distance))
        )
    return found


def clearly_above(outcomes: Outcomes, delta: float, tail: float = ALPHA) -> Bools:
    """Whether the lower end of Tango's interval lies above ``delta``."""
    found: Bools = score(outcomes.gained, outcomes.lost, outcomes.n, delta) > -_NORMAL.inv_cdf(tail)
    return found


def clearly_below(outcomes: Outcomes, delta: float, tail: float = ALPHA) -> Bools:
    found: Bools = score(outcomes.lost, outcomes.gained, outcomes.n, -delta) > -_NORMAL.inv_cdf(tail)
    return found


def no_worse_passes(outcomes: Outcomes, margin: float) -> Bools:
    return clearly_above(outcomes, -margin)


def no_worse_fails(outcomes: Outcomes, margin: float) -> Bools:
    return ~no_worse_passes(outcomes, margin) & (outcomes.difference < -margin - 1e-9) & clearly_below(outcomes, 0.0)


def regression_fails(outcomes: Outcomes) -> Bools:
    found: Bools = mid_p(outcomes) <= ALPHA + 1e-9
    return found


def equivalent_passes(outcomes: Outcomes, margin: float) -> Bools:
    return clearly_above(outcomes, -margin) & clearly_below(outcomes, margin)


def equivalent_fails(outcomes: Outcomes, margin: float) -> Bools:
    tail = two_sided(LEVEL)
    real = clearly_above(outcomes, 0.0, tail) | clearly_below(outcomes, 0.0, tail)
    return ~equivalent_passes(outcomes, margin) & (np.abs(outcomes.difference) > margin + 1e-9) & real


def unpaired_alarm(outcomes: Outcomes, accuracy: float = ACCURACY, flips: float = 0.2) -> Bools:
    """A one-sided two-proportion z-test that forgets that the items are the same."""
    candidate, baseline = _accuracies(outcomes, accuracy, flips)
    pooled = (candidate + baseline) / 2
    spread = np.sqrt(2 * pooled * (1 - pooled) / outcomes.n)
    found: Bools = (candidate - baseline) / spread <= _NORMAL.inv_cdf(ALPHA)
    return found


def lm_eval_alarm(outcomes: Outcomes, accuracy: float = ACCURACY, flips: float = 0.2) -> Bools:
    """What lm-eval's ``model_comparator`` calls significant: a two-sided z-test on the two standard errors, which
    divide by ``n - 1``; of what it finds, the drops."""
    candidate, baseline = _accuracies(outcomes, accuracy, flips)
    spread = np.sqrt((candidate * (1 - candidate) + baseline * (1 - baseline)) / (outcomes.n - 1))
    found: Bools = (candidate - baseline) / spread <= _NORMAL.inv_cdf(ALPHA / 2)
    return found


def _accuracies(outcomes: Outcomes, accuracy: float, flips: float) -> tuple[Floats, Floats]:
    """Of candidate and baseline, where ``accuracy`` is that of the baseline before any flip."""
    n = outcomes.n
    both = np.minimum(round(n * (accuracy - flips / 2)), n - outcomes.gained - outcomes.lost)
    return (both + outcomes.gained) / n, (both + outcomes.lost) / n
