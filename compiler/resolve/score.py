"""Scores over the columns of the rows that are scored, and the thresholds on them."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from compiler.column_scope import ColumnScope, column, has_type
from compiler.expression_types import check
from compiler.known import Known
from compiler.names import Names
from compiler.own_columns import OWN
from compiler.reporting import did_you_mean, renamed
from compiler.resolve.thresholds import threshold
from compiler.resolved_score import ResolvedScore, Scorer
from compiler.schema.calls import ReadCall, read_call
from compiler.schema.fields import Entry
from compiler.schema.score import Score
from compiler.schema.scorers import LATER_SCORERS, SCORERS
from compiler.schema.values import not_runnable
from compiler.typed import Typed
from compiler.world import ColumnType
from spec_lang.ast import Call, Expr, Ref


def check_score(block: Score, names: Names) -> Score:
    """The block, after reporting what is wrong of it over any columns, and what of it cannot run yet."""
    scope = ColumnScope(Known(more=True), f"score `{block.name}`", names.report)
    resolved = resolve_score(block, names, scope, names.full)
    for scorer in resolved.scores:
        form = scorer.call.form.name if scorer.call is not None else ""
        if form in LATER_SCORERS and scorer.call is not None:
            not_runnable(f"`{form}(…)` in score `{block.name}`", scorer.call, names.report, LATER_SCORERS[form])
        elif form == "toxicity" and scorer.call is not None and not scorer.call.arguments["model"].given:
            message = f"`toxicity` in score `{block.name}` names no model, and none is built in"
            help = "declare a sequence classifier as a `model`: `toxicity(output, model = detector)`"
            names.report.error("SFT0269", message, scorer.call.span, help)
    return block


def resolve_score(block: Score, names: Names | None, scope: ColumnScope, full: Callable[[Ref], str]) -> ResolvedScore:
    """The scores over these columns, and the rules over columns and scores.

    ``names`` is None where the names of models and judges were looked up before, in the score's own file, and
    ``full`` gives the full name of what is named there.
    """
    if not block.scores and not block.broken:
        help = "for example `length = words(output)`"
        scope.report.error("SFT0226", f"score `{block.name}` has no score", block.head, help)
    scores: dict[str, Scorer | None] = {}
    for entry in block.scores:
        _free(entry, scope)
        found = resolve_scorer(entry.value, f"score `{entry.name.text}`", names, scope)
        if found is not None and found.call is not None:
            model = found.call.arguments.get("model")
            if model is not None and isinstance(model.value, Ref):
                found = replace(found, model=full(model.value))
            judge = found.call.arguments.get("judge") if found.call is not None else None
            if judge is not None and isinstance(judge.value, Ref):
                found = replace(found, judge=full(judge.value))
        scores[entry.name.text] = found
    both = with_scores(scope, block)
    return ResolvedScore(block, Known(scores, bool(block.broken)), tuple(threshold(rule, both) for rule in block.rules))


def with_scores(scope: ColumnScope, block: Score) -> ColumnScope:
    """The columns of rows that were scored: their own, and a number a score."""
    columns: dict[str, ColumnType | None] = {**scope.columns.items}
    for entry in block.scores:
        columns[entry.name.text] = "number"
    return replace(scope, columns=Known(columns, scope.columns.more or bool(block.broken)))


def _free(entry: Entry[Expr], scope: ColumnScope) -> None:
    """Whether a score can have its name; columns that differ in case alone are one to the engine."""
    name = entry.name.text
    taken = next((known for known in scope.columns.items if known.lower() == name.lower()), None)
    help = "give the score another name"
    if taken is not None:
        scope.report.error("SFT0252", f"{scope.owner} has a column `{taken}` already", entry.name.span, help)
    elif name.startswith(OWN):
        scope.report.error("SFT0252", f"names of scores do not begin with `{OWN}`", entry.name.span, help)


def resolve_scorer(expr: Expr, where: str, names: Names | None, scope: ColumnScope) -> Scorer | None:
    """A call of the table of scorers, or an expression that is a number."""
    form = SCORERS.get(expr.func.text) if isinstance(expr, Call) else None
    if form is None or not isinstance(expr, Call):
        if isinstance(expr, Call) and scope.report.function(expr.func.text) is None:
            near = did_you_mean(expr.func.text, SCORERS)
            if near is not None:
                message = f"there is no function `{expr.func.text}`"
                scope.report.error("SFT0302", message, expr.func.span, near, fix=renamed(expr.func, SCORERS))
                return None
        typed = check(expr, scope)
        return Scorer(None, typed) if typed is not None and has_type(typed, "number", where, scope) else None
    call = read_call(form, expr, scope.report)
    text = _measured_text(call, scope)
    for name, value in call.arguments.items():
        if value.given and isinstance(value.value, Ref) and name in _KINDS and names is not None:
            names.stands(value.value, _kinds(call, name), form.name)
    return Scorer(call, None, text=text)


_KINDS = {"model": ("model", "train"), "judge": ("judge",)}


def _kinds(call: ReadCall, argument: str) -> tuple[str, ...]:
    """What an argument may name: losses are measured under a train's result too, classifiers come from a folder."""
    return _KINDS[argument] if argument == "judge" or call.form.name in ("ifd", "perplexity") else ("model",)


def _measured_text(call: ReadCall, scope: ColumnScope) -> Typed | None:
    """The text that a classifier reads, or the column that a scorer names."""
    value = call.arguments.get("text") or call.arguments.get("column")
    if value is None or not value.given or value.value is None:
        return None
    typed = column(value.value, scope) if isinstance(value.value, Ref) else check(value.value, scope)
    return typed if typed is not None and has_type(typed, "text", f"`{call.form.name}`", scope) else None
