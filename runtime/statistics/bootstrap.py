"""Bootstrap and swap tests for statistics of a whole set, resampling items.

For what has no formula of its own: BLEU, a corpus F1, the spread between the best and the worst template. Such a
statistic is a function of sums over items, so an item is a row of additive numbers (matches, lengths, ...), a
resample is a row of sums, and no text is looked at again. Two models are compared by giving every item the numbers of
both side by side: a resample takes or leaves an item for both at once, which is what makes the comparison paired.

The draws are a function of the seed and of the set of items: their order does not matter, nor how the work is cut
into blocks. 10,000 resamples of 10,000 items take about 0.7 s of one core with 3 numbers an item and 0.9 s with 20;
where few rows are distinct (answers that are right or wrong) next to nothing. ``scipy.special`` is imported at the
call, not the far heavier ``scipy.stats``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds

Floats = npt.NDArray[np.float64]
# Sums over items (..., k) -> the statistic (...), and no knowledge of how many items there were: whoever needs their
# number gives every item a 1.
Statistic: TypeAlias = Callable[[Floats], Floats]

RESAMPLES = 10_000
_BLOCK = 1 << 17  # numbers a block: 1 MB, which stays in the processor's cache
_FEW = 16  # items to a distinct row, from which on it is cheaper to draw how often each row comes


@dataclass(frozen=True)
class Resampled:
    """A statistic on all items, on each resample of them (B), and with each distinct item left out once.

    ``left_out`` (d) has one value a distinct row and ``counts`` (d) says how many items have it.
    """

    estimate: float
    values: Floats
    left_out: Floats
    counts: Floats

    def bounds(self, tail: float) -> Bounds:
        """BCa interval (Efron 1987, J. Am. Stat. Assoc. 82:171), as ``scipy.stats.bootstrap`` computes it.

        Plain percentiles where BCa is undefined (all resamples on one side, or a jackknife without variance).
        """
        from scipy.special import ndtr, ndtri

        slack = 1e-12 * max(1.0, abs(self.estimate))  # resamples alike may differ in their last bits
        below = np.count_nonzero(self.values < self.estimate - slack)
        below += np.count_nonzero(self.values <= self.estimate + slack)
        bias = float(ndtri(below / (2 * len(self.values))))
        n = float(self.counts.sum())
        away = float(self.counts @ self.left_out) / n - self.left_out
        squares = float(self.counts @ away**2)
        levels = np.array([tail, 1 - tail])
        if isfinite(bias) and squares > 0:
            lean = float(self.counts @ away**3) / (6 * squares**1.5)
            reach = bias + ndtri(levels)
            moved = ndtr(bias + reach / (1 - lean * reach))
            levels = moved if np.isfinite(moved).all() else levels
        low, high = (float(end) for end in np.quantile(self.values, levels))
        return Bounds(low, high)


def resample(rows: Floats, statistic: Statistic, seed: int, resamples: int = RESAMPLES) -> Resampled:
    """Resample items with replacement. ``rows`` is items × k additive numbers without NaN, at least one item."""
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    total = counts @ distinct
    values = np.empty(resamples)
    done = 0
    for sums in _drawn(distinct, counts, seed, resamples):
        values[done : done + len(sums)] = statistic(sums)
        done += len(sums)
    left_out = statistic(total - distinct) if len(rows) > 1 else np.zeros(len(distinct))
    return Resampled(float(statistic(total[None, :])[0]), values, left_out, counts.astype(np.float64))


def _drawn(distinct: Floats, counts: npt.NDArray[np.int64], seed: int, resamples: int) -> Iterator[Floats]:
    """Sums of resampled items, in blocks of resamples × k."""
    n = int(counts.sum())
    if len(distinct) * _FEW <= n:
        generator = np.random.default_rng(seed)
        block = max(1, _BLOCK // len(distinct))
        for start in range(0, resamples, block):
            yield generator.multinomial(n, counts / n, size=min(block, resamples - start)) @ distinct
        return
    rows = np.repeat(distinct, counts, axis=0)
    bits = np.random.SFC64(seed)
    even = n + n % 2  # one raw draw gives two items; a resample begins with a fresh one, so blocks change no draw
    block = max(1, _BLOCK // n)
    times = np.empty((block, n))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        # x·n / 2³² of 32 random bits: an item's chance is off by less than n / 2³² of itself, 1 in 400,000 for 10,000.
        items = bits.random_raw(size * even // 2).view(np.uint32).astype(np.uint64)
        items *= np.uint64(n)
        items >>= np.uint64(32)
        for at, drawn in enumerate(items.view(np.int64).reshape(size, even)[:, :n]):
            times[at] = np.bincount(drawn, minlength=n)
        yield times[:size] @ rows


def difference_of(statistic: Statistic) -> Statistic:
    """The statistic of the first half of the columns minus that of the second: candidate and baseline side by side."""

    def of_both(sums: Floats) -> Floats:
        half = sums.shape[-1] // 2
        return statistic(sums[..., :half]) - statistic(sums[..., half:])

    return of_both


def swap_p(candidate: Floats, baseline: Floats, statistic: Statistic, seed: int, resamples: int = RESAMPLES) -> float:
    """P(a difference this low or lower | every item may swap its two sides): small when the candidate is worse.

    Paired approximate randomisation (Noreen 1989; what sacreBLEU calls `--paired-ar`), one-sided:
    ``(1 + #{as low}) / (resamples + 1)``. Both are items × k additive numbers over the same items. 1 when no item
    differs.
    """
    moving = (candidate != baseline).any(axis=1)
    if not moving.any():
        return 1.0
    pairs = np.unique(np.hstack([candidate, baseline])[moving], axis=0, return_counts=True)
    first, second = np.hsplit(np.repeat(*pairs, axis=0), 2)
    change = second - first
    ours, theirs = candidate.sum(axis=0), baseline.sum(axis=0)
    observed = float((statistic(ours[None, :]) - statistic(theirs[None, :]))[0])
    observed += 1e-9 * max(1.0, abs(observed))
    generator = np.random.default_rng(seed)
    as_low, block = 0, max(1, _BLOCK // len(change))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        bits = np.frombuffer(generator.bytes(size * (-(-len(change) // 8))), dtype=np.uint8).reshape(size, -1)
        moved = np.unpackbits(bits, axis=1, count=len(change)).astype(np.float64) @ change
        as_low += int(np.count_nonzero(statistic(ours + moved) - statistic(theirs - moved) <= observed))
    return (1 + as_low) / (resamples + 1)


# --- spread over templates ----------------------------------------------------------------------------


def spread(answers: Floats) -> float:
    """Largest minus smallest column mean of a matrix items × templates."""
    means = answers.mean(axis=0)
    return float(means.max() - means.min())


def spread_bounds(answers: Floats, tail: float, seed: int) -> Bounds:
    """BCa interval of :func:`spread`, items resampled as whole rows. ``answers`` holds no NaN."""

    def of_sums(sums: Floats) -> Floats:
        means = sums[..., :-1] / sums[..., -1:]
        difference: Floats = means.max(axis=-1) - means.min(axis=-1)
        return difference

    return resample(np.hstack([answers, np.ones((len(answers), 1))]), of_sums, seed).bounds(tail)
