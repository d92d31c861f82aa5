"""All answers of an evaluation: items × models × templates × metrics, NaN where an answer is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from compiler.step_params import Cell, MeasureParams, Metric
from runtime.measuring.aggregates import SHOWN_LEVEL, aggregate
from runtime.measuring.slices import parts
from runtime.metrics import Answer, measure_items

Floats = npt.NDArray[np.float64]
Columns: TypeAlias = Mapping[str, Mapping[str, Any]]  # row_id -> argument -> value
ALL = "*"  # all items, or the mean over all templates


@dataclass
class AnswerTable:
    """``values`` maps (model, template, metric) to a vector over ``items``."""

    items: list[str]
    params: MeasureParams
    columns: Mapping[str, Columns] = field(default_factory=dict)  # by metric, of those that read the data
    predictions: int = 0
    missing: int = 0  # item × cell without a prediction
    values: dict[tuple[str, str, str], Floats] = field(default_factory=dict)

    def fill(self, cell: Cell, answers: Mapping[str, Answer]) -> None:
        """Measure one cell. ``answers``: by row_id; rows that are not items are not allowed."""
        positions = [index for index, row_id in enumerate(self.items) if row_id in answers]
        given = [answers[self.items[index]] for index in positions]
        for metric in self.params.metrics:
            vector = np.full(len(self.items), np.nan)
            found = measure_items(metric.function, metric.args, self._with_columns(metric, positions, given))
            vector[positions] = [np.nan if value is None else value for value in found]
            self.values[cell.model, cell.template, metric.name] = vector
        self.predictions += len(given)
        self.missing += len(self.items) - len(given)

    def _with_columns(self, metric: Metric, positions: list[int], answers: list[Answer]) -> list[Answer]:
        """The answers with what the metric reads of their rows."""
        if not metric.columns:
            return answers
        of = self.columns[metric.name]
        pairs = zip(positions, answers, strict=True)
        return [replace(answer, columns=of[self.items[position]]) for position, answer in pairs]

    @property
    def models(self) -> list[str]:
        return list(dict.fromkeys(cell.model for cell in self.params.cells))

    @property
    def templates(self) -> list[str]:
        return list(dict.fromkeys(cell.template for cell in self.params.cells))

    def answers(self, model: str, template: str, metric: str) -> Floats:
        """A matrix items × templates: one column, or for ``*`` all templates of the model."""
        wanted = [
            cell.template for cell in self.params.cells if cell.model == model and template in (ALL, cell.template)
        ]
        return np.stack([self.values[model, name, metric] for name in wanted], axis=1)

    def item_rows(self) -> Iterator[dict[str, Any]]:
        """Rows of ``item_metrics``; a missing value is there as NULL, so that pairs can be told to be incomplete."""
        for (model, template, metric), vector in self.values.items():
            for row_id, value in zip(self.items, vector.tolist(), strict=True):
                shown = None if value != value else value
                yield {"model": model, "template": template, "row_id": row_id, "metric": metric, "value": shown}


def aggregate_rows(table: AnswerTable, slices: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """Rows of ``metrics``: each model, template (and their mean), metric and slice value (and all items)."""
    masks = list(_masks(table.items, slices))
    for model in table.models:
        for template in (ALL, *table.templates):
            for metric in table.params.metrics:
                answers = table.answers(model, template, metric.name)
                for slice_name, value, mask in masks:
                    yield _row(model, template, metric, slice_name, value, answers[mask])


def _masks(
    items: list[str], slices: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    yield ALL, ALL, np.ones(len(items), dtype=bool)
    for name, values in slices.items():
        for part in parts([values[row_id] for row_id in items]):
            yield name, part.value, part.mask


def _row(model: str, template: str, metric: Metric, slice_name: str, value: str, answers: Floats) -> dict[str, Any]:
    found = aggregate(answers, metric.unit)
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
