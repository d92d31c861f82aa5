"""Models that rows are scored with or written by: what they need of a task, and that none is trained on its own rows.

Trains are resolved after tasks, because they learn from them; so what a score names is looked up here, last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from compiler.names import Names
from compiler.resolve.compared import compared_with, filtered_against, of_evals, owner_of
from compiler.resolve.few_shot import pools_of
from compiler.resolve.shape import without_templates
from compiler.resolved import ResolvedEval, ResolvedTask, ResolvedTrain, Rows
from compiler.resolved_decontaminate import HeldOut
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.resolved_score import ResolvedScore
from compiler.schema.fields import Shape
from compiler.schema.judge import Judge
from spec_lang.ast import Ref


def check_scoring_models(
    tasks: Mapping[str, ResolvedTask],
    trains: Mapping[str, ResolvedTrain],
    evals: Mapping[str, ResolvedEval],
    generates: Mapping[str, ResolvedGenerate],
    judges: Mapping[str, Judge],
    names_of: Callable[[Shape], Names],
) -> None:
    """Report tasks whose scores need conversations and have none, or need a model that needs the task; and generates
    whose model does."""
    held_out = of_evals(evals.values())
    needs = _Needs(tasks, trains, held_out, generates)
    for item in generates.values():
        if isinstance(item.model, ResolvedTrain) and item.name in needs.of(item.model.name):
            what = "which is trained on its rows, or held apart from them"
            message = f"generate `{item.name}` is written by `{item.model.name}`, {what}"
            help = "a `loop` trains on what its own model wrote, in rounds; here name a model that is there before"
            names_of(item.block).report.error("SFT0268", message, item.block.model.span, help)
    for task in tasks.values():
        report = names_of(task.block).report
        templates = not task.templates.empty or task.source is None
        for score in task.scores:
            also = [score.block.label(score.block.head, "declared here")]
            calls = [scorer.call for scorer in score.scores if scorer.reads_conversations]
            if calls and calls[0] is not None and not templates:
                message = f"`{calls[0].form.name}` reads conversations, and {task.title} has no `templates`"
                help = without_templates(task.source)
                report.error("SFT0269", message, task.block.scores.span, help, also)
            elif calls and calls[0] is not None and pools_of(task):
                message = f"`{calls[0].form.name}` reads conversations, and a template of {task.title} shows examples"
                help = "examples are drawn after the split, and rows are scored before it"
                report.error("SFT0269", message, task.block.scores.span, help, also)
            asked = (*score.models, *_judging(score, judges, names_of))
            circle = next((name for name in asked if task.name in needs.of(name)), None)
            if circle is not None:
                message = f"{task.title} is scored by `{circle}`, which is trained on its rows, or held apart from them"
                help = "score with a model that does not learn from this task"
                report.error("SFT0268", message, task.block.scores.span, help, also)


def _judging(score: ResolvedScore, judges: Mapping[str, Judge], names_of: Callable[[Shape], Names]) -> Iterator[str]:
    """Full names of the models that its judges ask. Reports a judge whose labels stand in a file."""
    for name in score.judges:
        judge = judges.get(name)
        using = judge.using.value if judge is not None else None
        if judge is None or using is None:
            continue
        if using.form.name == "recorded":
            message = f"the labels of judge `{judge.name}` were recorded, and stand in a column already"
            help = "use the column itself, or judge with rules or a model"
            names_of(judge).report.at(score.block.file).error("SFT0284", message, score.block.head, help)
        if judge.pairwise.given:
            message = f"judge `{judge.name}` compares two answers, and a score is of one"
            help = "score with a judge that has `labels` or a `scale`"
            names_of(judge).report.at(score.block.file).error("SFT0225", message, score.block.head, help)
        model = using.argument("name")
        if isinstance(model, Ref):
            yield names_of(judge).full(model)


class _Needs(Struct, frozen=True):
    """What stands before a model or a task; lowering goes the same ways."""

    tasks: Mapping[str, ResolvedTask]
    trains: Mapping[str, ResolvedTrain]
    evals: Sequence[HeldOut]
    generates: Mapping[str, ResolvedGenerate]

    def of(self, model: str) -> set[str]:
        """Names of all tasks and trains that stand before a model, itself included."""
        seen: set[str] = set()
        pending: list[ResolvedTask | ResolvedTrain] = [self.trains[model]] if model in self.trains else []
        while pending:
            item = pending.pop()
            if item.name in seen:
                continue
            seen.add(item.name)
            pending += _before_train(item, self.evals) if isinstance(item, ResolvedTrain) else self._before_task(item)
        return seen

    def _before_task(self, task: ResolvedTask) -> Iterator[ResolvedTask | ResolvedTrain]:
        """What it is written from and by whom, what its filters compare with, and what scores it."""
        yield from filtered_against(task)
        yield from (self.trains[n] for score in task.scores for n in score.models if n in self.trains)
        if task.made_of is not None:
            yield task.made_of.task
        written = self.generates.get(task.name)
        if written is not None and isinstance(written.model, ResolvedTrain):
            yield written.model
        source = task.source
        if source is not None and source.is_written and source.name != task.name and source.name in self.tasks:
            yield self.tasks[source.name]


def _before_train(train: ResolvedTrain, evals: Sequence[HeldOut]) -> Iterator[ResolvedTask | ResolvedTrain]:
    """What it goes on from, and tasks that it learns from, is validated on, shows examples of or is compared with."""
    if isinstance(train.base, ResolvedTrain):
        yield train.base
    owner, compared = owner_of(train), list(train.own_rows)
    for rows in train.own_rows if train.validation is None else (*train.own_rows, train.validation):
        yield rows.task
        compared += pools_of(rows.task)
    for rows in compared:
        yield rows.task
        held = (one.held[0].rows for one in compared_with(owner, rows, evals).values())
        yield from (other.task for other in held if isinstance(other, Rows))
