"""``train`` -> one ``train`` step, after the rendering of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from compiler.lower.builder import PlanBuilder
from compiler.lower.decontaminate import Decontamination
from compiler.lower.model import model_content, model_local
from compiler.resolved import ResolvedMixture, ResolvedTrain
from compiler.schema.fields import Shape, Value
from compiler.schema.train import LoraBody, Train
from compiler.step_params import Lora, TrainParams
from compiler.world import ModelFacts

_LORA_RATE, _FULL_RATE = Decimal("2e-4"), Decimal("2e-5")


def lower_train(
    train: ResolvedTrain,
    facts: ModelFacts,
    clean: Decontamination,
    mixtures: Mapping[str, str],
    trains: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """The id of the train step; the mappings give the steps of what it reads."""
    data, validation = train.data, train.validation
    assert data is not None
    if isinstance(data, ResolvedMixture):
        inputs = {"rows": mixtures[data.name]}
    else:
        inputs = {"rows": clean.training_rows(data, train)}
    if validation is not None:
        inputs["validation"] = clean.validation_rows(validation, train)
    if isinstance(train.base, ResolvedTrain):
        inputs["base"] = trains[train.base.name]
    adapter = train.block.adapter.value
    return builder.add(
        _params(train.block),
        train.name,
        train.block,
        inputs=inputs,
        content=model_content(facts),
        labels={"train": train.name, "model": train.root.name},
        lines=builder.lines(adapter, "adapter.") if isinstance(adapter, Shape) else {},
        **model_local(train.root),
    )


def _params(block: Train) -> TrainParams:
    """Every option, defaults included: what is not written in the spec is written in the plan."""
    body = block.adapter.value
    adapter = None if body == "none" else _lora(body if isinstance(body, LoraBody) else None)
    rate = block.learning_rate.value
    if rate is None:
        rate = _FULL_RATE if adapter is None else _LORA_RATE
    plain: dict[str, Value[Any]] = {
        name: getattr(block, name)
        for name in TrainParams.model_fields
        if name not in ("kind", "adapter", "learning_rate")
    }
    options = {name: value.value for name, value in plain.items()}
    return TrainParams(adapter=adapter, learning_rate=rate, **options)


def _lora(body: LoraBody | None) -> Lora:
    if body is None:
        return Lora(rank=16, alpha=Decimal(32), dropout=Decimal(0), targets=())
    alpha = body.alpha.value if body.alpha.value is not None else Decimal(2 * body.rank.value)
    targets = tuple(sorted(set(body.targets.value)))
    return Lora(rank=body.rank.value, alpha=alpha, dropout=body.dropout.value, targets=targets)
