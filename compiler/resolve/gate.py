"""Gates: requirements on metrics of evals, checked against what the evals measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from compiler.names import Names
from compiler.reporting import renamed_word, suggestion, written_anew
from compiler.resolve.gate_axes import OF_AXES, TRAINED, UNSEEN, axis_of, check_unseen
from compiler.resolve.gate_baseline import Baseline, read_baseline
from compiler.resolve.gate_figures import is_figure, read_figure
from compiler.resolve.gate_metric import EXAMPLE, Use, check_evaluated, read_margin, read_metric, read_number
from compiler.resolve.gate_never import read_never
from compiler.resolved import ResolvedEval
from compiler.resolved_gate import (
    COMPARED,
    AxisOf,
    FigureOf,
    Grouped,
    Member,
    MetricOf,
    Never,
    Requirement,
    ResolvedGate,
    Rule,
    leaves,
)
from compiler.schema.fields import RuleEntry
from compiler.schema.gate import Gate, Group, Inner
from compiler.schema.written import constant
from spec_lang.ast import Binary, Call, Expr, Faulty, Ref
from spec_lang.quantities import Unit

_TURNED = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}
_MARGINS = {"no_worse_than": "by", "equivalent": "within"}


def resolve_gate(block: Gate, names: Names, evals: Mapping[str, ResolvedEval]) -> ResolvedGate:
    """The gate, as far as its evals are known."""
    reader = _Requirements(names, evals, read_baseline(block, names))
    members = _members(block, reader)
    known = tuple(leaves(members))
    asked = (item for item in known if isinstance(item, Requirement | Never))
    used = {item.eval if isinstance(item, Never) else item.metric.eval for item in asked}
    reader.baseline.report_unused(names.report)
    return ResolvedGate(block, members, tuple(evals[name] for name in evals if name in used), reader.baseline.facts)


def _members(block: Gate, reader: _Requirements) -> tuple[Member, ...]:
    """In the order of the file. `never` comes last, for it asks what else is required."""
    read: dict[int, Requirement | FigureOf | None] = {}
    waiting: list[RuleEntry] = []
    for rule in _rules(block):
        if rule.verb == "never":
            waiting.append(rule)
        else:
            read[id(rule)] = reader.read(rule)
    measured = tuple(item for item in read.values() if not isinstance(item, FigureOf))
    never = {id(rule): read_never(rule, reader.names, reader.evals, measured) for rule in waiting}
    return _placed(block, {**read, **never})


def _rules(block: Gate | Group | Inner) -> Sequence[RuleEntry]:
    found = list(block.rules)
    for group in _groups(block):
        found += _rules(group)
    return found


def _groups(block: Gate | Group | Inner) -> Sequence[Group | Inner]:
    return () if isinstance(block, Inner) else (*block.any_of, *block.all_of)


def _placed(
    block: Gate | Group | Inner, read: Mapping[int, Requirement | Never | FigureOf | None]
) -> tuple[Member, ...]:
    found: list[tuple[int, Member]] = [(rule.node.span.start, read[id(rule)]) for rule in block.rules]
    if not isinstance(block, Inner):
        found += [(group.head.start, Grouped("any", group.head, _placed(group, read))) for group in block.any_of]
        found += [(group.head.start, Grouped("all", group.head, _placed(group, read))) for group in block.all_of]
    return tuple(member for _, member in sorted(found, key=lambda pair: pair[0]))


class _Requirements:
    """``baseline`` is what the gate's `baseline` means, which may be nothing."""

    def __init__(self, names: Names, evals: Mapping[str, ResolvedEval], baseline: Baseline) -> None:
        self.names, self.evals, self.report, self.baseline = names, evals, names.report, baseline

    def read(self, rule: RuleEntry) -> Requirement | FigureOf | None:
        expr = rule.expr
        if expr is None or isinstance(expr, Faulty):
            return None
        compared = [word for word in COMPARED if word in rule.clauses]
        if isinstance(expr, Binary) and expr.op in (">=", ">", "<=", "<"):
            if compared:
                message = f"`{compared[0]}` compares models, and this rule compares with a number"
                self.report.error("SFT0608", message, rule.clauses[compared[0]].span, "write two rules")
                return None
            if is_figure(expr, self.names):
                return read_figure(rule, expr, self.names)
            if isinstance(expr.left, Call) and expr.left.func.text in OF_AXES:
                return self._over_axis(rule, expr, expr.left)
            if isinstance(expr.left, Call) and expr.left.func.text == UNSEEN:
                return self._unseen(rule, expr.left)
            if constant(expr.left) is not None and isinstance(expr.right, Call):
                self._turned_round(expr)
                return None
            return self._bound(rule, expr)
        if isinstance(expr, Call) and expr.func.text == UNSEEN:
            return self._unseen(rule, expr)
        if isinstance(expr, Call) and compared:
            return self._compared(rule, expr, compared)
        if isinstance(expr, Call) and len(expr.func.parts) > 1:
            help = "compare it: `>= 80%`, or `no_worse_than MODEL by 2pt`"
            self.report.error("SFT0608", "this requirement says nothing of what has to hold", expr.span, help)
            return None
        self.report.error("SFT0608", "this is no requirement", expr.span, EXAMPLE)
        return None

    def _turned_round(self, expr: Binary) -> None:
        """``80% <= format.exact(tuned)``: the metric stands on the left."""
        left, right = (self.report.file.slice(side.span) for side in (expr.left, expr.right))
        turned = f"{right} {_TURNED[expr.op]} {left}"
        message = "the metric stands on the left of its threshold"
        self.report.error("SFT0608", message, expr.span, f"write `{turned}`", fix=written_anew(expr.span, turned))

    def _bound(self, rule: RuleEntry, expr: Binary) -> Requirement | None:
        self._only(rule, ("at", "each", "correct"), "a comparison with a number")
        use = read_metric(expr.left, self.names, self.evals)
        threshold = read_number(expr.right, use, Unit.SHARE, "a share from 0% to 100%", self.report)
        self._check_each(rule, use)
        if "correct" in rule.clauses and "each" in rule.clauses and "at" not in rule.clauses:
            message = "`correct` corrects a level, and this requirement names none"
            help = "add `at 95%`, or leave out `correct`: without a level the estimates alone decide"
            self.report.error("SFT0225", message, rule.clauses["correct"].span, help)
        return self._requirement("bound", rule, use, threshold, op=expr.op)

    def _compared(self, rule: RuleEntry, expr: Call, words: Sequence[str]) -> Requirement | None:
        """``no_worse_than``, ``no_significant_regression`` or ``equivalent``, of which a rule has one."""
        word, *more = words
        for other in more:
            message = f"`{word}` and `{other}` in one rule"
            self.report.error("SFT0225", message, rule.clauses[other].span, "write two rules")
        margin_word = _MARGINS.get(word)
        # A margin under the other name is told where the margin is read, and what the second comparison takes with it.
        own = (word, *more, *(_MARGINS.values() if margin_word or more else ()))
        self._only(rule, (*own, "at", "each", "correct"), f"`{word}`")
        use = read_metric(expr, self.names, self.evals)
        other_model: Ref | None = rule.clause(word)
        if word != "equivalent" and use.higher_is_better is None:
            self._without_direction(expr, use)
        blessed = ""
        if other_model is not None and other_model.text == "baseline" and self.baseline.given:
            blessed = self.baseline.model_for(use, other_model, self.names)
        elif other_model is not None and self.names.full(other_model) == use.model:
            self.report.error("SFT0608", f"`{other_model.text}` is compared with itself", other_model.span)
        elif other_model is not None:
            check_evaluated(other_model, use.eval, self.names)
        margin = read_margin(rule, word, use, self.report) if margin_word else Decimal(0)
        self._check_each(rule, use)
        baseline = "" if other_model is None else "baseline" if blessed else self.names.full(other_model)
        rule_of: Rule = word  # type: ignore[assignment]  # one of COMPARED
        return self._requirement(rule_of, rule, use, margin, baseline=baseline, blessed=blessed)

    def _without_direction(self, expr: Expr, use: Use) -> None:
        message = f"of `{use.shown}` neither more nor less is better, so nothing says what a regression is"
        help = "`equivalent MODEL within …` asks for no change either way"
        self.report.error("SFT0664", message, expr.span, help)

    def _over_axis(self, rule: RuleEntry, expr: Binary, call: Call) -> Requirement | None:
        """``spread(METRIC, AXIS) <= 10pt`` and ``worst(METRIC, AXIS) >= 60%``."""
        name = call.func.text
        self._only(rule, ("at",), f"`{name}`")
        if name == "spread" and expr.op not in ("<=", "<"):
            help = "write `spread(EVAL.METRIC(MODEL), templates) <= 10pt`"
            self.report.error("SFT0608", "`spread` has an upper limit", expr.span, help)
            return None
        use = read_metric(call.args[0].value, self.names, self.evals) if call.args else Use("", "", None, None)
        over = axis_of(call, use.eval, self.report)
        if name == "spread":
            limit = read_number(expr.right, use, Unit.POINTS, "points", self.report)
        else:
            limit = read_number(expr.right, use, Unit.SHARE, "a share from 0% to 100%", self.report)
        kind: Rule = "spread" if name == "spread" else "worst"
        return self._requirement(kind, rule, use, limit, op=expr.op, over=over) if over is not None else None

    def _unseen(self, rule: RuleEntry, call: Call) -> Requirement | None:
        """``unseen(METRIC) no_worse_than trained by 5pt``."""
        self._only(rule, ("at", "no_worse_than", "by"), f"`{UNSEEN}`")
        trained: Ref | None = rule.clause("no_worse_than")
        if len(call.args) != 1 or trained is None or trained.text != TRAINED:
            if trained is None and "no_worse_than" in rule.clauses:
                return None
            message = f"`{UNSEEN}` compares templates that are new to a model with those it was trained on"
            help = f"write `{UNSEEN}(EVAL.METRIC(MODEL)) no_worse_than {TRAINED} by 5pt`"
            self.report.error("SFT0608", message, trained.span if trained is not None else call.span, help)
            return None
        use = read_metric(call.args[0].value, self.names, self.evals)
        if use.higher_is_better is None:
            self._without_direction(call, use)
        margin = read_margin(rule, "no_worse_than", use, self.report)
        sound = check_unseen(call, use.model, use.eval, self.report)
        return self._requirement("unseen", rule, use, margin) if sound else None

    def _requirement(
        self,
        kind: Rule,
        rule: RuleEntry,
        use: Use,
        limit: Decimal | None,
        *,
        op: str = "",
        baseline: str = "",
        blessed: str = "",
        over: AxisOf | None = None,
    ) -> Requirement | None:
        if use.eval is None or use.metric is None or limit is None:
            return None
        metric = MetricOf(use.eval.name, use.shown.rpartition(".")[2], use.model, use.unit, use.better)
        return Requirement(kind, rule, metric, limit, op, baseline, blessed, over)

    def _check_each(self, rule: RuleEntry, use: Use) -> None:
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
