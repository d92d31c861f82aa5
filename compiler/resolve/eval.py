"""Evals: models, held-out rows, templates, metrics and slices; and that nothing of it was trained on."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.column_scope import ColumnScope
from compiler.expression_types import check
from compiler.known import Known
from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.metric import resolve_metric
from compiler.resolve.task import columns_of, find_rows, find_templates
from compiler.resolved import (
    AnyModel,
    ResolvedEval,
    ResolvedMetric,
    ResolvedSource,
    ResolvedTask,
    ResolvedTemplate,
    ResolvedTrain,
    Rows,
)
from compiler.schema.eval import Eval
from compiler.schema.fields import Value
from compiler.typed import Typed
from spec_lang.ast import NamedRule


def resolve_eval(
    block: Eval,
    names: Names,
    models: Mapping[str, AnyModel],
    tasks: Mapping[str, ResolvedTask],
    templates: Mapping[str, ResolvedTemplate],
) -> ResolvedEval:
    """The eval, as far as it is known."""
    report = names.report
    used = names.look_up_all(block.models, ("model", "train"), "models", models)
    data = find_rows(block.data.value, "data", names, tasks)
    scope = columns_of(data.task.source if data else None, report)
    shown = _templates(block, data, names, templates, scope)
    slices: Known[Typed] = Known({rule.name.text: _slice(rule, scope) for rule in block.slices})
    for model in used:
        if data is not None and isinstance(model, ResolvedTrain):
            _check_unseen(block, model, data, report)
    return ResolvedEval(block, used, data, shown, _metrics(block, report), slices)


def _templates(
    block: Eval, data: Rows | None, names: Names, templates: Mapping[str, ResolvedTemplate], scope: ColumnScope
) -> Known[ResolvedTemplate]:
    refs = block.templates
    if refs.value is not None:
        given = Value(refs.value, refs.span, refs.given, refs.known)
        return find_templates(given, names, templates, scope)
    if data is None or not refs.known:
        return Known(more=True)
    if data.task.templates.empty:
        message = f"neither eval `{block.name}` nor its task `{data.task.name}` has `templates`"
        names.report.error("SFT0207", message, block.head, "add `templates = [NAME]`")
        return Known(more=True)
    return data.task.templates


def _metrics(block: Eval, report: Reporter) -> Known[ResolvedMetric]:
    if not block.metrics:
        help = "for example `metric exact = exact_match()`"
        report.error("SFT0601", f"eval `{block.name}` has no metric", block.head, help)
        return Known(more=True)
    return Known({rule.name.text: resolve_metric(rule, report) for rule in block.metrics})


def _slice(rule: NamedRule, scope: ColumnScope) -> Typed | None:
    typed = check(rule.expr, scope)
    if typed is not None and typed.type in ("list", "json"):
        message = f"slice `{rule.name.text}` groups by a value, and this is {typed.type}"
        scope.report.error("SFT0303", message, rule.expr.span, 'take a value out of it: `json_field(…, "name")`')
        return None
    return typed


def _check_unseen(block: Eval, model: ResolvedTrain, data: Rows, report: Reporter) -> None:
    """Report rows of the eval that a train of the model's chain learned from, as far as names and splits tell."""
    for rows in model.trained_on:
        if rows.name == data.name:
            message = f"`{model.name}` was trained on `{data.name}`, so eval `{block.name}` measures memory"
            also = [(model.block.data.span, "trained on here")]
            report.error("SFT0603", message, block.data.span, _held_out(data), also)
            return
        if _may_share_rows(rows, data):
            report.warning(
                "SFT0613",
                f"`{data.name}` and `{rows.name}`, on which `{model.name}` was trained, are rows of one source",
                block.data.span,
                "give both tasks the same split, and evaluate on a part that was not trained on",
            )


def _held_out(data: Rows) -> str | None:
    parts = data.task.parts.names if data.task.parts else ()
    others = [f"`{data.task.name}.{part}`" for part in parts if part != data.part]
    return f"held-out parts: {', '.join(others)}" if others else "give the task a split"


def _same_content(first: ResolvedSource | None, second: ResolvedSource | None) -> bool:
    """Whether both read a file of equal bytes: another source block over the same file is no other data."""
    if first is None or second is None:
        return False
    return first is second or bool(_file_hashes(first) & _file_hashes(second))


def _file_hashes(source: ResolvedSource) -> set[str]:
    return {content for _, content in source.facts.files} if source.facts is not None else set()


def _may_share_rows(trained: Rows, evaluated: Rows) -> bool:
    first, second = trained.task, evaluated.task
    if first.name == second.name or not _same_content(first.source, second.source):
        return False
    if any(task.parts is not None and task.split is None for task in (first, second)):
        return False  # a split is there, and how it goes is not known
    same_split = first.split is not None and first.split == second.split
    return not (same_split and trained.part != evaluated.part)
