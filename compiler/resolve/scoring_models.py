"""Models that rows are scored with: what they need of a task, and that none is trained on rows that it scores.

Trains are resolved after tasks, because they learn from them; so what a score names is looked up here, last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from compiler.names import Names
from compiler.resolve.compared import compared_with, filtered_against, of_evals, owner_of
from compiler.resolve.few_shot import pools_of
from compiler.resolve.shape import without_templates
from compiler.resolved import ResolvedEval, ResolvedTask, ResolvedTrain, Rows
from compiler.resolved_decontaminate import HeldOut
from compiler.schema.fields import Shape


def check_scoring_models(
    tasks: Mapping[str, ResolvedTask],
    trains: Mapping[str, ResolvedTrain],
    evals: Mapping[str, ResolvedEval],
    names_of: Callable[[Shape], Names],
) -> None:
    """Report tasks whose scores need conversations and have none, or need a model that needs the task."""
    held_out = of_evals(evals.values())
    for task in tasks.values():
        report = names_of(task.block).report
        templates = not task.templates.empty or task.source is None
        for score in task.scores:
            also = [score.block.label(score.block.head, "declared here")]
            calls = [scorer.call for scorer in score.scores if scorer.reads_conversations]
            if calls and calls[0] is not None and not templates:
                message = f"`{calls[0].form.name}` reads conversations, and task `{task.name}` has no `templates`"
                help = without_templates(task.source)
                report.error("SFT0269", message, task.block.scores.span, help, also)
            elif calls and calls[0] is not None and pools_of(task):
                message = (
                    f"`{calls[0].form.name}` reads conversations, and a template of task `{task.name}` shows examples"
                )
                help = "examples are drawn after the split, and rows are scored before it"
                report.error("SFT0269", message, task.block.scores.span, help, also)
            circle = next((name for name in score.models if task.name in _needed(name, trains, held_out)), None)
            if circle is not None:
                message = (
                    f"task `{task.name}` is scored by `{circle}`, which is trained on its rows, or held apart from them"
                )
                help = "score with a model that does not learn from this task"
                report.error("SFT0268", message, task.block.scores.span, help, also)


def _needed(model: str, trains: Mapping[str, ResolvedTrain], evals: Sequence[HeldOut]) -> set[str]:
    """Names of all tasks and trains that stand before a model, itself included; lowering goes the same ways."""
    seen: set[str] = set()
    pending: list[ResolvedTask | ResolvedTrain] = [trains[model]] if model in trains else []
    while pending:
        item = pending.pop()
        if item.name in seen:
            continue
        seen.add(item.name)
        if isinstance(item, ResolvedTrain):
            pending += _before_train(item, evals)
        else:
            pending += filtered_against(item)
            pending += (trains[name] for score in item.scores for name in score.models if name in trains)
    return seen


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
