"""Answers put to verifiers: metrics that tell for each 1, 0, or that they cannot say; and what the best is told by.

They are the metrics of evals, called in the same way: what a pattern, a schema or a program costs there it costs here,
and no output makes one raise or hang. A metric that compares says nothing of a row without an expected answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from compiler.functions.metrics import METRIC_FUNCTIONS
from compiler.judged_metrics import JUDGE, RATE, WIN_RATE
from compiler.step_params import Metric
from runtime.extension_metrics import OwnMetric
from runtime.generating.best_of_n import Verification
from runtime.judging.judges import Judge
from runtime.judging.pair_wording import Pair
from runtime.judging.pairs import PairJudge
from runtime.judging.wording import Item
from runtime.measuring.metric_columns import Columns
from runtime.metrics import Answer, explain_items
from runtime.metrics.answer import Explained, JudgedAs

NO_EXPECTED = "its row has no expected answer"


@dataclass(frozen=True)
class Verifiers:
    """``columns`` are what metrics read of the rows, by the name of the metric and the row; ``own`` the metrics of the
    user's, by function; ``check`` raises where the run is to stop."""

    metrics: Sequence[Metric]
    columns: Mapping[str, Columns] = field(default_factory=dict)
    own: Mapping[str, OwnMetric] = field(default_factory=dict)
    judges: Mapping[str, Judge] = field(default_factory=dict)
    pair_judges: Mapping[str, PairJudge] = field(default_factory=dict)
    check: Callable[[], None] = lambda: None

    def verify(self, answers: Sequence[tuple[str, Answer]]) -> list[tuple[Verification, ...]]:
        """What each verifier says of each answer, which stands beside the id of its row. A judge is asked last, and
        not about what another verifier has said no to."""
        found: list[tuple[Verification, ...]] = [()] * len(answers)
        for metric in sorted(self.metrics, key=is_judged):
            asked = range(len(answers))
            if is_judged(metric):
                asked = [place for place in asked if not any(one.value == 0 for one in found[place])]
            said = self._said(metric, [answers[place] for place in asked])
            for place, (value, reason) in zip(asked, said, strict=True):
                found[place] += (Verification(metric.name, value, reason),)
        return found

    def scores(self, metric: Metric, answers: Sequence[tuple[str, Answer]], *, lower: bool) -> list[float | None]:
        """How good each answer is, the more the better; None where it could not be measured."""
        if metric.function == WIN_RATE and not metric.extension:
            return self._wins(str(metric.args["judge"]), answers)
        sign = -1.0 if lower else 1.0
        return [None if value is None else sign * value for value, _ in self._said(metric, answers)]

    def _said(self, metric: Metric, answers: Sequence[tuple[str, Answer]]) -> list[Explained]:
        found: list[Explained] = [(None, NO_EXPECTED)] * len(answers)
        asked = [place for place, (_, answer) in enumerate(answers) if answer.expected.strip() or not _compares(metric)]
        those = [(answers[place][0], self._with_columns(metric, *answers[place])) for place in asked]
        if is_judged(metric):
            those = self._judged(str(metric.args["judge"]), those)
        if metric.extension:
            own = self.own[metric.function]
            values: list[Explained] = [(own(row_id, answer, **metric.args), "") for row_id, answer in those]
        else:
            values = explain_items(metric.function, metric.args, [answer for _, answer in those], self.check)
        for place, value in zip(asked, values, strict=True):
            found[place] = value
        return found

    def _judged(self, name: str, answers: Sequence[tuple[str, Answer]]) -> list[tuple[str, Answer]]:
        """The answers with what a judge says of them."""
        items = [Item(answer.output, json.loads(answer.prompt)) for _, answer in answers]
        verdicts = self.judges[name].judge(items)
        return [
            (row_id, replace(answer, judged={name: JudgedAs(one.label, one.score, one.reason)}))
            for (row_id, answer), one in zip(answers, verdicts, strict=True)
        ]

    def _wins(self, name: str, answers: Sequence[tuple[str, Answer]]) -> list[float | None]:
        """Of each answer the share of the others to its prompt over which it is preferred, a tie a half: all are
        compared with all, so the order of the samples decides nothing. None where no comparison came to a verdict."""
        places: dict[tuple[str, str], list[int]] = {}
        for place, (row_id, answer) in enumerate(answers):
            places.setdefault((row_id, answer.prompt), []).append(place)
        met = [two for group in places.values() for two in combinations(group, 2)]
        pairs = [Pair(answers[a][1].output, answers[b][1].output, json.loads(answers[a][1].prompt)) for a, b in met]
        shares: list[list[float]] = [[] for _ in answers]
        for (a, b), verdict in zip(met, self.pair_judges[name].compare(pairs), strict=True):
            if verdict.share is not None:
                shares[a].append(verdict.share)
                shares[b].append(1 - verdict.share)
        alone = {group[0] for group in places.values() if len(group) == 1}
        return [1.0 if place in alone else _mean(found) for place, found in enumerate(shares)]

    def _with_columns(self, metric: Metric, row_id: str, answer: Answer) -> Answer:
        if not metric.columns:
            return answer
        of: Mapping[str, Any] = self.columns[metric.name][row_id]
        return replace(answer, columns=of)


def _mean(found: Sequence[float]) -> float | None:
    return sum(found) / len(found) if found else None


def is_judged(metric: Metric) -> bool:
    """Whether a judge says what it measures."""
    return metric.function in (RATE, JUDGE) and not metric.extension


def _compares(metric: Metric) -> bool:
    """Whether it looks at the expected answer. One of the user's own, and one with accepted answers of its own, says
    itself what it cannot tell."""
    if metric.extension or any(column.argument == "answers" for column in metric.columns):
        return False
    return METRIC_FUNCTIONS[metric.function].compares
