"""All answers of an evaluation: items × models × templates × metrics, NaN where an answer is missing.

Where items are asked several times, an item's value is the mean of its answers (pass@k for a metric with a ``k``), and
missing when one of them is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from compiler.step_params import Cell, MeasureParams, Metric
from runtime.extension_metrics import OwnMetric
from runtime.measuring.cells import cells_of, labels_of
from runtime.measuring.metric_columns import Columns
from runtime.metrics import AT_K, RUNS_CODE, WHOLE, Answer, explain_items
from runtime.metrics.answer import Explained
from runtime.metrics.classes import OF_CLASSES
from runtime.metrics.code import not_confined
from runtime.statistics.pass_at_k import at_k

Floats = npt.NDArray[np.float64]


@dataclass
class AnswerTable:
    """``values`` maps (model, template, metric) to a vector over ``items``, ``samples`` to a matrix items × answers
    where there are several."""

    items: list[str]
    params: MeasureParams
    columns: Mapping[str, Columns] = field(default_factory=dict)  # by metric, of those that read the data
    own: Mapping[str, OwnMetric] = field(default_factory=dict)  # metrics of the user's, by the name of the function
    expected: Mapping[str, list[str]] = field(default_factory=dict)  # by template, where a metric has them for classes
    check: Callable[[], None] = lambda: None  # raises where the run is to stop
    predictions: int = 0
    missing: int = 0  # item × cell without a prediction
    values: dict[tuple[str, str, str], Floats] = field(default_factory=dict)
    statistics: dict[tuple[str, str, str], Floats] = field(default_factory=dict)  # items × k, of metrics of the whole
    reasons: dict[tuple[str, str, str], dict[int, str]] = field(default_factory=dict)  # by the item's place
    samples: dict[tuple[str, str, str], Floats] = field(default_factory=dict)

    def fill(self, cell: Cell, answers: Mapping[str, Answer], sample: int = 0) -> None:
        """Measure one cell, or one answer to each item of it. ``answers``: by row_id; rows that are not items are not
        allowed."""
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
                self._reason(cell, metric, why)
            self.values[cell.model, cell.template, metric.name] = self._folded(cell, metric, vector, sample)
        self.predictions += len(given)
        self.missing += len(self.items) - len(given)

    def _reason(self, cell: Cell, metric: Metric, why: Mapping[int, str]) -> None:
        """Keep why items have no value: of several answers the first reason."""
        kept = self.reasons.setdefault((cell.model, cell.template, metric.name), {})
        for place, reason in why.items():
            kept.setdefault(place, reason)

    def _folded(self, cell: Cell, metric: Metric, vector: Floats, sample: int) -> Floats:
        """The values of the items, of which this answer is one."""
        if self.params.samples == 1:
            return vector
        none = np.full((len(self.items), self.params.samples), np.nan)
        matrix = self.samples.setdefault((cell.model, cell.template, metric.name), none)
        matrix[:, sample] = vector
        k = metric.args["k"] if metric.function in AT_K and not metric.extension else 1
        return at_k(matrix, k) if isinstance(k, int) and k > 1 else matrix.mean(axis=1)

    def _items(self, metric: Metric, positions: list[int], answers: list[Answer]) -> list[Explained]:
        if not metric.extension:
            return explain_items(metric.function, metric.args, answers, self.check)
        own, pairs = self.own[metric.function], zip(positions, answers, strict=True)
        return [(own(self.items[place], answer, **metric.args), "") for place, answer in pairs]

    def _count(self, cell: Cell, metric: Metric, positions: list[int], answers: list[Answer]) -> Floats:
        """Keep what a metric of the whole set counts in each answer; its value of each answer alone."""
        whole = WHOLE[metric.function]
        counted = whole.counted(answers, **self._with_classes(cell, metric))
        statistics = np.full((len(self.items), counted.shape[1]), np.nan)
        statistics[positions] = counted
        key = cell.model, cell.template, metric.name
        before = self.statistics.get(key)
        self.statistics[key] = statistics if before is None else _added(before, statistics)
        uncounted = [place for place, row in enumerate(counted) if not row.size or np.isnan(row).any()]
        why = {positions[place]: whole.why_not(answers[place], **metric.args) for place in uncounted}
        self._reason(cell, metric, {place: reason for place, reason in why.items() if reason})
        return whole.score(counted, **metric.args) if counted.size else np.full(len(answers), np.nan)

    def _with_classes(self, cell: Cell, metric: Metric) -> Mapping[str, Any]:
        """The arguments of a metric, with the classes that the spec does not name."""
        classes = self.expected.get(cell.template)
        if metric.function not in OF_CLASSES or metric.args.get("labels") is not None or classes is None:
            return metric.args
        return {**metric.args, "labels": json.dumps(classes)}

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
        """The templates that ``template`` means of a model: itself, for ``*`` all, for ``*@5`` and ``plain@*`` all with
        this number of examples or under this template."""
        return [cell.template for cell in cells_of(self.params.cells, model) if template in labels_of(cell)]

    def sample_rows(self) -> Iterator[dict[str, Any]]:
        """Rows of ``sample_metrics``: what each of several answers measured."""
        for (model, template, metric), matrix in self.samples.items():
            for row_id, values in zip(self.items, matrix.tolist(), strict=True):
                for sample, value in enumerate(values):
                    key = {"model": model, "template": template, "metric": metric, "row_id": row_id, "sample": sample}
                    yield {**key, "value": None if value != value else value}

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

    def unconfined(self) -> tuple[str, str] | None:
        """The first metric that ran a program which not everything confined that should, and what did not."""
        ran = {metric.name for metric in self.params.metrics if metric.function in RUNS_CODE and not metric.extension}
        reasons = ((key[2], reason) for key, why in self.reasons.items() if key[2] in ran for reason in why.values())
        return next(((name, held) for name, reason in reasons if (held := not_confined(reason))), None)

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


def _added(before: Floats, statistics: Floats) -> Floats:
    """What was counted in all answers to each item; where one is missing nothing is."""
    if before.shape != statistics.shape:  # there was no answer at all, so nothing is known of what is counted
        wider = before if before.shape[1] else statistics
        return np.full(wider.shape, np.nan)
    return before + statistics
