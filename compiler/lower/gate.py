"""``gate`` -> one ``gate`` step over the measurements it names: a changed threshold measures nothing again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.resolved_gate import Requirement, ResolvedGate
from compiler.rule_text import rule_text
from compiler.step_params import BoundRequirement, GateParams, MetricRef, NoWorseRequirement, SpreadRequirement
from compiler.step_params import Requirement as RequirementParams


def lower_gate(gate: ResolvedGate, measured: Mapping[str, str], builder: PlanBuilder) -> str:
    """The id of the gate step; ``measured`` maps an eval to its measure step."""
    rules = gate.block.rules
    return builder.add(
        GateParams(requirements=tuple(_requirement(sure(item)) for item in gate.requirements)),
        gate.name,
        gate.block,
        inputs={item.name: measured[item.name] for item in gate.evals},
        labels={"gate": gate.name},
        lines={f"requirements.{index}": builder.line(rule.node.span, gate.block) for index, rule in enumerate(rules)},
        reasons=[rule.clause("because") for rule in rules],
    )


def _requirement(item: Requirement) -> RequirementParams:
    entry, of = item.entry, item.metric
    text = rule_text(entry.node, verb=False)
    metric = MetricRef(input=of.eval, eval=of.eval, metric=of.metric, model=of.model, unit=of.unit)
    each = entry.clause("each").text if "each" in entry.clauses else None
    correct: Literal["none", "holm"] = entry.clause("correct") or "none"
    if item.rule == "no_worse_than":
        return NoWorseRequirement(
            text=text,
            metric=metric,
            baseline=item.baseline,
            margin=item.limit,
            level=sure(item.level),
            each=each,
            correct=correct,
        )
    if item.rule == "spread":
        op = cast(Literal["<=", "<"], item.op)
        return SpreadRequirement(text=text, metric=metric, op=op, limit=item.limit, level=item.level)
    return BoundRequirement(
        text=text,
        metric=metric,
        op=cast(Literal[">=", ">", "<=", "<"], item.op),
        threshold=item.limit,
        level=item.level,
        each=each,
        correct=correct,
    )
