"""What the dashboard and ``sft show`` ask of the ledger: how many rows fell to which rule, and which.

A dropped row is shown with what it holds, and a duplicate with the row that stands in for it. The ledger names rows by
ids, and equal rows of two files have one id; which of them is meant, their places tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.store import Store
from tui.queries import named


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many rows fell to one rule of one step; a rule that dropped nothing counts 0."""

    step_id: str
    rule: str
    text: str | None
    reason: str | None
    dropped: int


@dataclass(frozen=True, slots=True)
class DropRow:
    """A ledger entry with the content of the row and, for a duplicate, of the row that survived."""

    step_id: str
    rule: str
    row_id: str | None
    file: str | None
    line: int | None
    value: str | None
    detail: str | None
    content: str | None
    survivor: str | None
    survivor_file: str | None
    survivor_line: int | None
    survivor_content: str | None


def rule_counts(store: Store, run_id: str) -> list[RuleCount]:
    """Drops by step and rule in plan order, numbered rules first; rules that dropped nothing are included."""
    rows = store.query(
        """
        WITH fallen AS (
            SELECT s.step_id, l.rule, count(*) AS dropped,
                   CASE WHEN min(l.detail) = max(l.detail) THEN min(l.detail) END AS detail
            FROM steps s JOIN ledger l USING (step_hash) WHERE s.run_id = ? GROUP BY ALL
        ), named AS (SELECT step_id, rule, text, reason FROM rules WHERE run_id = ?)
        SELECT step_id, rule, n.text, coalesce(n.reason, f.detail), coalesce(f.dropped, 0)
        FROM named n FULL JOIN fallen f USING (step_id, rule)
        JOIN (SELECT step_id, ordinal FROM steps WHERE run_id = ?) s USING (step_id)
        ORDER BY s.ordinal, try_cast(rule AS INTEGER) NULLS LAST, rule
        """,
        [run_id, run_id, run_id],
    )
    return [RuleCount(*row) for row in rows]


def drops(
    store: Store,
    run_id: str,
    step_id: str | None,
    rule: str | None,
    limit: int,
    offset: int = 0,
    *,
    by_rule: bool = False,
) -> list[DropRow]:
    """Dropped rows of a run, a step, or a rule of a step, in file order; ``by_rule``: the first ``limit`` of each."""
    counted = "QUALIFY row_number() OVER (PARTITION BY s.ordinal, l.rule ORDER BY l.file, l.line, l.row_id) <= $limit"
    rows = named(
        store,
        f"""
        WITH page AS (
            SELECT s.ordinal, s.step_id, l.*, row_number() OVER () AS nth FROM steps s JOIN ledger l USING (step_hash)
            WHERE s.run_id = $run AND ($step IS NULL OR s.step_id = $step) AND ($rule IS NULL OR l.rule = $rule)
            {counted if by_rule else ""}
            ORDER BY s.ordinal, l.file, l.line, l.rule, l.row_id {"" if by_rule else "LIMIT $limit OFFSET $offset"}
        ), shown AS (
            SELECT step_hash AS source, row_id, content, file, line FROM examples
            WHERE row_id IN (SELECT row_id FROM page UNION SELECT survivor FROM page)
        ), own AS (  -- equal rows of two sources have one id: the place in the ledger tells which it was
            SELECT p.*, d.source, d.file AS d_file, d.line AS d_line, d.content
            FROM page p LEFT JOIN shown d ON d.row_id = p.row_id AND coalesce(d.file = p.file AND d.line = p.line, true)
            QUALIFY row_number() OVER (PARTITION BY p.nth ORDER BY d.file, d.line) = 1
        )
        SELECT o.step_id, o.rule, o.row_id, coalesce(o.file, o.d_file), coalesce(o.line, o.d_line), o.value, o.detail,
               o.content, o.survivor, k.file, k.line, k.content
        FROM own o
        LEFT JOIN shown k ON k.row_id = o.survivor
        LEFT JOIN ledger f ON f.step_hash = o.step_hash AND f.file = k.file AND f.line = k.line  -- it fell as well
        QUALIFY row_number() OVER (
            PARTITION BY o.nth ORDER BY f.rule IS NOT NULL, k.source IS DISTINCT FROM o.source, k.file, k.line) = 1
        ORDER BY o.ordinal, o.file, o.line, o.rule, o.row_id
        """,
        {"run": run_id, "step": step_id, "rule": rule, "limit": limit, **({} if by_rule else {"offset": offset})},
    )
    return [DropRow(*row) for row in rows]
