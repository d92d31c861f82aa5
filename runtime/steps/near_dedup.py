"""The near-duplicate rule of a filter: texts out of the engine, drops back into it.

The one data rule that is not SQL. It holds the texts of the rows that are left in memory (about
twice their size); 200,000 instructions of 100 characters take about ten seconds on two cores.
"""

from __future__ import annotations

from fractions import Fraction

from compiler.step_params import NearDedupRule
from runtime.context import StepContext
from runtime.near_duplicates import near_duplicates
from runtime.relational import Engine


def drop_near_duplicates(ctx: StepContext, db: Engine, position: int, rule: NearDedupRule) -> None:
    """Add this rule's drops to ``dropped(ord, rule, value, survivor)``; ``alive`` has the rows that are left."""
    keys = [f"nullif(({key.sql})::VARCHAR, '')" for key in rule.on]
    params = [param for key in rule.on for param in key.params]
    # chr(1) is no white space, so the end of one value and the start of the next make no trigram of their own kind.
    text = f"concat_ws(chr(1), {', '.join(f'k{i}' for i in range(len(keys)))})"
    listed = ", ".join(f"{key} AS k{i}" for i, key in enumerate(keys))
    rows = db.rows(
        f"SELECT __ord, __row_id, {text} FROM (SELECT __ord, __row_id, {listed} FROM alive) ORDER BY 1", params
    )

    def tick(done: int) -> None:
        ctx.stop.check()
        ctx.progress(done, len(rows), "rows")

    found = near_duplicates([row[2] for row in rows], Fraction(rule.threshold), tick)
    db.execute(
        "INSERT INTO dropped SELECT unnest(?::BIGINT[]), ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
        [
            [rows[item.row][0] for item in found],
            position,
            [f"{float(item.jaccard):.3f}" for item in found],
            [rows[item.survivor][1] for item in found],
        ],
    )
