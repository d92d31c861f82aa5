"""Requirements over an axis of an eval: its templates, its numbers of examples, or the values of a slice.

``spread(METRIC, AXIS)`` limits how far apart they are, ``worst(METRIC, AXIS)`` what the worst of them reaches, and
``unseen(METRIC) no_worse_than trained`` compares templates that are new to the model with those it was trained on.
"""

from __future__ import annotations

from compiler.axes import Axis
from compiler.reporting import Reporter, renamed_word, suggestion
from compiler.resolve.axes import is_seen
from compiler.resolved import ResolvedEval, ResolvedTrain
from compiler.resolved_gate import AxisOf
from spec_lang.ast import Call, Faulty, Ref

OF_AXES = ("spread", "worst")
UNSEEN, TRAINED = "unseen", "trained"
_TEMPLATES, _FEW_SHOT = "templates", "few_shot"
_FORMS = {
    "spread": "`spread(EVAL.METRIC(MODEL), templates) <= 10pt`",
    "worst": "`worst(EVAL.METRIC(MODEL), templates) >= 60%`",
}


def axis_of(call: Call, of: ResolvedEval | None, report: Reporter) -> AxisOf | None:
    """The axis that ``spread`` or ``worst`` names; None after a report. ``of`` is the eval, where it is known."""
    name = call.func.text
    over = call.args[1].value if len(call.args) == 2 and call.args[1].name is None else None
    if not isinstance(over, Ref):
        if not isinstance(over, Faulty):
            message = f"`{name}` takes a metric, and over what: `templates`, `few_shot` or a slice"
            report.error("SFT0608", message, call.span, f"write {_FORMS[name]}")
        return None
    known = (_TEMPLATES, _FEW_SHOT, *(of.slices.names if of is not None else ()))
    if over.text in (_TEMPLATES, _FEW_SHOT):
        return _cells(over, call, of, report)
    if of is None or not of.slices.lacks(over.text):
        return _slice(over, name, of, report)
    help = suggestion(over.text, known, "axes")
    also = [of.block.label(of.block.head, "declared here")]
    message = f"eval `{of.name}` has no slice `{over.text}`"
    report.error("SFT0606", message, over.span, help, also, renamed_word(over, known))
    return None


def _cells(over: Ref, call: Call, of: ResolvedEval | None, report: Reporter) -> AxisOf | None:
    """Templates or numbers of examples, of which there have to be two."""
    axis: Axis = "templates" if over.text == _TEMPLATES else "few_shot"
    if of is None:
        return AxisOf(axis)
    counts = of.block.few_shot
    few = not of.templates.more and len(of.templates.items) < 2 if axis == "templates" else len(counts.value) < 2
    if not few or (axis == "few_shot" and not counts.known):
        return AxisOf(axis)
    what = "one template" if axis == "templates" else "no second number of examples"
    help = "give the eval a second template" if axis == "templates" else "give the eval `few_shot = [0, 5]`"
    also = [of.block.label(of.block.head, f"{what} here")]
    nothing = "nothing spreads" if call.func.text == "spread" else "there is no worst one"
    report.error("SFT0611", f"eval `{of.name}` has {what}, so {nothing}", call.span, help, also)
    return None


def _slice(over: Ref, name: str, of: ResolvedEval | None, report: Reporter) -> AxisOf | None:
    """The values of a slice. For a spread they have to be groups that share no item."""
    found = of.slices.get(over.text) if of is not None else None
    if found is not None and found.by in ("template", "few_shot"):
        meant = _TEMPLATES if found.by == "template" else _FEW_SHOT
        message = f"slice `{over.text}` groups by {'template' if found.by == 'template' else 'number of examples'}"
        report.error("SFT0608", message, over.span, f"write `{meant}`, which compares the same items")
        return None
    if found is not None and found.by == "tags" and name == "spread":
        message = f"items may be in several values of slice `{over.text}`, so these are no groups to tell apart"
        report.error("SFT0608", message, over.span, f"write `worst(…, {over.text})`, or require it `each {over.text}`")
        return None
    return AxisOf("slice", over.text)


def check_unseen(call: Call, model: str, of: ResolvedEval | None, report: Reporter) -> bool:
    """Whether the eval has templates of both kinds for the model, as far as it is known; False after a report."""
    found = of.models.get(model) if of is not None else None
    if of is None or found is None or of.templates.more:
        return True
    if not isinstance(found, ResolvedTrain):
        message = f"no train of this spec makes `{model}`, so which templates are new to it is not known"
        report.error("SFT0608", message, call.span, "name a train of the eval")
        return False
    seen = {template.name: is_seen(template, found) for template in of.templates}
    if len(set(seen.values())) > 1 or not seen:
        return True
    of_them, help = "no template that", "add a template that no train uses"
    if not any(seen.values()):
        of_them, help = "only templates that", "add a template of the task that it was trained on"
    also = [of.block.label(of.block.head, "its templates")]
    message = f"eval `{of.name}` has {of_them} `{model}` was not trained on, so there is nothing to compare"
    report.error("SFT0611", message, call.span, help, also)
    return False
