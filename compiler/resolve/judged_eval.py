"""Judges of an eval: that labels recorded beside answers are those of these answers, and that what others are compared
with is answered too.

A label in a file belongs to the answer beside it. So a judge of recorded labels judges recorded answers, whose rows
have its column, and no model that answers anew.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.judged_metrics import WIN_RATE, judge_of
from compiler.known import Known
from compiler.names import Names
from compiler.resolve.task import columns_of, scored_columns
from compiler.resolved import AnyModel, ResolvedMetric, ResolvedModel, Rows
from compiler.schema.eval import Eval
from compiler.schema.judge import Judge
from spec_lang.ast import NamedRule, Ref


def check_judges(
    block: Eval,
    metrics: Known[ResolvedMetric],
    models: Known[AnyModel],
    judges: Mapping[str, Judge],
    names: Names,
) -> None:
    """Report metrics by recorded labels of models that have none, and comparisons with models that do not answer."""
    for rule in block.metrics:
        _check_opponent(block, rule, metrics.get(rule.name.text), models, names)
        judge = judges.get(judge_of(metrics.get(rule.name.text)) or "")
        using = judge.using.value if judge is not None else None
        column = using.argument("column") if using is not None and using.form.name == "recorded" else None
        if judge is not None and isinstance(column, Ref):
            for model in models:
                if not _has(column, model, judge, rule, names):
                    break


def _check_opponent(
    block: Eval, rule: NamedRule, metric: ResolvedMetric | None, models: Known[AnyModel], names: Names
) -> None:
    """Whether the answers that a win rate compares with are those of a model of the eval."""
    if metric is None or metric.function.name != WIN_RATE:
        return
    against, report = metric.args.get("against"), names.report
    if against is None:
        others = models.names[0] if models.names else "MODEL"
        help = f"name a model of the eval: `win_rate({metric.args['judge']}, {others})`"
        report.error("SFT0614", "`win_rate` needs `against`: a win is one over another model", rule.expr.span, help)
    elif models.lacks(str(against)):
        message = f"eval `{block.name}` does not evaluate `{against}`, which the others are compared with"
        report.error(
            "SFT0605", message, rule.expr.span, f"add it: `models = [{', '.join((*models.names, str(against)))}]`"
        )
    elif len(models.items) == 1 and not models.more:
        message = f"`{against}` is the only model of eval `{block.name}`, and is compared with itself"
        report.error("SFT0614", message, rule.expr.span, "add the model that is to win: `models = […]`")


def _has(column: Ref, model: AnyModel, judge: Judge, rule: NamedRule, names: Names) -> bool:
    """Whether the judge's labels stand beside the answers of a model; False after a report."""
    report = names.report
    also = [judge.label(judge.using.span, "its labels")]
    if not isinstance(model, ResolvedModel) or not model.is_recorded:
        message = f"the labels of judge `{judge.name}` were recorded, and `{model.name}` answers anew"
        help = "judge with rules or a model, or evaluate a model of recorded answers"
        report.error("SFT0284", message, rule.expr.span, help, also)
        return False
    answers = model.recorded
    if answers is None:
        return True
    rows = answers.rows
    scope = scored_columns(rows.task, report) if isinstance(rows, Rows) else columns_of(rows, report)
    if not scope.columns.lacks(column.text):
        return True
    message = f"{scope.owner}, with the answers of `{model.name}`, has no column `{column.text}`"
    report.error("SFT0284", message, rule.expr.span, scope.missing(column.text), also)
    return False
