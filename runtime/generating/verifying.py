"""Answers put to verifiers: metrics that tell for each 1, 0, or that they cannot say; and what the best is told by.

They are the metrics of evals, called in the same way: what a pattern, a schema or a program costs there it costs here,
and no output makes one raise or hang. A metric that compares says nothing of a row without an expected answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from compiler.functions.metrics import METRIC_FUNCTIONS
from compiler.step_params import Metric
from runtime.extension_metrics import OwnMetric
from runtime.generating.best_of_n import Verification
from runtime.measuring.metric_columns import Columns
from runtime.metrics import Answer, explain_items
from runtime.metrics.answer import Explained

NO_EXPECTED = "its row has no expected answer"


@dataclass(frozen=True)
class Verifiers:
    """``columns`` are what metrics read of the rows, by the name of the metric and the row; ``own`` the metrics of the
    user's, by function; ``check`` raises where the run is to stop."""

    metrics: Sequence[Metric]
    columns: Mapping[str, Columns] = field(default_factory=dict)
    own: Mapping[str, OwnMetric] = field(default_factory=dict)
    check: Callable[[], None] = lambda: None

    def verify(self, answers: Sequence[tuple[str, Answer]]) -> list[tuple[Verification, ...]]:
        """What each verifier says of each answer, which stands beside the id of its row."""
        said = [self._said(metric, answers) for metric in self.metrics]
        names = [metric.name for metric in self.metrics]
        return [
            tuple(Verification(name, value, reason) for name, (value, reason) in zip(names, one, strict=True))
            for one in (zip(*said, strict=True) if said else [()] * len(answers))
        ]

    def scores(self, metric: Metric, answers: Sequence[tuple[str, Answer]], *, lower: bool) -> list[float | None]:
        """How good each answer is, the more the better; None where it could not be measured."""
        sign = -1.0 if lower else 1.0
        return [None if value is None else sign * value for value, _ in self._said(metric, answers)]

    def _said(self, metric: Metric, answers: Sequence[tuple[str, Answer]]) -> list[Explained]:
        found: list[Explained] = [(None, NO_EXPECTED)] * len(answers)
        asked = [place for place, (_, answer) in enumerate(answers) if answer.expected.strip() or not _compares(metric)]
        those = [(answers[place][0], self._with_columns(metric, *answers[place])) for place in asked]
        if metric.extension:
            own = self.own[metric.function]
            values: list[Explained] = [(own(row_id, answer, **metric.args), "") for row_id, answer in those]
        else:
            values = explain_items(metric.function, metric.args, [answer for _, answer in those], self.check)
        for place, value in zip(asked, values, strict=True):
            found[place] = value
        return found

    def _with_columns(self, metric: Metric, row_id: str, answer: Answer) -> Answer:
        if not metric.columns:
            return answer
        of: Mapping[str, Any] = self.columns[metric.name][row_id]
        return replace(answer, columns=of)


def _compares(metric: Metric) -> bool:
    """Whether it looks at the expected answer. One of the user's own, and one with accepted answers of its own, says
    itself what it cannot tell."""
    if metric.extension or any(column.argument == "answers" for column in metric.columns):
        return False
    return METRIC_FUNCTIONS[metric.function].compares
