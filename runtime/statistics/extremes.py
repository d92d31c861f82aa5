"""The least and the greatest of several means, and how far apart they are, with intervals that know they were chosen.

The lowest of five template means is lower than the lowest true mean more often than not, so its own interval would lie
too low; a bootstrap of the spread of equal templates never comes near zero. Both ends here are made of the intervals of
single means, or of single differences, and hold at their level whatever depends on what:

- An end that has to lie beyond the most extreme mean may use each interval at the full level (intersection-union,
  Berger 1982, Technometrics 24:295): the true lowest mean is one of them, and its own bound already holds.
- The other end takes the best of k intervals, so each gets a k-th of the error (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import TypeAlias

from runtime.statistics import Bounds

# The interval of the i-th mean, or of the difference of the i-th and the j-th, with an error of ``tail`` at each end.
OfOne: TypeAlias = Callable[[int, float], Bounds]
OfTwo: TypeAlias = Callable[[int, int, float], Bounds]


def lowest_bounds(count: int, bounds: OfOne, tail: float) -> Bounds:
    """Of the least of ``count`` means, with an error of ``tail`` at each end."""
    return Bounds(min(_each(count, bounds, tail, low=True)), min(_each(count, bounds, tail / count, low=False)))


def highest_bounds(count: int, bounds: OfOne, tail: float) -> Bounds:
    """Of the greatest of ``count`` means."""
    return Bounds(max(_each(count, bounds, tail / count, low=True)), max(_each(count, bounds, tail, low=False)))


def _each(count: int, bounds: OfOne, tail: float, *, low: bool) -> Sequence[float]:
    found = [bounds(index, tail) for index in range(count)]
    return [one.low if low else one.high for one in found]


def spread_bounds(count: int, difference: OfTwo, tail: float) -> Bounds:
    """Of the greatest minus the least of ``count`` means, at least two."""
    pairs = list(combinations(range(count), 2))
    strict = [difference(first, second, tail / len(pairs)) for first, second in pairs]
    return Bounds(
        max(0.0, *(max(pair.low, -pair.high) for pair in strict)),
        spread_upper(count, difference, tail),
    )


def spread_upper(count: int, difference: OfTwo, tail: float) -> float:
    """The upper end alone: no two of the means are further apart."""
    ends = (difference(first, second, tail) for first, second in combinations(range(count), 2))
    return max(max(-pair.low, pair.high) for pair in ends)
