"""Questions about predictions: which cells an eval has, a page of items, the counts, one item whole.

An item is one row of the data under one template. It is seen from one model (the subject) beside
another (the baseline): what they measured decides whether it failed, was lost or was gained. Which
items those are and in which order is found on arrays (``item_index``, ``item_order``, ``item_filters``);
here are the questions that read text. Outputs are cut in SQL, so a page stays small whatever a model wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.store import Store
from tui.item_filters import PredictionFilter, listed
from tui.item_order import OUTCOMES, Outcome
from tui.item_pages import HEAD_CHARACTERS, PredictionRow, item_rows

__all__ = [
    "HEAD_CHARACTERS",
    "OUTCOMES",
    "Cell",
    "Item",
    "ItemOutput",
    "Outcome",
    "PredictionFilter",
    "PredictionRow",
    "cells",
    "item",
    "prediction_counts",
    "prediction_page",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """One model under one template in one eval."""

    eval: str
    model: str
    template: str
    step_hash: str
    items: int


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
        SELECT s.labels->>'eval', s.labels->>'model', s.labels->>'template', s.step_hash, coalesce(p.items, 0)
        FROM steps s LEFT JOIN (
            SELECT step_hash, count(*) AS items FROM predictions WHERE sample = 0 GROUP BY step_hash
        ) p USING (step_hash)
        WHERE s.run_id = ? AND s.kind = 'predict' ORDER BY s.ordinal
        """,
        [run_id],
    )
    return [Cell(*row) for row in rows]


def prediction_page(
    store: Store, run_id: str, chosen: PredictionFilter, limit: int, offset: int = 0
) -> list[PredictionRow]:
    """Items of a filter, those with the worst value first (not measured comes before all)."""
    with store.reading():
        return item_rows(store, listed(store, run_id, chosen), offset, offset + limit)


def prediction_counts(store: Store, run_id: str, chosen: PredictionFilter) -> dict[Outcome, int]:
    """Outcome -> number of items, whatever outcome the filter asks for."""
    return listed(store, run_id, chosen).counts


def item(store: Store, run_id: str, eval_name: str, row_id: str, template: str) -> Item:
    """One item under one template, with the outputs of every model of the eval in plan order. Steps are named before
    they are asked for, because a join would read every row of every step."""
    with store.reading() as con:
        steps = con.execute(
            "SELECT kind, step_hash, labels->>'model', labels->>'template' FROM steps WHERE run_id = ? "
            "AND labels->>'eval' = ? AND kind IN ('predict', 'measure') ORDER BY ordinal",
            [run_id, eval_name],
        ).fetchall()
        models = [(step, model) for kind, step, model, of in steps if kind == "predict" and of == template]
        measures = [step for kind, step, _, _ in steps if kind == "measure"]
        slots = ", ".join("?" * len(measures)) or "NULL"
        asked = ", ".join("?" * len(models)) or "NULL"
        answers = con.execute(
            "SELECT step_hash, prompt, output, expected, stop_reason, prompt_tokens, output_tokens, seconds, sample "
            f"FROM predictions WHERE step_hash IN ({asked}) AND row_id = ? ORDER BY sample",
            [*(step for step, _ in models), row_id],
        ).fetchall()
        measured = con.execute(
            f"SELECT model, metric, value, reason FROM item_metrics WHERE step_hash IN ({slots}) AND template = ? "
            "AND row_id = ?",
            [*measures, template, row_id],
        ).fetchall()
        sampled = con.execute(
            f"SELECT model, sample, metric, value FROM sample_metrics WHERE step_hash IN ({slots}) AND template = ? "
            "AND row_id = ?",
            [*measures, template, row_id],
        ).fetchall()
        slices = con.execute(
            "SELECT slice, string_agg(value, ', ' ORDER BY value) FROM item_slices "
            f"WHERE step_hash IN ({slots}) AND row_id = ? GROUP BY slice ORDER BY min(rowid)",
            [*measures, row_id],
        ).fetchall()
    values = {(model, metric): value for model, metric, value, _ in measured}
    reasons = {(model, metric): reason for model, metric, _, reason in measured if reason}
    samples = {(model, sample, metric): value for model, sample, metric, value in sampled}
    outputs = [ItemOutput(model, *rest) for step, model in models for own, *rest in answers if own == step]
    return Item(row_id, template, tuple(outputs), values, dict(slices), samples, reasons)
