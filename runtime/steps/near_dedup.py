"""The near-duplicate rule of a filter: texts out of the engine, drops back into it.

The one rule that is not SQL. Texts stream out of the engine and are kept once each, normalised; what that costs is told
in ``runtime.near_duplicates``.
"""

from __future__ import annotations

from fractions import Fraction

from compiler.step_params import NearDedupRule
from runtime.compared_rows import compared, order
from runtime.context import StepContext
from runtime.near_duplicates import near_duplicates
from runtime.relational import Engine


def drop_near_duplicates(ctx: StepContext, db: Engine, position: int, rule: NearDedupRule) -> None:
    """Add this rule's drops to ``dropped(ord, rule, value, survivor)``; ``alive`` has the rows that are left."""
    sql, params = compared(rule, position)
    keys = [f"nullif(k{i}::VARCHAR, '')" for i in range(len(rule.on))]
    # chr(1) is no white space, so the end of one value and the start of the next make no trigram of their own kind.
    text = f"concat_ws(chr(1), {', '.join(keys)})"
    db.execute(
        f"CREATE TEMP TABLE compared AS SELECT row_number() OVER (ORDER BY {order(rule)}) - 1 AS n, side, ord, row_id,"
        f" {text} AS text FROM ({sql})",
        params,
    )
    references = db.value("SELECT count(*) FROM compared WHERE side < ?", [len(rule.against)])

    def tick(done: int, of: int) -> None:
        ctx.stop.check()
        ctx.progress(done, of, "rows")

    if references or not rule.against:
        texts = (text for (text,) in db.stream("SELECT text FROM compared ORDER BY n"))
        found = near_duplicates(texts, Fraction(rule.threshold), tick, references=references)
        db.execute('CREATE TEMP TABLE found (n BIGINT, survivor BIGINT, common BIGINT, "union" BIGINT)')
        db.append_columns("found", found.columns)
        db.execute(_DROP, [position])
        db.execute("DROP TABLE found")
    db.execute("DROP TABLE compared")


_DROP = """
INSERT INTO dropped (ord, rule, value, survivor)
SELECT gone.ord, ?, printf('%.3f', common::DOUBLE / "union"), kept.row_id
FROM found JOIN compared AS gone ON gone.n = found.n JOIN compared AS kept ON kept.n = found.survivor"""
