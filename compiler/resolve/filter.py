"""Filter rules over the columns of one task: typed conditions, dedup keys, and how each rule is shown."""

from __future__ import annotations

from typing import Literal, cast

from compiler.contradictions import verdict
from compiler.expression_types import ColumnScope, check, condition
from compiler.reporting import Reporter
from compiler.resolved import ResolvedFilter, RuleText
from compiler.rule_text import rule_text
from compiler.schema.fields import RuleEntry
from compiler.schema.filter import Filter
from compiler.sql import lower
from compiler.step_params import ExactDedupRule, FilterRule, NearDedupRule, PredicateRule, Sql
from compiler.typed import Between, Constant, Matches, OneOf, Operation, Typed
from spec_lang.ast import Expr

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def resolve_filter(block: Filter, scope: ColumnScope) -> ResolvedFilter | None:
    """The rules over these columns; None when one of them has a mistake."""
    rules = [_rule(rule, scope) for rule in block.rules]
    sound = tuple(rule for rule in rules if rule is not None)
    if len(sound) < len(rules) or not rules:
        return None
    texts = tuple(RuleText(rule_text(entry.node), entry.clause("because")) for entry in block.rules)
    return ResolvedFilter(block, sound, texts)


def _rule(entry: RuleEntry, scope: ColumnScope) -> FilterRule | None:
    if entry.verb == "dedup":
        return _dedup(entry, scope)
    assert entry.expr is not None
    typed = condition(entry.expr, scope, f"`{entry.verb}`")
    if typed is None or not _can_decide(typed, entry, scope.report):
        return None
    measured = _measured(typed)
    return PredicateRule(
        rule=cast(Literal["keep", "drop"], entry.verb),
        condition=lower(typed),
        measured=lower(measured) if measured is not None else None,
    )


def _can_decide(typed: Typed, entry: RuleEntry, report: Reporter) -> bool:
    """A rule that decides the same for every row is a mistake."""
    found = verdict(typed)
    if found is None:
        return True
    assert entry.expr is not None
    drops_all = (found == "never") == (entry.verb == "keep")
    effect = "drops every row" if drops_all else "drops no row"
    why = "holds for no value" if found == "never" else "holds for every value"
    help = None
    if isinstance(typed, Between) and found == "never":
        help = "a range goes from its lower to its upper end"
    report.error("SFT0306", f"this condition {why}, so the rule {effect}", entry.expr.span, help)
    return False


def _measured(typed: Typed) -> Typed | None:
    """The value that the ledger shows: what the first comparison compares. None for a bare truth value."""
    if isinstance(typed, Between | OneOf | Matches):
        return typed.value
    if isinstance(typed, Operation):
        if typed.op in _COMPARISONS:
            first, second = typed.operands
            return second if isinstance(first, Constant) else first
        for operand in typed.operands:
            found = _measured(operand)
            if found is not None:
                return found
    return None


def _dedup(entry: RuleEntry, scope: ColumnScope) -> FilterRule | None:
    report, verb = scope.report, entry.node.verb
    exact, near = entry.clauses.get("exact"), entry.clauses.get("near")
    if (exact is None) == (near is None):
        message = "`dedup` is either `exact` or `near`" + (", not both" if exact else "")
        report.error("SFT0215", message, verb.span, "for example `dedup exact on instruction`")
        return None
    at = entry.clauses.get("at")
    if exact is not None and at is not None:
        report.error("SFT0225", "`at` is not allowed with `exact`", at.span, "`dedup near` takes a similarity")
        return None
    if near is not None and at is None:
        help = "for example `dedup near on instruction at 90%`"
        report.error(
            "SFT0215", "`dedup near` has no `at`: from which similarity on is a row a duplicate?", verb.span, help
        )
        return None
    keys = dedup_keys(entry.clause("on"), scope, text_only=near is not None)
    if keys is None:
        return None
    return ExactDedupRule(on=keys) if at is None else NearDedupRule(on=keys, threshold=at.value)


def dedup_keys(exprs: tuple[Expr, ...], scope: ColumnScope, *, text_only: bool = False) -> tuple[Sql, ...] | None:
    """Values by which rows are grouped or compared; None after a report."""
    keys: list[Sql] = []
    for expr in exprs:
        typed = check(expr, scope)
        if typed is None:
            return None
        if isinstance(typed, Constant):
            column = f"`{typed.value}` without quotes" if typed.value in scope.columns else "the name of a column"
            scope.report.error("SFT0306", "this is the same value for every row", expr.span, f"write {column}")
            return None
        if text_only and typed.type != "text":
            scope.report.error("SFT0303", f"near duplicates are found in text, and this is {typed.type}", expr.span)
            return None
        keys.append(lower(typed))
    return tuple(keys)
