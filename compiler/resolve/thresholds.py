"""``keep`` and ``drop``, of filters and of scores: a condition on a row, or the best rows by a number."""

from __future__ import annotations

from compiler.column_scope import ColumnScope, has_type
from compiler.contradictions import conjuncts, verdict
from compiler.expression_types import check, condition
from compiler.possible_texts import null_and_not
from compiler.reporting import Reporter, spelled, written_anew
from compiler.resolved import Predicate, Top
from compiler.schema.fields import RuleEntry
from compiler.typed import Between, Constant, Matches, OneOf, Operation, Typed, names_column
from spec_lang.ast import Expr, Ref, StringLit
from spec_lang.diagnostics import Edit

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def threshold(entry: RuleEntry, scope: ColumnScope) -> Predicate | Top | None:
    """The rule over these columns; None after a report, or where it is not known."""
    if "top" in entry.clauses:
        return _top(entry, scope)
    stray = next((word for word in ("by", "per") if word in entry.clauses), None)
    if stray is not None:
        scope.report.error("SFT0225", f"`{stray}` is not allowed without `top`", entry.clauses[stray].span)
    typed = condition(entry.expr, scope, f"`{entry.verb}`") if entry.expr is not None else None
    if typed is None or stray is not None or not _can_decide(typed, entry, scope.report):
        return None
    return Predicate(entry, typed, _measured(typed))


def _top(entry: RuleEntry, scope: ColumnScope) -> Top | None:
    """``keep top 80% by helpful per task``."""
    if entry.expr is not None:
        message = "`top` is not allowed beside a condition"
        scope.report.error("SFT0225", message, entry.clauses["top"].span, "write two rules")
    if "by" not in entry.clauses:
        help = "name the number that tells which rows are best, as `by helpful`"
        scope.report.error("SFT0215", "`top` has no `by`", entry.clauses["top"].span, help)
    by, per = entry.clause("by"), entry.clause("per")
    number = check(by, scope) if by is not None else None
    if number is not None and by is not None and same_for_every_row(number, by, scope):
        number = None
    if number is not None and not has_type(number, "number", "`by`", scope):
        number = None
    if isinstance(per, Ref) and per.text == "task" and not per.parts[0].quoted and "task" not in scope.columns.names:
        return None if number is None else Top(entry, number, "task")
    group = check(per, scope) if per is not None else None
    if group is not None and per is not None and same_for_every_row(group, per, scope):
        group = None
    return None if number is None or (per is not None and group is None) else Top(entry, number, group)


def same_for_every_row(typed: Typed, expr: Expr, scope: ColumnScope) -> bool:
    """Whether a value by which rows are grouped, ordered or compared names no column; True after a report."""
    if names_column(typed):
        return False
    quoted = isinstance(expr, StringLit) and not scope.columns.lacks(expr.value)
    text = isinstance(typed, Constant) and isinstance(typed.value, str)
    help = "names of columns stand without quotes" if text else "write the name of a column"
    fix = spelled(expr.span, expr.value) if isinstance(expr, StringLit) and quoted else ()
    scope.report.error("SFT0306", "this is the same value for every row", expr.span, help, fix=fix)
    return True


def _can_decide(typed: Typed, entry: RuleEntry, report: Reporter) -> bool:
    """A rule that decides the same for every row is a mistake."""
    found = verdict(typed) or ("never" if null_and_not(conjuncts(typed)) else None)
    assert entry.expr is not None
    if found is None and not names_column(typed):
        message = "this condition names no column, so it is the same for every row"
        report.error("SFT0306", message, entry.expr.span, "names of columns stand without quotes")
        return False
    if found is None:
        return True
    drops_all = (found == "never") == (entry.verb == "keep")
    effect = "drops every row" if drops_all else "drops no row"
    why = "holds for no value" if found == "never" else "holds for every value"
    help = None
    fix: tuple[Edit, ...] = ()
    if found == "always" and names_column(typed):  # a condition on a value that is null holds neither way
        effect = "keeps only rows without one" if drops_all else "drops only rows without one"
        help = f"if that is meant, write `{entry.verb} not is_null(…)`"
    if isinstance(typed, Between) and found == "never":
        help = "a range goes from its lower to its upper end"
        swapped = f"{report.file.slice(typed.high.span)}..{report.file.slice(typed.low.span)}"
        fix = written_anew(typed.low.span.to(typed.high.span), swapped)
    report.error("SFT0306", f"this condition {why}, so the rule {effect}", entry.expr.span, help, fix=fix)
    return False


def _measured(typed: Typed) -> Typed | None:
    """What the ledger shows: what the first comparison compares, or a match. None for a bare truth value."""
    if isinstance(typed, Matches):
        return typed
    if isinstance(typed, Between | OneOf):
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
