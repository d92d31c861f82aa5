"""What metrics read of the rows behind answers: the values of their arguments, by row.

One query a metric over a view with the column ``__row_id``; some microseconds a row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from compiler.step_params import Metric, MetricColumn
from runtime.context import StepContext
from runtime.preparing import with_prepared
from runtime.relational import Engine

Columns: TypeAlias = Mapping[str, Mapping[str, Any]]  # row_id -> argument -> value


def metric_columns(sql: Engine, ctx: StepContext, metrics: Sequence[Metric], rows: str) -> dict[str, Columns]:
    """For every metric that reads the data, by its name: of each row of the view what each argument is."""
    read = [metric for metric in metrics if metric.columns]
    rows = with_prepared(ctx, sql, rows, '"__row_id"', (one.value for metric in read for one in metric.columns))
    found: dict[str, Columns] = {}
    for metric in read:
        values = ", ".join(f"({column.value.sql})" for column in metric.columns)
        bound = [value for column in metric.columns for value in column.value.params]
        told = sql.rows(f'SELECT "__row_id", {values} FROM {rows} ORDER BY "__row_id"', bound)
        found[metric.name] = {
            row_id: {one.argument: _read(one, value) for one, value in zip(metric.columns, row, strict=True)}
            for row_id, *row in told
        }
    return found


def _read(column: MetricColumn, value: Any) -> Any:
    """A list of the data is JSON text in SQL."""
    if column.value.type != "list" or value is None:
        return value
    try:
        return json.loads(value)
    except RecursionError:  # a list in a list in a list …: no metric has a use for it
        return None
