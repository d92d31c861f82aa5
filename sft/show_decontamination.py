"""``sft show RUN decontamination``: each held-out set with what gives it away, and the items that rows come closest to.

Also where nothing was dropped: the highest coverage tells how far the rows are from it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import unfinished
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible
from tui import queries
from tui.formats import count, place, share
from tui.overlap_queries import OverlapItem, OverlapSet, overlap_items, overlap_sets


def decontamination(store: Store, run_id: str, step: str | None, limit: int) -> Page:
    """The page of a run, or of one of its steps. Raises DiagnosticError SFT0910 for an unknown step."""
    sets = overlap_sets(store, run_id)
    left = unfinished(store, run_id, "decontaminate", step)
    if not sets:
        return Page({"sets": [], "items": []}, left or "this run compares no rows with held-out ones", ())
    if step is not None:
        known = sorted({one.step_id for one in sets})
        sets = [one for one in sets if one.step_id == step]
        if not sets and left:
            return Page({"sets": [], "items": []}, left, ())
        if not sets:
            raise fatal("SFT0910", f"`{visible(step)}` compares no rows", f"steps that do: {', '.join(known)}")
    items = overlap_items(store, run_id, step, limit)
    tables = [Table("", _SET_COLUMNS, [_set_cells(one) for one in sets], frozenset(range(2, 8)))]
    if items:
        row_files = queries.row_files(store, run_id)
        cells = [_item_cells(item, row_files) for item in items]
        tables.append(Table("held-out rows, most covered first", _ITEM_COLUMNS, cells, frozenset({3})))
    touched = sum(one.touched for one in sets)
    tail = f"{count(len(items))} of {count(touched)} held-out rows shown" if touched > len(items) else ""
    data = {"sets": [asdict(one) for one in sets], "items": [asdict(item) for item in items]}
    return Page(data, "", tuple(tables), "; ".join(filter(None, (tail, left))))


_SET_COLUMNS = ("rows", "compared with", "items", "given away", "", "rows that overlap", "dropped", "highest other")
_ITEM_COLUMNS = ("held-out row", "closest row", "given away", "covered", "in common")


def _set_cells(one: OverlapSet) -> tuple[str, ...]:
    name = one.text.removeprefix("decontaminate against ")
    part = share(one.hit, one.items) if one.hit else ""
    highest = f"{one.highest:.0%}" if one.highest is not None else ""
    rows = one.step_id.partition(":")[2]
    return (rows, name, count(one.items), count(one.hit), part, count(one.rows), count(one.dropped), highest)


def _item_cells(item: OverlapItem, row_files: Collection[str]) -> tuple[str, ...]:
    where = place(item.file, item.line, row_files) if item.line is not None else item.row_id[:12]
    return (
        item.item[:12],
        where,
        f"by {count(item.rows)}" if item.rows else "",
        f"{item.covered}/{item.words}",
        item.matched,
    )
