"""What an eval chooses from, and whether its metrics can be taken of answers of this kind."""

from __future__ import annotations

from compiler.column_scope import ColumnScope
from compiler.expression_types import check
from compiler.known import Known
from compiler.reporting import Reporter
from compiler.resolve.template import LETTER, OPTION
from compiler.resolved import ResolvedMetric, ResolvedTemplate
from compiler.schema.eval import ChooseBody, Eval
from compiler.template_pieces import flat
from compiler.typed import Constant, Typed
from spec_lang.ast import Expr, ListLit, StringLit
from spec_lang.source import Span

_WRITE = "write `decode = choose { options = … }`"


def resolve_candidates(block: Eval, templates: Known[ResolvedTemplate], scope: ColumnScope) -> Typed | None:
    """A list a row; None for the choices of the templates, where nothing is chosen, and after a report."""
    decode = block.decode.value
    if not isinstance(decode, ChooseBody) or not block.decode.known:
        return None
    if decode.options.value is None:
        if decode.options.known:
            _of_templates(templates, block.decode.span, scope.report)
        return None
    if isinstance(decode.options.value, ListLit):
        return _written(decode.options.value, scope.report)
    return _of_rows(decode.options.value, scope)


def _of_templates(templates: Known[ResolvedTemplate], span: Span, report: Reporter) -> None:
    for template in templates:
        told = {piece.made for piece in flat(template.roles.get("assistant", ()))}
        if template.options is None or not told & {LETTER, OPTION}:
            message = f"template `{template.name}` has no choices: its answer is no `{{option}}` and no `{{letter}}`"
            report.error("SFT0640", message, span, "write what there is to choose from: `choose { options = … }`")


def _written(listed: ListLit, report: Reporter) -> Typed | None:
    texts = [item.value for item in listed.items if isinstance(item, StringLit)]
    for at, item in enumerate(listed.items):
        if isinstance(item, StringLit) and item.value in texts[:at]:
            report.error("SFT0640", "an option stands twice", item.span, "each option once")
            return None
    if len(texts) < 2:
        report.error("SFT0640", "of one option, that one is always chosen", listed.span, "write two or more")
        return None
    import json

    return Constant(json.dumps(texts, ensure_ascii=False), "list", listed.span)


def _of_rows(expr: Expr, scope: ColumnScope) -> Typed | None:
    typed = check(expr, scope)
    if typed is not None and typed.type not in ("list", "null"):
        message = f"`options` takes a list of texts, and this is {typed.type}"
        scope.report.error("SFT0303", message, expr.span, "`split(…)` and `json_list(…)` make lists")
        return None
    return typed


def check_kinds(block: Eval, metrics: Known[ResolvedMetric], asks: bool, report: Reporter) -> None:
    """A metric of options needs options, and one of what the model writes needs a model that writes; an eval that
    ``asks`` no model has another mistake."""
    if not block.decode.known or not asks:
        return
    chooses = isinstance(block.decode.value, ChooseBody)
    for rule in block.metrics:
        metric = metrics.get(rule.name.text)
        if metric is None:
            continue
        name = metric.function.name
        if metric.function.answer == "options" and not chooses:
            message = f"`{name}` is of options that a model chooses from, and eval `{block.name}` has none"
            report.error("SFT0641", message, rule.expr.span, _WRITE)
        if metric.function.writes and chooses:
            message = f"`{name}` is of what a model writes, and eval `{block.name}` lets it choose"
            report.error("SFT0641", message, rule.expr.span, "write an eval with `decode = greedy { … }` for it")
