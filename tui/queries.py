"""Every question that the dashboard and ``sft show`` ask of the store, except those about predictions
(``prediction_queries``), dropped rows (``drop_queries``) and trainings (``training_queries``).

Each function opens the store read-only for one query (about 12 ms) and returns small frozen rows,
so no caller ever holds the file while a person thinks. Results hang on a step's hash and names on
(run, step), so every query goes through ``steps``. Questions whose answer can be long take a limit
and an offset over a total order.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from runtime.own_results import MADE_STEPS, begun_steps, finished_by
from runtime.store import Row, Store
from spec_lang.diagnostics import DiagnosticError, fatal


class RunRow(Struct, frozen=True):
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
    process: str = ""  # the identity of its process; a run of an earlier version has none


class StepRow(Struct, frozen=True):
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
    begun: bool = True  # whether what the store has of its hash is this run's: see ``runtime.own_results``
    finished_by: str | None = None  # the run that has done it since, where this one did not


class SourceRow(Struct, frozen=True):
    name: str
    path: str
    licence: str | None
    origin: str | None
    rows: int
    unreadable: int


class TrainPoint(Struct, frozen=True):
    """One optimiser step, or the mean of some neighbouring ones in a long training, under the last one's number."""

    step: int
    epoch: float | None = None
    loss: float | None = None
    validation_loss: float | None = None
    learning_rate: float | None = None
    tokens_per_second: float | None = None
    tokens: int | None = None
    padding_share: float | None = None


class GateRow(Struct, frozen=True):
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
    adjusted_p: float | None = None


class FindingRow(Struct, frozen=True):
    """What stopped a run; the path is from the folder of the spec."""

    step_id: str | None
    code: str
    message: str
    help: str | None
    path: str | None
    line: int | None
    column: int | None


_RUNS = """
SELECT r.run_id, r.spec, r.status, r.verdict, epoch(r.started_at) AS started, epoch(r.ended_at), r.pid, r.host, r.error,
       count(s.step_id), count(s.step_id) FILTER (s.status = 'cached'), coalesce(any_value(e.value), '')
FROM runs r LEFT JOIN steps s USING (run_id) LEFT JOIN environment e ON e.run_id = r.run_id AND e.key = 'process'
"""


def runs(store: Store, limit: int, after: str | None = None) -> list[RunRow]:
    """Runs, newest first; ``after`` is the run that they come after, so that one that begins meanwhile moves none."""
    place = "WHERE (r.started_at, r.run_id) < (SELECT (started_at, run_id) FROM runs WHERE run_id = $after) "
    tail = "GROUP BY ALL ORDER BY started DESC, r.run_id DESC LIMIT $limit"
    where, given = (place, {"after": after}) if after is not None else ("", {})
    return [RunRow(*row) for row in named(store, _RUNS + where + tail, {"limit": limit, **given})]


def runs_until(store: Store, oldest: str) -> int:
    """How many runs there are from the newest to this one."""
    place = "(r.started_at, r.run_id) >= (SELECT (started_at, run_id) FROM runs WHERE run_id = ?)"
    return int(store.query(f"SELECT count(*) FROM runs r WHERE {place}", [oldest])[0][0])


def count_runs(store: Store) -> int:
    return int(store.query("SELECT count(*) FROM runs")[0][0])


def run(store: Store, run_id: str) -> RunRow:
    """One run. Raises DiagnosticError SFT0914 when the store does not have it."""
    found = store.query(_RUNS + "WHERE r.run_id = ? GROUP BY ALL", [run_id])
    if not found:
        raise _unknown(run_id)
    return RunRow(*found[0])


def _unknown(run_id: str) -> DiagnosticError:
    return fatal("SFT0914", f"there is no run `{run_id}` in this store", "`sft show runs` lists them")


def steps(store: Store, run_id: str) -> list[StepRow]:
    """The steps of a run in plan order."""
    with store.reading():
        return _steps(store, run_id)


def _steps(store: Store, run_id: str) -> list[StepRow]:
    rows = store.query(
        "SELECT ordinal, step_id, kind, name, step_hash, labels, status, reason, rows_in, rows_out, rows_dropped,"
        " seconds, summary, error, line FROM steps WHERE run_id = ? ORDER BY ordinal",
        [run_id],
    )
    begun, others = begun_steps(store, run_id), finished_by(store, run_id)
    return [_step(row, begun, others) for row in rows]


def _step(row: Row, begun: frozenset[str], others: dict[str, str]) -> StepRow:
    values = [*row, row[1] in begun, others.get(row[1])]
    values[5], values[12] = _object(values[5]), _object(values[12])
    return StepRow(*values)


def plan_text(store: Store, run_id: str) -> str:
    """The plan of a run as it is stored, for who reads it typed. Raises DiagnosticError SFT0914."""
    rows = store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])
    if not rows:
        raise _unknown(run_id)
    return str(rows[0][0])


def plan(store: Store, run_id: str) -> dict[str, Any]:
    """The plan of a run as plain JSON values."""
    rows = store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])
    return _object(rows[0][0]) if rows else {}


def row_files(store: Store, run_id: str) -> frozenset[str]:
    """The files of a run whose numbers count rows: JSON lists and Parquet, which have no lines."""
    steps = [step for step in plan(store, run_id).get("steps", ()) if step.get("kind") == "ingest"]
    counted = [step for step in steps if step["params"].get("format") in ("json", "parquet")]
    return frozenset(path for step in counted for path in step["local"].get("paths", ()))


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


def gates(store: Store, run_id: str) -> list[GateRow]:
    """Requirements and their slices, in the order of the spec. A store of version 7 has no adjusted p."""
    rows = store.query(
        f"""
        SELECT s.name, g.step_hash, g.requirement, g.part, g.text, g.verdict, g.reason, g.slice, g.slice_value,
               g.estimate, g.low, g.high, g.bound, g.threshold, g.level, g.n, g.gained, g.lost, g.p_value,
               g.minimum_detectable, g.unit, g.test, g.adjusted_p
        FROM {MADE_STEPS} s
        JOIN (FROM gates UNION ALL BY NAME SELECT NULL::DOUBLE AS adjusted_p WHERE false) g USING (step_hash)
        WHERE s.run_id = ? ORDER BY s.ordinal, g.requirement, g.part
        """,
        [run_id],
    )
    return [GateRow(*row) for row in rows]


def findings(store: Store, run_id: str) -> list[FindingRow]:
    """What stopped a run; nothing where the store is of a version that did not keep it and nobody has written since."""
    if not store.query(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'findings'"
    ):
        return []
    columns = "step_id, code, message, help, path, line, col"
    errors = "coalesce(severity, 'error') = 'error'"
    rows = store.query(f"SELECT {columns} FROM findings WHERE run_id = ? AND {errors} ORDER BY number", [run_id])
    return [FindingRow(*row) for row in rows]


def looks(store: Store, run_id: str) -> dict[str, int]:
    """Gate step hash -> how many gate decisions its held-out set has made until today, with those on other sets that
    had most of its items when it was decided; of several sets the one with the most of both."""
    rows = store.query(
        f"""
        WITH used AS (SELECT held_out, count(*) AS times FROM looks GROUP BY held_out)
        SELECT s.step_hash, max(u.times + coalesce(((r.summary->'looks_at_most')->>held_out)::INTEGER, 0))
        FROM {MADE_STEPS} s JOIN looks l ON l.gate_hash = s.step_hash JOIN used u USING (held_out)
        LEFT JOIN results r USING (step_hash)
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
