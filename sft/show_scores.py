"""``sft show RUN scores``: how each score lies over its rows, the rows at both ends, and why rows have none.

The histogram is text: one block a bin from the first to the last percent, as high as the bin is full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import known_name, unfinished
from spec_lang.plain_text import one_line
from tui import queries
from tui.formats import count, number
from tui.score_queries import ScoredRow, ScoreRow, extremes, scores

_BLOCKS = " ▁▂▃▄▅▆▇█"
_ENDS = 3  # rows shown at each end, or fewer by --limit


def scores_page(store: Store, run_id: str, step: str | None, limit: int) -> Page:
    """All scores of a run, or of one of its steps. Raises DiagnosticError SFT0910 for a step that the run has not."""
    if step is not None:
        known_name(step, [one.step_id for one in queries.steps(store, run_id)], "step")
    found = [row for row in scores(store, run_id) if step in (None, row.step_id)]
    if not found:
        nothing = f"this {'run' if step is None else 'step'} scores nothing"
        return Page({"scores": []}, unfinished(store, run_id, "score", step) or nothing, ())
    ends = {
        (row.step_id, row.score): extremes(store, run_id, row.step_id, row.score, min(limit, _ENDS)) for row in found
    }
    columns = ("score", "rows", "none", "lowest", "10%", "25%", "median", "75%", "90%", "highest", "1% … 99%")
    tables = [Table("", columns, [_line(row) for row in found], frozenset(range(1, 10)))]
    listed = [
        (f"{row.score} {which}", number(one.value), one.place, one.row_id[:12], one_line(one.content, 300))
        for row in found
        for which, rows in zip(("lowest", "highest"), ends[row.step_id, row.score], strict=True)
        for one in rows
    ]
    tables.append(Table("rows at both ends", ("score", "value", "where", "row", "content"), listed, frozenset({1})))
    missing = [(row.score, count(rows), one_line(why, 200)) for row in found for why, rows in row.reasons]
    if missing:
        tables.append(Table("rows without a score", ("score", "rows", "reason"), missing, frozenset({1})))
    data = [_json(row, *ends[row.step_id, row.score]) for row in found]
    return Page({"scores": data}, "", tuple(tables))


def histogram(bins: Sequence[int]) -> str:
    """A block a bin; a bin with any row is never blank."""
    most = max(bins, default=0)
    return "".join(_BLOCKS[-(-8 * rows // most)] if most else " " for rows in bins)


def _line(row: ScoreRow) -> tuple[str, ...]:
    quantiles = [number(value) for value in row.quantiles] or [""] * 5
    none = row.rows - row.measured
    return (
        *(row.score, count(row.rows), count(none) if none else "", number(row.low)),
        *quantiles,
        *(number(row.high), histogram(row.bins)),
    )


def _json(row: ScoreRow, lowest: Sequence[ScoredRow], highest: Sequence[ScoredRow]) -> dict[str, object]:
    return {
        **asdict(row),
        "lowest": [asdict(one) for one in lowest],
        "highest": [asdict(one) for one in highest],
    }
