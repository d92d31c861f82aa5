"""``task`` -> its chain of ``filter`` steps and, with a split, one ``split`` step."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.filter import lower_filter
from compiler.resolved import ResolvedSplit, ResolvedTask
from compiler.sql import lower
from compiler.step_params import SplitParams, SplitPart


def lower_task(task: ResolvedTask, ingests: Mapping[str, str], tasks: Mapping[str, str], builder: PlanBuilder) -> str:
    """The id of the task's last step: split, filter, or the ingest step itself."""
    rows = ingests[sure(task.source).name]
    for item in task.filters.whole:
        rows = lower_filter(item, task, rows, ingests, tasks, builder)
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
    key = tuple(lower(key) for key in split.key)
    return SplitParams(key=key, parts=parts, seed=split.seed, similar=split.similar)
