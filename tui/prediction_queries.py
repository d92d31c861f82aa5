"""Questions about predictions: which cells an eval has, a page of items, the counts, one item whole.

An item is one row of the data under one template. It is seen from one model (the subject) beside
another (the baseline): what they measured decides whether it failed, was lost or was gained. Which
side of a metric is better is a label of its measure step. One that was asked several times is shown
once, by the mean of its answers and with the worst of them. Items are sorted failures first, then
unmeasured ones among equals by template and row id, and paged with LIMIT and OFFSET over that total
order; outputs are cut in SQL, so a page stays small whatever a model wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from runtime.measuring.slice_names import pooled
from runtime.store import Store
from tui.queries import named

Outcome = Literal["all", "failed", "passed", "unmeasured", "lost", "gained"]
OUTCOMES: tuple[Outcome, ...] = ("all", "failed", "lost", "gained", "unmeasured", "passed")
HEAD_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Cell:
    """One model under one template in one eval."""

    eval: str
    model: str
    template: str
    step_hash: str
    items: int


@dataclass(frozen=True, slots=True)
class PredictionFilter:
    """Which items, seen how. ``template`` None means all; ``slice`` goes with ``slice_value``, which is a value of
    it or the pool of its small ones."""

    eval: str
    model: str
    baseline: str | None = None
    metric: str | None = None
    template: str | None = None
    outcome: Outcome = "all"
    slice: str | None = None
    slice_value: str | None = None


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """``value`` and ``base_value`` are the metric of subject and baseline; NULL when it was not measured. ``reason`` is
    what a metric says of the answer."""

    row_id: str
    template: str
    value: float | None
    base_value: float | None
    output: str
    expected: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ItemOutput:
    model: str
    prompt: str
    output: str
    expected: str
    stop_reason: str
    prompt_tokens: int | None
    output_tokens: int | None
    seconds: float | None
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One item whole: the outputs of each model, metrics by (model, metric), slices by name with all values that the
    item has. ``samples`` has what each of several answers measured, by (model, sample, metric), ``reasons`` what
    metrics say of the answers."""

    row_id: str
    template: str
    outputs: tuple[ItemOutput, ...]
    metrics: dict[tuple[str, str], float | None]
    slices: dict[str, str]
    samples: dict[tuple[str, int, str], float | None] = field(default_factory=dict)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)


def cells(store: Store, run_id: str) -> list[Cell]:
    """The cells of all evals of a run in plan order, those without a prediction yet included."""
    rows = store.query(
        """
        SELECT s.labels->>'eval', s.labels->>'model', s.labels->>'template', s.step_hash, count(DISTINCT p.row_id)
        FROM steps s LEFT JOIN predictions p USING (step_hash)
        WHERE s.run_id = ? AND s.kind = 'predict' GROUP BY s.ordinal, s.labels, s.step_hash ORDER BY s.ordinal
        """,
        [run_id],
    )
    return [Cell(*row) for row in rows]


# The items of one eval under subject and baseline, with what the chosen metric measured for each.
_ITEMS = """
WITH asked AS (
    SELECT s.step_hash, s.labels->>'template' AS template, s.ordinal FROM steps s
    WHERE s.run_id = $run AND s.kind = 'predict' AND s.labels->>'eval' = $eval AND s.labels->>'model' = $model
      AND ($template IS NULL OR s.labels->>'template' = $template)
      AND ($cells IS NULL OR s.labels->>'template' = $cells OR starts_with(s.labels->>'template', $cells || '@')
           OR ends_with(s.labels->>'template', '@' || $cells))
), sampled AS (
    SELECT i.* FROM steps s JOIN sample_metrics i USING (step_hash)
    WHERE s.run_id = $run AND s.kind = 'measure' AND s.labels->>'eval' = $eval
      AND i.metric = $metric AND i.model = $model
), side AS (
    SELECT coalesce(any_value(s.labels->>('better:' || $metric)), 'higher') AS better FROM steps s
    WHERE s.run_id = $run AND s.kind = 'measure' AND s.labels->>'eval' = $eval
), answers AS (
    SELECT p.*, a.template, a.ordinal FROM asked a JOIN predictions p USING (step_hash) CROSS JOIN side
    LEFT JOIN sampled v ON v.row_id = p.row_id AND v.sample = p.sample AND v.template = a.template
    QUALIFY row_number() OVER (PARTITION BY p.step_hash, p.row_id
        ORDER BY CASE better WHEN 'lower' THEN -v.value ELSE v.value END NULLS FIRST, p.sample) = 1
), measured AS (
    SELECT i.* FROM steps s JOIN item_metrics i USING (step_hash)
    WHERE s.run_id = $run AND s.kind = 'measure' AND s.labels->>'eval' = $eval AND i.metric = $metric
), items AS (
    SELECT p.row_id, p.template, p.ordinal, m.value, b.value AS base_value, p.output, p.expected, m.reason,
        CASE better WHEN 'higher' THEN m.value - b.value WHEN 'lower' THEN b.value - m.value END AS gain,
        CASE better WHEN 'lower' THEN -m.value ELSE m.value END AS goodness,
        CASE better WHEN 'lower' THEN 0 ELSE 1 END AS bar
    FROM answers p CROSS JOIN side
    LEFT JOIN measured m ON m.row_id = p.row_id AND m.template = p.template AND m.model = $model
    LEFT JOIN measured b ON b.row_id = p.row_id AND b.template = p.template AND b.model = $baseline
    WHERE $slice IS NULL OR p.row_id IN (
        SELECT l.row_id FROM steps s JOIN item_slices l USING (step_hash)
        WHERE s.run_id = $run AND s.labels->>'eval' = $eval AND l.slice = $slice
          AND list_contains($slice_values, l.value))
)
"""

_OUTCOME = """
CASE $outcome WHEN 'all' THEN true WHEN 'failed' THEN goodness < bar WHEN 'passed' THEN goodness >= bar
WHEN 'unmeasured' THEN value IS NULL WHEN 'lost' THEN gain < 0 WHEN 'gained' THEN gain > 0 END
"""


def prediction_page(
    store: Store, run_id: str, chosen: PredictionFilter, limit: int, offset: int = 0
) -> list[PredictionRow]:
    """Items of a filter, those with the worst value first (not measured comes before all)."""
    rows = named(
        store,
        f"{_ITEMS} SELECT row_id, template, value, base_value, left(output, {HEAD_CHARACTERS}), "
        f"left(expected, {HEAD_CHARACTERS}), reason FROM items WHERE {_OUTCOME} "
        "ORDER BY goodness NULLS FIRST, base_value DESC NULLS LAST, ordinal, row_id LIMIT $limit OFFSET $offset",
        {**_parameters(store, run_id, chosen), "outcome": chosen.outcome, "limit": limit, "offset": offset},
    )
    return [PredictionRow(*row) for row in rows]


def prediction_counts(store: Store, run_id: str, chosen: PredictionFilter) -> dict[Outcome, int]:
    """Outcome -> number of items, whatever outcome the filter asks for."""
    row = named(
        store,
        f"{_ITEMS} SELECT count(*), count_if(goodness < bar), count_if(gain < 0), count_if(gain > 0), "
        "count_if(value IS NULL), count_if(goodness >= bar) FROM items",
        _parameters(store, run_id, chosen),
    )[0]
    return dict(zip(OUTCOMES, (int(value or 0) for value in row), strict=True))


def _parameters(store: Store, run_id: str, chosen: PredictionFilter) -> dict[str, object]:
    values = slice_values(store, run_id, chosen)
    of_cells = chosen.slice is not None and values is None
    return {
        "run": run_id,
        "eval": chosen.eval,
        "model": chosen.model,
        "baseline": chosen.baseline,
        "metric": chosen.metric,
        "template": chosen.template,
        "slice": None if of_cells else chosen.slice,
        "slice_values": values or [],
        "cells": chosen.slice_value if of_cells else None,
    }


def slice_values(store: Store, run_id: str, chosen: PredictionFilter) -> list[str] | None:
    """The values of a slice that are shown under one name: itself, or all small ones for their pool. None where the
    slice groups answers and not items: by template, or by number of examples."""
    if chosen.slice is None:
        return None
    counts: dict[str, int] = dict(
        store.query(
            """
            SELECT l.value, count(*) FROM steps s JOIN item_slices l USING (step_hash)
            WHERE s.run_id = ? AND s.labels->>'eval' = ? AND l.slice = ? GROUP BY l.value
            """,
            [run_id, chosen.eval, chosen.slice],
        )
    )
    if not counts:
        return None
    if chosen.slice_value in counts:
        return [chosen.slice_value]
    return [value for value, shown in pooled(counts).items() if shown == chosen.slice_value]


def item(store: Store, run_id: str, eval_name: str, row_id: str, template: str) -> Item:
    """One item under one template, with the outputs of every model of the eval in plan order."""
    with store.reading() as con:
        outputs = con.execute(
            """
            SELECT s.labels->>'model', p.prompt, p.output, p.expected, p.stop_reason, p.prompt_tokens,
                   p.output_tokens, p.seconds, p.sample
            FROM steps s JOIN predictions p USING (step_hash)
            WHERE s.run_id = ? AND s.labels->>'eval' = ? AND s.labels->>'template' = ? AND p.row_id = ?
            ORDER BY s.ordinal, p.sample
            """,
            [run_id, eval_name, template, row_id],
        ).fetchall()
        measured = con.execute(
            """
            SELECT i.model, i.metric, i.value, i.reason FROM steps s JOIN item_metrics i USING (step_hash)
            WHERE s.run_id = ? AND s.labels->>'eval' = ? AND i.template = ? AND i.row_id = ?
            """,
            [run_id, eval_name, template, row_id],
        ).fetchall()
        sampled = con.execute(
            """
            SELECT i.model, i.sample, i.metric, i.value FROM steps s JOIN sample_metrics i USING (step_hash)
            WHERE s.run_id = ? AND s.labels->>'eval' = ? AND i.template = ? AND i.row_id = ?
            """,
            [run_id, eval_name, template, row_id],
        ).fetchall()
        slices = con.execute(
            """
            SELECT l.slice, string_agg(l.value, ', ' ORDER BY l.value) FROM steps s JOIN item_slices l USING (step_hash)
            WHERE s.run_id = ? AND s.labels->>'eval' = ? AND l.row_id = ?
            GROUP BY l.slice, s.ordinal ORDER BY min(l.rowid)
            """,
            [run_id, eval_name, row_id],
        ).fetchall()
    values = {(model, metric): value for model, metric, value, _ in measured}
    reasons = {(model, metric): reason for model, metric, _, reason in measured if reason}
    samples = {(model, sample, metric): value for model, sample, metric, value in sampled}
    return Item(row_id, template, tuple(ItemOutput(*row) for row in outputs), values, dict(slices), samples, reasons)
