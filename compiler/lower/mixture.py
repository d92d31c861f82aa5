"""``mixture`` -> one ``mix`` step over the rendered rows of its tasks."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.template import lower_training_rows
from compiler.resolved import ResolvedMixture, Use
from compiler.step_params import MixParams, MixPart


def lower_mixture(mixture: ResolvedMixture, tasks: Mapping[str, str], builder: PlanBuilder) -> str:
    """The id of the mix step; ``tasks`` maps a task to its last step."""
    block = mixture.block
    uses = [sure(use) for use in mixture.uses]
    inputs = {use.rows.name: lower_training_rows(use.rows, tasks[use.rows.task.name], builder) for use in uses}
    return builder.add(
        MixParams(
            parts=tuple(_part(use) for use in uses),
            temperature=block.temperature.value,
            total=block.total.value,
            seed=block.seed.value,
        ),
        mixture.name,
        block,
        inputs=inputs,
        labels={"mixture": mixture.name},
        lines={f"parts.{index}": builder.line(rule.node.span, block) for index, rule in enumerate(block.rules)},
    )


def _part(use: Use) -> MixPart:
    name, entry = use.rows.name, use.entry
    return MixPart(input=name, task=name, cap=entry.clause("cap"), weight=entry.clause("weight"))
