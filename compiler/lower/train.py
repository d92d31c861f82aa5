"""``train`` -> one ``train`` step, after the rendering of its rows."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.lower.builder import PlanBuilder
from compiler.lower.model import model_content, model_local
from compiler.lower.template import lower_training_rows
from compiler.resolved import ResolvedMixture, ResolvedTrain
from compiler.schema.fields import Shape
from compiler.world import ModelFacts


def lower_train(
    train: ResolvedTrain,
    facts: ModelFacts,
    tasks: Mapping[str, str],
    mixtures: Mapping[str, str],
    trains: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """The id of the train step; the mappings give the steps of what it reads."""
    data, validation = train.data, train.validation
    if isinstance(data, ResolvedMixture):
        inputs = {"rows": mixtures[data.name]}
    else:
        inputs = {"rows": lower_training_rows(data, tasks[data.task.name], builder)}
    if validation is not None:
        inputs["validation"] = lower_training_rows(validation, tasks[validation.task.name], builder)
    if isinstance(train.base, ResolvedTrain):
        inputs["base"] = trains[train.base.name]
    adapter = train.block.adapter.value
    return builder.add(
        train.params,
        train.name,
        train.block,
        inputs=inputs,
        content=model_content(facts),
        labels={"train": train.name, "model": train.root.name},
        lines=builder.lines(adapter, "adapter.") if isinstance(adapter, Shape) else {},
        **model_local(train.root),
    )
