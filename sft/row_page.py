"""``sft show RUN row``: one training row as its training sees it, with the loss mask; and templates on one row.

Trained text stands between ``⟦`` and ``⟧``, so the mask is there without colours. It is made by the training's own
functions, as in the dashboard.
"""

from __future__ import annotations

from typing import Any

from runtime.store import Store
from runtime.tracing.fates import Copy
from sft.plain_tables import Page, Table
from sft.show_filters import ENDED, Filters, known_name
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible
from tui import queries
from tui.row_queries import RowSet, row_count, row_page
from tui.template_queries import on_row, task_templates
from tui.training_row_queries import TrainingRow, mask_of, training_row
from tui.view_models.training_row import by_roles, characters, counted, facts, learned, stretches, ways

_OPEN, _CLOSE = "⟦", "⟧"


def training_row_page(store: Store, run_id: str, filters: Filters) -> Page:
    """A row of a render or mix step: its first, or the one that ``--row`` names by id or place. Raises DiagnosticError
    SFT0910 (no such step), SFT0926 (no such row)."""
    steps = [step for step in queries.steps(store, run_id) if step.kind in ("render", "mix")]
    known_name(filters.step, [step.step_id for step in steps], "step that renders or mixes")
    step = next((step for step in steps if filters.step in (None, step.step_id)), None)
    if step is None:
        return Page({"row": None}, "this run renders no rows", ())
    rows = RowSet(step.step_id, step.step_hash)
    if step.status not in ENDED or row_count(store, rows) is None:
        return Page({"row": None}, f"the rows of {step.step_id} are not in the store", ())
    row = training_row(store, run_id, step.step_id, _row_id(store, rows, filters.row or "0"))
    return _page(store, run_id, row)


def _row_id(store: Store, rows: RowSet, wanted: str) -> str:
    """By its place from 0, where that is a number of few digits; else it is an id, or its beginning."""
    if wanted.isdecimal() and len(wanted) < 10:
        found = row_page(store, rows, int(wanted), int(wanted) + 1)
        if not found:
            raise fatal("SFT0926", f"`{rows.step_id}` has no row {int(wanted):,}", "they count from 0")
        return found[0].row_id
    from runtime.relational import parquet

    sql = f"SELECT DISTINCT row_id FROM {parquet(rows.path(store))} WHERE starts_with(row_id, ?) LIMIT 2"
    ids = [row[0] for row in store.query(sql, [wanted])]
    if len(ids) != 1:
        what = "several rows" if ids else "no row"
        raise fatal(
            "SFT0926", f"`{rows.step_id}` has {what} with an id that begins with `{visible(wanted)}`", "give more of it"
        )
    return str(ids[0])


def _page(store: Store, run_id: str, row: TrainingRow) -> Page:
    """Every way in which the row is rendered in the set."""
    tables: list[Table] = []
    rendered = [_way(store, run_id, row, copy, tables) for copy in ways(row.copies)]
    data = {"row_id": row.row_id, "step": row.step_id, "rendered": rendered}
    shown = tuple(table for table in tables if table.columns or table.title)
    return Page({"row": data}, f"row {row.row_id} of {row.step_id}", shown)


def _way(store: Store, run_id: str, row: TrainingRow, copy: Copy, tables: list[Table]) -> dict[str, Any]:
    about = facts(row, copy)
    tables.append(Table("", ("", "value"), about))
    masks: list[dict[str, Any]] = []
    text = "".join(part.text for part in by_roles(copy))
    for training in row.trainings:
        mask = mask_of(store, run_id, training, copy)
        told = f"{training.step.id}: {learned(training)}"
        if isinstance(mask, str):
            masks.append({"train": training.step.id, "why_not": mask})
            tables.append(Table(f"{told}; no mask: {mask}", (), []))
            continue
        parts = stretches(mask)
        masks.append(
            {
                "train": training.step.id,
                "learned_in": [{"epoch": epoch, "step": step} for epoch, step in training.learned],
                "tokens": mask.tokens,
                "trained": mask.trained,
                "read": mask.read,
                "dropped": mask.dropped or None,
                "pieces": [{"text": part.text, "kind": part.kind} for part in parts],
            }
        )
        lines = "".join(f"{_OPEN}{part.text}{_CLOSE}" if part.kind == "trained" else part.text for part in parts)
        lines += f" … ({mask.more:,} characters more)" if mask.more else ""
        title = f"{told}; {counted(mask)}; what the loss falls on stands between {_OPEN} and {_CLOSE}"
        tables.append(Table(title, ("text",), [(line,) for line in lines.split("\n")]))
    if not any("pieces" in mask for mask in masks):
        tables.append(Table(f"by role: {characters(copy)}", ("text",), [(line,) for line in text.split("\n")]))
    return {"about": dict(about), "messages": list(copy.messages), "masks": masks}


def templates_page(store: Store, run_id: str, filters: Filters) -> Page:
    """Every task's templates on one of its rows: the first, or the one at the place that ``--row`` gives."""
    place = int(filters.row) if filters.row is not None and filters.row.isdecimal() else 0
    known = task_templates(store, run_id)
    tasks, names = list(dict.fromkeys(one.task for one in known)), {one.hash: one.name for one in known}
    data, tables = [], []
    for task in tasks:
        seen = on_row(store, run_id, task, place)
        if seen is None:
            continue
        rows = []
        for hash, made in seen.rendered.items():
            rows += [(names[hash], str(turn.get("role")), str(turn.get("content"))) for turn in made.messages]
            rows += [(names[hash], "✗", made.fault)] if made.fault else []
        tables.append(Table(f"task {task}, row {seen.place} of {seen.rows:,}", ("template", "role", "text"), rows))
        rendered = {
            names[hash]: {"messages": list(m.messages), "fault": m.fault or None} for hash, m in seen.rendered.items()
        }
        data.append({"task": task, "place": seen.place, "row_id": seen.row_id, "templates": rendered})
    return Page({"templates": data}, "" if tables else "no rows are rendered in this run yet", tuple(tables))
