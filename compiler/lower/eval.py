"""``eval`` -> ``render`` a template, ``predict`` a model and template, and one ``measure``.

Model calls are apart from measuring: editing a metric or a slice runs no model.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.lower.builder import PlanBuilder
from compiler.lower.model import model_content, model_local
from compiler.lower.template import lower_held_out_rows
from compiler.resolved import AnyModel, ResolvedEval, ResolvedTemplate, ResolvedTrain
from compiler.schema.fields import Shape
from compiler.step_params import Cell, MeasureParams
from compiler.world import ModelFacts


def lower_eval(
    item: ResolvedEval,
    facts: Mapping[str, ModelFacts],
    tasks: Mapping[str, str],
    trains: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """The id of the measure step; the mappings give the steps of what it reads."""
    rows = tasks[item.data.task.name]
    prompts = {template.name: lower_held_out_rows(item, template, rows, builder) for template in item.templates}
    cells: list[Cell] = []
    inputs = {"rows": rows}
    for model in item.models:
        for template in item.templates:
            role = f"cell:{len(cells)}"
            inputs[role] = _predict(item, model, template, prompts[template.name], facts, trains, builder)
            cells.append(Cell(input=role, model=model.name, template=template.name))
    data = item.data
    return builder.add(
        MeasureParams(metrics=item.metrics, slices=item.slices, cells=tuple(cells)),
        item.name,
        item.block,
        inputs=inputs,
        labels={"eval": item.name, "task": data.task.name, "part": data.part or "all"},
        lines=_named_lines(item, builder),
    )


def _predict(
    item: ResolvedEval,
    model: AnyModel,
    template: ResolvedTemplate,
    prompts: str,
    facts: Mapping[str, ModelFacts],
    trains: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    inputs = {"prompts": prompts}
    labels = {"eval": item.name, "model": model.name, "template": template.name, "task": item.data.task.name}
    if isinstance(model, ResolvedTrain):
        inputs["model"] = trains[model.name]
        labels["train"] = model.name
    decode = item.block.decode.value
    return builder.add(
        item.predict,
        f"{item.name}.{model.name}.{template.name}",
        item.block,
        inputs=inputs,
        content=model_content(facts[model.root.name]),
        labels=labels | {"part": item.data.part or "all"},
        lines=builder.lines(decode, "decode.") if isinstance(decode, Shape) else {},
        **model_local(model.root),
    )


def _named_lines(item: ResolvedEval, builder: PlanBuilder) -> dict[str, int]:
    metrics = {f"metrics.{index}": builder.line(rule.span) for index, rule in enumerate(item.block.metrics)}
    return metrics | {f"slices.{index}": builder.line(rule.span) for index, rule in enumerate(item.block.slices)}
