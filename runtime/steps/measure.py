"""The measure step: every prediction against its expected answer, and the numbers that come of it.

Reads predictions and the data behind them, runs no model. The items are all rows of the data's part,
so a prediction that is not there counts as missing and is not dropped in silence. About 10 µs an
item and metric, and some 0.2 s for opening the engine and loading numpy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.plan import Step, StepKind
from compiler.step_params import MeasureParams
from runtime.comparison.recorded_alike import recorded_otherwise, recorded_params
from runtime.context import StepContext, StepResult
from runtime.extension_metrics import own_metrics
from runtime.extensions import add_extensions
from runtime.measuring.classes import expected_answers
from runtime.measuring.metric_columns import metric_columns
from runtime.measuring.readings import LIKELIHOODS, with_readings
from runtime.metrics import Answer
from runtime.preparing import with_prepared
from runtime.recorded_answers import LOST, recorded_scores
from runtime.relational import Engine, engine, literal, parquet
from runtime.step_rows import NTH_COPY, publish_rows

if TYPE_CHECKING:
    from runtime.measuring.table import AnswerTable

# What a step leaves of an answer, as far as it does; a file of an older version, or of another tool, has less.
_ANSWER = ("output", "expected", "prompt", "prompt_tokens", "output_tokens", "stop_reason", "options")
_NO_TEXT = {"output": "", "expected": ""}
_ITEM_METRICS = {
    "model": "VARCHAR",
    "template": "VARCHAR",
    "row_id": "VARCHAR",
    "metric": "VARCHAR",
    "value": "DOUBLE",
    "statistics": "DOUBLE[]",
    "reason": "VARCHAR",
}
_MOST_REASONS = 5
_ITEM_TAGS = {"row_id": "VARCHAR", "tag": "VARCHAR"}
_SAMPLE_METRICS = {
    **dict.fromkeys(("model", "template", "row_id", "metric"), "VARCHAR"),
    "sample": "INTEGER",
    "value": "DOUBLE",
}
_ITEM_SLICES = {"row_id": "VARCHAR", "slice": "VARCHAR", "value": "VARCHAR"}
_METRICS = {
    **dict.fromkeys(("model", "template", "metric", "slice", "slice_value"), "VARCHAR"),
    **dict.fromkeys(("n", "missing"), "BIGINT"),
    **dict.fromkeys(("estimate", "low", "high", "level"), "DOUBLE"),
    **dict.fromkeys(("unit", "method"), "VARCHAR"),
}
_CORRECTED = {
    **dict.fromkeys(("model", "template", "metric", "slice", "slice_value"), "VARCHAR"),
    **dict.fromkeys(("n", "labelled"), "BIGINT"),
    **dict.fromkeys(("estimate", "low", "high", "level"), "DOUBLE"),
    "method": "VARCHAR",
}
_AXES = {
    **dict.fromkeys(("model", "metric", "axis", "statistic", "template", "which"), "VARCHAR"),
    **dict.fromkeys(("n", "missing"), "BIGINT"),
    **dict.fromkeys(("estimate", "low", "high", "level"), "DOUBLE"),
    **dict.fromkeys(("unit", "method"), "VARCHAR"),
}


def run(ctx: StepContext) -> StepResult:
    """Measure all cells; rows go to ``item_metrics``, ``sample_metrics``, ``item_slices``, ``metrics`` and ``axes``."""
    from runtime.measuring.aggregate_rows import aggregate_rows
    from runtime.measuring.axes import rows_of_axes
    from runtime.measuring.slice_values import slice_rows, slice_values
    from runtime.measuring.table import AnswerTable

    params = ctx.step.params
    assert isinstance(params, MeasureParams)
    with engine(ctx.out) as sql:
        add_extensions(ctx, sql)
        items = _items(sql, ctx, params)
        tags = _tag_rows(sql, ctx, params)
        slices = slice_values(sql, ctx, params.slices)
        columns = metric_columns(sql, ctx, params.metrics, "items")
        classes = expected_answers(sql, ctx, params)
        table = AnswerTable(items, params, columns, own_metrics(ctx), classes, ctx.stop.check)
        for done, cell in enumerate(params.cells, 1):
            ctx.stop.check()
            recorded = recorded_scores(sql, ctx.inputs[cell.input], params)
            for sample in range(params.samples):
                answers = _answers(sql, ctx, cell.input, sample, recorded)
                answers = with_readings(sql, ctx, cell, answers)
                if cell.judged or any(metric.votes > 1 for metric in params.metrics):
                    from runtime.measuring.judgements import with_judgements

                    answers = with_judgements(sql, ctx, cell, answers, sample)
                table.fill(cell, answers, sample)
            ctx.progress(done, len(params.cells), "cells")
        files = {
            "item_metrics": _write(sql, ctx.out, "item_metrics", _ITEM_METRICS, table.item_rows()),
            "sample_metrics": _write(sql, ctx.out, "sample_metrics", _SAMPLE_METRICS, table.sample_rows()),
            "item_slices": _write(sql, ctx.out, "item_slices", _ITEM_SLICES, slice_rows(slices)),
            "metrics": _write(sql, ctx.out, "metrics", _METRICS, aggregate_rows(table, slices, _seed(ctx))),
            "axes": _write(sql, ctx.out, "axes", _AXES, rows_of_axes(table)),
        }
        if params.calibrated:
            from runtime.measuring.judgements import corrected_rows

            rates = corrected_rows(sql, ctx, table, slices)
            files["corrected_rates"] = _write(sql, ctx.out, "corrected_rates", _CORRECTED, rates)
        if tags is not None:
            files["item_tags"] = _write(sql, ctx.out, "item_tags", _ITEM_TAGS, tags)
        lost = _lost(sql, ctx, params)
        copies = int(sql.value("SELECT count(*) FROM copies"))
    publish_rows(ctx, files)
    _tell_unmeasured(ctx, table)
    summary = _summary(table) | lost | _unlike(ctx, params)
    if copies:
        summary["copies"] = copies
        ctx.note(f"{copies:,} row{'s repeat' if copies != 1 else ' repeats'} another one: equal rows are one item")
    return StepResult(rows_in=table.predictions, rows_out=table.predictions, summary=summary)


def _lost(sql: Engine, ctx: StepContext, params: MeasureParams) -> dict[str, int]:
    """How many items were answered by any model and are in no file behind the data."""
    files = [path for path in (ctx.inputs[cell.input] / LOST for cell in params.cells) if path.exists()]
    every = " UNION ".join(f"SELECT item FROM {parquet(path)}" for path in files)
    count = int(sql.value(f"SELECT count(*) FROM ({every})")) if files else 0
    unread = _unread(ctx)
    return {**({"lost": count} if count else {}), **({"unread": unread} if unread else {})}


def _unread(ctx: StepContext) -> int:
    """How many lines of the data could not be read, where all of its rows are items: of a split nobody knows."""
    if ctx.input_steps["rows"].kind is StepKind.SPLIT:
        return 0
    rows = ctx.store.query(
        "WITH RECURSIVE behind(step_hash) AS (SELECT ? UNION ALL SELECT input_hash FROM lineage JOIN behind "
        "USING (step_hash) WHERE role = 'rows') SELECT count(*) FROM ledger JOIN behind USING (step_hash) "
        "WHERE rule = 'unreadable'",
        [ctx.input_steps["rows"].hash],
    )
    return int(rows[0][0])


def _unlike(ctx: StepContext, params: MeasureParams) -> dict[str, Any]:
    """What differs between the recorded answers of two models, by pair, where anything does."""
    recorded: dict[str, Step] = {}
    for cell in params.cells:
        step = ctx.input_steps[cell.input]
        if recorded_params(step) is not None:
            recorded[cell.model] = step
    found = [
        [one, other, told]
        for one, other in combinations(recorded, 2)
        if (told := list(recorded_otherwise(ctx.store, recorded[one], recorded[other])))
    ]
    return {"unlike": found} if found else {}


def _tell_unmeasured(ctx: StepContext, table: AnswerTable) -> None:
    """What could not be measured, a line a reason: all of them are in ``item_metrics``."""
    found = list(table.unmeasured())
    for metric, reason, count in found[:_MOST_REASONS]:
        ctx.note(f"{metric} could not be measured of {count} answer{'s' * (count > 1)}: {reason}")
    if len(found) > _MOST_REASONS:
        ctx.note(f"and {len(found) - _MOST_REASONS} more reasons")
    open_to_it = table.unconfined()
    if open_to_it is not None:
        metric, names = open_to_it
        ctx.note(f"{metric} ran a model's code that this machine did not confine: {names} (docs/code-execution.md)")


def _items(sql: Engine, ctx: StepContext, params: MeasureParams) -> list[str]:
    """Sorted ids of all rows that were to be answered: the data, or those of its parts that any prediction is from."""
    sql.execute(f"CREATE VIEW data AS SELECT * FROM {parquet(ctx.inputs['rows'] / 'rows.parquet')}")
    cells = " UNION ".join(f"SELECT row_id FROM {_predictions_file(ctx, cell.input)}" for cell in params.cells)
    sql.execute(f"CREATE TABLE predicted AS {cells}")
    stray = sql.value('SELECT count(*) FROM predicted WHERE row_id NOT IN (SELECT "__row_id" FROM data)')
    if stray:
        raise RuntimeError(f"{stray} predictions belong to no row of the data")
    columns = {row[0] for row in sql.rows("SELECT column_name FROM (DESCRIBE data)")}
    part = "TRUE"
    if "__split" in columns:
        part = '"__split" IN (SELECT "__split" FROM data JOIN predicted ON "__row_id" = row_id)'
    sql.execute(f'CREATE TABLE copies AS SELECT "__row_id" AS row_id FROM data WHERE {part} QUALIFY {NTH_COPY} > 1')
    sql.execute(
        f'CREATE VIEW items AS SELECT * FROM data WHERE {part} AND "__row_id" NOT IN (SELECT row_id FROM copies)'
    )
    return [row[0] for row in sql.rows('SELECT "__row_id" FROM items ORDER BY "__row_id"')]


def _tag_rows(sql: Engine, ctx: StepContext, params: MeasureParams) -> list[dict[str, Any]] | None:
    """The tags of each item, without white space around them; None where the eval names none."""
    if params.tags is None:
        return None
    items = with_prepared(ctx, sql, "items", '"__row_id"', (params.tags,))
    value = f"({params.tags.sql})"
    each = f"unnest(json_extract_string({value}, '$[*]'))" if params.tags.type == "list" else value  # JSON text
    rows = sql.rows(
        f'SELECT DISTINCT row_id, trim(tag) FROM (SELECT "__row_id" AS row_id, {each} AS tag FROM {items}) '
        "WHERE trim(tag) <> '' ORDER BY ALL",
        list(params.tags.params),
    )
    return [{"row_id": row_id, "tag": tag} for row_id, tag in rows]


def _predictions_file(ctx: StepContext, role: str) -> str:
    """The answers of a cell; where no metric asks for them, what a model gives to the expected ones."""
    answers = ctx.inputs[role] / "predictions.parquet"
    return parquet(answers if answers.exists() else ctx.inputs[role] / LIKELIHOODS)


def _seed(ctx: StepContext) -> int:
    """Of all that is drawn at random from this evaluation, here and in gates."""
    return int(ctx.step.hash[:15], 16)


def _answers(
    sql: Engine, ctx: StepContext, role: str, sample: int, recorded: Mapping[str, Mapping[str, float | None]]
) -> dict[str, Answer]:
    """The answers of one cell by row_id, of several to an item those of one number, with all that was recorded of them;
    ``recorded`` are scores by row_id.

    The seconds are in the store alone, since no two runs have the same.
    """
    file = _predictions_file(ctx, role)
    there = {row[0] for row in sql.rows(f"SELECT column_name FROM (DESCRIBE SELECT * FROM {file})")}
    fields = [name for name in _ANSWER if name in there]
    seconds: dict[str, float] = dict(
        ctx.store.query(
            "SELECT row_id, seconds FROM predictions WHERE step_hash = ? AND sample = ?",
            [ctx.input_steps[role].hash, sample],
        )
    )
    these = f"WHERE sample = {sample:d}" if "sample" in there else ""
    return {
        row_id: Answer(
            **{**_NO_TEXT, **dict(zip(fields, values, strict=True))},
            seconds=seconds.get(row_id),
            recorded=recorded.get(row_id, {}),
        )
        for row_id, *values in sql.rows(f"SELECT {', '.join(['row_id', *fields])} FROM {file} {these}")
    }


def _write(sql: Engine, folder: Path, name: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> Path:
    """Rows to a Parquet file by way of JSON lines, which DuckDB reads far faster than it takes bound values."""
    lines, target = folder / f"{name}.jsonl", folder / f"{name}.parquet"
    with lines.open("w", encoding="utf-8") as handle:
        handle.writelines(json.dumps(row) + "\n" for row in rows)
    types = ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items())
    reader = f"read_json({literal(str(lines))}, format = 'newline_delimited', columns = {{{types}}})"
    sql.copy(f"SELECT * FROM {reader}", target)
    lines.unlink()
    return target


def _summary(table: AnswerTable) -> dict[str, Any]:
    return {"items": len(table.items), "cells": len(table.params.cells), "missing": table.missing}
