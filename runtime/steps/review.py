"""Review: how far people agree on the labels of the same items, and how often they are right where that is known.

Reads one column a reviewer; what is empty is no label. Items are told apart by a column, and two rows of one item are
a mistake that stops the step: neither could be chosen. 0.3 s for a thousand items, most of it resampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.judge_params import ReviewParams
from runtime.context import StepContext, StepResult
from runtime.relational import Engine, engine, parquet, quoted
from runtime.step_rows import publish_rows
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible

if TYPE_CHECKING:
    from runtime.agreement.reviewers import Ratings

RATINGS = "ratings.parquet"  # row_id, labels (a list, one a reviewer), final, gold


def run(ctx: StepContext) -> StepResult:
    """Raises DiagnosticError SFT0592 (two rows of one item, or no item has two labels)."""
    from runtime.agreement.reviewers import review_figures
    from runtime.agreement.rows import figure_rows, sliced, write_figures

    params = ctx.step.params
    assert isinstance(params, ReviewParams)
    with engine(ctx.out) as db:
        rows = _write_ratings(ctx, db, params)
        ratings, row_ids = read_ratings(db, ctx.out, params)
        overlap = int((ratings.counts.sum(axis=1) > 1).sum())
        if not overlap:
            help = "agreement is told from items with labels of two people"
            raise fatal("SFT0592", f"none of {rows:,} items has two labels", help, about="reviewers")
        values = sliced(ctx, db, params.slices, parquet(ctx.inputs["rows"] / "rows.parquet"))
        figures = figure_rows(values, row_ids, lambda mask: review_figures(ratings.only(mask), _seed(ctx)))
        write_figures(db, figures, ctx.out / "agreement.parquet")
    publish_rows(ctx, {"agreement": ctx.out / "agreement.parquet"})
    return StepResult(rows, rows, 0, {"labels": list(ratings.labels), "with_two_labels": overlap})


def _seed(ctx: StepContext) -> int:
    return int(ctx.step.hash[:15], 16)


def _write_ratings(ctx: StepContext, db: Engine, params: ReviewParams) -> int:
    """The labels of all items to a file that a gate can read again; how many items there are."""
    source = parquet(ctx.inputs["rows"] / "rows.parquet")
    _refuse_twice(db, source, params.item, "items")
    labels = ", ".join(_text(name) for name in params.reviewers)
    final = _text(params.final) if params.final is not None else "NULL"
    gold, joined = "NULL", ""
    if params.gold and params.final is not None:
        known = parquet(ctx.inputs["gold"] / "rows.parquet")
        _refuse_twice(db, known, params.item, "gold items")
        gold = "g.known"
        joined = (
            f" LEFT JOIN (SELECT (r.{quoted(params.item)})::VARCHAR AS item, {_text(params.final)} AS known "
            f"FROM {known} AS r) AS g ON g.item = (r.{quoted(params.item)})::VARCHAR"
        )
    db.copy(
        f"SELECT r.__row_id AS row_id, [{labels}] AS labels, {final} AS final, {gold} AS gold "
        f"FROM {source} AS r{joined} ORDER BY r.__row_id",
        ctx.out / RATINGS,
    )
    return int(db.value(f"SELECT count(*) FROM {source}"))


def _text(column: str) -> str:
    """A label of the rows ``r`` as text, NULL where there is none."""
    return f"nullif(trim((r.{quoted(column)})::VARCHAR), '')"


def _refuse_twice(db: Engine, source: str, item: str, what: str) -> None:
    found = db.rows(
        f"SELECT ({quoted(item)})::VARCHAR, min(__line), max(__line) FROM {source} GROUP BY 1 HAVING count(*) > 1 "
        "ORDER BY 2 LIMIT 1"
    )
    if found:
        name, first, last = found[0]
        shown = f"`{visible(str(name)[:40])}`" if name is not None else "no item"
        message = f"`item` does not tell {what} apart: lines {first} and {last} both have {shown}"
        raise fatal("SFT0592", message, "name another column, or keep one row an item", about="item")


def read_ratings(db: Engine, folder: Path, params: ReviewParams) -> tuple[Ratings, Sequence[str]]:
    """The labels of a finished review, and the ids of its rows."""
    import numpy as np

    from runtime.agreement.reviewers import NONE, Ratings

    rows = db.rows(f"SELECT row_id, labels, final, gold FROM {parquet(folder / RATINGS)}")
    names = sorted({one for _, labels, final, gold in rows for one in (*labels, final, gold) if one is not None})
    place = {name: at for at, name in enumerate(names)}

    def codes(values: Sequence[Any]) -> Any:
        return np.array([NONE if one is None else place[one] for one in values], dtype=np.int64)

    matrix = codes([one for row in rows for one in row[1]]).reshape(len(rows), len(params.reviewers))
    final = codes([row[2] for row in rows]) if params.final is not None else None
    gold = codes([row[3] for row in rows]) if params.gold else None
    return Ratings(tuple(names), params.reviewers, matrix, final, gold), [row[0] for row in rows]
