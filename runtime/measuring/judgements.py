"""What judge steps say of answers, put beside the answers of a cell; and rates corrected for what a judge gets
wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from compiler.step_params import Cell, Metric
from runtime.agreement.corrected import FEWEST, corrected
from runtime.agreement.figures import LEVEL, Floats
from runtime.measuring.cells import ALL, labels_of
from runtime.measuring.slice_values import SliceValues
from runtime.measuring.slices import parts
from runtime.metrics.answer import Answer, JudgedAs
from runtime.relational import parquet
from runtime.steps.calibrate import LABELLED
from runtime.steps.judge import VERDICTS

if TYPE_CHECKING:
    from runtime.context import StepContext
    from runtime.measuring.table import AnswerTable
    from runtime.relational import Engine


class Pair(NamedTuple):
    """What people and a judge said of one text, and its hash."""

    human: str
    judge: str
    text: str


def with_judgements(
    sql: Engine, ctx: StepContext, cell: Cell, answers: Mapping[str, Answer], sample: int
) -> Mapping[str, Answer]:
    """The answers of a cell by row_id, with what its judges say of each."""
    for one in cell.judged:
        file = parquet(ctx.inputs[one.input] / VERDICTS)
        rows = sql.rows(f"SELECT row_id, label, score, reason FROM {file} WHERE sample = ?", [sample])
        said = {row_id: JudgedAs(*values) for row_id, *values in rows}
        answers = {
            row_id: replace(answer, judged={**answer.judged, one.judge: said[row_id]}) if row_id in said else answer
            for row_id, answer in answers.items()
        }
    return answers


def corrected_rows(sql: Engine, ctx: StepContext, table: AnswerTable, slices: SliceValues) -> Iterator[dict[str, Any]]:
    """Rows of ``corrected_rates``: of each rate by a calibrated judge, for every model, template and slice of the eval.

    A slice's rate is corrected by the errors on all labelled rows: the judge is taken to err alike everywhere. Labelled
    rows whose texts are among the measured answers are those that the answers are like; where there are enough
    different ones they alone count, each text as often as it was answered.
    """
    labelled = {one.judge: _labelled(sql, ctx, one.input) for one in table.params.calibrated}
    rates = [m for m in table.params.metrics if _is_rate(m) and m.args["judge"] in labelled]
    if not rates:
        return
    everything = np.ones(len(table.items), dtype=bool)
    masks = [(ALL, ALL, everything)]
    for name, values in slices.items():
        masks += [(name, part.value, part.mask) for part in parts([values[row_id] for row_id in table.items])]
    for model in table.models:
        for template in (ALL, *table.templates):
            for metric in rates:
                judge = str(metric.args["judge"])
                own = _of_own(labelled[judge], _texts(sql, ctx, table, model, template, judge))
                judged, human = _met(metric, own or labelled[judge])
                for name, value, mask in masks:
                    answers = table.answers(model, template, metric.name)[mask]
                    found = corrected(answers, judged, human, samples=table.params.samples)
                    yield {
                        "model": model,
                        "template": template,
                        "metric": metric.name,
                        "slice": name,
                        "slice_value": value,
                        "n": found.n,
                        "labelled": found.labelled,
                        "estimate": found.estimate,
                        "low": found.low,
                        "high": found.high,
                        "level": LEVEL,
                        "method": _method(found.method, of_own=bool(own)),
                    }


def _is_rate(metric: Metric) -> bool:
    return metric.function == "rate" and not metric.extension


def _labelled(sql: Engine, ctx: StepContext, role: str) -> list[Pair]:
    """The labels of people and of the judge, and the hash of the text, of the rows that have both."""
    file = parquet(ctx.inputs[role] / LABELLED)
    return [Pair(*row) for row in sql.rows(f"SELECT human, label, text FROM {file} WHERE label IS NOT NULL")]


def _texts(sql: Engine, ctx: StepContext, table: AnswerTable, model: str, template: str, judge: str) -> Counter[str]:
    """Hashes of the answers of a model under a template, or under all, that a judge was asked about, and how many
    answers have each."""
    cells = [cell for cell in table.params.cells if cell.model == model and template in labels_of(cell)]
    files = [ctx.inputs[one.input] / VERDICTS for cell in cells for one in cell.judged if one.judge == judge]
    counts: Counter[str] = Counter()
    for file in files:
        counts.update(
            dict(sql.rows(f"SELECT text, count(*) FROM {parquet(file)} WHERE text IS NOT NULL GROUP BY text"))
        )
    return counts


def _of_own(labelled: list[Pair], texts: Mapping[str, int]) -> list[Pair]:
    """The labelled rows whose texts are among the answers, where they are enough different ones to correct by. No text
    counts more often than it was answered: forty rows with one stock answer are not like a model that gave it once."""
    taken: Counter[str] = Counter()
    own = []
    for pair in labelled:
        if taken[pair.text] < texts.get(pair.text, 0):
            taken[pair.text] += 1
            own.append(pair)
    return own if len(taken) >= FEWEST else []


def _method(method: str, *, of_own: bool) -> str:
    return method if of_own or method == "none" else f"{method} of other answers"


def _met(metric: Metric, labelled: list[Pair]) -> tuple[Floats, Floats]:
    """Of the labelled rows whether the judge's label meets the condition, and whether that of people does."""
    labels = frozenset(json.loads(str(metric.args["labels"])))
    judged = np.array([pair.judge in labels for pair in labelled], dtype=np.float64)
    human = np.array([pair.human in labels for pair in labelled], dtype=np.float64)
    return judged, human
