"""Questions about predictions: which cells an eval has.

An item is one row of the data under one template. It is seen from one model (the subject) beside
another (the baseline): what they measured decides whether it failed, was lost or was gained. Which
items those are and in which order is found on arrays (``item_index``, ``item_order``, ``item_filters``), a page of them
is read by ``item_pages``, and one item whole by ``item_queries``. What all of these speak of has its names here.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.own_results import BEGUN_STEPS
from runtime.store import Store
from tui.item_filters import PredictionFilter
from tui.item_order import OUTCOMES, Outcome
from tui.item_pages import HEAD_CHARACTERS, PredictionRow
from tui.item_queries import Item, ItemOutput, item
from tui.queries import named

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
    """The cells of all evals of a run in plan order, those without a prediction yet included."""
    rows = named(
        store,
        f"""
        SELECT s.labels->>'eval', s.labels->>'model', s.labels->>'template', s.step_hash,
            step_id IN (SELECT b.step_id FROM {BEGUN_STEPS} b SEMI JOIN predictions USING (step_hash)
                        WHERE b.run_id = $run)
        FROM steps s WHERE s.run_id = $run AND s.kind = 'predict' ORDER BY s.ordinal
        """,
        {"run": run_id},
    )
    return [Cell(*row) for row in rows]
