"""Metrics of an eval: a call of the metric table with its arguments written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.column_scope import ColumnScope
from compiler.functions import LATER_METRICS, METRIC_FUNCTIONS, MetricArgument, MetricFunction
from compiler.names import Names
from compiler.reporting import UNREAD, Reporter, did_you_mean, renamed, suggestion, written_anew
from compiler.resolve.metric_arguments import Around, no_consent, read_argument
from compiler.resolved import ResolvedMetric
from compiler.schema.judge import Judge
from compiler.schema.values import not_runnable
from compiler.schema.written import described
from compiler.typed import Typed
from spec_lang.ast import Arg, Call, Faulty, NamedRule, Ref

_SHOWN = 6  # metrics that a message names of those that there are
_ALL = {**METRIC_FUNCTIONS, **LATER_METRICS}


def resolve_metric(
    rule: NamedRule, names: Names, judges: Mapping[str, Judge], columns: ColumnScope
) -> ResolvedMetric | None:
    """``metric exact = exact_match(normalise = json)``; defaults of arguments are filled in. ``columns`` are those of
    the eval's data."""
    call, report = rule.expr, names.report
    if isinstance(call, Faulty):
        return None
    if not isinstance(call, Call):
        if isinstance(call, Ref) and call.text in {*_ALL, *report.metrics}:
            fix = written_anew(call.span, f"{call.text}()")
            report.error("SFT0614", f"`{call.text}` is a function", call.span, f"write `{call.text}()`", fix=fix)
        else:
            message = f"metric `{rule.name.text}` takes a function, not {described(call)}"
            report.error("SFT0614", message, call.span, f"functions: {first_of(METRIC_FUNCTIONS)}")
        return None
    function = _ALL.get(call.func.text) or report.metrics.get(call.func.text)
    if function is None:
        if UNREAD in report.functions_of.get(report.file.path, {}):
            return None
        known = {**_ALL, **report.metrics}
        help = did_you_mean(call.func.text, known) or suggestion(
            call.func.text, {**METRIC_FUNCTIONS, **report.metrics}, "metrics"
        )
        fix = renamed(call.func, known)
        report.error("SFT0602", f"there is no metric `{call.func.text}`", call.func.span, help, fix=fix)
        return None
    if function.name in LATER_METRICS:
        not_runnable(f"metric `{function.name}`", call.func, report)
    return with_arguments(function, call, Around(names, judges, columns))


def first_of(metrics: Iterable[str]) -> str:
    """Some metrics, for a message."""
    return ", ".join(f"`{name}()`" for name in list(metrics)[:_SHOWN]) + ", …"


def with_arguments(function: MetricFunction, call: Call, around: Around) -> ResolvedMetric | None:
    """The metric with its arguments; None after a report."""
    report = around.names.report
    args = {argument.name: argument.default for argument in function.arguments if argument.default is not None}
    columns: dict[str, Typed] = {}
    given: set[str] = set()
    sound = True
    by_name = {argument.name: argument for argument in function.arguments}
    for position, arg in enumerate(call.args):
        argument = _which(function, by_name, position, arg, report)
        value = read_argument(argument, arg.value, around) if argument is not None else None
        if argument is not None and argument.name in given:
            report.error("SFT0614", f"`{argument.name}` is given twice", arg.span)
        if argument is None or value is None or argument.name in given:
            sound = False
        elif isinstance(value, bool | int | str):
            args[argument.name] = value
        else:
            columns[argument.name] = value
        given |= {argument.name} if argument is not None else set()
    missing = [argument for argument in function.arguments if argument.needed and argument.name not in given]
    if missing and sound and missing[0].kind == "consent":
        no_consent(missing[0], call.span, around)
    elif missing and sound:
        message = f"`{function.name}` needs `{missing[0].name}`"
        report.error("SFT0614", message, call.span, _example(function, missing[0]))
    return ResolvedMetric(function, args, columns) if sound and not missing else None


def _example(function: MetricFunction, missing: MetricArgument) -> str:
    if missing.choices:
        return "write " + " or ".join(f"`{missing.name} = {choice}`" for choice in missing.choices)
    example = missing.name if missing.kind == "column" else '"…"'
    named = "" if missing is function.arguments[0] else f"{missing.name} = "
    return f"`{function.name}({named}{example})`"


def _which(
    function: MetricFunction, by_name: dict[str, MetricArgument], position: int, arg: Arg, report: Reporter
) -> MetricArgument | None:
    if arg.name is not None:
        found = by_name.get(arg.name.text)
        if found is None:
            help = suggestion(arg.name.text, by_name, "arguments")
            report.error("SFT0614", f"`{function.name}` takes no `{arg.name.text}`", arg.name.span, help)
        return found
    if position >= len(function.arguments):
        count = len(function.arguments)
        amount = "no arguments" if count == 0 else f"{count} argument{'s' if count > 1 else ''}"
        report.error("SFT0614", f"`{function.name}` takes {amount}", arg.span)
        return None
    return function.arguments[position]
