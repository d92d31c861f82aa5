"""``sft show predictions``: the items of an eval under a filter, failures first; and ``marks``: what somebody marked.

The same filters as on the dashboard's failures screen, and the same lists.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, get_args

from runtime.store import Store
from sft.item_page import item_page
from sft.plain_tables import Page, Table
from sft.show_filters import Filters, known_name
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible
from tui import metric_queries, prediction_queries, queries
from tui.cause_queries import CAUSES
from tui.formats import count, interval, number
from tui.item_condition import ConditionError
from tui.item_filters import Listed, PredictionFilter, causes_of, listed, slice_counts
from tui.item_order import Outcome
from tui.item_pages import PredictionRow, item_rows
from tui.marks import Mark, marks, of_others
from tui.metric_queries import MetricRow
from tui.shelf import Shelf
from tui.view_models.choices import Choices, choices
from tui.view_models.failures import cause_line
from tui.view_models.predictions import item_line, outcome_name


def predictions_page(store: Store, run_id: str, filters: Filters) -> Page:
    """Raises DiagnosticError SFT0910 for an unknown name, and for a condition that cannot be asked."""
    metrics = metric_queries.metrics(store, run_id)
    known = choices(prediction_queries.cells(store, run_id), metrics, queries.plan(store, run_id))
    chosen = _chosen(store, run_id, known, filters)
    if chosen is None:
        return Page({"aggregates": [], "items": []}, "this run has no eval", ())
    if filters.row is not None:
        return item_page(store, run_id, known, chosen, filters.row, filters.limit)
    shelf = Shelf()
    try:
        found = listed(store, run_id, chosen, shelf)
    except ConditionError as error:
        raise fatal("SFT0910", f"`--where` cannot be asked: {visible(str(error))}") from None
    if filters.outcome is None and not (filters.all or filters.marked) and found.index.graded:
        chosen = replace(chosen, outcome="failed")
        found = listed(store, run_id, chosen, shelf)
    rows = item_rows(store, found, 0, filters.limit)
    whole = [row for row in metrics if row.eval == chosen.eval and row.slice == "*"]
    columns = ("metric", "model", "template", "estimate", "interval", "n", "missing")
    tables = (Table("", columns, _aggregates(whole), frozenset({5, 6})), _items(rows, known.side(chosen)))
    causes = causes_of(store, found, shelf) if chosen.outcome == "failed" else {}
    data: dict[str, Any] = {"filter": asdict(chosen), "counts": found.counts}
    data |= {"causes": causes} if causes else {}
    data |= {"aggregates": [asdict(row) for row in whole], "items": [asdict(row) for row in rows]}
    shown = f"{count(len(rows))} of {count(len(found.order))} {outcome_name(chosen.outcome, found.ranked.flips)} items"
    why = f"; why: {cause_line(causes, len(CAUSES))}" if causes else ""
    return Page(data, _head(chosen, found), tables, f"{shown} shown{why}")


def _head(chosen: PredictionFilter, found: Listed) -> str:
    baseline = f" beside {chosen.baseline}" if chosen.baseline else ""
    named: list[Outcome] = [name for name in get_args(Outcome)[1:] if found.counts[name]]
    outcomes = [f"{count(found.counts[name])} {outcome_name(name, found.ranked.flips)}" for name in named]
    items = f"{count(found.counts['all'])} items"
    return f"{chosen.eval}: {chosen.model}{baseline}, by {chosen.metric or 'no metric'}; " + ", ".join(
        [items, *outcomes]
    )


def _items(rows: Sequence[PredictionRow], side: tuple[str, str]) -> Table:
    """With what the metric says of the answers, where it says anything."""
    lines = [item_line(row, side) for row in rows]
    cells = [(line.badge, line.template, line.row_id[:12], line.expected, line.output) for line in lines]
    head: tuple[str, ...] = ("", "template", "item", "expected", "output")
    if side[0] != "share":  # a badge says nothing of a number
        head = ("value", *head[1:])
        cells = [(line.value, *cell[1:]) for line, cell in zip(lines, cells, strict=True)]
    if not any(row.reason for row in rows):
        return Table("items", head, cells, compared=(3, 4))
    cells = [(*cell, row.reason or "") for row, cell in zip(rows, cells, strict=True)]
    return Table("items", (*head, "why"), cells, compared=(3, 4))


def _aggregates(rows: Sequence[MetricRow]) -> list[tuple[str, ...]]:
    return [
        (
            row.metric,
            row.model,
            "all" if row.template == "*" else row.template,
            number(row.estimate, row.unit),
            interval(row.low, row.high, row.unit),
            count(row.n),
            count(row.missing) if row.missing else "",
        )
        for row in rows
    ]


def _chosen(store: Store, run_id: str, known: Choices, filters: Filters) -> PredictionFilter | None:
    """The filter that names ask for. SFT0910 for an unknown name."""
    known_name(filters.eval, known.evals, "eval")
    chosen = known.start(filters.eval)
    if chosen is None:
        return None
    models = known.models[chosen.eval]
    known_name(filters.model, models, "model")
    known_name(filters.baseline, models, "model")
    known_name(filters.template, known.templates[chosen.eval], "template")
    known_name(filters.metric, known.metrics[chosen.eval], "metric")
    model = filters.model or chosen.model
    other = next((other for other in models if other != model), None)
    chosen = replace(
        chosen,
        model=model,
        baseline=filters.baseline or other,
        template=filters.template,
        metric=filters.metric or chosen.metric,
        outcome=next((one for one in get_args(Outcome) if one == filters.outcome), "all"),
        text=filters.text or "",
        condition=filters.where or "",
        cause=next((one for one in CAUSES if one == filters.cause), None),
        tag=filters.tag,
        marked=filters.marked,
    )
    return _in_slice(store, run_id, chosen, filters.slice) if filters.slice else chosen


def _in_slice(store: Store, run_id: str, chosen: PredictionFilter, named: str) -> PredictionFilter:
    """``category=billing`` as a filter."""
    name, _, value = (part.strip() for part in named.partition("="))
    slices = slice_counts(store, run_id, chosen.eval)
    known_name(name, list(slices), "slice")
    known_name(value, list(slices[name]), f"value of {name},")
    return replace(chosen, slice=name, slice_value=value)


def marks_page(store: Store, run_id: str, filters: Filters) -> Page:
    """The marked items of a run's evals."""
    found = marks(store, run_id)
    cells = [(m.eval, m.template, m.row_id[:12], m.note, m.model, m.expected or "", m.output or "") for m in found]
    columns = ("eval", "template", "item", "note", "model", "expected", "output")
    others = of_others(store, run_id)
    data = {"marks": [marked_row(mark) for mark in found], "of_others": others}
    are = "is" if others == 1 else "are"
    more = f"; {count(others)} more {are} of evals or templates that this run does not have" if others else ""
    if not found:
        nothing = "nothing is marked: `space` on the failures screen of `sft tui` marks an item"
        return Page(data, nothing + more, ())
    shown = cells[: filters.limit]
    told = f"{count(len(shown))} of {count(len(found))} marked items shown; `--format jsonl` writes all as a source"
    return Page(data, "", (Table("", columns, shown),), told + more)


def marked_row(mark: Mark) -> dict[str, Any]:
    """A marked item as a row of a source: the columns of the row that it is, and under ``mark_…`` where it comes from.

    Where the rows of its source are not in the store any more, ``prompt`` stands for them.
    """
    content = json.loads(mark.content) if mark.content else {"prompt": mark.prompt}
    own = content if isinstance(content, dict) else {"content": content}
    return {
        **own,
        "mark_note": mark.note,
        "mark_expected": mark.expected,
        "mark_output": mark.output,
        "mark_model": mark.model,
        "mark_eval": mark.eval,
        "mark_template": mark.template,
        "mark_run": mark.run_id,
        "mark_spec": mark.spec,
        "mark_row": mark.row_id,
        "mark_file": mark.file,
        "mark_line": mark.line,
        "mark_at": mark.marked_at.isoformat(timespec="seconds"),
    }


def marks_as_source(store: Store, run_id: str) -> str:
    """A line of JSON a marked item; every line has every ``mark_`` column."""
    with store.reading():
        found = marks(store, run_id)
    return "".join(json.dumps(marked_row(mark), ensure_ascii=False) + "\n" for mark in found)
