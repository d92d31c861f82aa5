"""A run's rows in the store: begun, advanced and ended in short transactions.

Beginning a run writes the run, its steps, the names of its rules, its lineage and its environment
at once, so a no-op run costs two transactions (about 30 ms).
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from compiler.plan import Plan, Step, StepKind
from runtime.context import StepResult
from runtime.events import EVENTS
from runtime.processes import identity, is_still
from runtime.store import Store, insert_rows
from spec_lang.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Result:
    """What the store knows of a computed step."""

    rows_in: int
    rows_out: int
    rows_dropped: int
    seconds: float
    summary: dict[str, Any]


PROCESS = "process"  # key in `environment` of the identity of a run's process


def new_run_id() -> str:
    """The time, and four random digits for two runs of one second."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(2)


def known_results(store: Store) -> dict[str, Result]:
    """Step hash -> result, for everything that this store has computed."""
    rows = store.query("SELECT step_hash, rows_in, rows_out, rows_dropped, seconds, summary FROM results")
    return {row[0]: Result(row[1], row[2], row[3], row[4], json.loads(row[5])) for row in rows}


def skipped_steps(store: Store, run_id: str) -> dict[str, str]:
    """The ids of the steps that a run skipped, with what was said of each: what the store has of their hashes another
    run made, and is nothing of this one."""
    rows = store.query("SELECT step_id, reason FROM steps WHERE run_id = ? AND status = 'skipped'", [run_id])
    return {step_id: reason or "" for step_id, reason in rows}


def last_plan(store: Store, spec: str) -> Plan | None:
    """The plan of the newest run of a spec; None when there is none, or none that this version can read."""
    rows = store.query("SELECT plan FROM runs WHERE spec = ? ORDER BY started_at DESC LIMIT 1", [spec])
    try:
        return Plan.from_json(rows[0][0]) if rows else None
    except (ValidationError, KeyError):  # a plan of an older version: only the reasons of reruns are lost
        return None


def begin(
    store: Store,
    run_id: str,
    plan: Plan,
    results: Mapping[str, Result],
    reasons: Mapping[str, str],
    environment: Mapping[str, str],
    texts: Mapping[str, str],
) -> None:
    """Write the run and its steps: steps with a known result as ``cached``, the others as ``pending``; and the files of
    its spec, by their paths, because the dashboard shows what ran and not what stands there by now."""
    pid = os.getpid()

    def work(con: duckdb.DuckDBPyConnection) -> None:
        con.execute(
            "INSERT INTO runs (run_id, spec, plan_hash, plan, status, started_at, pid, host) VALUES (?,?,?,?,?,?,?,?)",
            [run_id, plan.spec, plan.hash, plan.to_json(), "running", _now(), pid, socket.gethostname()],
        )
        insert_rows(con, "steps", _STEP_COLUMNS, _step_rows(run_id, plan, results, reasons))
        insert_rows(con, "rules", ("run_id", "step_id", "rule", "text", "reason"), _rule_rows(run_id, plan))
        insert_rows(con, "sources", _SOURCE_COLUMNS, _read_before(run_id, plan, results))
        surroundings = {**environment, PROCESS: identity(pid)}
        insert_rows(con, "environment", ("run_id", "key", "value"), [(run_id, k, v) for k, v in surroundings.items()])
        files = [(run_id, ordinal, path, text) for ordinal, (path, text) in enumerate(texts.items())]
        insert_rows(con, "spec_files", ("run_id", "ordinal", "path", "text"), files)
        _insert_lineage(con, plan)

    store.write(work)


_STEP_COLUMNS = (
    *("run_id", "ordinal", "step_id", "kind", "name", "step_hash", "labels", "status", "reason"),
    *("rows_in", "rows_out", "rows_dropped", "seconds", "summary", "line", "col"),
)


def _step_rows(run_id: str, plan: Plan, results: Mapping[str, Result], reasons: Mapping[str, str]) -> list[Any]:
    rows = []
    for ordinal, step in enumerate(plan.steps):
        labels = json.dumps(step.local.get("labels", {}), sort_keys=True)
        head = (run_id, ordinal, step.id, str(step.kind), step.name, step.hash, labels)
        place = (step.place.line, step.place.column)
        known = results.get(step.hash)
        if known is None:
            rows.append((*head, "pending", reasons.get(step.id), None, None, None, None, None, *place))
        else:
            counts = (known.rows_in, known.rows_out, known.rows_dropped, known.seconds, json.dumps(known.summary))
            rows.append((*head, "cached", None, *counts, *place))
    return rows


def _rule_rows(run_id: str, plan: Plan) -> list[Any]:
    return [
        (run_id, step.id, str(position), rule["text"], rule.get("reason"))
        for step in plan.steps
        for position, rule in enumerate(step.local.get("rules", ()))
    ]


_SOURCE_COLUMNS = ("run_id", "step_hash", "name", "path", "content_hash", "licence", "origin", "rows", "unreadable")


def _read_before(run_id: str, plan: Plan, results: Mapping[str, Result]) -> list[Any]:
    """Sources that an earlier run read are sources of this run too."""
    return [
        row
        for step in plan.steps
        if step.kind is StepKind.INGEST and step.hash in results
        for row in _source_rows(run_id, step, results[step.hash])
    ]


def _source_rows(run_id: str, step: Step, result: Result) -> list[Any]:
    """One row a file: its name and licence are this run's, its counts are what the step says of itself."""
    name = step.local.get("labels", {}).get("source", step.name)
    about = (step.local.get("licence"), step.local.get("origin"))
    return [
        (run_id, step.hash, name, path, step.content[f"file:{position}"], *about, rows, unreadable)
        for position, (path, (_, rows, unreadable)) in enumerate(
            zip(step.local["paths"], result.summary["files"], strict=True)
        )
    ]


def _insert_lineage(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    hashes = {step.id: step.hash for step in plan.steps}
    edges = [(step.hash, role, hashes[source]) for step in plan.steps for role, source in step.inputs.items()]
    if edges:
        slots = ",".join(["(?,?,?)"] * len(edges))
        con.execute(f"INSERT OR IGNORE INTO lineage VALUES {slots}", [value for edge in edges for value in edge])


def step_started(store: Store, run_id: str, step: Step) -> None:
    with store.writing() as con:
        con.execute(
            "UPDATE steps SET status = 'running', started_at = ? WHERE run_id = ? AND step_id = ?",
            [_now(), run_id, step.id],
        )


def result_kept(store: Store, run_id: str, step: Step, result: StepResult, seconds: float) -> None:
    """Record what a step gave. Written before its files get their final name, so neither is ever trusted alone."""
    with store.writing() as con:
        con.execute(
            "INSERT OR REPLACE INTO results VALUES (?,?,?,?,?,?,?,?,?)",
            [
                *(step.hash, str(step.kind), run_id, result.rows_in, result.rows_out, result.rows_dropped),
                *(seconds, json.dumps(result.summary, sort_keys=True), _now()),
            ],
        )


def step_ended(store: Store, run_id: str, step: Step, status: str, result: Result | None, error: str | None) -> None:
    """``status`` is done, cached, failed, skipped or interrupted."""
    counts: tuple[Any, ...] = (None,) * 5
    if result is not None:
        summary = json.dumps(result.summary, sort_keys=True)
        counts = (result.rows_in, result.rows_out, result.rows_dropped, result.seconds, summary)
    with store.writing() as con:
        con.execute(
            "UPDATE steps SET status = ?, rows_in = ?, rows_out = ?, rows_dropped = ?, seconds = ?, summary = ?, "
            "error = ? WHERE run_id = ? AND step_id = ?",
            [status, *counts, error, run_id, step.id],
        )
        if result is not None and step.kind is StepKind.INGEST:
            for row in _source_rows(run_id, step, result):
                con.execute("INSERT OR REPLACE INTO sources VALUES (?,?,?,?,?,?,?,?,?)", row)


def step_skipped(store: Store, run_id: str, step: Step, reason: str) -> None:
    """A step that a loop stopped; what an earlier run made under the same hash is not this run's."""
    with store.writing() as con:
        con.execute(
            "UPDATE steps SET status = 'skipped', reason = ?, rows_in = NULL, rows_out = NULL, rows_dropped = NULL, "
            "seconds = NULL, summary = NULL WHERE run_id = ? AND step_id = ?",
            [reason, run_id, step.id],
        )


def end(
    store: Store,
    run_id: str,
    status: str,
    verdict: str | None,
    findings: Sequence[Diagnostic] = (),
    step: Step | None = None,
) -> None:
    """Close the run; steps that it never came to are ``skipped``. ``findings`` are what stopped it, in ``step``, and
    warnings, which stop nothing."""
    error = next((finding.message for finding in findings if finding.severity is Severity.ERROR), None)
    with store.writing() as con:
        con.execute("UPDATE steps SET status = 'skipped' WHERE run_id = ? AND status = 'pending'", [run_id])
        insert_rows(con, "findings", _FINDING_COLUMNS, _finding_rows(run_id, findings, step))
        con.execute(
            "UPDATE runs SET status = ?, verdict = ?, error = ?, ended_at = ? WHERE run_id = ?",
            [status, verdict, error, _now(), run_id],
        )


_FINDING_COLUMNS = ("run_id", "number", "step_id", "code", "message", "help", "path", "line", "col", "severity")


def _finding_rows(run_id: str, findings: Sequence[Diagnostic], step: Step | None) -> list[Any]:
    rows = []
    for number, finding in enumerate(findings):
        place: tuple[str | None, int | None, int | None] = (None, None, None)
        if (label := finding.primary) is not None:
            place = (label.file.name or label.file.path, *label.file.position(label.span.start))
        stopped = step.id if step is not None and finding.severity is Severity.ERROR else None
        about = (stopped, finding.code, finding.message, finding.help)
        rows.append((run_id, number, *about, *place, str(finding.severity)))
    return rows


_INCONCLUSIVE = "option:inconclusive"


def count_inconclusive_as(store: Store, run_id: str, taken: str) -> None:
    """Keep what a run was told an inconclusive gate counts as: later reports then say what its exit code said."""
    with store.writing() as con:
        con.execute("INSERT OR REPLACE INTO environment VALUES (?, ?, ?)", [run_id, _INCONCLUSIVE, taken])


def inconclusive_counts_as(store: Store, run_id: str) -> str | None:
    """What the run was told; None where it was told nothing."""
    found = store.query("SELECT value FROM environment WHERE run_id = ? AND key = ?", [run_id, _INCONCLUSIVE])
    return found[0][0] if found else None


def dead_runs(store: Store) -> list[str]:
    """Runs that say ``running`` but whose process is gone (on this host)."""
    rows = store.query(
        "SELECT r.run_id, r.pid, coalesce(e.value, ''), epoch(r.started_at) FROM runs r "
        "LEFT JOIN environment e ON e.run_id = r.run_id AND e.key = ? WHERE r.status = 'running' AND r.host = ?",
        [PROCESS, socket.gethostname()],
    )
    return [run_id for run_id, pid, known, started in rows if not is_still(pid, known, started)]


def mark_interrupted(store: Store, dead: Sequence[str]) -> None:
    """Say of dead runs, and of the steps that they were in, that they were interrupted, at the time of their last
    event. Steps that they never came to are ``skipped``, as where a run ends itself."""
    if not dead:
        return
    last = {run_id: _last_sign(store, run_id) for run_id in dead}
    with store.writing() as con:
        for run_id in dead:
            con.execute("UPDATE runs SET status = 'interrupted', ended_at = ? WHERE run_id = ?", [last[run_id], run_id])
            for was, now in (("running", "interrupted"), ("pending", "skipped")):
                con.execute("UPDATE steps SET status = ? WHERE status = ? AND run_id = ?", [now, was, run_id])


def _last_sign(store: Store, run_id: str) -> datetime | None:
    try:
        return datetime.fromtimestamp((store.root / "runs" / run_id / EVENTS).stat().st_mtime, UTC)
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None


def _now() -> datetime:
    return datetime.now(UTC)
