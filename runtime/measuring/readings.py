"""What likelihood steps read of texts, put beside the answers of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from compiler.step_params import Cell
from runtime.metrics.answer import Answer, TextLikelihood
from runtime.relational import parquet

if TYPE_CHECKING:
    from runtime.context import StepContext
    from runtime.relational import Engine

LIKELIHOODS = "likelihoods.parquet"


def with_readings(sql: Engine, ctx: StepContext, cell: Cell, answers: Mapping[str, Answer]) -> Mapping[str, Answer]:
    """The answers of a cell by row_id, with what its likelihood steps say of each."""
    columns = ", ".join(column.name for column in fields(TextLikelihood))
    for reading in cell.readings:
        rows = sql.rows(f"SELECT row_id, {columns} FROM {parquet(ctx.inputs[reading.input] / LIKELIHOODS)}")
        read = {row_id: TextLikelihood(*values) for row_id, *values in rows}
        answers = {
            row_id: _with(answer, reading.reference, read[row_id]) if row_id in read else answer
            for row_id, answer in answers.items()
        }
    return answers


def _with(answer: Answer, reference: str | None, read: TextLikelihood) -> Answer:
    if reference is None:
        return replace(answer, likelihood=read)
    return replace(answer, divergences={**answer.divergences, reference: read})
