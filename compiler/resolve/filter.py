"""Filter rules over the columns of one task: typed conditions and dedup keys."""

from __future__ import annotations

from compiler.column_scope import ColumnScope
from compiler.contradictions import verdict
from compiler.expression_types import check, condition
from compiler.known import Known
from compiler.reporting import Reporter
from compiler.resolved import Dedup, Predicate, ResolvedFilter
from compiler.schema.fields import RuleEntry
from compiler.schema.filter import Filter
from compiler.typed import Between, Constant, Matches, OneOf, Operation, Typed
from spec_lang.ast import Expr

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def check_filter(block: Filter, report: Reporter) -> Filter:
    """The block, after reporting what is wrong of its rules over any columns: for filters that no task uses."""
    resolve_filter(block, ColumnScope(Known(more=True), f"filter `{block.name}`", report))
    return block


def resolve_filter(block: Filter, scope: ColumnScope) -> ResolvedFilter:
    """The rules over these columns."""
    return ResolvedFilter(block, tuple(_rule(rule, scope) for rule in block.rules))


def _rule(entry: RuleEntry, scope: ColumnScope) -> Predicate | Dedup | None:
    if entry.verb == "dedup":
        return _dedup(entry, scope)
    typed = condition(entry.expr, scope, f"`{entry.verb}`") if entry.expr is not None else None
    if typed is None or not _can_decide(typed, entry, scope.report):
        return None
    return Predicate(entry, typed, _measured(typed))


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


def _dedup(entry: RuleEntry, scope: ColumnScope) -> Dedup | None:
    near, at, on = (entry.clauses.get(word) for word in ("near", "at", "on"))
    sound = _dedup_clauses(entry, scope.report)
    keys = dedup_keys(on.value or (), scope, text_only=near is not None) if on is not None else None
    return Dedup(entry, keys, at.value if at is not None else None) if keys is not None and sound else None


def _dedup_clauses(entry: RuleEntry, report: Reporter) -> bool:
    """Whether the clauses go together: ``exact`` or ``near``, and ``at`` with the latter alone."""
    verb = entry.node.verb
    exact, near = entry.clauses.get("exact"), entry.clauses.get("near")
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
    if isinstance(typed, Constant):
        quoted = isinstance(typed.value, str)
        help = "names of columns stand without quotes" if quoted else "write the name of a column"
        scope.report.error("SFT0306", "this is the same value for every row", expr.span, help)
        return None
    if typed is not None and text_only and typed.type != "text":
        scope.report.error("SFT0303", f"near duplicates are found in text, and this is {typed.type}", expr.span)
        return None
    return typed
