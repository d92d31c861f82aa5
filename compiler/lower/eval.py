"""``eval`` -> ``render`` a template, ``predict`` a model and template, and one ``measure``.

Model calls are apart from measuring: editing a metric or a slice runs no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

from compiler.extension_metrics import ExtensionMetric
from compiler.judged_metrics import judged_args, judges_of, opponents
from compiler.known import sure
from compiler.lower.asking import asked_content, asked_lines
from compiler.lower.builder import Line, PlanBuilder
from compiler.lower.decode import decode_of
from compiler.lower.decontaminate import Decontamination
from compiler.lower.likelihood import lower_readings, needs_answers, prompt_of
from compiler.lower.model import model_local
from compiler.lower.recorded import UNKNOWN_TEMPLATE, lower_recorded
from compiler.lower.template import lower_held_out_rows
from compiler.measure_params import Bins
from compiler.resolve.axes import seen_templates
from compiler.resolve.few_shot_axis import Shown, shown_templates
from compiler.resolved import AnyModel, ResolvedEval, ResolvedMetric, ResolvedModel, ResolvedTrain
from compiler.resolved_slice import ResolvedSlice
from compiler.schema.eval import ChooseBody, GreedyBody, SampleBody
from compiler.schema.fields import Shape
from compiler.step_params import (
    Cell,
    Choose,
    Decode,
    Greedy,
    JudgedBy,
    MeasureParams,
    Metric,
    MetricColumn,
    PredictParams,
    Reading,
    Slice,
    Sql,
)
from compiler.world import ModelFacts

if TYPE_CHECKING:
    from compiler.lower.judge import Judges

_DEFAULT_NEW_TOKENS = 256


def lower_eval(
    item: ResolvedEval,
    facts: Mapping[str, ModelFacts],
    clean: Decontamination,
    trains: Mapping[str, str],
    judges: Judges,
    builder: PlanBuilder,
) -> str:
    """The id of the measure step; ``clean``, ``trains`` and ``judges`` give the steps of what it reads."""
    data = sure(item.data)
    rows = clean.tasks[data.task.name]
    predict = _predict_params(item)
    templates = shown_templates(item)
    asked = tuple(name for name in judges_of(item.metrics.items.values()) if not judges[name].pairwise)
    pairs = opponents(item.metrics.items.values())
    prompts = {shown.label: lower_held_out_rows(item, shown, rows, clean.examples, builder) for shown in templates}
    cells: list[Cell] = []
    inputs = {"rows": rows}
    for model in item.models.whole:
        if isinstance(model, ResolvedModel) and model.is_recorded:
            role, name = f"cell:{len(cells)}", templates[0].label if templates else UNKNOWN_TEMPLATE
            inputs[role] = lower_recorded(
                item, model, name, clean.tasks, prompts.get(name), judges.columns(asked), builder
            )
            judged = _judged(asked, judges, inputs[role], role, builder)
            inputs |= {one.input: step for one, step in judged}
            cells.append(Cell(input=role, model=model.name, template=name, judged=tuple(one for one, _ in judged)))
            continue
        seen = seen_templates(item, model)
        for shown in templates:
            role = f"cell:{len(cells)}"
            answers = None
            if needs_answers(item):
                answers = _predict(item, model, shown, prompts[shown.label], predict, facts, trains, builder)
                inputs[role] = answers
            read = _readings(item, model, shown, prompts[shown.label], answers, predict, facts, trains, builder)
            readings = []
            for number, (reading, step) in enumerate(read):
                read_role = f"likelihood:{len(cells)}.{number}" if answers is not None or number else role
                inputs[read_role] = step
                readings.append(reading.model_copy(update={"input": read_role}))
            judged = _judged(asked, judges, answers, role, builder) if answers is not None else ()
            inputs |= {one.input: step for one, step in judged}
            read_by = {"readings": tuple(readings), "judged": tuple(one for one, _ in judged)}
            cells.append(_cell(role, model, shown, seen).model_copy(update=read_by))
    cells = _with_pairs(pairs, cells, inputs, judges, builder)
    metrics = tuple(lower_metric(name, sure(metric), builder) for name, metric in item.metrics.items.items())
    named = zip(item.slices.names, item.slices.whole, strict=True)
    slices = tuple(lower_slice(name, value, builder) for name, value in named)
    tags = builder.models.sql(item.tags) if item.tags is not None else None
    every = (*asked, *dict.fromkeys(judge for judge, _ in pairs))
    held = {name: found for name in every if (found := judges.calibration(name)) is not None}
    inputs |= {f"calibration:{name}": step for name, step in held.items()}
    return builder.add(
        MeasureParams(
            metrics=metrics,
            slices=slices,
            cells=tuple(cells),
            tags=tags,
            samples=item.block.samples.value,
            calibrated=tuple(JudgedBy(judge=name, input=f"calibration:{name}") for name in held),
        ),
        item.name,
        item.block,
        inputs=inputs,
        labels={"eval": item.name, "task": data.task.name, "part": data.part or "all", **_sides(item)},
        lines=_named_lines(item, builder),
    )


def _judged(
    asked: Sequence[str], judges: Judges, answers: str, cell: str, builder: PlanBuilder
) -> tuple[tuple[JudgedBy, str], ...]:
    """The steps that judge the answers of a cell, with their roles."""
    step = builder.step(answers)
    return tuple(
        (
            JudgedBy(judge=name, input=f"judged {cell} {name}"),
            judges.answers(name, step.name, answers, step.local["labels"]),
        )
        for name in asked
    )


def _with_pairs(
    pairs: Sequence[tuple[str, str]],
    cells: Sequence[Cell],
    inputs: dict[str, str],
    judges: Judges,
    builder: PlanBuilder,
) -> list[Cell]:
    """The cells, with the steps that compare their answers with those of another model under the same template; their
    roles go into ``inputs``. A model is not compared with itself."""
    found = []
    for cell in cells:
        step, judged = builder.step(inputs[cell.input]), list(cell.judged)
        for judge, against in pairs:
            others = [one for one in cells if one.model == against]
            other = next((one for one in others if one.template == cell.template), others[0])
            if cell.model != against:
                one = JudgedBy(judge=judge, input=f"judged {cell.input} {judge} {against}", against=against)
                labels = {**step.local["labels"], "against": against}
                name = f"{step.name}.{judge}.{against}"
                inputs[one.input] = judges.pairs(judge, name, inputs[cell.input], inputs[other.input], labels)
                judged.append(one)
        found.append(cell.model_copy(update={"judged": tuple(judged)}))
    return found


def _sides(item: ResolvedEval) -> dict[str, str]:
    """Which way is better, of metrics of which it is not the higher one; for whoever shows which answers got worse."""
    sides = {name: sure(metric).function.higher_is_better for name, metric in item.metrics.items.items()}
    return {f"better:{name}": "neither" if side is None else "lower" for name, side in sides.items() if not side}


def _predict(
    item: ResolvedEval,
    model: AnyModel,
    shown: Shown,
    prompts: str,
    params: PredictParams,
    facts: Mapping[str, ModelFacts],
    trains: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    decode = item.block.decode.value
    if model.root.is_served:  # a server has its own
        params = params.model_copy(update={"precision": "auto"})
    return builder.add(
        params,
        f"{item.name}.{model.name}.{shown.step}",
        item.block,
        inputs=_asked(model, prompts, trains),
        content=asked_content(model, facts, params.prompt),
        labels=_labels(item, model, shown),
        lines=asked_lines(model, builder) | (builder.lines(decode, "decode.") if isinstance(decode, Shape) else {}),
        **model_local(model.root),
    )


def _asked(model: AnyModel, prompts: str, trains: Mapping[str, str]) -> dict[str, str]:
    return {"prompts": prompts, **({"model": trains[model.name]} if isinstance(model, ResolvedTrain) else {})}


def _labels(item: ResolvedEval, model: AnyModel, shown: Shown) -> dict[str, str]:
    data = sure(item.data)
    labels = {"eval": item.name, "model": model.name, "template": shown.label, "task": data.task.name}
    train = {"train": model.name} if isinstance(model, ResolvedTrain) else {}
    return labels | train | {"part": data.part or "all"}


def _readings(
    item: ResolvedEval,
    model: AnyModel,
    shown: Shown,
    prompts: str,
    answers: str | None,
    params: PredictParams,
    facts: Mapping[str, ModelFacts],
    trains: Mapping[str, str],
    builder: PlanBuilder,
) -> Iterator[tuple[Reading, str]]:
    inputs = _asked(model, prompts, trains) | ({"answers": answers} if answers is not None else {})
    return lower_readings(item, model, params, inputs, _labels(item, model, shown), facts, trains, builder)


def _cell(role: str, model: AnyModel, shown: Shown, seen: Mapping[str, bool]) -> Cell:
    base = None if shown.count is None else shown.base
    return Cell(
        input=role,
        model=model.name,
        template=shown.label,
        base=base,
        few_shot=shown.count,
        trained=seen.get(shown.base),
    )


def lower_slice(name: str, item: ResolvedSlice, builder: PlanBuilder) -> Slice:
    """A slice of an eval, or of the rows of a review or calibration."""
    if item.by == "file":
        return Slice(name=name, value=Sql(sql='"__file"', type="text"))
    if item.by in ("template", "few_shot"):
        return Slice(name=name, value=None, by=item.by)
    assert item.value is not None
    bins = Bins(ends=item.bins.ends, count=item.bins.count) if item.bins is not None else None
    return Slice(name=name, value=builder.models.sql(item.value), bins=bins)


def lower_metric(name: str, metric: ResolvedMetric, builder: PlanBuilder) -> Metric:
    """A metric of answers, under the name that the spec gives it."""
    function = metric.function
    columns = (MetricColumn(argument=name, value=builder.models.sql(value)) for name, value in metric.columns.items())
    languages = {"languages": builder.models.languages} if function.tells_languages else {}
    return Metric(
        name=name,
        function=function.name,
        args={**judged_args(metric), **languages},
        unit=function.unit,
        columns=tuple(columns),
        whole=function.whole,
        extension=isinstance(function, ExtensionMetric),
    )


def _predict_params(item: ResolvedEval) -> PredictParams:
    block = item.block
    return PredictParams(
        decode=lower_decode(block.decode.value),
        precision=cast(Literal["auto", "fp32", "bf16"], block.precision.value),
        prompt=prompt_of(item),
        samples=block.samples.value,
    )


def lower_decode(body: GreedyBody | SampleBody | ChooseBody | None) -> Decode:
    """How answers are made; greedily where nothing is said."""
    if body is None:
        return Greedy(max_new_tokens=_DEFAULT_NEW_TOKENS)
    if isinstance(body, ChooseBody):
        return Choose()
    return decode_of(body)


def _named_lines(item: ResolvedEval, builder: PlanBuilder) -> dict[str, Line]:
    metrics = {f"metrics.{index}": builder.line(rule.span, item.block) for index, rule in enumerate(item.block.metrics)}
    return metrics | {
        f"slices.{index}": builder.line(rule.span, item.block) for index, rule in enumerate(item.block.slices)
    }
