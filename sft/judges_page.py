"""``sft show RUN judges``: how far judges agree with people and reviewers with each other, and what got no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import Filters, known_name, unfinished
from spec_lang.plain_text import one_line
from tui import agreement_queries, queries
from tui.agreement_queries import FigureRow, JudgedRow
from tui.formats import count, interval, number

_KINDS = ("judge", "calibrate", "review")
_TITLES = {
    "calibrate": "judge `{}` against people, on {}",
    "review": "reviewers of `{}`, on {}",
    "judge": "judge `{}`, {}",
}


def judges_page(store: Store, run_id: str, filters: Filters) -> Page:
    """The figures of all calibrations and reviews, slices too where all are asked for, and the verdicts of all judges.
    Raises DiagnosticError SFT0910 for a step that the run has not."""
    if filters.step is not None:
        known_name(filters.step, [one.step_id for one in queries.steps(store, run_id)], "step")
    figures = [row for row in agreement_queries.figures(store, run_id) if filters.step in (None, row.step_id)]
    judged = [row for row in agreement_queries.judged(store, run_id) if filters.step in (None, row.step_id)]
    shown = figures if filters.all else [row for row in figures if row.slice == "*"]
    tables = []
    for step_id in dict.fromkeys(row.step_id for row in shown):
        tables.append(_figures([row for row in shown if row.step_id == step_id]))
    tables += [_verdicts(judged)] if judged else []
    data = {"figures": [asdict(row) for row in shown], "judged": [asdict(row) for row in judged]}
    waiting = [kind for kind in _KINDS if unfinished(store, run_id, kind, filters.step)]
    left = unfinished(store, run_id, waiting[0], filters.step) if waiting else ""
    return Page(data, left or ("" if tables else "this run judges nothing"), tuple(tables))


def _figures(rows: Sequence[FigureRow]) -> Table:
    first = rows[0]
    sliced = any(row.slice != "*" for row in rows)
    cells = [
        (
            *((_slice(row),) if sliced else ()),
            row.statistic.replace("_", " "),
            one_line(row.which, 60),
            *(number(row.estimate, row.unit), interval(row.low, row.high, row.unit)),
            *(count(row.n), count(row.missing) if row.missing else ""),
        )
        for row in rows
    ]
    columns = (*(("slice",) if sliced else ()), "figure", "of", "estimate", "interval", "n", "left out")
    right = frozenset({3, 5, 6} if sliced else {2, 4, 5})
    return Table(_TITLES[first.kind].format(first.name, one_line(first.rows, 60)), columns, cells, right)


def _slice(row: FigureRow) -> str:
    return "all" if row.slice == "*" else one_line(f"{row.slice} = {row.slice_value}", 40)


def _verdicts(rows: Sequence[JudgedRow]) -> Table:
    cells = [
        (row.step_id.partition(":")[2], row.policy or "", count(row.texts), _listed(row.labels), _listed(row.reasons))
        for row in rows
    ]
    return Table("verdicts", ("step", "policy", "asked", "labels", "no verdict"), cells, frozenset({2}))


def _listed(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{one_line(name, 40)} {number:,}" for name, number in counts)
