"""``task`` -> its chain of ``filter`` steps and, with a split, one ``split`` step."""

from __future__ import annotations

from compiler.lower.builder import PlanBuilder
from compiler.lower.filter import lower_filter
from compiler.resolved import ResolvedTask


def lower_task(task: ResolvedTask, ingest: str, builder: PlanBuilder) -> str:
    """The id of the task's last step: split, filter, or the ingest step itself."""
    rows = ingest
    for item in task.filters:
        rows = lower_filter(item, task, rows, builder)
    if task.split is None or task.block.split is None:
        return rows
    split = task.block.split
    return builder.add(
        task.split,
        task.name,
        task.block,
        inputs={"rows": rows},
        labels={"task": task.name, "source": task.source.name},
        lines=builder.lines(split) | {f"parts.{part.name.text}": builder.line(part.span) for part in split.parts},
    )
