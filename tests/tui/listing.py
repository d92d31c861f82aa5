"""A list of items as one page, for tests that ask for no more than its rows or its counts."""

from __future__ import annotations

from runtime.store import Store
from tui.item_filters import PredictionFilter, listed
from tui.item_order import Outcome
from tui.item_pages import PredictionRow, item_rows


def prediction_page(
    store: Store, run_id: str, chosen: PredictionFilter, limit: int, offset: int = 0
) -> list[PredictionRow]:
    """Items of a filter, those with the worst value first (not measured comes before all)."""
    with store.reading():
        return item_rows(store, listed(store, run_id, chosen), offset, offset + limit)


def prediction_counts(store: Store, run_id: str, chosen: PredictionFilter) -> dict[Outcome, int]:
    """Outcome -> number of items, whatever outcome the filter asks for."""
    return listed(store, run_id, chosen).counts
