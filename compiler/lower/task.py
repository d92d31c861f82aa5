"""``task`` -> its chain of ``filter`` steps, its scores with their thresholds and, with a split, one ``split`` step.

The rows of a generate are a task as well: the step that writes them, and the same chain after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.filter import lower_filter
from compiler.lower.generate import WrittenFrom, lower_generate
from compiler.lower.score import JudgeRows, ScoringModel, lower_score
from compiler.lower.source import lower_source
from compiler.resolved import ResolvedSpec, ResolvedSplit, ResolvedTask
from compiler.resolved_judge import ResolvedJudge
from compiler.rule_models import RuleModels
from compiler.step_params import SplitParams, SplitPart


class TaskSteps(Mapping[str, str]):
    """The last step of every source and task, by name. A task is lowered when it is asked for first: filters may
    compare their rows with those of other tasks, and scores may be by models that learn from them; that these make no
    circle was checked. ``written_from`` gives the step that has what is left of a generate's rows, ``model_of`` a model
    that scores rows, ``judge_rows`` the step of a judge that does."""

    def __init__(
        self,
        spec: ResolvedSpec,
        written_from: WrittenFrom,
        model_of: Callable[[str], ScoringModel],
        judge_rows: JudgeRows,
        builder: PlanBuilder,
    ) -> None:
        self._spec, self._model_of, self._judge_rows, self._builder = spec, model_of, judge_rows, builder
        self._written_from = written_from
        self._steps = {name: lower_source(source, builder) for name, source in spec.sources.items()}

    def __getitem__(self, name: str) -> str:
        if name not in self._steps:
            written, judged = self._spec.generates.get(name), self._judge_rows
            if written is not None:
                own = {key: item for key, item in self._spec.later.items() if isinstance(item, ResolvedJudge)}
                self._steps[name] = lower_generate(
                    written, self, self._written_from, self._model_of, judged, own, self._builder
                )
            else:
                self._steps[name] = lower_task(self._spec.tasks[name], self, self._model_of, judged, self._builder)
        return self._steps[name]

    def __iter__(self) -> Iterator[str]:
        yield from (*self._spec.sources, *self._spec.tasks)

    def __len__(self) -> int:
        return len(self._spec.sources) + len(self._spec.tasks)


def lower_task(
    task: ResolvedTask,
    steps: Mapping[str, str],
    model_of: Callable[[str], ScoringModel],
    judge_rows: JudgeRows,
    builder: PlanBuilder,
) -> str:
    """The id of the task's last step: split, thresholds, scores, filter, or the ingest step itself."""
    rows = steps[sure(task.source).name]
    for item in task.filters.whole:
        rows = lower_filter(item, task, rows, steps, builder)
    for score in task.scores.whole:
        rows = lower_score(score, task, rows, steps, model_of, judge_rows, builder)
    split = task.block.split
    if split is None:
        return rows
    return builder.add(
        _split(sure(task.split), builder.models),
        task.name,
        task.block,
        inputs={"rows": rows},
        labels={"task": task.name, "source": sure(task.source).name},
        lines=builder.lines(split)
        | {f"parts.{part.name.text}": builder.line(part.span, split) for part in split.parts},
    )


def _split(split: ResolvedSplit, models: RuleModels) -> SplitParams:
    parts = tuple(SplitPart(name=name, share=share) for name, share in split.parts)
    key = tuple(models.sql(key) for key in split.key)
    return SplitParams(key=key, parts=parts, seed=split.seed, similar=split.similar)
