"""Evals: models, held-out rows, templates, metrics and slices; and that nothing of it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from compiler.expression_types import ColumnScope, check
from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.metric import resolve_metric
from compiler.resolve.task import columns_of, find_rows, find_templates
from compiler.resolve.template import check_columns
from compiler.resolved import (
    AnyModel,
    ResolvedEval,
    ResolvedTask,
    ResolvedTemplate,
    ResolvedTrain,
    Rows,
)
from compiler.schema.eval import Eval, GreedyBody, SampleBody
from compiler.sql import lower
from compiler.step_params import Decode, Greedy, Metric, PredictParams, Sample, Slice
from spec_lang.ast import NamedRule

_DEFAULT_NEW_TOKENS = 256


def resolve_eval(
    block: Eval,
    names: Names,
    models: Mapping[str, AnyModel],
    tasks: Mapping[str, ResolvedTask],
    templates: Mapping[str, ResolvedTemplate],
) -> ResolvedEval | None:
    """The eval; None when something of it is missing or wrong."""
    report = names.report
    used = _models(block, names, models)
    data = find_rows(block.data.value, "data", names, tasks)
    metrics = _metrics(block, report)
    shown = _templates(block, data, names, templates)
    if data is None:
        return None
    slices = _slices(block, data.task, report)
    unseen = [_unseen(block, model, data, report) for model in used or ()]
    if used is None or metrics is None or shown is None or slices is None or not all(unseen):
        return None
    precision = cast(Literal["auto", "fp32", "bf16"], block.precision.value)
    predict = PredictParams(decode=_decode(block.decode.value), precision=precision)
    return ResolvedEval(block, used, data, shown, predict, metrics, slices)


def _models(block: Eval, names: Names, models: Mapping[str, AnyModel]) -> tuple[AnyModel, ...] | None:
    found: list[str] = []
    sound = True
    for ref in block.models.value:
        name = ref.parts[0].text
        if names.find(ref, ("model", "train"), "models") is None:
            sound = False
        elif name in found:
            names.report.error("SFT0205", f"`{name}` stands twice in `models`", ref.span)
            sound = False
        found.append(name)
    if not sound or any(name not in models for name in found):
        return None
    return tuple(models[name] for name in found)


def _templates(
    block: Eval, data: Rows | None, names: Names, templates: Mapping[str, ResolvedTemplate]
) -> tuple[ResolvedTemplate, ...] | None:
    refs = block.templates.value
    if refs is None:
        if data is not None and not data.task.templates:
            message = f"neither eval `{block.name}` nor its task `{data.task.name}` has `templates`"
            names.report.error("SFT0207", message, block.head, "add `templates = [NAME]`")
            return None
        return data.task.templates if data else None
    found = find_templates(refs, names, templates)
    if found is None or data is None:
        return None
    scope = columns_of(data.task.source, names.report)
    for template, ref in zip(found, refs, strict=True):
        check_columns(template, scope, ref.span)
    return found


def _metrics(block: Eval, report: Reporter) -> tuple[Metric, ...] | None:
    if not block.metrics:
        help = "for example `metric exact = exact_match()`"
        report.error("SFT0601", f"eval `{block.name}` has no metric", block.head, help)
        return None
    read = [resolve_metric(rule, report) for rule in block.metrics]
    sound = tuple(metric for metric in read if metric is not None)
    return sound if len(sound) == len(read) else None


def _slices(block: Eval, task: ResolvedTask, report: Reporter) -> tuple[Slice, ...] | None:
    scope = columns_of(task.source, report)
    read = [_slice(rule, scope) for rule in block.slices]
    sound = tuple(item for item in read if item is not None)
    return sound if len(sound) == len(read) else None


def _slice(rule: NamedRule, scope: ColumnScope) -> Slice | None:
    typed = check(rule.expr, scope)
    if typed is None:
        return None
    if typed.type in ("list", "json"):
        message = f"slice `{rule.name.text}` groups by a value, and this is {typed.type}"
        scope.report.error("SFT0303", message, rule.expr.span, 'take a value out of it: `json_field(…, "name")`')
        return None
    return Slice(name=rule.name.text, value=lower(typed))


def _decode(body: GreedyBody | SampleBody | None) -> Decode:
    if body is None:
        return Greedy(max_new_tokens=_DEFAULT_NEW_TOKENS)
    if isinstance(body, GreedyBody):
        return Greedy(max_new_tokens=body.max_new_tokens.value)
    return Sample(
        max_new_tokens=body.max_new_tokens.value,
        temperature=body.temperature.value,
        top_p=body.top_p.value,
        top_k=body.top_k.value,
        seed=body.seed.value,
    )


def _unseen(block: Eval, model: AnyModel, data: Rows, report: Reporter) -> bool:
    """Whether no train of the model's chain learned from the eval's rows, as far as names and splits tell."""
    if not isinstance(model, ResolvedTrain):
        return True
    for rows in model.trained_on:
        if rows.name == data.name:
            message = f"`{model.name}` was trained on `{data.name}`, so eval `{block.name}` measures memory"
            also = [(model.block.data.span, "trained on here")]
            report.error("SFT0603", message, block.data.span, _held_out(data), also)
            return False
        if _may_share_rows(rows, data):
            report.warning(
                "SFT0613",
                f"`{data.name}` and `{rows.name}`, on which `{model.name}` was trained, are rows of one source",
                block.data.span,
                "give both tasks the same split, and evaluate on a part that was not trained on",
            )
    return True


def _held_out(data: Rows) -> str | None:
    others = [f"`{data.task.name}.{part}`" for part in data.task.parts if part != data.part]
    return f"held-out parts: {', '.join(others)}" if others else "give the task a split"


def _may_share_rows(trained: Rows, evaluated: Rows) -> bool:
    if trained.task.name == evaluated.task.name or trained.task.source.name != evaluated.task.source.name:
        return False
    same_split = trained.task.split is not None and trained.task.split == evaluated.task.split
    return not (same_split and trained.part != evaluated.part)
