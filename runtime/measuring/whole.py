"""Numbers of a whole set with their intervals: resampled items, each with what was counted in it.

Several templates are the mean of their numbers, and items are drawn with all their templates. All numbers of a set come
from the same resamples, so the difference of two of them is one of the same items in every resample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from runtime.measuring.aggregates import SHOWN_LEVEL, Aggregate, finite
from runtime.metrics import WHOLE
from runtime.statistics import two_sided
from runtime.statistics.resampling import Resampled, Sums

Floats = npt.NDArray[np.float64]
Score: TypeAlias = Callable[[Floats], Floats]
# A model and the columns of its templates, by their place.
Group: TypeAlias = tuple[Score, Sequence[int]]

FEWEST_ITEMS = 30  # a bootstrap of fewer knows too little of how items vary


def score_of(function: str, args: Mapping[str, Any]) -> Score:
    return partial(WHOLE[function].score, **args)


def resampled(columns: Sequence[Floats], groups: Sequence[Group], seed: int) -> list[Resampled | None]:
    """The number of each group. ``columns`` are matrices items × statistics over the same items, a row of NaN where an
    answer is missing; None for a group with a column in which nothing was counted."""
    joined = np.concatenate([*columns, np.empty((len(columns[0]), 0))], axis=1)
    ends = np.cumsum([0, *(column.shape[1] for column in columns)])
    counted = [bool(column.size) and not np.isnan(column).any(axis=1).all() for column in columns]
    sums = Sums.of(joined, seed) if any(counted) else None
    found: list[Resampled | None] = []
    for score, places in groups:
        if sums is None or not all(counted[place] for place in places):
            found.append(None)
            continue
        parts = [sums.columns(ends[place], ends[place + 1]).taken(score) for place in places]
        found.append(Resampled.mean(parts))
    return found


def missing_in(columns: Sequence[Floats]) -> tuple[int, int]:
    """Of a model's columns: items with at least one answer that was counted, and answers that were not."""
    there = np.stack([~_absent(column) for column in columns], axis=1)
    return int(there.any(axis=1).sum()), int(np.count_nonzero(~there))


def _absent(column: Floats) -> npt.NDArray[np.bool_]:
    return np.isnan(column).any(axis=1) if column.shape[1] else np.ones(len(column), dtype=bool)


def aggregate_of(columns: Sequence[Floats], found: Resampled | None, level: float = SHOWN_LEVEL) -> Aggregate:
    """What the ``metrics`` table shows of a group: no interval where items are few, or no resample differs."""
    items, missing = missing_in(columns)
    if found is None or not np.isfinite(found.estimate):
        return Aggregate(items, missing, None, None, None, "none")
    if items < FEWEST_ITEMS or not found.varies:
        return Aggregate(items, missing, found.estimate, None, None, "none")
    bounds = found.bounds(two_sided(level))
    return Aggregate(items, missing, found.estimate, finite(bounds.low), finite(bounds.high), "bca")
