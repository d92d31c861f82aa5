"""What is known of the changes of the runs on Home: one is worked out at a time, and kept while the dashboard is open.

Results never change, so a change is kept by what was compared with what. The run and its reference do not say that:
what a run measured first is another metric once its gate has said what it asks for. A list that is read again does not
begin again what is under way, else a run whose steps end faster than a change is worked out would never get one.
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.internal_errors import finding_of
from runtime.store import Store
from spec_lang.diagnostics import Diagnostic
from tui import home_queries
from tui.home_queries import PASSING, Delta, HomeRow


class Changes:
    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Delta | None] = {}
        self._under_way = False

    def of(self, row: HomeRow) -> Delta | None:
        """The change of a run, as far as it is known."""
        return self._known.get(_compared(row))

    def begin(self, rows: Sequence[HomeRow]) -> HomeRow | None:
        """The first run whose change is to be worked out now; None while another one is, or where all are known."""
        if self._under_way:
            return None
        comparable = (row for row in rows if row.headline is not None and row.reference is not None)
        found = next((row for row in comparable if _compared(row) not in self._known), None)
        self._under_way = found is not None
        return found

    def end(self, row: HomeRow, found: Delta | Diagnostic | None) -> Diagnostic | None:
        """Take what was worked out; back comes what stood in the way and passes, so that it is to be begun again."""
        self._under_way = False
        if isinstance(found, Diagnostic):
            return found
        self._known[_compared(row)] = found
        return None


def work_out(store: Store, row: HomeRow) -> Delta | Diagnostic | None:
    """The change of a run, or the finding that passes."""
    try:
        return home_queries.delta(store, row)
    except Exception as error:  # a bug of ours costs this change and not those of the other runs
        finding = finding_of(error)
        return finding if finding.code in PASSING else Delta(None, finding.message)


def _compared(row: HomeRow) -> tuple[str, ...]:
    head, reference = row.headline, row.reference
    what = (head.step_hash, head.eval, head.model, head.metric) if head is not None else ()
    return row.run.run_id, reference.run_id if reference is not None else "", *what
