"""``task`` -> its chain of ``filter`` steps and, with a split, one ``split`` step."""

from __future__ import annotations

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.filter import lower_filter
from compiler.resolved import ResolvedSplit, ResolvedTask
from compiler.sql import lower
from compiler.step_params import SplitParams, SplitPart


def lower_task(task: ResolvedTask, ingest: str, builder: PlanBuilder) -> str:
    """The id of the task's last step: split, filter, or the ingest step itself."""
    rows = ingest
    for item in task.filters.whole:
        rows = lower_filter(item, task, rows, builder)
    split = task.block.split
    if split is None:
        return rows
    return builder.add(
        _split(sure(task.split)),
        task.name,
        task.block,
        inputs={"rows": rows},
        labels={"task": task.name, "source": sure(task.source).name},
        lines=builder.lines(split)
        | {f"parts.{part.name.text}": builder.line(part.span, split) for part in split.parts},
    )


def _split(split: ResolvedSplit) -> SplitParams:
    parts = tuple(SplitPart(name=name, share=share) for name, share in split.parts)
    return SplitParams(key=tuple(lower(key) for key in split.key), parts=parts, seed=split.seed)
