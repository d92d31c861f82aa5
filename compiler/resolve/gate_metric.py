"""What a requirement measures, and the numbers that it names: read in the unit of the metric."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from compiler.names import Names
from compiler.reporting import Reporter, did_you_mean, renamed_word, suggestion, written_anew
from compiler.resolved import ResolvedEval, ResolvedMetric
from compiler.schema.fields import RuleEntry
from compiler.schema.written import constant, written, wrong_unit
from spec_lang.ast import Call, Expr, Faulty, Ref
from spec_lang.quantities import Unit

EXAMPLE = "write `EVAL.METRIC(MODEL) >= 80%`, `EVAL.METRIC(MODEL) no_worse_than MODEL by 2pt` or `spread(…) <= 10pt`"
_WRAPPERS = ("spread", "worst", "unseen")
_BY = {"no_worse_than": "by", "equivalent": "within"}
_MARGINS = {
    "no_worse_than": "how much worse is still acceptable, such as `by 2pt`",
    "equivalent": "which difference does not matter, such as `within 2pt`",
}


class Use(Struct, frozen=True, eq=False):
    """A metric of an eval and model, as far as it is known; ``shown`` is how messages call it. A unit that is not
    known is "share" for messages, and lets plain numbers pass."""

    shown: str
    model: str
    eval: ResolvedEval | None
    metric: ResolvedMetric | None

    @property
    def unit(self) -> Literal["share", "plain"]:
        return self.metric.function.unit if self.metric else "share"

    @property
    def better(self) -> Literal["higher", "lower"]:
        """Higher, where the metric has no better side: thresholds do not ask, and comparisons were reported."""
        return "lower" if self.higher_is_better is False else "higher"

    @property
    def higher_is_better(self) -> bool | None:
        """None where neither side is better, as of a length."""
        return self.metric.function.higher_is_better if self.metric else True


def read_metric(expr: Expr, names: Names, evals: Mapping[str, ResolvedEval]) -> Use:
    """``format.exact(tuned)``, of which everything that could not be read is not known."""
    report = names.report
    target = names.target(expr.func) if isinstance(expr, Call) else None
    if not isinstance(expr, Call) or target is None or len(target.rest) != 1:
        if not isinstance(expr, Faulty):
            near = did_you_mean(expr.func.text, _WRAPPERS) if isinstance(expr, Call) else None
            fix = renamed_word(expr.func, _WRAPPERS) if isinstance(expr, Call) and near else ()
            help = near or "write `EVAL.METRIC(MODEL)`"
            report.error("SFT0608", "expected a metric of an eval", expr.span, help, fix=fix)
        return Use("", "", None, None)
    name, metric = target.own, target.rest[0]
    owner = names.look_up(name, ("eval",), "require", evals)
    if owner is not None and owner.metrics.lacks(metric.text):
        help = suggestion(metric.text, owner.metrics.names, "metrics")
        message = f"eval `{name.text}` has no metric `{metric.text}`"
        also = [owner.block.label(owner.block.head, "declared here")]
        fix = renamed_word(metric, owner.metrics.names)
        report.error("SFT0604", message, metric.span, help, also, fix)
    model = expr.args[0].value if len(expr.args) == 1 and expr.args[0].name is None else None
    if isinstance(model, Ref):
        check_evaluated(model, owner, names)
    elif not isinstance(model, Faulty):
        report.error("SFT0608", "a metric is taken of one model", expr.span, f"write `{expr.func.text}(MODEL)`")
    found = owner.metrics.get(metric.text) if owner else None
    return Use(expr.func.text, names.full(model) if isinstance(model, Ref) else "", owner, found)


def check_evaluated(model: Ref, owner: ResolvedEval | None, names: Names) -> None:
    """That the eval has the model."""
    if owner is not None and owner.models.lacks(names.full(model)):
        help = suggestion(model.text, owner.models.names, "its models")
        if model.text == "baseline":
            help = 'set `baseline = blessed("main")` in the gate'
        also = [owner.block.label(owner.block.models.span, "its models")]
        message = f"eval `{owner.name}` does not evaluate `{model.text}`"
        names.report.error("SFT0605", message, model.span, help, also, renamed_word(model, owner.models.names))


def read_number(expr: Expr, use: Use, unit: Unit, what: str, report: Reporter) -> Decimal | None:
    """A constant in the metric's unit; None after a report, or where no metric could be read."""
    number = constant(expr)
    if not use.shown or isinstance(expr, Faulty):
        return None
    if number is None:
        two = isinstance(expr, Call) and len(expr.func.parts) > 1
        help = "two models are compared with `no_worse_than MODEL by 2pt`" if two else EXAMPLE
        report.error("SFT0608", "the right side has to be a number", expr.span, help)
        return None
    if number[1] is None and use.metric is None:
        return None
    wanted = unit if use.unit == "share" else None
    if number[1] is not wanted:
        wrong_unit(expr, use.shown, wanted, report, code="SFT0607")
        return None
    if wanted is not None and not 0 <= number[0] <= 1:
        message = f"`{use.shown}` is {what}, and never reaches {written(number[0], wanted)}"
        if wanted is Unit.POINTS:
            message = f"two values of `{use.shown}` are at most 100pt apart, and never {written(number[0], wanted)}"
        report.error("SFT0210", message, expr.span)
        return None
    return number[0]


def read_margin(rule: RuleEntry, word: str, use: Use, report: Reporter) -> Decimal | None:
    """The margin of ``no_worse_than`` or ``equivalent``; None after a report."""
    clause = _BY[word]
    by = rule.clauses.get(clause)
    other = next((rule.clauses[name] for name in _BY.values() if name != clause and name in rule.clauses), None)
    if by is None and other is not None:
        names = [item.word for item in rule.node.clauses if item.word.text in _BY.values()]
        message = f"the margin of `{word}` is its `{clause}`"
        fix = written_anew(names[0].span, clause)
        report.error("SFT0215", message, other.span, f"write `{clause}`", fix=fix)
        return None
    if by is None:
        help = f"add a margin: {_MARGINS[word]}"
        report.error("SFT0215", f"`{word}` has no `{clause}`", rule.clauses[word].span, help)
        return None
    operand = next(item.operand for item in rule.node.clauses if item.word.text == clause)
    if not by.known or operand is None:
        return None
    margin = read_number(operand, use, Unit.POINTS, "points", report)
    if margin == 0 and word == "equivalent":
        message = "no number of items shows that two models are equal to the last bit"
        report.error("SFT0210", message, operand.span, f"name {_MARGINS[word]}")
        return None
    return margin
