"""Conditions on what a judge says: ``refusals != complied``, ``refusals in [complied, partial_refusal]``."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.names import Names
from compiler.reporting import renamed_word, suggestion
from compiler.schema.judge import Judge
from spec_lang.ast import Binary, Expr, Faulty, ListLit, Ref

_HELP = "for example `refusals != complied`, or `refusals in [complied, partial_refusal]`"


def check_label(expr: Expr, where: str, names: Names, judges: Mapping[str, Judge], code: str) -> bool:
    """Whether a judge's label is compared with labels of that judge; False after a report or where it is not known.
    ``code`` is that of an expression which is no such condition."""
    if isinstance(expr, Faulty):
        return False
    labels = _labels(expr)
    if labels is None or not isinstance(expr, Binary) or not isinstance(expr.left, Ref):
        names.report.error(code, f"{where} takes a condition on the label of a judge", expr.span, _HELP)
        return False
    if not names.stands(expr.left, ("judge",), where):
        return False
    judge = judges.get(names.full(expr.left))
    if judge is None or not judge.labels.known:
        return True
    known = [label.text for label in judge.labels.value]
    sound = True
    for label in labels:
        if label.text not in known:
            sound = False
            help = suggestion(label.text, known, "labels")
            also = [judge.label(judge.labels.span, "its labels")]
            message = f"judge `{judge.name}` has no label `{label.text}`"
            names.report.error("SFT0253", message, label.span, help, also, renamed_word(label, known))
    return sound


def _labels(expr: Expr) -> list[Ref] | None:
    """The labels on the right side; None when it is no such condition."""
    if not isinstance(expr, Binary):
        return None
    if expr.op in ("==", "!=") and isinstance(expr.right, Ref):
        return [expr.right]
    if expr.op == "in" and isinstance(expr.right, ListLit) and expr.right.items:
        labels = [item for item in expr.right.items if isinstance(item, Ref)]
        return labels if len(labels) == len(expr.right.items) else None
    return None
