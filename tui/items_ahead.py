"""The items that a long list of a run begins with, read while somebody looks at the run.

Half a million items beside another model take 0.4 s of a processor to read, most of what opening their list takes. So
they are put on the shelf once the run's screen has stood for a moment, and the list finds them there. Not of a run that
goes on, which has other items in a second; not of few, which are read at once; and not of so many that other questions
would have to wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from runtime.store import Store
from tui.queries import StepRow
from tui.shelf import Shelf

LEAST, MOST = 20_000, 2_000_000  # answers
AFTER_S = 0.3


def worth_it(steps: Iterable[StepRow]) -> bool:
    """Whether a run that has ended has so many answers that reading them ahead can be felt."""
    return LEAST <= sum(step.rows_out or 0 for step in steps if step.kind == "predict") <= MOST


def read_ahead(store: Store, run_id: str, shelf: Shelf) -> None:
    """Put the items on the shelf that the list of all items of a run begins with. Raises DiagnosticError."""
    from tui import metric_queries, prediction_queries, queries
    from tui.first_look import Wanted, first_look
    from tui.item_filters import listed
    from tui.view_models.choices import choices

    with store.reading():
        plan = queries.plan(store, run_id)
        cells, measured = prediction_queries.cells(store, run_id), metric_queries.metrics(store, run_id)
        look = first_look(store, run_id, plan, choices(cells, measured, plan), Wanted())
        for chosen in look.chosen[:1]:
            listed(store, run_id, chosen, shelf)
