"""Metrics of an eval: a call of the metric table with its arguments written out."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.functions import LATER_METRICS, METRIC_FUNCTIONS, MetricArgument, MetricFunction
from compiler.names import Names
from compiler.reporting import Reporter, did_you_mean, renamed, suggestion, written_anew
from compiler.resolve.label import check_label
from compiler.resolved import ResolvedMetric
from compiler.schema.judge import Judge
from compiler.schema.values import not_runnable
from compiler.schema.written import described
from spec_lang.ast import Arg, Call, Expr, Faulty, NamedRule, Ref, StringLit
from spec_lang.printer import expression_text

_ALL = {**METRIC_FUNCTIONS, **LATER_METRICS}


def resolve_metric(rule: NamedRule, names: Names, judges: Mapping[str, Judge]) -> ResolvedMetric | None:
    """``metric exact = exact_match(normalise = json)``; defaults of arguments are filled in."""
    call, report = rule.expr, names.report
    if isinstance(call, Faulty):
        return None
    if not isinstance(call, Call):
        if isinstance(call, Ref) and call.text in _ALL:
            fix = written_anew(call.span, f"{call.text}()")
            report.error("SFT0614", f"`{call.text}` is a function", call.span, f"write `{call.text}()`", fix=fix)
        else:
            message = f"metric `{rule.name.text}` takes a function, not {described(call)}"
            report.error("SFT0614", message, call.span, f"functions: {_known()}")
        return None
    function = _ALL.get(call.func.text)
    if function is None:
        help = did_you_mean(call.func.text, _ALL) or suggestion(call.func.text, METRIC_FUNCTIONS, "metrics")
        fix = renamed(call.func, _ALL)
        report.error("SFT0602", f"there is no metric `{call.func.text}`", call.func.span, help, fix=fix)
        return None
    if function.name in LATER_METRICS:
        not_runnable(f"metric `{function.name}`", call.func, report)
    args = _arguments(function, call, names, judges)
    return None if args is None else ResolvedMetric(function, args)


def check_verify(expr: Expr, names: Names) -> None:
    """A verifier of generated answers: a metric of 0 or 1 that needs nothing but the answer and what was expected."""
    if isinstance(expr, Faulty):
        return
    shares = {name: metric for name, metric in METRIC_FUNCTIONS.items() if metric.unit == "share"}
    function = shares.get(expr.func.text) if isinstance(expr, Call) else None
    if isinstance(expr, Call) and function is not None:
        _arguments(function, expr, names, {})
        return
    name = expr.func.text if isinstance(expr, Call) else ""
    help = f"metrics of 0 or 1: {', '.join(f'`{known}()`' for known in shares)}"
    if name in _ALL:
        names.report.error("SFT0614", f"`verify` takes a metric of 0 or 1, and `{name}` is none", expr.span, help)
    elif isinstance(expr, Call):
        near = did_you_mean(name, shares) or help
        names.report.error("SFT0602", f"there is no metric `{name}`", expr.func.span, near)
    else:
        names.report.error("SFT0614", f"`verify` takes a metric, not {described(expr)}", expr.span, help)


def _known() -> str:
    return ", ".join(f"`{name}()`" for name in METRIC_FUNCTIONS)


def _arguments(
    function: MetricFunction, call: Call, names: Names, judges: Mapping[str, Judge]
) -> dict[str, str] | None:
    report = names.report
    args = {argument.name: argument.default for argument in function.arguments if argument.default is not None}
    given: set[str] = set()
    sound = True
    by_name = {argument.name: argument for argument in function.arguments}
    for position, arg in enumerate(call.args):
        argument = _which(function, by_name, position, arg, report)
        value = _value(argument, arg, names, judges) if argument is not None else None
        if argument is not None and argument.name in given:
            report.error("SFT0614", f"`{argument.name}` is given twice", arg.span)
        if argument is None or value is None or argument.name in given:
            sound = False
        else:
            args[argument.name] = value
        given |= {argument.name} if argument is not None else set()
    missing = [name for name in by_name if name not in args and name not in given]
    if missing and sound:
        report.error("SFT0614", f"`{function.name}` needs `{missing[0]}`", call.span, f'`{function.name}("…")`')
    return args if sound and not missing else None


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


def _value(argument: MetricArgument, arg: Arg, names: Names, judges: Mapping[str, Judge]) -> str | None:
    value, report = arg.value, names.report
    if isinstance(value, Faulty):
        return None
    if argument.kind == "label":
        sound = check_label(value, f"`{argument.name}`", names, judges, "SFT0614")
        return expression_text(value) if sound else None
    if argument.kind in ("model", "judge"):
        kinds = ("model", "train") if argument.kind == "model" else ("judge",)
        if not isinstance(value, Ref):
            report.error("SFT0614", f"`{argument.name}` takes a name, not {described(value)}", value.span)
            return None
        return value.text if names.stands(value, kinds, argument.name) else None
    if argument.choices:
        word = value.text if isinstance(value, Ref) else value.value if isinstance(value, StringLit) else None
        if word in argument.choices:
            return word
        allowed = ", ".join(f"`{choice}`" for choice in argument.choices)
        report.error("SFT0614", f"`{argument.name}` is one of {allowed}", value.span)
        return None
    if isinstance(value, StringLit) and value.value:
        return value.value
    report.error("SFT0614", f"`{argument.name}` takes a string, not {described(value)}", value.span)
    return None
