"""``mixture`` -> one ``mix`` step over the rendered rows of its tasks."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.lower.builder import PlanBuilder
from compiler.lower.template import lower_training_rows
from compiler.resolved import ResolvedMixture
from compiler.step_params import MixParams


def lower_mixture(mixture: ResolvedMixture, tasks: Mapping[str, str], builder: PlanBuilder) -> str:
    """The id of the mix step; ``tasks`` maps a task to its last step."""
    block = mixture.block
    inputs = {use.rate.input: lower_training_rows(use.rows, tasks[use.rows.task.name], builder) for use in mixture.uses}
    return builder.add(
        MixParams(
            parts=tuple(use.rate for use in mixture.uses),
            temperature=block.temperature.value,
            total=block.total.value,
            seed=block.seed.value,
        ),
        mixture.name,
        block,
        inputs=inputs,
        labels={"mixture": mixture.name},
        lines={f"parts.{index}": builder.line(rule.node.span) for index, rule in enumerate(block.rules)},
    )
