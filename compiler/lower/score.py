"""``score`` in a task -> one ``score`` step that adds the columns, and a ``filter`` step of its thresholds.

The thresholds are apart, so that changing one runs no scorer. Scorers that read conversations get them from a
``render`` step of their own, over the rows as they are before the thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.filter import lower_filter
from compiler.lower.model import model_content, model_local
from compiler.lower.template import lower_scored_rows
from compiler.resolved import ResolvedModel, ResolvedTask
from compiler.resolved_score import ResolvedScore, Scorer
from compiler.sql import lower
from compiler.step_params import (
    ClassifierScore,
    ExpressionScore,
    JudgeScore,
    LossScore,
    RewardScore,
    ScoreEntry,
    ScoreParams,
)
from compiler.world import ModelFacts

# Of a judge, the name of the score's step, the step of rendered rows, and labels: the id of the step that judges them.
JudgeRows: TypeAlias = Callable[[str, str, str, Mapping[str, str]], str]


class ScoringModel(Struct, frozen=True):
    """A model as a score step needs it; ``train`` is the id of the step that trained it."""

    name: str
    root: ResolvedModel
    facts: ModelFacts
    train: str | None


def lower_score(
    item: ResolvedScore,
    task: ResolvedTask,
    rows: str,
    steps: Mapping[str, str],
    model_of: Callable[[str], ScoringModel],
    judge_rows: JudgeRows,
    builder: PlanBuilder,
) -> str:
    """The id of the last step: the thresholds, or the scores where there are none."""
    models = [model_of(name) for name in item.models]
    scorers = {name: sure(scorer) for name, scorer in item.scores.items.items()}
    inputs = {"rows": rows}
    content: dict[str, str] = {}
    if any(scorer.reads_conversations for scorer in scorers.values()):
        inputs["conversations"] = lower_scored_rows(task, item.name, rows, builder)
    for index, model in enumerate(models):
        hashes = model_content(model.facts)
        content |= {f"{part}.{index}": value for part, value in hashes.items() if value}
        if model.train is not None:
            inputs[f"model.{index}"] = model.train
    labels = {"task": task.name, "source": sure(task.source).name, "score": item.name}
    for index, judge in enumerate(item.judges):
        inputs[f"judge.{index}"] = judge_rows(judge, f"{task.name}.{item.name}", inputs["conversations"], labels)
    lines = {f"scores.{entry.name.text}": builder.line(entry.span, item.block) for entry in item.block.scores}
    step = builder.add(
        ScoreParams(scores=_entries(scorers, item.models, item.judges), precision="auto"),
        f"{task.name}.{item.name}",
        item.block,
        inputs=inputs,
        content=content,
        labels=labels,
        lines=lines,
        **({"models": [_local(model) for model in models]} if models else {}),
    )
    return lower_filter(item, task, step, steps, builder) if item.rules else step


def _local(model: ScoringModel) -> dict[str, Any]:
    return {"name": model.name, **model_local(model.root)}


def _entries(scorers: dict[str, Scorer], models: Sequence[str], judges: Sequence[str]) -> tuple[ScoreEntry, ...]:
    """In the order of their names: the order of fields means nothing."""
    return tuple(_entry(name, scorers[name], models, judges) for name in sorted(scorers))


def _entry(name: str, scorer: Scorer, models: Sequence[str], judges: Sequence[str]) -> ScoreEntry:
    call = scorer.call
    if call is None:
        assert scorer.typed is not None
        return ExpressionScore(name=name, value=lower(scorer.typed))
    if scorer.judge is not None:
        return JudgeScore(name=name, judge=judges.index(scorer.judge))
    assert scorer.model is not None  # what needs none cannot run yet, and was reported
    model = models.index(scorer.model)
    if call.form.name == "ifd":
        return LossScore(scorer="ifd", name=name, model=model, ratio=call.argument("ratio"))
    if call.form.name == "perplexity":
        return LossScore(scorer="perplexity", name=name, model=model, ratio=None)
    if call.form.name == "reward":
        return RewardScore(name=name, model=model)
    assert scorer.text is not None
    return ClassifierScore(name=name, model=model, text=lower(scorer.text), label=call.argument("label"))
