"""Every question that the dashboard and ``sft show`` ask of the store, except those about predictions.

Each function opens the store read-only for one query (about 12 ms) and returns small frozen rows,
so no caller ever holds the file while a person thinks. Results hang on a step's hash and names on
(run, step), so every query goes through ``steps``. Questions whose answer can be long take a limit
and an offset over a total order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from runtime.store import Row, Store
from spec_lang.diagnostics import fatal


@dataclass(frozen=True, slots=True)
class RunRow:
    run_id: str
    spec: str
    status: str
    verdict: str | None
    started_at: float  # seconds since 1970
    ended_at: float | None
    pid: int
    host: str
    error: str | None
    steps: int
    cached: int


@dataclass(frozen=True, slots=True)
class StepRow:
    ordinal: int
    step_id: str
    kind: str
    name: str
    step_hash: str
    labels: dict[str, Any]
    status: str
    reason: str | None
    rows_in: int | None
    rows_out: int | None
    rows_dropped: int | None
    seconds: float | None
    summary: dict[str, Any]
    error: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class SourceRow:
    name: str
    path: str
    licence: str | None
    origin: str | None
    rows: int
    unreadable: int


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


@dataclass(frozen=True, slots=True)
class TrainPoint:
    """One optimiser step, or the mean of some neighbouring ones in a long training."""

    step: int
    epoch: float | None = None
    loss: float | None = None
    validation_loss: float | None = None
    learning_rate: float | None = None
    tokens_per_second: float | None = None
    tokens: int | None = None
    padding_share: float | None = None


@dataclass(frozen=True, slots=True)
class GateRow:
    """A requirement (part 0) or one of its slices (part 1 and up)."""

    gate: str
    step_hash: str
    requirement: int
    part: int
    text: str
    verdict: str
    reason: str
    slice: str | None
    slice_value: str | None
    estimate: float | None
    low: float | None
    high: float | None
    bound: float | None
    threshold: float | None
    level: float | None
    n: int | None
    gained: int | None
    lost: int | None
    p_value: float | None
    minimum_detectable: float | None
    unit: str
    test: str


_RUNS = """
SELECT r.run_id, r.spec, r.status, r.verdict, epoch(r.started_at) AS started, epoch(r.ended_at), r.pid, r.host, r.error,
       count(s.step_id), count(s.step_id) FILTER (s.status = 'cached')
FROM runs r LEFT JOIN steps s USING (run_id)
"""


def runs(store: Store, limit: int, offset: int = 0) -> list[RunRow]:
    """Runs, newest first."""
    tail = "GROUP BY ALL ORDER BY started DESC, r.run_id DESC LIMIT ? OFFSET ?"
    return [RunRow(*row) for row in store.query(_RUNS + tail, [limit, offset])]


def run(store: Store, run_id: str) -> RunRow:
    """One run. Raises DiagnosticError SFT0914 when the store does not have it."""
    found = store.query(_RUNS + "WHERE r.run_id = ? GROUP BY ALL", [run_id])
    if not found:
        raise fatal("SFT0914", f"there is no run `{run_id}` in this store", "`sft show runs` lists them")
    return RunRow(*found[0])


def steps(store: Store, run_id: str) -> list[StepRow]:
    """The steps of a run in plan order."""
    rows = store.query(
        "SELECT ordinal, step_id, kind, name, step_hash, labels, status, reason, rows_in, rows_out, rows_dropped,"
        " seconds, summary, error, line FROM steps WHERE run_id = ? ORDER BY ordinal",
        [run_id],
    )
    return [_step(row) for row in rows]


def _step(row: Row) -> StepRow:
    values = list(row)
    values[5], values[12] = _object(values[5]), _object(values[12])
    return StepRow(*values)


def plan(store: Store, run_id: str) -> dict[str, Any]:
    """The plan of a run as plain JSON values."""
    rows = store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])
    return _object(rows[0][0]) if rows else {}


def sources(store: Store, run_id: str) -> list[SourceRow]:
    rows = store.query(
        "SELECT name, path, licence, origin, rows, unreadable FROM sources WHERE run_id = ? ORDER BY name, path",
        [run_id],
    )
    return [SourceRow(*row) for row in rows]


def environment(store: Store, run_id: str) -> list[tuple[str, str]]:
    """What a run ran on: (key, value), by key."""
    rows = store.query("SELECT key, value FROM environment WHERE run_id = ? ORDER BY key", [run_id])
    return [(row[0], row[1]) for row in rows]


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


def train_points(store: Store, step_hash: str, most: int = 1500) -> list[TrainPoint]:
    """The course of a training in at most about ``most`` points; neighbours are averaged in longer ones."""
    rows = named(
        store,
        """
        WITH own AS (
            SELECT *, greatest(1, ceil(max(step) OVER () / $most)::BIGINT) AS stride
            FROM train_steps WHERE step_hash = $hash
        )
        SELECT max(step), max(epoch), avg(loss), max_by(validation_loss, step), avg(learning_rate),
               avg(tokens_per_second), sum(tokens)::BIGINT, avg(padding_share)
        FROM own GROUP BY step // stride ORDER BY 1
        """,
        {"hash": step_hash, "most": most},
    )
    return [TrainPoint(*row) for row in rows]


def gates(store: Store, run_id: str) -> list[GateRow]:
    """Requirements and their slices, in the order of the spec."""
    rows = store.query(
        """
        SELECT s.name, g.step_hash, g.requirement, g.part, g.text, g.verdict, g.reason, g.slice, g.slice_value,
               g.estimate, g.low, g.high, g.bound, g.threshold, g.level, g.n, g.gained, g.lost, g.p_value,
               g.minimum_detectable, g.unit, g.test
        FROM steps s JOIN gates g USING (step_hash)
        WHERE s.run_id = ? ORDER BY s.ordinal, g.requirement, g.part
        """,
        [run_id],
    )
    return [GateRow(*row) for row in rows]


def looks(store: Store, run_id: str) -> dict[str, int]:
    """Gate step hash -> how many gate decisions its held-out sets have made, the most used one counting."""
    rows = store.query(
        """
        WITH used AS (SELECT held_out, count(*) AS times FROM looks GROUP BY held_out)
        SELECT s.step_hash, max(u.times) FROM steps s
        JOIN looks l ON l.gate_hash = s.step_hash JOIN used u USING (held_out)
        WHERE s.run_id = ? AND s.kind = 'gate' GROUP BY s.step_hash
        """,
        [run_id],
    )
    return {row[0]: int(row[1]) for row in rows}


def named(store: Store, sql: str, parameters: dict[str, Any]) -> list[Row]:
    """Rows of one read-only query with named parameters (``$run``)."""
    with store.reading() as con:
        return con.execute(sql, parameters).fetchall()


def _object(text: Any) -> dict[str, Any]:
    """A JSON object from the store; an empty one for NULL."""
    value = json.loads(text) if isinstance(text, str) else text
    return value if isinstance(value, dict) else {}
