"""What a gate asks beside metrics of evals: figures of other blocks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from compiler.names import Names
from compiler.reporting import renamed_word, suggestion
from compiler.resolved_gate import FigureOf
from compiler.schema import judge, redteam, review
from compiler.schema.fields import RuleEntry
from compiler.schema.guardrail import ERRORS
from compiler.schema.measures import limit_in
from compiler.schema.values import not_runnable
from compiler.schema.written import Limits
from spec_lang.ast import Binary, Field, Ref
from spec_lang.quantities import Unit

# Kind -> figure -> unit.
FIGURES: Mapping[str, Mapping[str, Unit | None]] = {
    "review": {name: Unit.SHARE if name in review.SHARES else None for name in review.FIGURES},
    "judge": {name: Unit.SHARE if name in judge.SHARES else None for name in judge.FIGURES},
    "redteam": {name: Unit.POINTS if name == "gap" else Unit.SHARE for name in redteam.FIGURES},
    "guardrail": {name: measure.unit for name, measure in ERRORS.items()},
}
_RUNNABLE = ("review", "judge")


def is_figure(expr: Binary, names: Names) -> bool:
    """``annotators.alpha``: a figure of a block that is no eval, or that is not there."""
    if not isinstance(expr.left, Ref):
        return False
    kind = names.kind(expr.left)
    return kind in FIGURES or (kind is None and len(expr.left.parts) > 1)


def read_figure(rule: RuleEntry, expr: Binary, names: Names) -> FigureOf | None:
    """``require annotators.alpha >= 0.667``; None after a report, or where it is not known."""
    ref = expr.left
    assert isinstance(ref, Ref)
    kind = names.kind(ref)
    if not names.stands(ref, tuple(FIGURES), "require", parts=2) or kind is None:
        return None
    sound = True
    for word, value in rule.clauses.items():
        if word not in ("at", "because"):
            sound = False
            names.report.error("SFT0225", f"`{word}` is not allowed with a figure of a {kind}", value.span)
    known = FIGURES[kind]
    target = names.target(ref)
    if not target.rest:
        help = f"write `{ref.text}.{next(iter(known))} >= …`; figures: {', '.join(f'`{name}`' for name in known)}"
        names.report.error("SFT0608", f"`{ref.text}` is a {kind}, and says nothing of what has to hold", ref.span, help)
        return None
    figure = target.rest[0]
    if figure.text not in known:
        help = suggestion(figure.text, known, "figures")
        message = f"{kind} `{target.own.text}` has no figure `{figure.text}`"
        names.report.error("SFT0604", message, figure.span, help, fix=renamed_word(figure, known))
        return None
    limit = limit_in(known[figure.text], expr.right, ref.text, names.report, Limits(maximum=Decimal(1)))
    if limit is None or not sound or not _is_measured(kind, target.full, figure.text, ref, names):
        return None
    unit: Literal["share", "plain"] = "share" if known[figure.text] is not None else "plain"
    return FigureOf(rule, kind, target.full, figure.text, unit, expr.op, limit, rule.clause("at"))


def _is_measured(kind: str, full: str, figure: str, ref: Ref, names: Names) -> bool:
    """Whether a run has the figure; False after a report."""
    if kind not in _RUNNABLE:
        not_runnable(f"`{kind}` in a gate", ref, names.report)
        return False
    written = {entry.name.text for entry in names.blocks[full].block.body.entries if isinstance(entry, Field)}
    blocks = {str(getattr(entry, "kind", "") and entry.kind.text) for entry in names.blocks[full].block.body.entries}  # type: ignore[union-attr]
    if kind == "judge" and not _has_figure(figure, "pairwise" in written, ref, names):
        return False
    needs = {"gold_accuracy": "gold", "adjudicated": "final"}.get(figure) if kind == "review" else "calibrate"
    if needs is None or needs in written or needs in blocks:
        return True
    message = f"{kind} `{ref.parts[0].text}` has no `{needs}`, so `{figure}` is measured nowhere"
    names.report.error("SFT0604", message, ref.parts[-1].span, f"add `{needs} = …` to the {kind}")
    return False


def _has_figure(figure: str, pairwise: bool, ref: Ref, names: Names) -> bool:
    """Whether a judge of this sort has a figure; False after a report."""
    there = judge.OF_PAIRS if pairwise else judge.FIGURES.keys() - {"pairwise_accuracy"}
    if figure in there:
        return True
    sort = "compares two answers" if pairwise else "reads one answer"
    message = f"judge `{ref.parts[0].text}` {sort}, and has no `{figure}`"
    help = f"figures: {', '.join(f'`{name}`' for name in judge.FIGURES if name in there)}"
    names.report.error("SFT0604", message, ref.parts[-1].span, help)
    return False
