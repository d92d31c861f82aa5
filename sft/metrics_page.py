"""``sft show metrics``: every aggregate of a run with its interval, then what its evals vary beside their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import Filters, known_name, unfinished
from tui import metric_queries
from tui.formats import count, interval, number
from tui.metric_queries import AxisLine, CorrectedRow, MetricRow

_SIGNED = ("unseen_minus_trained",)
_NAMES = {"unseen_minus_trained": "unseen minus trained", "flip_rate": "flip rate"}
_DIFFERENCES = ("spread", "unseen_minus_trained")


def metrics_page(store: Store, run_id: str, filters: Filters) -> Page:
    """The aggregates of all evals, or those that names choose; slices under single templates only where one is named,
    or all are asked for. SFT0910 for an unknown name."""
    rows, axes = metric_queries.metrics(store, run_id), metric_queries.axes(store, run_id)
    for name, options in (
        ("model", [row.model for row in rows]),
        ("template", [row.template for row in rows]),
        ("metric", [row.metric for row in rows]),
    ):
        known_name(getattr(filters, name), options, name)
    chosen = [row for row in rows if _wanted(row, filters)]
    if not filters.all and filters.template is None:
        chosen = [row for row in chosen if "*" in (row.slice, row.template)]
    every, chosen = len(chosen), chosen[: filters.most]
    varied = [row for row in axes if _wanted(row, filters)]
    rates = [row for row in metric_queries.corrected(store, run_id) if _wanted(row, filters)]
    corrected = [row for row in rates if filters.all or row.template == (filters.template or "*")]
    tables = []
    for name in dict.fromkeys(row.eval for row in chosen):
        tables.append(_aggregates(name, [row for row in chosen if row.eval == name]))
        own = [row for row in varied if row.eval == name]
        tables += [_axes(name, own)] if own else []
        by_judge = [row for row in corrected if row.eval == name]
        tables += [_corrected(name, by_judge)] if by_judge else []
    data: dict[str, object] = {"metrics": [asdict(row) for row in chosen], "axes": [asdict(row) for row in varied]}
    if corrected:
        data["corrected"] = [asdict(row) for row in corrected]
    left = unfinished(store, run_id, "measure", None)
    cut = f"{count(len(chosen))} of {count(every)} estimates shown" if len(chosen) < every else ""
    return Page(data, left or ("" if rows else "this run measures nothing"), tuple(tables), cut)


def _wanted(row: MetricRow | AxisLine | CorrectedRow, filters: Filters) -> bool:
    asked = ((filters.model, row.model), (filters.template, row.template), (filters.metric, row.metric))
    return all(name in (None, own) for name, own in asked)


def _aggregates(name: str, rows: Sequence[MetricRow]) -> Table:
    cells = [
        (
            *(row.metric, row.model, "all" if row.template == "*" else row.template),
            "all" if row.slice == "*" else f"{row.slice} = {row.slice_value}",
            *(number(row.estimate, row.unit), interval(row.low, row.high, row.unit)),
            *(count(row.n), count(row.missing) if row.missing else ""),
        )
        for row in rows
    ]
    columns = ("metric", "model", "template", "slice", "estimate", "interval", "n", "missing")
    return Table(name, columns, cells, frozenset({4, 6, 7}))


def _corrected(name: str, rows: Sequence[CorrectedRow]) -> Table:
    cells = [
        (
            *(row.metric, row.model, "all" if row.template == "*" else row.template),
            "all" if row.slice == "*" else f"{row.slice} = {row.slice_value}",
            *(number(row.raw, "share"), number(row.estimate, "share"), interval(row.low, row.high, "share")),
            *(count(row.n), count(row.labelled), row.method),
        )
        for row in rows
    ]
    columns = ("metric", "model", "template", "slice", "raw", "corrected", "interval", "n", "labelled", "how")
    return Table(f"{name}: corrected for the judge's errors", columns, cells, frozenset({4, 5, 7, 8}))


def _axes(name: str, rows: Sequence[AxisLine]) -> Table:
    cells = []
    for row in rows:
        unit = "points" if row.unit == "share" and row.statistic in _DIFFERENCES else row.unit
        what = _NAMES.get(row.statistic, row.statistic)
        which = row.which or ""
        if row.template != "*":
            which = f"{row.template}: {which}"
        figures = number(row.estimate, unit, signed=row.statistic in _SIGNED), interval(row.low, row.high, unit)
        left = count(row.missing) if row.missing else ""
        axis = row.axis.replace("_", "-")
        cells.append((row.metric, row.model, axis, what, which, *figures, count(row.n), left))
    columns = ("metric", "model", "over", "what", "which", "estimate", "interval", "n", "missing")
    return Table(f"{name}: over templates, numbers of examples and answers", columns, cells, frozenset({5, 7, 8}))
