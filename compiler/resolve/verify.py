"""What tells good answers of a generate from bad ones: metrics of 0 or 1, joined by ``and``, and what is best by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from compiler.column_scope import ColumnScope
from compiler.functions import LATER_METRICS, METRIC_FUNCTIONS, MetricFunction
from compiler.functions.metrics import RECORDED
from compiler.judged_metrics import WIN_RATE, judge_of
from compiler.names import Names
from compiler.reporting import UNREAD, did_you_mean, renamed, written_anew
from compiler.resolve.metric import first_of, with_arguments
from compiler.resolve.metric_arguments import Around
from compiler.resolved import ResolvedMetric
from compiler.schema.judge import Judge
from compiler.schema.values import not_runnable
from compiler.schema.written import described
from spec_lang.ast import Binary, Call, Expr, Faulty, Ref
from spec_lang.diagnostics import Edit

_CODE = "SFT0614"
Fits: TypeAlias = Callable[[MetricFunction], bool]


def resolve_verifiers(
    expr: Expr, names: Names, judges: Mapping[str, Judge], columns: ColumnScope
) -> tuple[ResolvedMetric | None, ...]:
    """``exact_match() and json_schema("a.json")``: every one has to say 1. ``columns`` are those of the prompts' rows.
    One with a mistake is None."""
    found = []
    for part in _joined(expr):
        function = _function(part, names, "verify", "a metric of 0 or 1", _says_yes_or_no)
        found.append(_read(function, part, names, judges, columns))
    return tuple(found)


def resolve_best_by(
    expr: Expr, names: Names, judges: Mapping[str, Judge], columns: ColumnScope
) -> ResolvedMetric | None:
    """``best { measure = f1() }``: a metric of single answers of which more, or less, is better."""
    takes = "a metric of an answer, of which one side is better"
    return _read(_function(expr, names, "measure", takes, _ranks), expr, names, judges, columns)


def _joined(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Binary) and expr.op == "and":
        yield from _joined(expr.left)
        yield from _joined(expr.right)
    else:
        yield expr


def _says_yes_or_no(metric: MetricFunction) -> bool:
    return metric.unit == "share" and metric.name != WIN_RATE and _of_an_answer(metric)


def _ranks(metric: MetricFunction) -> bool:
    return metric.higher_is_better is not None and _of_an_answer(metric)


def _of_an_answer(metric: MetricFunction) -> bool:
    """Whether it is taken of one text that a model wrote."""
    return metric.answer == "text" and not metric.whole and metric.name != RECORDED


def _function(expr: Expr, names: Names, field: str, takes: str, fits: Fits) -> MetricFunction | None:
    """The function that is called, if it may stand here; None after a report."""
    report = names.report
    known = {**METRIC_FUNCTIONS, **report.metrics}
    fitting = {name: metric for name, metric in known.items() if fits(metric)}
    help = f"{takes.replace('a metric', 'metrics', 1)}: {first_of(fitting)}"
    if isinstance(expr, Faulty):
        return None
    if not isinstance(expr, Call):
        fix: tuple[Edit, ...] = ()
        if isinstance(expr, Ref) and expr.text in fitting:
            help, fix = f"write `{expr.text}()`", written_anew(expr.span, f"{expr.text}()")
        elif isinstance(expr, Binary) and expr.op == "or":
            help = "verifiers are joined by `and`; one that holds in several cases is a `@sft.verifier` of your own"
        report.error(_CODE, f"`{field}` takes {takes}, not {described(expr)}", expr.span, help, fix=fix)
        return None
    name = expr.func.text
    if name in fitting:
        return fitting[name]
    if name in LATER_METRICS and fits(LATER_METRICS[name]):
        not_runnable(f"metric `{name}`", expr.func, report)
    elif name in known or name in LATER_METRICS:
        report.error(_CODE, f"`{field}` takes {takes}, and `{name}` is none", expr.span, help)
    elif UNREAD not in report.functions_of.get(report.file.path, {}):
        near = did_you_mean(name, fitting) or help
        report.error("SFT0602", f"there is no metric `{name}`", expr.func.span, near, fix=renamed(expr.func, fitting))
    return None


def _read(
    function: MetricFunction | None, expr: Expr, names: Names, judges: Mapping[str, Judge], columns: ColumnScope
) -> ResolvedMetric | None:
    if function is None or not isinstance(expr, Call):
        return None
    found = with_arguments(function, expr, Around(names, judges, columns))
    k = found.args.get("k") if found is not None and function.at_k else None
    if isinstance(k, int) and k > 1:
        message = f"`k = {k}` is of {k} answers together, and each answer is looked at alone here"
        names.report.error(_CODE, message, expr.span, "leave out `k`")
        return None
    if found is not None and found.args.get("against") is not None:
        message = "the answers to one prompt are compared with each other, and with no model's"
        names.report.error(_CODE, message, expr.span, "leave out `against`")
        return None
    judge = judges.get(judge_of(found) or "")
    return found if judge is None or _judges_here(judge, expr, names) else None


def _judges_here(judge: Judge, expr: Call, names: Names) -> bool:
    """Whether a judge can say something of answers while they are written; False after a report."""
    using = judge.using.value
    by = using.form.name if using is not None else ""
    also = [judge.label(judge.using.span, "who judges")]
    if by == "recorded":
        message = f"the labels of judge `{judge.name}` were recorded, and these answers are new"
        names.report.error("SFT0284", message, expr.span, "judge with rules or a model", also)
        return False
    asked = using.arguments["name"].value if using is not None and by == "model" else None
    if by == "classifier" or (isinstance(asked, Ref) and names.of(judge.file).kind(asked) == "train"):
        what = "a classifier" if by == "classifier" else "a trained model"
        help = f"`scores` of the generate can ask it: `judge({judge.name})`, with a threshold"
        names.report.error("SFT0225", f"{what} judges after answers are written, not in between", expr.span, help, also)
        return False
    return True
