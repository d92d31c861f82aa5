"""Bootstrap over items for statistics of a whole set that are functions of sums: BLEU, chrF, macro F1.

A resample of n items is how often each of them was drawn, so its sums are one product of that with the items' own
statistics, and all resamples of all models are one product of matrices. Nothing is computed of a text again. Drawing is
what takes the time: 10,000 resamples of 10,000 items take about a second of one core, whatever is counted.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds

Floats: TypeAlias = npt.NDArray[np.float64]
RESAMPLES = 10_000
_BLOCK = 1 << 20  # draws that one thread holds at once
_FEW = 2_000  # items below which draws are counted as they are
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Resampled:
    """A number of a set: as it is, of each resample, and of the set without each of its items in turn."""

    estimate: float
    draws: Floats
    left_out: Floats

    @classmethod
    def mean(cls, parts: Sequence[Resampled]) -> Resampled:
        """The mean of numbers that were resampled alike."""
        if len(parts) == 1:
            return parts[0]
        fields = zip(*((part.estimate, part.draws, part.left_out) for part in parts), strict=True)
        estimate, draws, left_out = (np.mean(np.stack(field), axis=0) for field in fields)
        return cls(float(estimate), draws, left_out)

    def less(self, other: Resampled) -> Resampled:
        """The difference of two numbers that were resampled alike."""
        return Resampled(self.estimate - other.estimate, self.draws - other.draws, self.left_out - other.left_out)

    @property
    def varies(self) -> bool:
        """Whether resamples differ; without that nothing can be told of the number's uncertainty."""
        return bool(np.isfinite(self.draws).all() and np.ptp(self.draws) > 1e-9 * max(1.0, abs(self.estimate)))

    @property
    def standard_error(self) -> float:
        return float(self.draws.std(ddof=1))

    def bounds(self, tail: float) -> Bounds:
        """Each end one-sided at ``tail``: the BCa interval (Efron 1987, J. Am. Stat. Assoc. 82:171), or percentiles
        where the bias cannot be told (all resamples on one side of the estimate)."""
        below = (np.count_nonzero(self.draws < self.estimate) + np.count_nonzero(self.draws <= self.estimate)) / 2
        share = below / len(self.draws)
        if not 0 < share < 1:
            return Bounds(*(float(end) for end in np.quantile(self.draws, (tail, 1 - tail))))
        bias, bend = _NORMAL.inv_cdf(share), self._acceleration()
        places = [
            _NORMAL.cdf(bias + (bias + z) / (1 - bend * (bias + z))) for z in map(_NORMAL.inv_cdf, (tail, 1 - tail))
        ]
        return Bounds(*(float(end) for end in np.quantile(self.draws, places)))

    def _acceleration(self) -> float:
        away = self.left_out.mean() - self.left_out
        spread = float((away**2).sum())
        return float((away**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0

    def chance(self, distance: float) -> float:
        """The share of resamples that lie at least ``distance`` from their middle, in its direction: how probable such
        a distance is where there is none. (1 + extreme) / (B + 1), never 0 (Davison & Hinkley 1997, 4.2.3)."""
        moved = self.draws - self.draws.mean()
        extreme = (
            np.count_nonzero(moved >= distance - 1e-12)
            if distance >= 0
            else np.count_nonzero(moved <= distance + 1e-12)
        )
        return float((1 + extreme) / (1 + len(self.draws)))


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of items' statistics: of all items (k), of each resample (B, k), and without each item in turn (n, k)."""

    whole: Floats
    draws: Floats
    left_out: Floats

    @classmethod
    def of(cls, statistics: Floats, seed: int, resamples: int = RESAMPLES) -> Sums:
        """Of a matrix items × statistics; a row of NaN (an item that is missing) counts nothing. The draws depend on
        the number of items and the seed alone, so that two calls resample in the same way."""
        counted = np.nan_to_num(statistics)
        whole = counted.sum(axis=0)
        return cls(whole, resampled_sums(counted, seed, resamples), whole - counted)

    def columns(self, start: int, stop: int) -> Sums:
        """The same of some of the statistics."""
        return Sums(self.whole[start:stop], self.draws[:, start:stop], self.left_out[:, start:stop])

    def taken(self, score: Callable[[Floats], Floats]) -> Resampled:
        """A number made of the sums."""
        return Resampled(float(score(self.whole)), score(self.draws), score(self.left_out))


def resampled_sums(statistics: Floats, seed: int, resamples: int) -> Floats:
    """Sums (resamples, k) of n items drawn with replacement out of a matrix (n, k) without NaN.

    Blocks of resamples have a stream of random numbers each, so the sums are the same on any number of cores.
    """
    items = len(statistics)
    size = max(1, _BLOCK // max(1, items))
    sums = np.empty((resamples, statistics.shape[1]))

    def fill(block: int) -> None:
        rows = slice(block * size, min(resamples, (block + 1) * size))
        rng = np.random.Generator(np.random.SFC64([seed, block]))
        sums[rows] = _counts(rng, items, rows.stop - rows.start) @ statistics

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        list(threads.map(fill, range(-(-resamples // size))))
    return sums


def _counts(rng: np.random.Generator, items: int, resamples: int) -> Floats:
    """How often each item is in each resample of as many items: (resamples, items)."""
    if items < _FEW:
        draws = rng.integers(0, items, size=(resamples, items)) + np.arange(0, resamples * items, items)[:, None]
        return np.bincount(draws.ravel(), minlength=resamples * items).reshape(resamples, items).astype(np.float64)
    return _many_counts(rng, items, resamples)


def _many_counts(rng: np.random.Generator, items: int, resamples: int) -> Floats:
    """The same, faster where there are many items.

    Independent Poisson counts, given their sum, are counts of that many draws. So each item gets one with a mean a
    little below 1, looked up with 16 random bits, and the draws that a resample then lacks (five standard deviations
    of the sum on average) are drawn one by one.
    """
    raw: npt.NDArray[np.uint64] = rng.bit_generator.random_raw(-(-resamples * items // 4))
    bits = raw.view(np.uint16)[: resamples * items].reshape(resamples, items)
    counts: Floats = np.take(_poisson(1 - 5 / items**0.5), bits)
    lacking = items - counts.sum(axis=1).astype(np.int64)
    for row in np.flatnonzero(lacking < 0):  # one in three million
        counts[row] = np.bincount(rng.integers(0, items, size=items), minlength=items)
    rows = np.repeat(np.arange(resamples), np.maximum(lacking, 0))
    np.add.at(counts, (rows, rng.integers(0, items, size=len(rows))), 1.0)
    return counts


@cache
def _poisson(mean: float) -> Floats:
    """The Poisson count that each of 65,536 equally likely numbers stands for."""
    chances = np.array([math.exp(-mean) * mean**count / math.factorial(count) for count in range(16)])
    return np.searchsorted(chances.cumsum() * 65_536, np.arange(65_536) + 0.5).astype(np.float64)
