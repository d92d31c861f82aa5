"""Both sides of a comparison on the same items: matrices, and the change over any part of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from runtime.gating.comparison import compare
from runtime.gating.whole_pair import WholePair
from runtime.gating.whole_set import WholeSet
from runtime.measuring.aggregates import Aggregate, aggregate, finite
from runtime.measuring.whole import aggregate_of, resampled

Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]

LEVEL = 0.95


@dataclass(frozen=True)
class Side:
    """The answers of one model: a matrix items × templates with NaN where one is missing, each the mean of so many
    ``samples``. ``answered`` are the items that have an answer under every template; one that has and is NaN could not
    be measured. ``whole`` are the items' statistics under a metric of the whole set, whose rows and columns follow
    those of ``values``."""

    label: str
    row_ids: tuple[str, ...]
    templates: tuple[str, ...]
    values: Floats
    answered: frozenset[str]
    whole: WholeSet | None = None
    samples: int = 1


@dataclass(frozen=True)
class Change:
    """Second minus first on ``n`` whole pairs, with the two-sided interval at ``LEVEL`` and two-sided p-value; those of
    either side alone are ``p_drop`` and ``p_rise``."""

    n: int
    estimate: float
    low: float | None
    high: float | None
    p_value: float
    p_drop: float
    p_rise: float
    gained: int  # answers that got larger
    lost: int
    test: str
    obstacle: str | None


def _matrix(side: Side, row_ids: Sequence[str], templates: Sequence[str]) -> Floats:
    """The values of a side for these items and templates, NaN where it has none."""
    place = {row_id: index for index, row_id in enumerate(side.row_ids)}
    columns = [side.templates.index(name) for name in templates]
    matrix = np.full((len(row_ids), len(templates)), np.nan)
    there = [index for index, row_id in enumerate(row_ids) if row_id in place]
    if there and columns:
        matrix[there] = side.values[np.ix_([place[row_ids[index]] for index in there], columns)]
    return matrix


def whole_pairs(one: Floats, two: Floats) -> Mask:
    """The items that both sides answered under every template."""
    if not one.shape[1]:
        return np.zeros(len(one), dtype=bool)
    return ~(np.isnan(one) | np.isnan(two)).any(axis=1)


@dataclass(frozen=True)
class Pair:
    """Both sides on the same items and templates."""

    one: Floats
    two: Floats
    unit: str
    seed: int
    sets: tuple[WholeSet, WholeSet] | None

    @classmethod
    def of(
        cls, first: Side, second: Side, row_ids: Sequence[str], templates: Sequence[str], unit: str, seed: int
    ) -> Pair:
        matrices = [_matrix(side, row_ids, templates) for side in (first, second)]
        sets = [_set(side, row_ids, templates) for side in (first, second)]
        both = None if sets[0] is None or sets[1] is None else (sets[0], sets[1])
        return cls(matrices[0], matrices[1], unit, seed, both)

    def change(self, mask: Mask) -> Change | None:
        """Of the items of a mask, which are whole; None without one."""
        if not mask.any():
            return None
        if self.sets is not None:
            theirs, ours = self.sets
            found = WholePair(ours, theirs, self.two, self.one, lower_is_better=False).compared(mask, LEVEL)
        else:
            found = compare(self.two[mask], self.one[mask], self.unit, LEVEL, self.seed)
        p_value = min(1.0, 2 * min(found.p_value, found.p_gain))
        ends = finite(found.shown.low), finite(found.shown.high)
        chances = (p_value, found.p_value, found.p_gain)
        return Change(found.n, found.estimate, *ends, *chances, found.gained, found.lost, found.test, found.obstacle)


def _set(side: Side, row_ids: Sequence[str], templates: Sequence[str]) -> WholeSet | None:
    """The statistics of a side for these items and templates."""
    if side.whole is None:
        return None
    place = {row_id: index for index, row_id in enumerate(side.row_ids)}
    there = [index for index, row_id in enumerate(row_ids) if row_id in place]
    columns = []
    for name in templates:
        own = side.whole.columns[side.templates.index(name)]
        column = np.full((len(row_ids), own.shape[1]), np.nan)
        column[there] = own[[place[row_ids[index]] for index in there]]
        columns.append(column)
    return WholeSet(side.whole.score, tuple(columns), side.whole.seed)


def side_aggregate(side: Side, unit: str) -> Aggregate:
    if side.whole is None:
        return aggregate(side.values, unit, samples=side.samples)
    columns = side.whole.columns
    return aggregate_of(columns, resampled(columns, [(side.whole.score, range(len(columns)))], side.whole.seed)[0])
