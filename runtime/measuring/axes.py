"""What an eval says of the axes that it varies: rows of ``axes``.

Of its templates, and of its numbers of examples: the lowest and the highest mean, how far apart they are, and templates
that are new to the model against those that it was trained on; all on the items that were answered under every one of
them. Of repeated answers: the share of items whose answers disagree. Closed forms, so milliseconds a model and metric.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compiler.step_params import Cell
from runtime.measuring.aggregates import SHOWN_LEVEL, aggregate, finite
from runtime.measuring.cells import ALL, by_few_shot, by_template, by_trained, cells_of, means
from runtime.measuring.table import AnswerTable
from runtime.statistics import Bounds, two_sided
from runtime.statistics.clustered import Clusters, mean_bounds, share_bounds
from runtime.statistics.extremes import highest_bounds, lowest_bounds, spread_bounds
from runtime.statistics.paired_means import difference_bounds
from runtime.statistics.proportion import wilson

Floats = npt.NDArray[np.float64]
_TAIL = two_sided(SHOWN_LEVEL)


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One row of ``axes``, but for the model and the metric. ``missing`` counts items that lack an answer somewhere."""

    axis: str
    statistic: str
    template: str
    which: str | None
    n: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None
    unit: str
    method: str

    def as_json(self, model: str, metric: str) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in AxisRow.__slots__}
        return {"model": model, "metric": metric, **fields, "level": SHOWN_LEVEL}


def rows_of_axes(table: AnswerTable) -> Iterator[dict[str, Any]]:
    """Rows of ``axes`` of all models and metrics, but those of metrics of the whole set."""
    params = table.params
    for model in table.models:
        cells = cells_of(params.cells, model)
        for metric in params.metrics:
            if metric.whole:
                continue
            votes = params.samples * metric.votes
            rows = list(axis_rows(table.answers(model, ALL, metric.name), cells, metric.unit, votes))
            if table.samples:
                several = {cell.template: table.samples[model, cell.template, metric.name] for cell in cells}
                rows += flip_rows(several, metric.unit)
            yield from (row.as_json(model, metric.name) for row in rows)


def axis_rows(answers: Floats, cells: Sequence[Cell], unit: str, samples: int) -> Iterator[AxisRow]:
    """The rows of one model and metric. ``answers`` is a matrix items × ``cells`` with the mean over the samples, NaN
    where one is missing."""
    templates, counts = by_template(cells), by_few_shot(cells)
    if len(templates) > 1:
        yield from _extremes("templates", answers, templates, unit, samples)
        if trained := by_trained(cells):
            yield _unseen(answers, trained, cells, unit)
    if len(counts) > 1:
        yield from _extremes("few_shot", answers, counts, unit, samples)


def flip_rows(answers: Mapping[str, Floats], unit: str) -> Iterator[AxisRow]:
    """The share of items whose answers disagree. ``answers``: template -> a matrix items × samples. Plain numbers
    hardly ever agree, and have none."""
    if unit != "share":
        return
    flips = {template: _flips(matrix) for template, matrix in answers.items()}
    samples = next((matrix.shape[1] for matrix in answers.values()), 0)
    together = {ALL: np.stack(list(flips.values()), axis=1)} if flips else {}
    for template, matrix in (*together.items(), *((name, flip[:, None]) for name, flip in flips.items())):
        found = aggregate(matrix, "share")
        ends = (found.estimate, found.low, found.high)
        which = f"{samples} answers an item"
        yield AxisRow("samples", "flip_rate", template, which, found.n, found.missing, *ends, "share", found.method)


def _flips(answers: Floats) -> Floats:
    """1 where the answers to an item differ, NaN where one is missing."""
    differ = (answers.max(axis=1) > answers.min(axis=1)).astype(np.float64)
    return np.where(np.isnan(answers).any(axis=1), np.nan, differ)


def _extremes(
    axis: str, answers: Floats, groups: Mapping[str, Sequence[int]], unit: str, samples: int
) -> Iterator[AxisRow]:
    """Lowest, highest and spread over templates or numbers of examples."""
    names = list(groups)
    matrix = means(answers, groups)
    complete = matrix[~np.isnan(matrix).any(axis=1)]
    n, missing = len(complete), len(matrix) - len(complete)
    if not n:
        for statistic in ("lowest", "highest", "spread"):
            yield AxisRow(axis, statistic, ALL, None, 0, missing, None, None, None, unit, "none")
        return
    repeats = samples * min(len(columns) for columns in groups.values())

    def mean_of(column: int, tail: float) -> Bounds:
        return _mean_bounds(complete[:, column], unit, repeats, tail)

    def difference(first: int, second: int, tail: float) -> Bounds:
        return difference_bounds(complete[:, first] - complete[:, second], unit, tail)

    estimates = complete.mean(axis=0)
    least, most = int(estimates.argmin()), int(estimates.argmax())
    row = (axis, n, missing, unit)
    ends = lowest_bounds(len(names), mean_of, _TAIL)
    yield _row(row, "lowest", names[least], float(estimates[least]), ends, "of the lowest mean")
    ends = highest_bounds(len(names), mean_of, _TAIL)
    yield _row(row, "highest", names[most], float(estimates[most]), ends, "of the highest mean")
    apart = float(estimates[most] - estimates[least])
    pair = f"{names[most]} to {names[least]}" if apart > 0 else None
    yield _row(row, "spread", pair, apart, spread_bounds(len(names), difference, _TAIL), "of the widest pair")


def _row(
    row: tuple[str, int, int, str], statistic: str, which: str | None, estimate: float, ends: Bounds, method: str
) -> AxisRow:
    axis, n, missing, unit = row
    low, high = finite(ends.low), finite(ends.high)
    return AxisRow(axis, statistic, ALL, which, n, missing, estimate, low, high, unit, method)


def _unseen(answers: Floats, trained: Mapping[bool, Sequence[int]], cells: Sequence[Cell], unit: str) -> AxisRow:
    """Templates that the model was not trained on minus those that it was, an item at a time."""
    unseen, seen = means(answers, {"unseen": trained[False], "seen": trained[True]}).T
    both = ~(np.isnan(unseen) | np.isnan(seen))
    unseen, seen = unseen[both], seen[both]
    n, missing = len(unseen), int(np.count_nonzero(~both))
    names = [", ".join(dict.fromkeys(cells[at].shown for at in trained[kind])) for kind in (False, True)]
    which = f"{names[0]} against {names[1]}"
    row = ("templates", "unseen_minus_trained", ALL, which, n, missing)
    if not n:
        return AxisRow(*row, None, None, None, unit, "none")
    bounds, method = difference_bounds(unseen - seen, unit, _TAIL), "tango" if unit == "share" else "paired t"
    return AxisRow(*row, float((unseen - seen).mean()), finite(bounds.low), finite(bounds.high), unit, method)


def _mean_bounds(values: Floats, unit: str, repeats: int, tail: float) -> Bounds:
    """The interval of a mean of items, each of which is the mean of so many answers."""
    sizes = np.full(len(values), float(repeats))
    if unit != "share":
        return mean_bounds(Clusters(values * sizes, sizes), tail)
    if repeats == 1:
        return wilson(float(values.sum()), len(values), tail)
    return share_bounds(Clusters(values * sizes, sizes), tail)
