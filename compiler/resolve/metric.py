"""Metrics of an eval: a call of the metric table with its arguments written out."""

from __future__ import annotations

from compiler.functions import METRIC_FUNCTIONS, MetricArgument, MetricFunction
from compiler.reporting import Reporter, suggestion
from compiler.resolved import ResolvedMetric
from compiler.schema.values import described, not_runnable
from spec_lang.ast import Arg, Call, Faulty, NamedRule, Ref, StringLit

_LATER = ("rate", "kl_from", "judge", "rouge_l", "perplexity", "toxicity", "tag")


def resolve_metric(rule: NamedRule, report: Reporter) -> ResolvedMetric | None:
    """``metric exact = exact_match(normalise = json)``; defaults of arguments are filled in."""
    call = rule.expr
    if isinstance(call, Faulty):
        return None
    if not isinstance(call, Call):
        if isinstance(call, Ref) and call.text in METRIC_FUNCTIONS:
            report.error("SFT0614", f"`{call.text}` is a function", call.span, f"write `{call.text}()`")
        else:
            message = f"metric `{rule.name.text}` takes a function, not {described(call)}"
            report.error("SFT0614", message, call.span, f"functions: {_known()}")
        return None
    function = METRIC_FUNCTIONS.get(call.func.text)
    if function is None:
        if call.func.text in _LATER:
            not_runnable(f"metric `{call.func.text}`", call.func, report)
        else:
            help = suggestion(call.func.text, METRIC_FUNCTIONS, "metrics")
            report.error("SFT0602", f"there is no metric `{call.func.text}`", call.func.span, help)
        return None
    args = _arguments(function, call, report)
    return None if args is None else ResolvedMetric(function, args)


def _known() -> str:
    return ", ".join(f"`{name}()`" for name in METRIC_FUNCTIONS)


def _arguments(function: MetricFunction, call: Call, report: Reporter) -> dict[str, str] | None:
    args = {argument.name: argument.default for argument in function.arguments if argument.default is not None}
    given: set[str] = set()
    sound = True
    by_name = {argument.name: argument for argument in function.arguments}
    for position, arg in enumerate(call.args):
        argument = _which(function, by_name, position, arg, report)
        value = _value(argument, arg, report) if argument is not None else None
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


def _value(argument: MetricArgument, arg: Arg, report: Reporter) -> str | None:
    value = arg.value
    if isinstance(value, Faulty):
        return None
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
