"""The gate step: every requirement decided on what was measured; the worst verdict is the gate's.

Nothing is measured or generated here, so a changed threshold costs this step alone (some tens of
milliseconds, and half a second more when a spread needs a bootstrap). Each computed decision is a
look at its held-out set, and looks are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compiler.step_params import GateParams
from runtime.context import StepContext, StepResult

if TYPE_CHECKING:
    import duckdb

    from runtime.gating.decision import Decision
    from runtime.gating.requirement import RequirementDecision

_COLUMNS = (
    *("step_hash", "requirement", "part", "text", "verdict", "reason", "slice", "slice_value"),
    *("estimate", "low", "high", "bound", "threshold", "level"),
    *("n", "gained", "lost", "p_value", "minimum_detectable", "unit", "test"),
)


def run(ctx: StepContext) -> StepResult:
    """Decide the gate; rows go to ``gates`` and ``looks``, the verdict to the summary."""
    from runtime.gating.decision import worst  # numpy comes with these two, and only when a gate is decided
    from runtime.gating.evidence import Evidence
    from runtime.gating.requirement import decide

    params = ctx.step.params
    assert isinstance(params, GateParams)
    roles = dict.fromkeys(requirement.metric.input for requirement in params.requirements)
    evidences = {role: Evidence.of(ctx.store, ctx.input_steps[role]) for role in roles}
    decided: list[RequirementDecision] = []
    for done, requirement in enumerate(params.requirements, 1):
        ctx.stop.check()
        decided.append(decide(requirement, evidences))
        ctx.progress(done, len(params.requirements), "requirements")
    held_out = {role: evidence.held_out for role, evidence in evidences.items()}
    with ctx.store.writing() as con:
        looks = _count_looks(con, ctx, held_out)
        reasons = [_with_looks(item, looks) for item in decided]
        _publish(con, ctx.step.hash, decided, reasons)
    verdict = worst(item.whole.verdict for item in decided)
    summary = {
        "verdict": str(verdict),
        "requirements": [_outline(item, text) for item, text in zip(decided, reasons, strict=True)],
    }
    return StepResult(rows_in=len(decided), rows_out=len(decided), summary=summary)


def _count_looks(con: duckdb.DuckDBPyConnection, ctx: StepContext, held_out: dict[str, str]) -> dict[str, int]:
    """Record this gate's look at each held-out set; how many gates each has decided by now, this one included."""
    counts = {}
    for role, identity in held_out.items():
        con.execute(
            "INSERT OR IGNORE INTO looks (held_out, gate_hash, run_id, looked_at) VALUES (?, ?, ?, now())",
            [identity, ctx.step.hash, ctx.run_id],
        )
        found = con.execute("SELECT count(*) FROM looks WHERE held_out = ?", [identity]).fetchone()
        counts[role] = int(found[0]) if found else 1
    return counts


def _with_looks(item: RequirementDecision, looks: dict[str, int]) -> str:
    count = looks[item.requirement.metric.input]
    note = (
        f"This held-out set has decided {count:,} gates so far."
        if count > 1
        else "This held-out set has decided 1 gate."
    )
    return f"{item.whole.reason} {note}"


def _publish(
    con: duckdb.DuckDBPyConnection, step_hash: str, decided: Sequence[RequirementDecision], reasons: Sequence[str]
) -> None:
    from runtime.store import insert_rows

    rows = []
    for number, (item, reason) in enumerate(zip(decided, reasons, strict=True)):
        rows.append(_row(step_hash, number, 0, item.requirement.text, item.whole, reason, None, None))
        for part, piece in enumerate(item.slices, 1):
            text = item.requirement.text
            decision = piece.decision
            rows.append(_row(step_hash, number, part, text, decision, decision.reason, piece.slice, piece.value))
    con.execute("DELETE FROM gates WHERE step_hash = ?", [step_hash])
    insert_rows(con, "gates", _COLUMNS, rows)


def _row(
    step_hash: str,
    requirement: int,
    part: int,
    text: str,
    decision: Decision,
    reason: str,
    slice_name: str | None,
    slice_value: str | None,
) -> tuple[Any, ...]:
    return (
        *(step_hash, requirement, part, text, str(decision.verdict), reason, slice_name, slice_value),
        *(decision.estimate, decision.low, decision.high, decision.bound, decision.threshold, decision.level),
        *(decision.n, decision.gained, decision.lost, decision.p_value, decision.minimum_detectable),
        *(decision.unit, decision.test),
    )


def _outline(item: RequirementDecision, reason: str) -> dict[str, Any]:
    whole = item.whole
    return {
        "text": item.requirement.text,
        "verdict": str(whole.verdict),
        "reason": reason,
        "estimate": whole.estimate,
        "low": whole.low,
        "high": whole.high,
        "n": whole.n,
        "unit": whole.unit,
    }
