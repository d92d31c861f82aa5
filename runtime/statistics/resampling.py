"""Bootstrap over items for statistics of a whole set that are functions of sums: BLEU, chrF, macro F1.

A resample of n items is how often each of them was drawn, so its sums are one product of that with the items' own
statistics, and all resamples of all models are one product of matrices. Nothing is computed of a text again. Drawing is
what takes the time: 10,000 resamples of 10,000 items take about a second of one core with ten statistics an item, and
half as long again with twice as many or with 200 classes (``benchmarks/bootstrap.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from runtime.statistics import Bounds

Floats: TypeAlias = npt.NDArray[np.float64]
RESAMPLES = 10_000
_BLOCK = 1 << 17  # numbers a block: 1 MB, which stays in the processor's cache
_ALONE = 1 << 18  # multiplications of a product that OpenBLAS does in one thread
_MANY = 2_000  # items, from which on a resample is counted alone
_SPARSE = 8  # statistics to one that is not 0, from which on products leave those out that are
_PORTIONS = 64  # of more than that, threads are the smaller loss
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

    @classmethod
    def spread(cls, parts: Sequence[Resampled]) -> Resampled:
        """The largest minus the smallest of numbers that were resampled alike."""
        fields = zip(*((part.estimate, part.draws, part.left_out) for part in parts), strict=True)
        estimate, draws, left_out = (np.ptp(np.stack(field), axis=0) for field in fields)
        return cls(float(estimate), draws, left_out)

    def less(self, other: Resampled) -> Resampled:
        """The difference of two numbers that were resampled alike."""
        return Resampled(self.estimate - other.estimate, self.draws - other.draws, self.left_out - other.left_out)

    @property
    def varies(self) -> bool:
        """Whether resamples differ; without that nothing can be told of the number's uncertainty."""
        return bool(np.isfinite(self.draws).all() and np.ptp(self.draws) > self._slack)

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

    def above(self, distance: float) -> float:
        """P(a number at least ``distance`` above the truth), from how resamples lie about their middle: (1 + extreme) /
        (B + 1), which is never 0 (Davison & Hinkley 1997, Bootstrap Methods and their Application, 4.2.3)."""
        return self._share(self.draws - self.draws.mean() >= distance - self._slack)

    def below(self, distance: float) -> float:
        """P(a number at most ``distance`` above the truth); of a drop, ``distance`` is negative."""
        return self._share(self.draws - self.draws.mean() <= distance + self._slack)

    @property
    def _slack(self) -> float:
        return 1e-9 * max(1.0, abs(self.estimate))

    def _share(self, extreme: npt.NDArray[np.bool_]) -> float:
        return (1 + int(np.count_nonzero(extreme))) / (1 + len(self.draws))


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
    """Sums (resamples, k) of n items drawn with replacement out of a matrix (n, k) without NaN, at least one item."""
    items = len(statistics)
    bits = np.random.SFC64(seed)
    even = (
        items + items % 2
    )  # one raw draw gives two items; a resample begins with a fresh one, so blocks change no draw
    block = max(1, _BLOCK // items)
    sums, times = np.empty((resamples, statistics.shape[1])), np.empty((block, items))
    is_sparse = np.count_nonzero(statistics) * _SPARSE < statistics.size
    product = _sparse_product(statistics) if is_sparse else partial(_product, statistics=statistics)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        # x·n / 2³² of 32 random bits: an item's chance is off by less than n / 2³² of itself, 1 in 400,000 for 10,000
        drawn = bits.random_raw(size * even // 2).view(np.uint32).astype(np.uint64)
        drawn *= np.uint64(items)
        drawn >>= np.uint64(32)
        _count(drawn.view(np.int64).reshape(size, even)[:, :items], times[:size])
        sums[start : start + size] = product(times[:size])
    return sums


def _count(drawn: npt.NDArray[np.int64], times: Floats) -> None:
    """Put into ``times`` how often each item was drawn in each resample. Few items are counted for all resamples of a
    block at once, many one by one, whose counts stay in the cache."""
    size, items = drawn.shape
    if items >= _MANY:
        for place, row in enumerate(drawn):
            times[place] = np.bincount(row, minlength=items)
    else:
        own = drawn + np.arange(0, size * items, items)[:, None]
        times[:] = np.bincount(own.ravel(), minlength=size * items).reshape(size, items)


def _sparse_product(statistics: Floats) -> Callable[[Floats], Floats]:
    """``times @ statistics`` where most statistics of an item are 0: the classes of a classification."""
    from scipy.sparse import csr_array

    rows = csr_array(statistics)
    return lambda times: np.asarray(times @ rows)


def _product(times: Floats, statistics: Floats) -> Floats:
    """``times @ statistics``, in portions that BLAS does not share out among threads: where the machine is busy with
    other things, they wait for each other several times as long as the product takes."""
    portion = _ALONE // (len(times) * max(1, statistics.shape[1]))
    if portion * _PORTIONS < len(statistics):
        return times @ statistics
    starts = range(0, len(statistics), portion)
    products = [times[:, start : start + portion] @ statistics[start : start + portion] for start in starts]
    return np.add.reduce(products)
