"""``filter`` in a task -> one ``filter`` step, chained to the one before. Reasons stay outside the hash."""

from __future__ import annotations

from compiler.lower.builder import PlanBuilder
from compiler.resolved import ResolvedFilter, ResolvedTask
from compiler.step_params import FilterParams


def lower_filter(item: ResolvedFilter, task: ResolvedTask, rows: str, builder: PlanBuilder) -> str:
    """The id of the filter step that reads step ``rows``."""
    lines = {f"rules.{index}": builder.line(entry.node.span) for index, entry in enumerate(item.block.rules)}
    return builder.add(
        FilterParams(rules=item.rules),
        f"{task.name}.{item.block.name}",
        item.block,
        inputs={"rows": rows},
        labels={"task": task.name, "source": task.source.name, "filter": item.block.name},
        lines=lines,
        rules=[{"text": rule.text, "reason": rule.reason} for rule in item.texts],
    )
