"""Rows of ``round_figures``: what guards and rounds say, in one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.context import StepContext
from runtime.store import insert_rows

COLUMNS = (
    *("step_hash", "figure", "value", "low", "high", "level", "n", "unit", "op", "threshold", "stopped", "reason"),
)


def keep_figures(ctx: StepContext, rows: Sequence[tuple[Any, ...]]) -> None:
    """Replace the step's figures; rows have the columns after ``step_hash``."""
    with ctx.store.writing() as con:
        con.execute("DELETE FROM round_figures WHERE step_hash = ?", [ctx.step.hash])
        insert_rows(con, "round_figures", COLUMNS, [(ctx.step.hash, *row) for row in rows])
