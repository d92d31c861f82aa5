"""Gates: requirements on metrics of evals, checked against what the evals measure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from compiler.names import Names
from compiler.reporting import did_you_mean, renamed_word, suggestion, written_anew
from compiler.resolve.gate_figures import check_figure, check_never, is_figure
from compiler.resolved import ResolvedEval, ResolvedMetric
from compiler.resolved_gate import MetricOf, Requirement, ResolvedGate
from compiler.schema.fields import RuleEntry
from compiler.schema.gate import Gate
from compiler.schema.written import constant, written, wrong_unit
from spec_lang.ast import Binary, Call, Expr, Faulty, Ref
from spec_lang.quantities import Unit

_TURNED = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}
_EXAMPLE = "write `EVAL.METRIC(MODEL) >= 80%`, `EVAL.METRIC(MODEL) no_worse_than MODEL by 2pt` or `spread(…) <= 10pt`"


class _Use(Struct, frozen=True, eq=False):
    """A metric of an eval and model, as far as it is known; ``shown`` is how messages call it. A unit that is not
    known is "share" for messages, and lets plain numbers pass."""

    shown: str
    model: str
    eval: ResolvedEval | None
    metric: ResolvedMetric | None

    @property
    def unit(self) -> Literal["share", "plain"]:
        return self.metric.function.unit if self.metric else "share"


def resolve_gate(block: Gate, names: Names, evals: Mapping[str, ResolvedEval]) -> ResolvedGate:
    """The gate, as far as its evals are known."""
    blessed = block.baseline.given or "baseline" in block.broken
    reader = _Requirements(names, evals, blessed)
    requirements = tuple(reader.read(rule) for rule in block.rules if rule.verb == "require")
    for rule in block.rules:
        if rule.verb == "never":
            check_never(rule, names, evals)
    used = {requirement.metric.eval for requirement in requirements if requirement is not None}
    return ResolvedGate(block, requirements, tuple(evals[name] for name in evals if name in used))


class _Requirements:
    """``blessed``: the gate has a `baseline`, which `no_worse_than baseline` means."""

    def __init__(self, names: Names, evals: Mapping[str, ResolvedEval], blessed: bool) -> None:
        self.names, self.evals, self.report, self.blessed = names, evals, names.report, blessed

    def read(self, rule: RuleEntry) -> Requirement | None:
        expr = rule.expr
        if expr is None or isinstance(expr, Faulty):
            return None
        if isinstance(expr, Binary) and expr.op in (">=", ">", "<=", "<"):
            if "no_worse_than" in rule.clauses:
                span = rule.clauses["no_worse_than"].span
                message = "`no_worse_than` compares models, and this rule compares with a number"
                self.report.error("SFT0608", message, span, "write two rules")
                return None
            if is_figure(expr, self.names):
                check_figure(rule, expr, self.names)
                return None
            if isinstance(expr.left, Call) and expr.left.func.text == "spread":
                return self._spread(rule, expr, expr.left)
            if constant(expr.left) is not None and isinstance(expr.right, Call):
                self._turned_round(expr)
                return None
            return self._bound(rule, expr)
        if isinstance(expr, Call) and "no_worse_than" in rule.clauses:
            return self._no_worse(rule, expr)
        if isinstance(expr, Call) and len(expr.func.parts) > 1:
            help = "compare it: `>= 80%`, or `no_worse_than MODEL by 2pt`"
            self.report.error("SFT0608", "this requirement says nothing of what has to hold", expr.span, help)
            return None
        self.report.error("SFT0608", "this is no requirement", expr.span, _EXAMPLE)
        return None

    def _turned_round(self, expr: Binary) -> None:
        """``80% <= format.exact(tuned)``: the metric stands on the left."""
        left, right = (self.report.file.slice(side.span) for side in (expr.left, expr.right))
        turned = f"{right} {_TURNED[expr.op]} {left}"
        message = "the metric stands on the left of its threshold"
        self.report.error("SFT0608", message, expr.span, f"write `{turned}`", fix=written_anew(expr.span, turned))

    def _bound(self, rule: RuleEntry, expr: Binary) -> Requirement | None:
        self._only(rule, ("at", "each", "correct"), "a comparison with a number")
        use = self._metric(expr.left)
        threshold = self._number(expr.right, use, Unit.SHARE, "a share from 0% to 100%")
        self._check_each(rule, use)
        return self._requirement("bound", rule, use, threshold, op=expr.op)

    def _no_worse(self, rule: RuleEntry, expr: Call) -> Requirement | None:
        use = self._metric(expr)
        baseline: Ref | None = rule.clause("no_worse_than")
        if baseline is not None and self.names.full(baseline) == use.model:
            self.report.error("SFT0608", f"`{baseline.text}` is compared with itself", baseline.span)
        elif baseline is not None and not (baseline.text == "baseline" and self.blessed):
            self._check_evaluated(baseline, use.eval)
        margin = self._margin(rule, use)
        self._check_each(rule, use)
        return self._requirement(
            "no_worse_than", rule, use, margin, baseline=self.names.full(baseline) if baseline else ""
        )

    def _spread(self, rule: RuleEntry, expr: Binary, call: Call) -> Requirement | None:
        self._only(rule, ("at",), "`spread`")
        over = call.args[1].value if len(call.args) == 2 else None
        if not isinstance(over, Ref) or over.text != "templates" or expr.op not in ("<=", "<"):
            help = "write `spread(EVAL.METRIC(MODEL), templates) <= 10pt`"
            message = "`spread` takes a metric and `templates`, and has an upper limit"
            fix = renamed_word(over, ["templates"]) if isinstance(over, Ref) else ()
            help = did_you_mean(over.text, ["templates"]) or help if isinstance(over, Ref) else help
            self.report.error("SFT0608", message, over.span if fix and over else expr.span, help, fix=fix)
            return None
        use = self._metric(call.args[0].value)
        limit = self._number(expr.right, use, Unit.POINTS, "points")
        templates = use.eval.templates if use.eval else None
        if use.eval and templates and not templates.more and len(templates.items) < 2:
            also = [use.eval.block.label(use.eval.block.head, "one template here")]
            message = f"eval `{use.eval.name}` has one template, so nothing spreads"
            self.report.error("SFT0611", message, call.span, "give the eval a second template", also)
        return self._requirement("spread", rule, use, limit, op=expr.op)

    def _requirement(
        self,
        kind: Literal["bound", "no_worse_than", "spread"],
        rule: RuleEntry,
        use: _Use,
        limit: Decimal | None,
        *,
        op: str = "",
        baseline: str = "",
    ) -> Requirement | None:
        if use.eval is None or use.metric is None or limit is None:
            return None
        metric = MetricOf(use.eval.name, use.shown.rpartition(".")[2], use.model, use.unit)
        return Requirement(kind, rule, metric, limit, op, baseline)

    # --- pieces ---------------------------------------------------------------------------------

    def _metric(self, expr: Expr) -> _Use:
        """``format.exact(tuned)``, of which everything that could not be read is not known."""
        target = self.names.target(expr.func) if isinstance(expr, Call) else None
        if not isinstance(expr, Call) or target is None or len(target.rest) != 1:
            if not isinstance(expr, Faulty):
                near = did_you_mean(expr.func.text, ("spread",)) if isinstance(expr, Call) else None
                fix = renamed_word(expr.func, ("spread",)) if isinstance(expr, Call) and near else ()
                help = near or "write `EVAL.METRIC(MODEL)`"
                self.report.error("SFT0608", "expected a metric of an eval", expr.span, help, fix=fix)
            return _Use("", "", None, None)
        name, metric = target.own, target.rest[0]
        owner = self.names.look_up(name, ("eval",), "require", self.evals)
        if owner is not None and owner.metrics.lacks(metric.text):
            help = suggestion(metric.text, owner.metrics.names, "metrics")
            message = f"eval `{name.text}` has no metric `{metric.text}`"
            also = [owner.block.label(owner.block.head, "declared here")]
            fix = renamed_word(metric, owner.metrics.names)
            self.report.error("SFT0604", message, metric.span, help, also, fix)
        model = expr.args[0].value if len(expr.args) == 1 and expr.args[0].name is None else None
        if isinstance(model, Ref):
            self._check_evaluated(model, owner)
        elif not isinstance(model, Faulty):
            self.report.error(
                "SFT0608", "a metric is taken of one model", expr.span, f"write `{expr.func.text}(MODEL)`"
            )
        found = owner.metrics.get(metric.text) if owner else None
        return _Use(expr.func.text, self.names.full(model) if isinstance(model, Ref) else "", owner, found)

    def _check_evaluated(self, model: Ref, owner: ResolvedEval | None) -> None:
        if owner is not None and owner.models.lacks(self.names.full(model)):
            help = suggestion(model.text, owner.models.names, "its models")
            if model.text == "baseline":
                help = 'set `baseline = blessed("main")` in the gate'
            also = [owner.block.label(owner.block.models.span, "its models")]
            message = f"eval `{owner.name}` does not evaluate `{model.text}`"
            self.report.error("SFT0605", message, model.span, help, also, renamed_word(model, owner.models.names))

    def _number(self, expr: Expr, use: _Use, unit: Unit, what: str) -> Decimal | None:
        """A constant in the metric's unit; None after a report, or where no metric could be read."""
        number = constant(expr)
        if not use.shown or isinstance(expr, Faulty):
            return None
        if number is None:
            two = isinstance(expr, Call) and len(expr.func.parts) > 1
            help = "two models are compared with `no_worse_than MODEL by 2pt`" if two else _EXAMPLE
            self.report.error("SFT0608", "the right side has to be a number", expr.span, help)
            return None
        if number[1] is None and use.metric is None:
            return None
        wanted = unit if use.unit == "share" else None
        if number[1] is not wanted:
            wrong_unit(expr, use.shown, wanted, self.report, code="SFT0607")
            return None
        if wanted is not None and not 0 <= number[0] <= 1:
            message = f"`{use.shown}` is {what}, and never reaches {written(number[0], wanted)}"
            if wanted is Unit.POINTS:
                message = f"two values of `{use.shown}` are at most 100pt apart, and never {written(number[0], wanted)}"
            self.report.error("SFT0210", message, expr.span)
            return None
        return number[0]

    def _margin(self, rule: RuleEntry, use: _Use) -> Decimal | None:
        by = rule.clauses.get("by")
        if by is None:
            help = "add a margin: how much worse is still acceptable, such as `by 2pt`"
            self.report.error("SFT0215", "`no_worse_than` has no `by`", rule.clauses["no_worse_than"].span, help)
            return None
        operand = next(clause.operand for clause in rule.node.clauses if clause.word.text == "by")
        return self._number(operand, use, Unit.POINTS, "points") if by.known and operand is not None else None

    def _check_each(self, rule: RuleEntry, use: _Use) -> None:
        ref: Ref | None = rule.clause("each")
        if "each" not in rule.clauses and "correct" in rule.clauses:
            span = rule.clauses["correct"].span
            self.report.error("SFT0225", "`correct` is not allowed without `each`", span)
        if ref is not None and use.eval is not None and use.eval.slices.lacks(ref.text):
            help = suggestion(ref.text, use.eval.slices.names, "slices")
            also = [use.eval.block.label(use.eval.block.head, "declared here")]
            message = f"eval `{use.eval.name}` has no slice `{ref.text}`"
            self.report.error("SFT0606", message, ref.span, help, also, renamed_word(ref, use.eval.slices.names))

    def _only(self, rule: RuleEntry, allowed: tuple[str, ...], what: str) -> None:
        for word, value in rule.clauses.items():
            if word not in (*allowed, "because"):
                self.report.error("SFT0225", f"`{word}` is not allowed with {what}", value.span)
