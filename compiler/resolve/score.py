"""Scores over the columns of the rows that are scored, and the thresholds on them."""

from __future__ import annotations

from dataclasses import replace

from compiler.column_scope import ColumnScope, column, has_type
from compiler.expression_types import check
from compiler.functions import FUNCTIONS
from compiler.known import Known
from compiler.names import Names
from compiler.reporting import did_you_mean, renamed
from compiler.resolve.thresholds import threshold
from compiler.resolved_lifecycle import ResolvedScore, Scorer
from compiler.schema.calls import read_call
from compiler.schema.score import Score
from compiler.schema.scorers import SCORERS
from compiler.world import ColumnType
from spec_lang.ast import Call, Expr, Ref


def check_score(block: Score, names: Names) -> Score:
    """The block, after reporting what is wrong of it over any columns."""
    resolve_score(block, names, ColumnScope(Known(more=True), f"score `{block.name}`", names.report))
    return block


def resolve_score(block: Score, names: Names | None, scope: ColumnScope) -> ResolvedScore:
    """The scores over these columns, and the rules over columns and scores. ``names`` is None where the names of models
    and judges were looked up before, in the score's own file."""
    if not block.scores and not block.broken:
        help = "for example `length = words(output)`"
        scope.report.error("SFT0226", f"score `{block.name}` has no score", block.head, help)
    scores: dict[str, Scorer | None] = {}
    for entry in block.scores:
        name = entry.name.text
        if name in scope.columns.items:
            message = f"{scope.owner} has a column `{name}` already"
            scope.report.error("SFT0252", message, entry.name.span, "give the score another name")
        scores[name] = resolve_scorer(entry.value, f"score `{name}`", names, scope)
    columns: dict[str, ColumnType | None] = {**scope.columns.items}
    for name in scores:
        columns[name] = "number"
    both = replace(scope, columns=Known(columns, scope.columns.more or bool(block.broken)))
    return ResolvedScore(block, Known(scores, bool(block.broken)), tuple(threshold(rule, both) for rule in block.rules))


def resolve_scorer(expr: Expr, where: str, names: Names | None, scope: ColumnScope) -> Scorer | None:
    """A call of the table of scorers, or an expression that is a number."""
    form = SCORERS.get(expr.func.text) if isinstance(expr, Call) else None
    if form is None or not isinstance(expr, Call):
        if isinstance(expr, Call) and expr.func.text not in FUNCTIONS:
            near = did_you_mean(expr.func.text, SCORERS)
            if near is not None:
                message = f"there is no function `{expr.func.text}`"
                scope.report.error("SFT0302", message, expr.func.span, near, fix=renamed(expr.func, SCORERS))
                return None
        typed = check(expr, scope)
        return Scorer(None, typed) if typed is not None and has_type(typed, "number", where, scope) else None
    call = read_call(form, expr, scope.report)
    for name, value in call.arguments.items():
        if not value.given or not isinstance(value.value, Ref):
            continue
        if name == "column":
            typed = column(value.value, scope)
            if typed is not None:
                has_type(typed, "text", f"`{form.name}`", scope)
        elif names is not None:
            names.stands(value.value, ("model", "train") if name == "model" else ("judge",), form.name)
    return Scorer(call, None)
