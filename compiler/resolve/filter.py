"""Filter rules over the columns of one task: typed conditions and dedup keys."""

from __future__ import annotations

from compiler.column_scope import ColumnScope
from compiler.contradictions import leave_nothing
from compiler.expression_types import check
from compiler.known import Known
from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.thresholds import same_for_every_row, threshold
from compiler.resolved import Dedup, Predicate, ResolvedFilter, Top
from compiler.schema.fields import RuleEntry
from compiler.schema.filter import Filter
from compiler.typed import Typed
from spec_lang.ast import Expr


def check_filter(block: Filter, names: Names) -> Filter:
    """The block, after reporting what is wrong of its rules over any columns: for filters that no task uses."""
    resolve_filter(block, ColumnScope(Known(more=True), f"filter `{block.name}`", names.report))
    check_decontaminate(block.rules, names)
    return block


def check_decontaminate(rules: tuple[RuleEntry, ...], names: Names) -> None:
    """The names in ``against``, of a filter or of a mixture."""
    for entry in rules:
        if entry.verb == "decontaminate":
            for ref in entry.clause("against") or ():
                names.stands(ref, ("eval", "task", "source"), "against", parts=2 if names.kind(ref) == "task" else 1)


def resolve_filter(block: Filter, scope: ColumnScope) -> ResolvedFilter:
    """The rules over these columns."""
    rules = tuple(_rule(rule, scope) for rule in block.rules)
    _leave_something([rule for rule in rules if isinstance(rule, Predicate)], scope.report)
    return ResolvedFilter(block, rules)


def _leave_something(rules: list[Predicate], report: Reporter) -> None:
    """Report the first rule that drops whatever the ones before it keep, with the one that it clashes with."""
    if len(rules) < 2 or not _clash(rules):
        return
    last = next(index for index in range(2, len(rules) + 1) if _clash(rules[:index])) - 1
    earlier = next((rule for rule in rules[:last] if _clash([rule, rules[last]])), rules[0])
    spans = [rule.entry.expr.span for rule in (rules[last], earlier) if rule.entry.expr is not None]
    also = [(spans[1], "the other rule")]
    report.error("SFT0306", "no row passes both this rule and an earlier one", spans[0], also=also)


def _clash(rules: list[Predicate]) -> bool:
    kept = [rule.condition for rule in rules if rule.entry.verb == "keep"]
    dropped = [rule.condition for rule in rules if rule.entry.verb == "drop"]
    return leave_nothing(kept, dropped)


def _rule(entry: RuleEntry, scope: ColumnScope) -> Predicate | Top | Dedup | None:
    if entry.verb == "decontaminate":
        return None
    return _dedup(entry, scope) if entry.verb == "dedup" else threshold(entry, scope)


def _dedup(entry: RuleEntry, scope: ColumnScope) -> Dedup | None:
    near, at, on = (entry.clauses.get(word) for word in ("near", "at", "on"))
    sound = _dedup_clauses(entry, scope.report)
    keys = dedup_keys(on.value or (), scope, text_only=near is not None) if on is not None else None
    return Dedup(entry, keys, at.value if at is not None else None) if keys is not None and sound else None


def _dedup_clauses(entry: RuleEntry, report: Reporter) -> bool:
    """Whether the clauses go together: ``exact`` or ``near``, and ``at`` with the latter alone."""
    verb = entry.node.verb
    exact, near = entry.clauses.get("exact"), entry.clauses.get("near")
    if exact is None and near is None and entry.expr is not None:
        return False  # what stands in their place was reported
    if (exact is None) == (near is None):
        message = "`dedup` is either `exact` or `near`" + (", not both" if exact else "")
        report.error("SFT0215", message, verb.span, "for example `dedup exact on instruction`")
        return False
    at = entry.clauses.get("at")
    if exact is not None and at is not None:
        report.error("SFT0225", "`at` is not allowed with `exact`", at.span, "`dedup near` takes a similarity")
        return False
    if near is not None and at is None:
        help = "for example `dedup near on instruction at 90%`"
        report.error(
            "SFT0215", "`dedup near` has no `at`: from which similarity on is a row a duplicate?", verb.span, help
        )
        return False
    return True


def dedup_keys(exprs: tuple[Expr, ...], scope: ColumnScope, *, text_only: bool = False) -> tuple[Typed, ...] | None:
    """Values by which rows are grouped or compared; None when there is none, or one of them is not known."""
    keys = [_key(expr, scope, text_only) for expr in exprs]
    sound = tuple(key for key in keys if key is not None)
    return sound if sound and len(sound) == len(keys) else None


def _key(expr: Expr, scope: ColumnScope, text_only: bool) -> Typed | None:
    typed = check(expr, scope)
    if typed is None or same_for_every_row(typed, expr, scope):
        return None
    if text_only and typed.type != "text":
        scope.report.error("SFT0303", f"near duplicates are found in text, and this is {typed.type}", expr.span)
        return None
    return typed
