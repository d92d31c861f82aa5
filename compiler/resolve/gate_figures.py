"""What a gate asks beside metrics of evals: figures of other blocks, and findings that never occur."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from compiler.names import Names
from compiler.reporting import renamed_word, suggestion
from compiler.resolved import ResolvedEval
from compiler.schema import redteam, review
from compiler.schema.fields import RuleEntry
from compiler.schema.guardrail import ERRORS
from compiler.schema.measures import limit_in
from compiler.schema.written import Limits
from spec_lang.ast import Binary, Call, Faulty, Ref, StringLit
from spec_lang.quantities import Unit

# Kind -> figure -> unit.
FIGURES: Mapping[str, Mapping[str, Unit | None]] = {
    "review": {name: Unit.SHARE if name in review.SHARES else None for name in review.FIGURES},
    "redteam": {name: Unit.POINTS if name == "gap" else Unit.SHARE for name in redteam.FIGURES},
    "guardrail": {name: measure.unit for name, measure in ERRORS.items()},
}
_EXAMPLE = 'for example `never format.tag("critical")`'


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


def check_never(rule: RuleEntry, names: Names, evals: Mapping[str, ResolvedEval]) -> None:
    """``never format.tag("critical")``: no answer that failed may carry this tag."""
    expr = rule.expr
    if expr is None or isinstance(expr, Faulty):
        return
    if not isinstance(expr, Call) or len(expr.func.parts) < 2 or expr.func.parts[-1].text != "tag":
        names.report.error("SFT0608", "`never` takes a tag of an eval's answers", expr.span, _EXAMPLE)
        return
    owner = Ref(expr.func.parts[:-1], expr.func.parts[0].span.to(expr.func.parts[-2].span))
    names.look_up(owner, ("eval",), "never", evals)
    tag = expr.args[0].value if len(expr.args) == 1 and expr.args[0].name is None else None
    if not isinstance(tag, StringLit | Faulty) or (isinstance(tag, StringLit) and not tag.value.strip()):
        names.report.error("SFT0608", "a tag is one string", expr.span, _EXAMPLE)
