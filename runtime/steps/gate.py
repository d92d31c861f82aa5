"""The gate step: every requirement decided on what was measured; the worst verdict is the gate's.

Nothing is measured or generated here, so a changed threshold costs this step alone (some tens of
milliseconds). Each computed decision is a look at its held-out set, and looks are counted. A strict gate
fails where its requirements are inconclusive; they keep their own verdicts, so that it can be seen why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from compiler.measure_params import Compared
from compiler.step_params import FigureRequirement, GateParams, GroupRequirement
from runtime.context import StepContext, StepResult

if TYPE_CHECKING:
    import duckdb

    from runtime.gating.blessed import BlessedRun
    from runtime.gating.decision import Decision, Verdict
    from runtime.gating.evidence import Evidence
    from runtime.gating.looks import Looks
    from runtime.gating.requirement import RequirementDecision

_COLUMNS = (
    *("step_hash", "requirement", "part", "text", "verdict", "reason", "slice", "slice_value"),
    *("estimate", "low", "high", "bound", "threshold", "level"),
    *("n", "gained", "lost", "p_value", "minimum_detectable", "unit", "test", "adjusted_p"),
)
_MEMBERS = ("step_hash", "requirement", "member")


def run(ctx: StepContext) -> StepResult:
    """Decide the gate; rows go to ``gates`` and ``looks``, the verdict to the summary. Raises DiagnosticError SFT0661,
    SFT0662 (the baseline is not there as it was planned)."""
    from runtime.gating.evidence import Evidence  # numpy comes with it, and only when a gate is decided
    from runtime.gating.looks import Looks, gates_on_most, look
    from runtime.gating.requirement import input_of

    params = ctx.step.params
    assert isinstance(params, GateParams)
    measured = [item for item in params.requirements if not isinstance(item, GroupRequirement | FigureRequirement)]
    roles = dict.fromkeys(role for item in measured if (role := input_of(item)) in ctx.inputs)
    evidences = {role: Evidence.of(ctx.store, ctx.input_steps[role]) for role in roles}
    blessed = _baseline(ctx, params)
    decided = _decide_all(ctx, params, evidences, blessed)
    held_out = {role: evidence.held_out for role, evidence in evidences.items()}
    others = {role: gates_on_most(ctx.store, evidence) for role, evidence in evidences.items()}
    with ctx.store.writing() as con:
        looks = {
            role: Looks(look(con, identity, ctx.step.hash, ctx.run_id), others[role])
            for role, identity in held_out.items()
        }
        reasons = [_with_looks(item, looks) for item in decided]
        _publish(con, ctx.step.hash, decided, reasons)
    summary: dict[str, Any] = {
        "verdict": str(_verdict(params, decided)),
        "requirements": [_outline(item, text) for item, text in zip(decided, reasons, strict=True)],
    }
    if any(others.values()):  # of each set: one may be worn out by its own gates, another by those of its like
        summary["looks_at_most"] = {held_out[role]: more for role, more in others.items() if more}
    if params.strict:
        summary["strict"] = True
    if blessed is not None:  # for who looks at the items: the name may be given to another run
        summary["baseline"] = {"name": blessed.document["name"], "run": blessed.document["run"]}
    return StepResult(rows_in=len(decided), rows_out=len(decided), summary=summary)


def _baseline(ctx: StepContext, params: GateParams) -> BlessedRun | None:
    """The blessed run that requirements are compared with, read from its file."""
    from runtime.gating.blessed import BlessedRun

    blessed = (item.blessed for item in params.requirements if isinstance(item, Compared))
    name = next((item.name for item in blessed if item is not None), None)
    if name is None:
        return None
    return BlessedRun.read(ctx.spec_dir, name, ctx.step.content["baseline"])


def _decide_all(
    ctx: StepContext, params: GateParams, evidences: Mapping[str, Evidence], blessed: BlessedRun | None
) -> list[RequirementDecision]:
    """Every requirement by its position; a group stands before its members, so groups are decided from the end."""
    from runtime.gating.groups import decide_group
    from runtime.gating.requirement import RequirementDecision, decide, input_of, undecided

    decided: dict[int, RequirementDecision] = {}
    for position, requirement in enumerate(params.requirements):
        ctx.stop.check()
        lacking = "" if isinstance(requirement, GroupRequirement) else ctx.lacking.get(input_of(requirement), "")
        if lacking and not isinstance(requirement, GroupRequirement):
            decided[position] = undecided(requirement, lacking)
        elif isinstance(requirement, FigureRequirement):
            from runtime.gating.figure import decide_figure

            step, folder = ctx.input_steps[requirement.input], ctx.inputs[requirement.input]
            decided[position] = RequirementDecision(requirement, decide_figure(requirement, step, folder, ctx.out))
        elif not isinstance(requirement, GroupRequirement):
            decided[position] = decide(requirement, evidences, blessed)
            ctx.progress(len(decided), len(params.requirements), "requirements")
    for position, requirement in reversed(list(enumerate(params.requirements))):
        if isinstance(requirement, GroupRequirement):
            members = [decided[member] for member in requirement.members]
            texts = [member.requirement.text for member in members]
            whole = decide_group(requirement, texts, [member.whole.verdict for member in members])
            decided[position] = RequirementDecision(requirement, whole)
    return [decided[position] for position in range(len(params.requirements))]


def _verdict(params: GateParams, decided: Sequence[RequirementDecision]) -> Verdict:
    """The worst of what stands in no group."""
    from runtime.gating.decision import Verdict, worst

    inside = {member for item in params.requirements if isinstance(item, GroupRequirement) for member in item.members}
    verdict = worst(item.whole.verdict for position, item in enumerate(decided) if position not in inside)
    return Verdict.FAIL if params.strict and verdict is Verdict.INCONCLUSIVE else verdict


def _with_looks(item: RequirementDecision, looks: Mapping[str, Looks]) -> str:
    if item.input is None or item.input not in looks:
        return item.whole.reason
    return f"{item.whole.reason} {looks[item.input].told}"


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
    members = [
        (step_hash, number, member)
        for number, item in enumerate(decided)
        if isinstance(item.requirement, GroupRequirement)
        for member in item.requirement.members
    ]
    for table, columns, found in (("gates", _COLUMNS, rows), ("gate_members", _MEMBERS, members)):
        con.execute(f"DELETE FROM {table} WHERE step_hash = ?", [step_hash])
        insert_rows(con, table, columns, found)


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
        *(decision.unit, decision.test, decision.adjusted_p),
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
