"""Trains: what is trained on what, chains of trains, and every option with its default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from compiler.names import Names
from compiler.resolve.mixture import has_templates
from compiler.resolve.task import find_rows
from compiler.resolved import AnyModel, ResolvedMixture, ResolvedModel, ResolvedTask, ResolvedTrain, Rows
from compiler.schema.fields import Value
from compiler.schema.train import LoraBody, Train
from compiler.step_params import Lora, TrainParams

_LORA_RATE, _FULL_RATE = Decimal("2e-4"), Decimal("2e-5")


def resolve_trains(
    blocks: Mapping[str, Train],
    names: Names,
    models: Mapping[str, ResolvedModel],
    tasks: Mapping[str, ResolvedTask],
    mixtures: Mapping[str, ResolvedMixture],
) -> dict[str, ResolvedTrain]:
    """All sound trains, a base before what is trained on it; reports chains that close on themselves."""
    endless = _endless(blocks, names)
    resolved: dict[str, ResolvedTrain] = {}
    for name in (*_bases_first(blocks, endless), *sorted(endless)):
        block = blocks[name]
        base = _base(block, names, models, resolved)
        data = _data(block, names, tasks, mixtures)
        validation, sound = _validation(block, data, names, tasks)
        if base is not None and data is not None and sound:
            resolved[name] = ResolvedTrain(block, base, data, validation, train_params(block))
    return resolved


def _next(block: Train, blocks: Mapping[str, Train]) -> str | None:
    """The train that a train goes on from."""
    name = block.model.value.text
    return name if name in blocks else None


def _chain(name: str, blocks: Mapping[str, Train]) -> tuple[list[str], str | None]:
    """A train and what it goes on from, nearest first; and the name at which the chain closes, if it does."""
    chain: list[str] = []
    current: str | None = name
    while current is not None and current not in chain:
        chain.append(current)
        current = _next(blocks[current], blocks)
    return chain, current


def _endless(blocks: Mapping[str, Train], names: Names) -> frozenset[str]:
    """Trains that lead into a circle; each circle is reported once, at its first train in the file."""
    endless: set[str] = set()
    reported: set[frozenset[str]] = set()
    for name in blocks:
        chain, closing = _chain(name, blocks)
        if closing is None:
            continue
        endless.add(name)
        circle = chain[chain.index(closing) :]
        if name in circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            shown = " -> ".join(f"`{item}`" for item in (*circle, circle[0]))
            help = "one of them has to train a `model`"
            names.report.error("SFT0219", f"these trains need each other: {shown}", blocks[name].model.span, help)
    return frozenset(endless)


def _bases_first(blocks: Mapping[str, Train], endless: frozenset[str]) -> list[str]:
    order: dict[str, None] = {}
    for name in blocks:
        if name not in endless:
            order.update(dict.fromkeys(reversed(_chain(name, blocks)[0])))
    return list(order)


def _base(
    block: Train, names: Names, models: Mapping[str, ResolvedModel], trains: Mapping[str, ResolvedTrain]
) -> AnyModel | None:
    if names.find(block.model.value, ("model", "train"), "model") is None:
        return None
    name = block.model.value.text
    return models.get(name) or trains.get(name)


def _data(
    block: Train, names: Names, tasks: Mapping[str, ResolvedTask], mixtures: Mapping[str, ResolvedMixture]
) -> Rows | ResolvedMixture | None:
    ref = block.data.value
    if names.kind(ref.parts[0].text) != "task":
        return mixtures.get(ref.text) if names.find(ref, ("task", "mixture"), "data") else None
    rows = find_rows(ref, "data", names, tasks)
    return rows if rows is not None and has_templates(rows.task, ref, names.report) else None


def _validation(
    block: Train, data: Rows | ResolvedMixture | None, names: Names, tasks: Mapping[str, ResolvedTask]
) -> tuple[Rows | None, bool]:
    ref = block.validation.value
    if ref is None:
        return None, True
    rows = find_rows(ref, "validation", names, tasks)
    if rows is None or not has_templates(rows.task, ref, names.report):
        return None, False
    trained = {data.name} if isinstance(data, Rows) else {use.rows.name for use in data.uses} if data else set()
    if rows.name in trained:
        message = f"`{rows.name}` is trained on, so its loss says nothing of unseen rows"
        names.report.error("SFT0603", message, ref.span, also=[(block.data.span, "trained on here")])
        return None, False
    return rows, True


def train_params(block: Train) -> TrainParams:
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
