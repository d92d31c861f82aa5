"""Models that rows are scored with: what they need of a task, and that none is trained on rows that it scores.

Trains are resolved after tasks, because they learn from them; so what a score names is looked up here, last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from compiler.names import Names
from compiler.resolve.few_shot import pool_of
from compiler.resolve.shape import without_templates
from compiler.resolved import Dedup, ResolvedEval, ResolvedMixture, ResolvedTask, ResolvedTrain, Rows
from compiler.resolved_decontaminate import Decontaminate
from compiler.schema.fields import Shape


class _Learned(Struct, frozen=True):
    trains: Mapping[str, ResolvedTrain]
    evals: tuple[ResolvedEval, ...]


def check_scoring_models(
    tasks: Mapping[str, ResolvedTask],
    trains: Mapping[str, ResolvedTrain],
    evals: Mapping[str, ResolvedEval],
    names_of: Callable[[Shape], Names],
) -> None:
    """Report tasks whose scores need conversations and have none, or need a model that needs the task."""
    learned = _Learned(trains, tuple(evals.values()))
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
            elif calls and calls[0] is not None and _example_tasks(task):
                message = (
                    f"`{calls[0].form.name}` reads conversations, and a template of task `{task.name}` shows examples"
                )
                help = "examples are drawn after the split, and rows are scored before it"
                report.error("SFT0269", message, task.block.scores.span, help, also)
            circle = next((name for name in score.models if task.name in _needed(name, learned, set())), None)
            if circle is not None:
                message = (
                    f"task `{task.name}` is scored by `{circle}`, which is trained on its rows, or held apart from them"
                )
                help = "score with a model that does not learn from this task"
                report.error("SFT0268", message, task.block.scores.span, help, also)


def _needed(model: str, spec: _Learned, seen: set[str]) -> set[str]:
    """Names of the tasks behind a train: those it learns from, those that these or the train are compared with, and
    those behind the models that score any of them."""
    train = spec.trains.get(model)
    if train is None or model in seen:
        return set()
    seen.add(model)
    rows = [*train.trained_on, *([train.validation] if train.validation is not None else [])]
    pending = [part.task for part in rows] + _held_out(train, spec.evals)
    tasks: dict[str, ResolvedTask] = {}
    while pending:
        task = pending.pop()
        if task.name not in tasks:
            tasks[task.name] = task
            pending += [*_compared(task), *_example_tasks(task)]
    further = {name for task in tasks.values() for score in task.scores for name in score.models}
    return {*tasks}.union(*(_needed(name, spec, seen) for name in further))


def _held_out(train: ResolvedTrain, evals: Iterable[ResolvedEval]) -> list[ResolvedTask]:
    """Tasks whose rows are taken away from what a train learns: those of every eval unless that is off, and others
    that rules name."""
    owners = [train.data] if isinstance(train.data, ResolvedMixture) else []
    rules = [*train.decontaminate, *(rule for owner in owners for rule in owner.decontaminate)]
    off = any(rule.off and "against" not in rule.entry.clauses for rule in rules)
    rows = [] if off else [item.data for item in evals if item.data is not None]
    named = [held.rows for rule in rules if not rule.off for held in rule.against]
    base = _held_out(train.base, evals) if isinstance(train.base, ResolvedTrain) else []
    return [part.task for part in (*rows, *named) if isinstance(part, Rows)] + base


def _compared(task: ResolvedTask) -> list[ResolvedTask]:
    """Tasks whose rows the filters of a task compare with."""
    found = []
    for rule in (rule for item in task.filters for rule in item.rules):
        if isinstance(rule, Dedup | Decontaminate):
            found += [other.rows.task for other in rule.against if isinstance(other.rows, Rows)]
    return found


def _example_tasks(task: ResolvedTask) -> list[ResolvedTask]:
    """Tasks that a task's templates draw their examples from."""
    pools = (pool_of(item.few_shot, task) for item in task.templates if item.few_shot is not None)
    return [pool.task for pool in pools if pool is not None]
