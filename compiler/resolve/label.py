"""Conditions on what a judge says: ``refusals != complied``, ``refusals in [complied, partial_refusal]``,
``helpful >= 4``."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from compiler.names import Names
from compiler.reporting import renamed_word, suggestion
from compiler.schema.judge import Judge
from spec_lang.ast import Binary, Expr, Faulty, ListLit, NumberLit, Ref

_HELP = "for example `refusals != complied`, or `refusals in [complied, partial_refusal]`"
_ORDER = (">=", ">", "<=", "<")


class LabelCondition(Struct, frozen=True):
    """The full name of a judge, and which of its labels meet the condition, in its order."""

    judge: str
    labels: tuple[str, ...]


def labels_of(judge: Judge) -> tuple[str, ...]:
    """The labels of a judge, worst first, as far as they are known; of a scale its numbers."""
    scale = judge.scale.value
    if scale is not None:
        return tuple(str(number) for number in range(scale[0], scale[1] + 1)) if len(scale) == 2 else ()
    return tuple(label.text for label in judge.labels.value)


def check_label(expr: Expr, where: str, names: Names, judges: Mapping[str, Judge], code: str) -> bool:
    """Whether a judge's label is compared with labels of that judge; False after a report or where it is not known."""
    return read_label(expr, where, names, judges, code) is not None


def read_label(expr: Expr, where: str, names: Names, judges: Mapping[str, Judge], code: str) -> LabelCondition | None:
    """A condition on a judge's label; None after a report or where it is not known. ``code`` is that of an expression
    which is no such condition."""
    if isinstance(expr, Faulty):
        return None
    labels = _labels(expr)
    if labels is None or not isinstance(expr, Binary) or not isinstance(expr.left, Ref):
        names.report.error(code, f"{where} takes a condition on the label of a judge", expr.span, _HELP)
        return None
    if not names.stands(expr.left, ("judge",), where):
        return None
    name = names.full(expr.left)
    judge = judges.get(name)
    if judge is None or not judge.labels.known or not judge.scale.known:
        return LabelCondition(name, ())
    if judge.pairwise.given:
        also = [judge.label(judge.pairwise.span, "declared here")]
        message = f"judge `{judge.name}` compares two answers, and gives one alone no label"
        names.report.error(code, message, expr.span, f"write `win_rate({judge.name}, MODEL)`", also)
        return None
    known = labels_of(judge)
    if expr.op in _ORDER and not judge.scale.given:
        message = f"the labels of judge `{judge.name}` are no numbers"
        names.report.error(code, message, expr.span, _HELP)
        return None
    if not _are_there(expr, judge, known, names):
        return None
    met = tuple(label for label in known if _meets(expr.op, label, labels))
    if not met or len(met) == len(known):
        always = "every" if met else "no"
        names.report.error(code, f"{always} label of judge `{judge.name}` meets this condition", expr.span, _HELP)
        return None
    return LabelCondition(name, met)


def _are_there(expr: Binary, judge: Judge, known: tuple[str, ...], names: Names) -> bool:
    """Whether the judge gives the labels that it is compared with."""
    sound = True
    items = expr.right.items if isinstance(expr.right, ListLit) else (expr.right,)
    for item in items:
        text = _label(item)
        if text is None or text in known:
            continue
        sound = False
        place = judge.scale if judge.scale.given else judge.labels
        also = [judge.label(place.span, "its labels")]
        fix = renamed_word(item, known) if isinstance(item, Ref) else ()
        help = suggestion(text, known, "labels")
        message = f"judge `{judge.name}` has no label `{text}`"
        names.report.error("SFT0253", message, item.span, help, also, fix)
    return sound


def _meets(op: str, label: str, labels: list[str]) -> bool:
    if op in ("==", "in"):
        return label in labels
    if op == "!=":
        return label not in labels
    value, limit = int(label), int(labels[0])
    return {">=": value >= limit, ">": value > limit, "<=": value <= limit, "<": value < limit}[op]


def _label(expr: Expr) -> str | None:
    """The label that is written: a name, or a whole number of a scale."""
    if isinstance(expr, Ref):
        return expr.text
    return str(expr.value) if isinstance(expr, NumberLit) and isinstance(expr.value, int) else None


def _labels(expr: Expr) -> list[str] | None:
    """The labels on the right side; None when it is no such condition."""
    if not isinstance(expr, Binary):
        return None
    if expr.op in ("==", "!="):
        one = _label(expr.right)
        return None if one is None else [one]
    if expr.op in _ORDER and isinstance(expr.right, NumberLit) and isinstance(expr.right.value, int):
        return [str(expr.right.value)]
    if expr.op == "in" and isinstance(expr.right, ListLit) and expr.right.items:
        labels = [text for item in expr.right.items if (text := _label(item)) is not None]
        return labels if len(labels) == len(expr.right.items) else None
    return None
