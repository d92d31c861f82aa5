"""The verdicts of a run as a table: what ``sft run`` ends with, and the view of that name.

Apart from the other views, so that a run that had nothing to do does not load them all (40 ms).
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.store import Store
from sft.plain_tables import Table, aligned, terminal_width
from tui import queries
from tui.view_models.verdicts import Requirement, verdict_view


def verdict_table(store: Store, run_id: str, width: int | None = None) -> str:
    """What a run ends with: a line a requirement, and the reason under each that did not pass.

    Slices are named only where they did not pass. Empty when the run has no verdict yet.
    """
    with store.reading():
        shown = [row for row in requirements_of(store, run_id) if row.part == 0 or row.verdict != "pass"]
    return "".join(f"{line}\n" for line in aligned(requirement_table(shown), width or terminal_width(), header=False))


def requirements_of(store: Store, run_id: str) -> tuple[Requirement, ...]:
    """The requirements of a run's gates with their slices, in the order of the spec."""
    verdict = queries.run(store, run_id).verdict
    rows, looks = queries.gates(store, run_id), queries.looks(store, run_id)
    return verdict_view(verdict, rows, looks, queries.plan(store, run_id)).requirements


def requirement_table(rows: Sequence[Requirement]) -> Table:
    """Badge, gate where there are several, requirement, estimate, n; below what did not pass the reason, which is told
    once where neighbours share it."""
    notes, told = [], ""
    for row in rows:
        said = "for the same reason" if row.reason == told else row.reason
        notes.append(said if row.verdict != "pass" else "")
        told = row.reason
    if len({row.gate for row in rows}) < 2:
        columns: tuple[str, ...] = ("", "requirement", "estimate", "n")
        return Table("", columns, [_verdict_cells(row) for row in rows], frozenset({2, 3}), notes)
    columns = ("", "gate", "requirement", "estimate", "n")
    cells = [(badge, row.gate, *more) for row in rows for badge, *more in (_verdict_cells(row),)]
    return Table("", columns, cells, frozenset({3, 4}), notes)


def _verdict_cells(row: Requirement) -> tuple[str, ...]:
    title = row.title.removeprefix("require ")
    group = not row.n and (row.target is None or not row.target.metric)  # it measures nothing of its own
    n = "" if row.n is None or group else f"n={row.n:,}"
    return (row.badge, title if row.part == 0 else f"  {title}", row.shown, n)
