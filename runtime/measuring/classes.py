"""The classes of an evaluation that names none: all expected answers under a template, of whichever model.

A model that has no answer to the only items of a class is measured over that class all the same, and what is counted
of two models, or of two answers to an item, adds up. One pass over a column for each cell.
"""

from __future__ import annotations

from compiler.step_params import MeasureParams
from runtime.context import StepContext
from runtime.metrics.classes import OF_CLASSES
from runtime.relational import Engine, parquet


def expected_answers(sql: Engine, ctx: StepContext, params: MeasureParams) -> dict[str, list[str]]:
    """Template -> its expected answers in order, where a metric needs them."""
    if not any(metric.function in OF_CLASSES and metric.args.get("labels") is None for metric in params.metrics):
        return {}
    found: dict[str, set[str]] = {}
    for cell in params.cells:
        path = ctx.inputs[cell.input] / "predictions.parquet"
        if path.exists() and sql.binds(
            query := f"SELECT DISTINCT expected FROM {parquet(path)} WHERE expected IS NOT NULL"
        ):
            found.setdefault(cell.template, set()).update(row[0] for row in sql.rows(query))
    return {template: sorted(answers) for template, answers in found.items()}
