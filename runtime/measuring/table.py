"""All answers of an evaluation: items × models × templates × metrics, NaN where an answer is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from compiler.step_params import Cell, MeasureParams, Metric
from runtime.extension_metrics import OwnMetric
from runtime.measuring.aggregates import SHOWN_LEVEL, Aggregate, aggregate
from runtime.measuring.slices import parts
from runtime.measuring.whole import aggregate_of, resampled, score_of
from runtime.metrics import WHOLE, Answer, explain_items
from runtime.metrics.answer import Explained

Floats = npt.NDArray[np.float64]
Columns: TypeAlias = Mapping[str, Mapping[str, Any]]  # row_id -> argument -> value
ALL = "*"  # all items, or the mean over all templates


@dataclass
class AnswerTable:
    """``values`` maps (model, template, metric) to a vector over ``items``."""

    items: list[str]
    params: MeasureParams
    columns: Mapping[str, Columns] = field(default_factory=dict)  # by metric, of those that read the data
    own: Mapping[str, OwnMetric] = field(default_factory=dict)  # metrics of the user's, by the name of the function
    check: Callable[[], None] = lambda: None  # raises where the run is to stop
    predictions: int = 0
    missing: int = 0  # item × cell without a prediction
    values: dict[tuple[str, str, str], Floats] = field(default_factory=dict)
    statistics: dict[tuple[str, str, str], Floats] = field(default_factory=dict)  # items × k, of metrics of the whole
    reasons: dict[tuple[str, str, str], dict[int, str]] = field(default_factory=dict)  # by the item's place

    def fill(self, cell: Cell, answers: Mapping[str, Answer]) -> None:
        """Measure one cell. ``answers``: by row_id; rows that are not items are not allowed."""
        positions = [index for index, row_id in enumerate(self.items) if row_id in answers]
        given = [answers[self.items[index]] for index in positions]
        for metric in self.params.metrics:
            vector = np.full(len(self.items), np.nan)
            those = self._with_columns(metric, positions, given)
            if metric.whole:
                vector[positions] = self._count(cell, metric, positions, those)
            else:
                found = self._items(metric, positions, those)
                vector[positions] = [np.nan if value is None else value for value, _ in found]
                why = {place: reason for place, (_, reason) in zip(positions, found, strict=True) if reason}
                self.reasons[cell.model, cell.template, metric.name] = why
            self.values[cell.model, cell.template, metric.name] = vector
        self.predictions += len(given)
        self.missing += len(self.items) - len(given)

    def _items(self, metric: Metric, positions: list[int], answers: list[Answer]) -> list[Explained]:
        if not metric.extension:
            return explain_items(metric.function, metric.args, answers, self.check)
        own, pairs = self.own[metric.function], zip(positions, answers, strict=True)
        return [(own(self.items[place], answer, **metric.args), "") for place, answer in pairs]

    def _count(self, cell: Cell, metric: Metric, positions: list[int], answers: list[Answer]) -> Floats:
        """Keep what a metric of the whole set counts in each answer; its value of each answer alone."""
        whole = WHOLE[metric.function]
        counted = whole.counted(answers, **metric.args)
        statistics = np.full((len(self.items), counted.shape[1]), np.nan)
        statistics[positions] = counted
        self.statistics[cell.model, cell.template, metric.name] = statistics
        uncounted = [place for place, row in enumerate(counted) if not row.size or np.isnan(row).any()]
        why = {positions[place]: whole.why_not(answers[place], **metric.args) for place in uncounted}
        self.reasons[cell.model, cell.template, metric.name] = {
            place: reason for place, reason in why.items() if reason
        }
        return whole.score(counted, **metric.args) if counted.size else np.full(len(answers), np.nan)

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
        return np.stack([self.values[model, name, metric] for name in self.under(model, template)], axis=1)

    def under(self, model: str, template: str) -> list[str]:
        """The templates that ``template`` means of a model: itself, or for ``*`` all."""
        return [cell.template for cell in self.params.cells if cell.model == model and template in (ALL, cell.template)]

    def item_rows(self) -> Iterator[dict[str, Any]]:
        """Rows of ``item_metrics``; a missing value is there as NULL, so that pairs can be told to be incomplete."""
        for (model, template, metric), vector in self.values.items():
            key = {"model": model, "template": template, "metric": metric}
            counted = self.statistics.get((model, template, metric), np.empty((len(vector), 0)))
            why = self.reasons.get((model, template, metric), {})
            for place, (value, statistics) in enumerate(zip(vector.tolist(), counted, strict=True)):
                there = statistics.size > 0 and not np.isnan(statistics).any()
                kept = statistics.tolist() if there else None
                value = None if value != value else value
                yield {**key, "row_id": self.items[place], "value": value, "statistics": kept, "reason": why.get(place)}

    def unmeasured(self) -> Iterator[tuple[str, str, int]]:
        """Of each metric each reason why an answer could not be measured, with how many there are, most first."""
        for metric in self.params.metrics:
            found = Counter(
                reason
                for (model, template, name), why in self.reasons.items()
                for place, reason in why.items()
                if name == metric.name and np.isnan(self.values[model, template, name][place])
            )
            yield from ((metric.name, reason, count) for reason, count in found.most_common())


def aggregate_rows(table: AnswerTable, slices: Mapping[str, Mapping[str, str]], seed: int) -> Iterator[dict[str, Any]]:
    """Rows of ``metrics``: each model, template (and their mean), metric and slice value (and all items)."""
    masks = list(_masks(table.items, slices))
    wholes = [_of_whole_set(table, mask, seed) for *_, mask in masks]
    for model in table.models:
        for template in (ALL, *table.templates):
            for metric in table.params.metrics:
                answers = table.answers(model, template, metric.name)
                for (slice_name, value, mask), whole in zip(masks, wholes, strict=True):
                    key = model, template, metric.name
                    found = whole[key] if metric.whole else aggregate(answers[mask], metric.unit)
                    yield _row(model, template, metric, slice_name, value, found)


def _of_whole_set(table: AnswerTable, mask: npt.NDArray[np.bool_], seed: int) -> dict[tuple[str, str, str], Aggregate]:
    """All metrics of the whole set for some items, of the same resamples."""
    if not table.statistics:
        return {}
    columns = {key: column[mask] for key, column in table.statistics.items()}
    places = {key: place for place, key in enumerate(columns)}
    keys = [
        (model, template, metric)
        for model in table.models
        for template in (ALL, *table.templates)
        for metric in table.params.metrics
        if metric.whole
    ]
    under = [[(m, name, metric.name) for name in table.under(m, t)] for m, t, metric in keys]
    scores = [score_of(metric.function, metric.args) for *_, metric in keys]
    groups = [(score, [places[key] for key in found]) for score, found in zip(scores, under, strict=True)]
    numbers = resampled(list(columns.values()), groups, seed)
    return {
        (model, template, metric.name): aggregate_of([columns[key] for key in found], number)
        for (model, template, metric), found, number in zip(keys, under, numbers, strict=True)
    }


def _masks(
    items: list[str], slices: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
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
