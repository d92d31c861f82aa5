"""``gate`` -> one ``gate`` step over the measurements it names: a changed threshold measures nothing again."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.lower.builder import PlanBuilder
from compiler.resolved import ResolvedGate
from compiler.step_params import GateParams


def lower_gate(gate: ResolvedGate, measured: Mapping[str, str], builder: PlanBuilder) -> str:
    """The id of the gate step; ``measured`` maps an eval to its measure step."""
    rules = gate.block.rules
    return builder.add(
        GateParams(requirements=gate.requirements),
        gate.name,
        gate.block,
        inputs={item.name: measured[item.name] for item in gate.evals},
        labels={"gate": gate.name},
        lines={f"requirements.{index}": builder.line(rule.node.span) for index, rule in enumerate(rules)},
        reasons=[rule.clause("because") for rule in rules],
    )
