"""Evals: models, held-out rows, templates, metrics and slices; and that nothing of it was trained on."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from compiler.column_scope import ColumnScope
from compiler.expression_types import check
from compiler.functions.metrics import RECORDED
from compiler.known import Known
from compiler.names import Names
from compiler.reporting import Reporter, suggestion
from compiler.resolve.axes import check_k, check_read_once, check_samples
from compiler.resolve.choose import check_kinds, resolve_candidates
from compiler.resolve.few_shot_axis import check_counts
from compiler.resolve.judged_eval import check_judges
from compiler.resolve.metric import resolve_metric
from compiler.resolve.policy import check_policy
from compiler.resolve.recorded import (
    check_asking,
    check_recorded,
    expected_column,
    only_recorded,
    recorded_metric,
    recorded_models,
)
from compiler.resolve.served import check_served
from compiler.resolve.shape import without_templates
from compiler.resolve.shared_rows import may_share_rows
from compiler.resolve.slices import resolve_slice
from compiler.resolve.task import columns_of, find_rows, find_templates, scored_columns
from compiler.resolved import (
    AnyModel,
    ResolvedEval,
    ResolvedMetric,
    ResolvedTask,
    ResolvedTemplate,
    ResolvedTrain,
    Rows,
)
from compiler.schema.eval import Eval
from compiler.schema.fields import Value
from compiler.schema.judge import Judge
from compiler.typed import Typed
from spec_lang.ast import NamedRule, Ref
from spec_lang.source import Span


def resolve_eval(
    block: Eval,
    names: Names,
    models: Mapping[str, AnyModel],
    tasks: Mapping[str, ResolvedTask],
    templates: Mapping[str, ResolvedTemplate],
    judges: Mapping[str, Judge],
) -> ResolvedEval:
    """The eval, as far as it is known."""
    report = names.report
    used = names.look_up_all(block.models, ("model", "train", "loop"), "models", models)
    data = find_rows(block.data.value, "data", names, tasks)
    scope = scored_columns(data.task, report, names) if data else columns_of(None, report)
    nothing_asked = only_recorded(used)
    shown = Known[ResolvedTemplate]() if nothing_asked else _templates(block, used, data, names, templates, scope)
    check_recorded(block, used, data, len(shown.items), names)
    other = _other_rows(block, names, tasks)
    slices = Known({rule.name.text: resolve_slice(rule, scope) for rule in block.slices})
    for model in used:
        if data is not None and isinstance(model, ResolvedTrain):
            _check_unseen(block, model, data, block.data.span, report)
        for field, rows in other.items():
            if rows is not None and isinstance(model, ResolvedTrain):
                _check_unseen(block, model, rows, getattr(block, field).span, report)
    metrics = _metrics(block, names, judges, scope, used)
    check_kinds(block, metrics, not nothing_asked, report)
    check_asking(block, metrics, used, report)
    check_served(block, metrics, used, report)
    check_judges(block, metrics, used, judges, names)
    candidates = resolve_candidates(block, shown, scope)
    compared = next((rule for rule in block.metrics if _compares(metrics.get(rule.name.text))), None)
    expected = expected_column(block, data, compared, names) if nothing_asked else None
    references = _references(metrics, models)
    item = ResolvedEval(
        block, used, data, shown, metrics, slices, _tags(block, scope), candidates, references, expected
    )
    recorded = recorded_models(used)
    if not recorded:  # which have one answer to an item, whatever is asked of others
        check_samples(block, metrics, report)
    check_k(block, metrics, report, again=not recorded)
    check_counts(block, item, report)
    check_read_once(item, report)
    return item


def _compares(metric: ResolvedMetric | None) -> bool:
    """Whether a metric looks at the expected answer of a text that was recorded: others are refused there."""
    return metric is not None and metric.function.compares and metric.function.answer == "text"


def _references(metrics: Known[ResolvedMetric], models: Mapping[str, AnyModel]) -> Known[AnyModel]:
    """The models that metrics compare with."""
    named = {rule: metric.args.get("reference") for rule, metric in metrics.items.items() if metric is not None}
    return Known({rule: models.get(str(name)) for rule, name in named.items() if name is not None})


def _other_rows(block: Eval, names: Names, tasks: Mapping[str, ResolvedTask]) -> dict[str, Rows | None]:
    """The sets beside ``data``, and the policy and guardrails that answers are held to."""
    check_policy(block.policy.value, names)
    names.look_up_all(block.guardrails, ("guardrail",), "guardrails", {})
    others = ("source",)  # prompts alone are a whole set
    found = {
        field: find_rows(value.value, field, names, tasks, others=others)
        for field, value in (("benign", block.benign), ("harmful", block.harmful))
    }
    benign, harmful = block.benign.value, block.harmful.value
    if benign is not None and harmful is not None and benign.text == harmful.text:
        also = [(block.benign.span, "benign here")]
        message = f"`{harmful.text}` is benign and harmful"
        names.report.error("SFT0225", message, block.harmful.span, "name two sets: each is measured by itself", also)
    return found


def _templates(
    block: Eval,
    models: Known[AnyModel],
    data: Rows | None,
    names: Names,
    templates: Mapping[str, ResolvedTemplate],
    scope: ColumnScope,
) -> Known[ResolvedTemplate]:
    """How rows are shown. That nothing says it is a mistake only where a model is known to be asked."""
    refs = block.templates
    if refs.value is not None:
        given = Value(refs.value, refs.span, refs.given, refs.known)
        return find_templates(given, names, templates, scope)
    if data is None or not refs.known:
        return Known(more=True)
    if data.task.templates.empty and len(list(models)) == len(models.items) and not models.more:
        message = f"neither eval `{block.name}` nor its task `{data.task.name}` has `templates`"
        names.report.error("SFT0207", message, block.head, without_templates(data.task.source))
    return Known(more=True) if data.task.templates.empty else data.task.templates


def _metrics(
    block: Eval, names: Names, judges: Mapping[str, Judge], scope: ColumnScope, models: Known[AnyModel]
) -> Known[ResolvedMetric]:
    report = names.report
    if not block.metrics:
        help = "for example `metric exact = exact_match()`"
        report.error("SFT0601", f"eval `{block.name}` has no metric", block.head, help)
        return Known(more=True)
    for rule in block.metrics:
        _check_over(block, rule, report)
    prepared = replace(scope, prepares=scope.names is not None)
    found = {rule.name.text: resolve_metric(rule, names, judges, prepared) for rule in block.metrics}
    for rule in block.metrics:
        metric = found[rule.name.text]
        if metric is not None and metric.function.name == RECORDED:
            found[rule.name.text] = recorded_metric(rule, metric, models, report)
    return Known(found)


def _check_over(block: Eval, rule: NamedRule, report: Reporter) -> None:
    """``over benign``: one of the sets that the eval has."""
    sets = tuple(name for name in ("data", "benign", "harmful") if name in block.lines)
    over = next((clause.operand for clause in rule.clauses if clause.word.text == "over"), None)
    if isinstance(over, Ref) and over.text not in sets and not block.broken & {"data", "benign", "harmful"}:
        help = suggestion(over.text, sets, "sets of the eval")
        report.error("SFT0211", f"eval `{block.name}` has no `{over.text}`", over.span, help)
    if over is None and "data" not in block.lines and sets:
        message = f"metric `{rule.name.text}` does not say over which set it is computed"
        report.error("SFT0215", message, rule.name.span, f"add `over {sets[0]}`")


def _tags(block: Eval, scope: ColumnScope) -> Typed | None:
    """What rows carry: one text, or a list."""
    expr = block.tags.value
    if expr is None:
        return None
    typed = check(expr, replace(scope, prepares=scope.names is not None))
    if typed is not None and typed.type not in ("list", "text"):
        help = "a tag is a text, such as `critical`; several are a list of texts"
        scope.report.error("SFT0303", f"`tags` takes text or a list, and this is {typed.type}", expr.span, help)
        return None
    return typed


def _check_unseen(block: Eval, model: ResolvedTrain, data: Rows, span: Span, report: Reporter) -> None:
    """Report rows of the eval that a train of the model's chain learned from, as far as names and splits tell."""
    for rows in model.trained_on:
        if rows.name == data.name:
            message = f"`{model.name}` was trained on `{data.name}`, so eval `{block.name}` measures memory"
            also = [model.block.label(model.block.data.span, "trained on here")]
            report.error("SFT0603", message, span, _held_out(data), also)
            return
        if may_share_rows(rows, data):
            report.warning(
                "SFT0613",
                f"`{data.name}` and `{rows.name}`, on which `{model.name}` was trained, are rows of one source",
                span,
                "give both tasks the same split, and evaluate on a part that was not trained on",
            )


def _held_out(data: Rows) -> str | None:
    parts = data.task.parts.names if data.task.parts else ()
    others = [f"`{data.task.name}.{part}`" for part in parts if part != data.part]
    return f"held-out parts: {', '.join(others)}" if others else "give the task a split"
