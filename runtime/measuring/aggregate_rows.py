"""Rows of ``metrics``: every model, template (and their means), metric and slice with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from compiler.step_params import Metric
from runtime.measuring.aggregates import SHOWN_LEVEL, Aggregate, aggregate
from runtime.measuring.cells import ALL, mean_labels, slice_labels
from runtime.measuring.slice_values import SliceValues
from runtime.measuring.slices import Mask, parts
from runtime.measuring.table import AnswerTable
from runtime.measuring.whole import aggregate_of, resampled, score_of


def aggregate_rows(table: AnswerTable, slices: SliceValues, seed: int) -> Iterator[dict[str, Any]]:
    """All of them. A slice by template or by number of examples is of the answers under these, and stands with the mean
    over all templates alone."""
    cells = table.params.cells
    labels = [ALL, *mean_labels(cells), *table.templates]
    by_cells = [(piece.name, slice_labels(piece, cells)) for piece in table.params.slices if piece.by != "value"]
    also = [label for _, found in by_cells for label in found.values() if label not in labels]
    masks = list(_masks(table.items, slices))
    everything = masks[0][2]
    asked = [[*labels, *also], *[labels] * (len(masks) - 1)]
    wholes = [_of_whole_set(table, mask, seed, names) for (*_, mask), names in zip(masks, asked, strict=True)]

    def found(model: str, label: str, metric: Metric, mask: Mask, at: int) -> Aggregate:
        if metric.whole:
            return wholes[at][model, label, metric.name]
        votes = table.params.samples * metric.votes
        return aggregate(table.answers(model, label, metric.name)[mask], metric.unit, samples=votes)

    for model in table.models:
        for template in labels:
            for metric in table.params.metrics:
                for at, (name, value, mask) in enumerate(masks):
                    yield _row(model, template, metric, name, value, found(model, template, metric, mask, at))
                for name, values in by_cells if template == ALL else ():
                    for value, label in values.items():
                        yield _row(model, template, metric, name, value, found(model, label, metric, everything, 0))


def _of_whole_set(
    table: AnswerTable, mask: Mask, seed: int, labels: Sequence[str]
) -> dict[tuple[str, str, str], Aggregate]:
    """All metrics of the whole set for some items, of the same resamples."""
    if not table.statistics:
        return {}
    columns = {key: column[mask] for key, column in table.statistics.items()}
    places = {key: place for place, key in enumerate(columns)}
    keys = [
        (model, label, metric)
        for model in table.models
        for label in labels
        for metric in table.params.metrics
        if metric.whole
    ]
    under = [[(m, name, metric.name) for name in table.under(m, label)] for m, label, metric in keys]
    scores = [score_of(metric.function, metric.args) for *_, metric in keys]
    groups = [(score, [places[key] for key in found]) for score, found in zip(scores, under, strict=True)]
    numbers = resampled(list(columns.values()), groups, seed)
    return {
        (model, label, metric.name): aggregate_of([columns[key] for key in found], number)
        for (model, label, metric), found, number in zip(keys, under, numbers, strict=True)
    }


def _masks(items: list[str], slices: SliceValues) -> Iterator[tuple[str, str, Mask]]:
    yield ALL, ALL, np.ones(len(items), dtype=bool)
    for name, values in slices.items():
        for part in parts([values[row_id] for row_id in items]):
            yield name, part.value, part.mask


def _row(model: str, template: str, metric: Metric, slice_name: str, value: str, found: Aggregate) -> dict[str, Any]:
    return {
        "model": model,
        "template": template,
        "metric": metric.name,
        "slice": slice_name,
        "slice_value": value,
        "n": found.n,
        "missing": found.missing,
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "level": SHOWN_LEVEL,
        "unit": metric.unit,
        "method": found.method,
    }
