"""Questions about predictions: which cells an eval has.

An item is one row of the data under one template. It is seen from one model (the subject) beside
another (the baseline): what they measured decides whether it failed, was lost or was gained. Which
items those are and in which order is found on arrays (``item_index``, ``item_order``, ``item_filters``), a page of them
is read by ``item_pages``, and one item whole by ``item_queries``. What all of these speak of has its names here.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.own_results import BEGUN_STEPS, finished_by
from runtime.store import Store
from tui.item_filters import PredictionFilter
from tui.item_order import OUTCOMES, Outcome
from tui.item_pages import HEAD_CHARACTERS, PredictionRow
from tui.item_queries import Item, ItemOutput, item

__all__ = [
    "HEAD_CHARACTERS",
    "OUTCOMES",
    "Cell",
    "Item",
    "ItemOutput",
    "Outcome",
    "PredictionFilter",
    "PredictionRow",
    "answered_since",
    "cells",
    "item",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """One model under one template in one eval."""

    eval: str
    model: str
    template: str
    step_hash: str
    answered: bool  # whether it has a prediction yet


def cells(store: Store, run_id: str) -> list[Cell]:
    """The cells of all evals of a run in plan order, those without a prediction yet included. Of a step that is done
    nothing has to be counted; the answers of the others are looked for, which takes 25 ms of a million."""
    with store.reading():
        rows = store.query(
            "SELECT labels->>'eval', labels->>'model', labels->>'template', step_hash, status IN ('done', 'cached'), "
            "step_id FROM steps WHERE run_id = ? AND kind = 'predict' ORDER BY ordinal",
            [run_id],
        )
        begun = frozenset() if all(row[4] for row in rows) else _begun(store, run_id)
    return [Cell(*(*names, done or step in begun)) for *names, done, step in rows]


def _begun(store: Store, run_id: str) -> frozenset[str]:
    """The steps of a run that have answers of its own."""
    rows = store.query(
        f"SELECT b.step_id FROM {BEGUN_STEPS} b SEMI JOIN predictions USING (step_hash) WHERE b.run_id = ?", [run_id]
    )
    return frozenset(step for (step,) in rows)


def answered_since(store: Store, run_id: str, chosen: PredictionFilter) -> str | None:
    """The run that has finished a model's answers since, of which this one has none of its own; None where there is
    no such run."""
    others = finished_by(store, run_id)
    asked = store.query(
        "SELECT step_id FROM steps WHERE run_id = ? AND kind = 'predict' AND labels->>'eval' = ? "
        "AND labels->>'model' = ? ORDER BY ordinal",
        [run_id, chosen.eval, chosen.model],
    )
    return next((others[step] for (step,) in asked if step in others), None)
