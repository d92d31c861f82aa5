"""Gates: requirements on metrics of evals, checked against what the evals measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from compiler.names import Names
from compiler.reporting import suggestion
from compiler.resolved import ResolvedEval, ResolvedGate
from compiler.rule_text import rule_text
from compiler.schema.fields import RuleEntry
from compiler.schema.gate import Gate
from compiler.schema.values import constant, written, wrong_unit
from compiler.step_params import (
    BoundRequirement,
    MetricRef,
    NoWorseRequirement,
    Requirement,
    SpreadRequirement,
)
from spec_lang.ast import Binary, Call, Expr, Ref
from spec_lang.quantities import Unit

_DEFAULT_LEVEL = Decimal("0.95")
_EXAMPLE = "write `EVAL.METRIC(MODEL) >= 80%`, `EVAL.METRIC(MODEL) no_worse_than MODEL by 2pt` or `spread(…) <= 10pt`"


@dataclass(frozen=True)
class _Found:
    """A metric reference with the eval it belongs to."""

    ref: MetricRef
    eval: ResolvedEval


def resolve_gate(block: Gate, names: Names, evals: Mapping[str, ResolvedEval]) -> ResolvedGate | None:
    """The gate; None when one of its requirements has a mistake."""
    reader = _Requirements(names, evals)
    read = [reader.read(rule) for rule in block.rules]
    sound = tuple(item for item in read if item is not None)
    if len(sound) < len(read) or not read:
        return None
    used = {requirement.metric.eval for requirement in sound}
    return ResolvedGate(block, sound, tuple(evals[name] for name in evals if name in used))


class _Requirements:
    def __init__(self, names: Names, evals: Mapping[str, ResolvedEval]) -> None:
        self.names, self.evals, self.report = names, evals, names.report

    def read(self, rule: RuleEntry) -> Requirement | None:
        expr = rule.expr
        assert expr is not None
        if isinstance(expr, Binary) and expr.op in (">=", ">", "<=", "<"):
            if "no_worse_than" in rule.clauses:
                span = rule.clauses["no_worse_than"].span
                message = "`no_worse_than` compares models, and this rule compares with a number"
                self.report.error("SFT0608", message, span, "write two rules")
                return None
            if isinstance(expr.left, Call) and expr.left.func.text == "spread":
                return self._spread(rule, expr, expr.left)
            return self._bound(rule, expr)
        if isinstance(expr, Call) and "no_worse_than" in rule.clauses:
            return self._no_worse(rule, expr)
        if isinstance(expr, Call) and len(expr.func.parts) > 1:
            help = "compare it: `>= 80%`, or `no_worse_than MODEL by 2pt`"
            self.report.error("SFT0608", "this requirement says nothing of what has to hold", expr.span, help)
            return None
        self.report.error("SFT0608", "this is no requirement", expr.span, _EXAMPLE)
        return None

    def _bound(self, rule: RuleEntry, expr: Binary) -> Requirement | None:
        self._only(rule, ("at", "each", "correct"), "a comparison with a number")
        found = self._metric(expr.left)
        if found is None:
            return None
        threshold = self._threshold(expr.right, found.ref)
        each = self._each(rule, found.eval)
        if threshold is None or each is False:
            return None
        return BoundRequirement(
            text=rule_text(rule.node, verb=False),
            metric=found.ref,
            op=cast(Literal[">=", ">", "<=", "<"], expr.op),
            threshold=threshold,
            level=rule.clause("at"),
            each=each or None,
            correct=rule.clause("correct") or "none",
        )

    def _no_worse(self, rule: RuleEntry, expr: Call) -> Requirement | None:
        found = self._metric(expr)
        baseline = self._baseline(rule, found)
        margin = self._margin(rule, found)
        each = self._each(rule, found.eval) if found else False
        if found is None or baseline is None or margin is None or each is False:
            return None
        return NoWorseRequirement(
            text=rule_text(rule.node, verb=False),
            metric=found.ref,
            baseline=baseline,
            margin=margin,
            level=rule.clause("at") or _DEFAULT_LEVEL,
            each=each or None,
            correct=rule.clause("correct") or "none",
        )

    def _spread(self, rule: RuleEntry, expr: Binary, call: Call) -> Requirement | None:
        self._only(rule, ("at",), "`spread`")
        over = call.args[1].value if len(call.args) == 2 else None
        if not isinstance(over, Ref) or over.text != "templates" or expr.op not in ("<=", "<"):
            help = "write `spread(EVAL.METRIC(MODEL), templates) <= 10pt`"
            self.report.error(
                "SFT0608", "`spread` takes a metric and `templates`, and has an upper limit", expr.span, help
            )
            return None
        found = self._metric(call.args[0].value)
        if found is None:
            return None
        limit = self._limit(expr.right, found.ref)
        if len(found.eval.templates) < 2:
            also = [(found.eval.block.head, "one template here")]
            message = f"eval `{found.ref.eval}` has one template, so nothing spreads"
            self.report.error("SFT0611", message, call.span, "give the eval a second template", also)
            return None
        if limit is None:
            return None
        return SpreadRequirement(
            text=rule_text(rule.node, verb=False),
            metric=found.ref,
            op=cast(Literal["<=", "<"], expr.op),
            limit=limit,
            level=rule.clause("at"),
        )

    # --- pieces ---------------------------------------------------------------------------------

    def _metric(self, expr: Expr) -> _Found | None:
        """``format.exact(tuned)``; None after a report, or in silence when the eval itself has a mistake."""
        if not isinstance(expr, Call) or len(expr.func.parts) != 2:
            self.report.error("SFT0608", "expected a metric of an eval", expr.span, "write `EVAL.METRIC(MODEL)`")
            return None
        eval_ref = Ref(expr.func.parts[:1], expr.func.parts[0].span)
        if self.names.find(eval_ref, ("eval",), "require") is None:
            return None
        name, metric_name = expr.func.parts
        owner = self.evals.get(name.text)
        if owner is None:
            return None
        metric = next((item for item in owner.metrics if item.name == metric_name.text), None)
        if metric is None:
            help = suggestion(metric_name.text, [item.name for item in owner.metrics], "metrics")
            message = f"eval `{name.text}` has no metric `{metric_name.text}`"
            self.report.error("SFT0604", message, metric_name.span, help, [(owner.block.head, "declared here")])
            return None
        model = expr.args[0].value if len(expr.args) == 1 and expr.args[0].name is None else None
        if not isinstance(model, Ref):
            self.report.error(
                "SFT0608", "a metric is taken of one model", expr.span, f"write `{expr.func.text}(MODEL)`"
            )
            return None
        if not self._evaluated(model, owner):
            return None
        ref = MetricRef(input=name.text, eval=name.text, metric=metric.name, model=model.text, unit=metric.unit)
        return _Found(ref, owner)

    def _evaluated(self, model: Ref, owner: ResolvedEval) -> bool:
        known = [item.name for item in owner.models]
        if model.text in known:
            return True
        help = suggestion(model.text, known, "its models")
        also = [(owner.block.models.span, "its models")]
        self.report.error("SFT0605", f"eval `{owner.name}` does not evaluate `{model.text}`", model.span, help, also)
        return False

    def _threshold(self, expr: Expr, metric: MetricRef) -> Decimal | None:
        return self._number(expr, metric, Unit.SHARE, "a share from 0% to 100%", Decimal(1))

    def _limit(self, expr: Expr, metric: MetricRef) -> Decimal | None:
        return self._number(expr, metric, Unit.POINTS, "points", Decimal(1))

    def _number(self, expr: Expr, metric: MetricRef, unit: Unit, what: str, most: Decimal) -> Decimal | None:
        """A constant in the metric's unit; None after a report."""
        number = constant(expr)
        if number is None:
            self.report.error("SFT0608", "the right side has to be a number", expr.span, _EXAMPLE)
            return None
        wanted = unit if metric.unit == "share" else None
        if number[1] is not wanted:
            wrong_unit(expr, f"{metric.eval}.{metric.metric}", wanted, self.report, code="SFT0607")
            return None
        if wanted is not None and not 0 <= number[0] <= most:
            message = f"`{metric.eval}.{metric.metric}` is {what}, and never reaches {written(number[0], wanted)}"
            self.report.error("SFT0210", message, expr.span)
            return None
        return number[0]

    def _baseline(self, rule: RuleEntry, found: _Found | None) -> str | None:
        ref: Ref = rule.clauses["no_worse_than"].value
        if found is None:
            return None
        if ref.text == found.ref.model:
            self.report.error("SFT0608", f"`{ref.text}` is compared with itself", ref.span)
            return None
        return ref.text if self._evaluated(ref, found.eval) else None

    def _margin(self, rule: RuleEntry, found: _Found | None) -> Decimal | None:
        by = rule.clauses.get("by")
        if by is None:
            help = "add a margin: how much worse is still acceptable, such as `by 2pt`"
            self.report.error("SFT0215", "`no_worse_than` has no `by`", rule.clauses["no_worse_than"].span, help)
            return None
        operand = next(clause.operand for clause in rule.node.clauses if clause.word.text == "by")
        assert operand is not None
        return self._limit(operand, found.ref) if found else None

    def _each(self, rule: RuleEntry, owner: ResolvedEval) -> str | Literal[False]:
        """The slice's name, "" without one, False after a report."""
        ref: Ref | None = rule.clause("each")
        if ref is None:
            if "correct" in rule.clauses:
                span = rule.clauses["correct"].span
                self.report.error("SFT0225", "`correct` is not allowed without `each`", span)
                return False
            return ""
        known = [item.name for item in owner.slices]
        if ref.text not in known:
            help = suggestion(ref.text, known, "slices")
            also = [(owner.block.head, "declared here")]
            self.report.error("SFT0606", f"eval `{owner.name}` has no slice `{ref.text}`", ref.span, help, also)
            return False
        return ref.text

    def _only(self, rule: RuleEntry, allowed: tuple[str, ...], what: str) -> None:
        for word, value in rule.clauses.items():
            if word not in (*allowed, "because"):
                self.report.error("SFT0225", f"`{word}` is not allowed with {what}", value.span)
