"""What judge steps say of answers, put beside the answers of a cell; and rates corrected for what a judge gets
wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from compiler.judge_rules import PAIR_LABELS, TIE
from compiler.judged_metrics import WIN_RATE
from compiler.judged_params import judged_name
from compiler.step_params import Cell, MeasureParams, Metric
from runtime.agreement.corrected import corrected
from runtime.agreement.figures import LEVEL, Floats
from runtime.measuring.cells import ALL, labels_of
from runtime.measuring.own_labels import Given, Pair, of_own
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


def with_judgements(
    sql: Engine, ctx: StepContext, cell: Cell, answers: Mapping[str, Answer], sample: int
) -> Mapping[str, Answer]:
    """The answers of a cell by row_id, with what its judges say of each. A model is as good as itself."""
    params = ctx.step.params
    assert isinstance(params, MeasureParams)
    itself = _beside_itself(params.metrics, cell)
    if itself:
        same = dict.fromkeys(itself, JudgedAs(TIE, float(PAIR_LABELS.index(TIE)), None))
        answers = {row_id: replace(answer, judged={**answer.judged, **same}) for row_id, answer in answers.items()}
    for one in cell.judged:
        file = parquet(ctx.inputs[one.input] / VERDICTS)
        rows = sql.rows(f"SELECT row_id, label, score, reason FROM {file} WHERE sample = ?", [sample])
        said = {row_id: JudgedAs(*values) for row_id, *values in rows}
        answers = {
            row_id: replace(answer, judged={**answer.judged, one.name: said[row_id]}) if row_id in said else answer
            for row_id, answer in answers.items()
        }
    return answers


def _beside_itself(metrics: Sequence[Metric], cell: Cell) -> tuple[str, ...]:
    """Names of what judges would say of a model beside itself."""
    own = (metric for metric in metrics if metric.function == WIN_RATE and not metric.extension)
    pairs = ((str(metric.args["judge"]), metric.args["against"]) for metric in own)
    return tuple(judged_name(judge, str(against)) for judge, against in pairs if against == cell.model)


def corrected_rows(sql: Engine, ctx: StepContext, table: AnswerTable, slices: SliceValues) -> Iterator[dict[str, Any]]:
    """Rows of ``corrected_rates``: of each rate by a calibrated judge, for every model, template and slice of the eval.

    A slice's rate is corrected by the errors on all labelled rows: the judge is taken to err alike everywhere. Labelled
    rows that are among the measured answers are those that the answers are like; where there are enough different ones
    they alone count, each text as often as it was answered.
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
                own = of_own(labelled[judge], _given(sql, ctx, table, model, template, judge))
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
    """The labels of people and of the judge, the hash of the text and the row, of the rows that have both."""
    file = parquet(ctx.inputs[role] / LABELLED)
    rows = sql.rows(
        f"SELECT human, label, text, asked, row_id FROM {file} WHERE label IS NOT NULL AND human IS NOT NULL"
    )
    return [Pair(human, judge, text, _plain(asked), row) for human, judge, text, asked, row in rows]


def _given(
    sql: Engine, ctx: StepContext, table: AnswerTable, model: str, template: str, judge: str
) -> dict[str, list[Given]]:
    """What a model was asked under a template, or under all, by the hash of what it answered, of the answers that a
    judge was asked about."""
    cells = [cell for cell in table.params.cells if cell.model == model and template in labels_of(cell)]
    found: dict[str, list[Given]] = {}
    for cell in cells:
        answers = parquet(ctx.inputs[cell.input] / "predictions.parquet")
        there = {row[0] for row in sql.rows(f"SELECT column_name FROM (DESCRIBE SELECT * FROM {answers})")}
        shared = "row_id, sample" if "sample" in there else "row_id"
        for file in (ctx.inputs[one.input] / VERDICTS for one in cell.judged if one.judge == judge):
            rows = sql.rows(
                f"SELECT v.text, a.prompt, v.row_id FROM {parquet(file)} AS v JOIN {answers} AS a USING ({shared}) "
                "WHERE v.text IS NOT NULL"
            )
            for text, prompt, row in rows:
                found.setdefault(text, []).append(Given(_plain(_said(prompt)), row))
    return found


def _said(prompt: str | None) -> str:
    """The texts of a conversation, which is JSON."""
    turns = json.loads(prompt) if prompt else []
    return " ".join(turn["content"] for turn in turns if isinstance(turn.get("content"), str))


def _plain(text: str | None) -> str | None:
    """A text to look for in another one; None for none, of which nothing is known."""
    return " ".join(text.split()) or None if text is not None else None


def _method(method: str, *, of_own: bool) -> str:
    return method if of_own or method == "none" else f"{method} of other answers"


def _met(metric: Metric, labelled: list[Pair]) -> tuple[Floats, Floats]:
    """Of the labelled rows whether the judge's label meets the condition, and whether that of people does."""
    labels = frozenset(json.loads(str(metric.args["labels"])))
    judged = np.array([pair.judge in labels for pair in labelled], dtype=np.float64)
    human = np.array([pair.human in labels for pair in labelled], dtype=np.float64)
    return judged, human
