"""Slices: items grouped by the value of an expression, by bins of a number, by the items of a list, or by how they were
asked.

``bins``, ``file``, ``template`` and ``few_shot`` are no functions of a row: they stand alone as what a slice is by.
The first needs all items where it is told only how many bins there are, the last two tell cells apart and not rows.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from compiler.column_scope import ColumnScope, has_type
from compiler.expression_types import beside, check
from compiler.functions import FUNCTIONS
from compiler.reporting import did_you_mean, renamed
from compiler.resolve.thresholds import same_for_every_row
from compiler.resolved_slice import Bins, ResolvedSlice, SliceBy
from compiler.schema.written import described
from compiler.typed import Constant
from spec_lang.ast import Call, Expr, Faulty, ListLit, NamedRule, NumberLit
from spec_lang.suggest import closest

MOST_BINS = 100
_BY: dict[str, SliceBy] = {"file": "file", "template": "template", "few_shot": "few_shot"}
_CALLS = ("bins", *_BY)
_BINS = "write `bins(words(message), [10, 20, 40])`, or `bins(words(message), 4)` for four bins of as many items"


def resolve_slice(rule: NamedRule, scope: ColumnScope, *, cells: bool = True) -> ResolvedSlice | None:
    """What items are grouped by; None after a report, or where it is not known. ``cells``: whether there are templates
    and counts of examples to group by."""
    expr = rule.expr
    if isinstance(expr, Call) and expr.func.text in _CALLS:
        return _special(expr, scope, cells=cells)
    if isinstance(expr, Call) and _misspelt(expr, scope):
        return None
    typed = check(expr, _prepared(scope))
    if typed is not None and typed.type == "json":
        message = f"slice `{rule.name.text}` groups by a value, and this is {typed.type}"
        help = 'take a value out of it: `json_field(…, "name")`, or `json_list(…)` for a slice a tag'
        scope.report.error("SFT0303", message, expr.span, help)
        return None
    if typed is None or same_for_every_row(typed, expr, scope):
        return None
    return ResolvedSlice("tags" if typed.type == "list" else "value", typed)


def _prepared(scope: ColumnScope) -> ColumnScope:
    return replace(scope, prepares=scope.names is not None)


def _misspelt(expr: Call, scope: ColumnScope) -> bool:
    """Whether a call of no function looks like one of those that only slices have; True after a report."""
    name = expr.func.text
    near = closest(name, (*_CALLS, *FUNCTIONS))
    if scope.report.function(name) is not None or not near or near[0] not in _CALLS:
        return False
    help, fix = did_you_mean(name, _CALLS), renamed(expr.func, (*_CALLS, *FUNCTIONS))
    scope.report.error("SFT0302", f"there is no function `{name}`", expr.func.span, help, fix=fix)
    return True


def _special(expr: Call, scope: ColumnScope, *, cells: bool) -> ResolvedSlice | None:
    name = expr.func.text
    if name == "bins":
        return _bins(expr, scope)
    if expr.args:
        message = f"`{name}` takes no arguments, not {len(expr.args)}"
        scope.report.error("SFT0304", message, expr.span, f"write `{name}()`")
        return None
    if name != "file" and not cells:
        scope.report.error("SFT0312", f"`{name}` cannot be computed here", expr.span, "it stands in slices of evals")
        return None
    return ResolvedSlice(_BY[name])


def _bins(expr: Call, scope: ColumnScope) -> ResolvedSlice | None:
    """``bins(words(message), [10, 20, 40])`` with the lower ends of all bins but the first, or with how many."""
    named = next((arg.name for arg in expr.args if arg.name is not None), None)
    if named is not None or len(expr.args) != 2:
        message = "`bins` takes no named arguments" if named else f"`bins` takes 2 arguments, not {len(expr.args)}"
        scope.report.error("SFT0304", message, named.span if named else expr.span, _BINS)
        return None
    value, ends = expr.args[0].value, expr.args[1].value
    typed = check(value, _prepared(scope))
    bins = _ends(ends, value, scope) if isinstance(ends, ListLit) else _how_many(ends, scope)
    if typed is None or same_for_every_row(typed, value, scope) or not has_type(typed, "number", "`bins`", scope):
        return None
    return ResolvedSlice("bins", typed, bins) if bins is not None else None


def _how_many(expr: Expr, scope: ColumnScope) -> Bins | None:
    if isinstance(expr, NumberLit) and isinstance(expr.value, int) and 2 <= expr.value <= MOST_BINS:
        return Bins(count=expr.value)
    if not isinstance(expr, Faulty):
        message = f"`bins` takes a list of ends, or how many bins there are: a whole number from 2 to {MOST_BINS}"
        scope.report.error("SFT0304", message, expr.span, _BINS)
    return None


def _ends(expr: ListLit, value: Expr, scope: ColumnScope) -> Bins | None:
    """Ends in the unit of what is binned, in ascending order."""
    if not expr.items or len(expr.items) >= MOST_BINS:
        most = MOST_BINS - 1
        what = f"at most {most} ends, not {len(expr.items)}" if expr.items else "at least one end"
        scope.report.error("SFT0304", f"`bins` takes {what}", expr.span, _BINS)
        return None
    ends: list[Decimal] = []
    sound = True
    for item in expr.items:
        found = beside(value, item, scope) if not isinstance(item, Faulty) else None
        number = found.value if isinstance(found, Constant) else None
        if not isinstance(number, Decimal):
            if found is not None:
                message = f"the ends of `bins` are numbers that are written out, and this is {described(item)}"
                scope.report.error("SFT0304", message, item.span, _BINS)
            sound = False
            continue
        if ends and number <= ends[-1]:
            message = "the ends of `bins` ascend, and this one is not above the one before it"
            scope.report.error("SFT0304", message, item.span, "each end is the lowest value of the next bin")
            sound = False
        ends.append(number)
    return Bins(ends=tuple(ends)) if sound else None
