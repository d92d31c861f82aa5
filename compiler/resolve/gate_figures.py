"""What a gate asks beside metrics of evals: figures of other blocks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from compiler.names import Names
from compiler.reporting import renamed_word, suggestion
from compiler.schema import redteam, review
from compiler.schema.fields import RuleEntry
from compiler.schema.guardrail import ERRORS
from compiler.schema.measures import limit_in
from compiler.schema.written import Limits
from spec_lang.ast import Binary, Ref
from spec_lang.quantities import Unit

# Kind -> figure -> unit.
FIGURES: Mapping[str, Mapping[str, Unit | None]] = {
    "review": {name: Unit.SHARE if name in review.SHARES else None for name in review.FIGURES},
    "redteam": {name: Unit.POINTS if name == "gap" else Unit.SHARE for name in redteam.FIGURES},
    "guardrail": {name: measure.unit for name, measure in ERRORS.items()},
}


def is_figure(expr: Binary, names: Names) -> bool:
    """``annotators.alpha``: a figure of a block that is no eval, or that is not there."""
    if not isinstance(expr.left, Ref):
        return False
    kind = names.kind(expr.left)
    return kind in FIGURES or (kind is None and len(expr.left.parts) > 1)


def check_figure(rule: RuleEntry, expr: Binary, names: Names) -> None:
    """``require annotators.alpha >= 0.667``."""
    ref = expr.left
    assert isinstance(ref, Ref)
    kind = names.kind(ref)
    if not names.stands(ref, tuple(FIGURES), "require", parts=2) or kind is None:
        return
    for word, value in rule.clauses.items():
        if word not in ("at", "because"):
            names.report.error("SFT0225", f"`{word}` is not allowed with a figure of a {kind}", value.span)
    known = FIGURES[kind]
    target = names.target(ref)
    if not target.rest:
        help = f"write `{ref.text}.{next(iter(known))} >= …`; figures: {', '.join(f'`{name}`' for name in known)}"
        names.report.error("SFT0608", f"`{ref.text}` is a {kind}, and says nothing of what has to hold", ref.span, help)
        return
    figure = target.rest[0]
    if figure.text not in known:
        help = suggestion(figure.text, known, "figures")
        message = f"{kind} `{target.own.text}` has no figure `{figure.text}`"
        names.report.error("SFT0604", message, figure.span, help, fix=renamed_word(figure, known))
        return
    limit_in(known[figure.text], expr.right, ref.text, names.report, Limits(maximum=Decimal(1)))
