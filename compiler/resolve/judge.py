"""Judges: their labels, who judges, and the labels of people that they are measured against."""

from __future__ import annotations

from compiler.known import Known
from compiler.names import Names
from compiler.reporting import renamed_word, suggestion
from compiler.resolve.policy import check_policy
from compiler.resolve.tables import Tables, rows_or_source
from compiler.resolved_lifecycle import ResolvedJudge
from compiler.schema.judge import Judge
from spec_lang.ast import Ref

# Rules that judge without a model, with the labels they give.
RULES = {
    "refusal": ("complied", "partial_refusal", "refused"),
    "empty": ("answered", "empty"),
    "format": ("broken", "valid"),
}


def resolve_judge(block: Judge, names: Names, tables: Tables) -> ResolvedJudge:
    """The judge, as far as it is known."""
    labels = _labels(block, names)
    _check_using(block, names)
    check_policy(block.policy.value, names)
    calibrate = rows_or_source(block.calibrate.value, "calibrate", names, tables, others=("review",))
    return ResolvedJudge(block, labels, calibrate)


def _labels(block: Judge, names: Names) -> Known[str]:
    found: dict[str, str | None] = {}
    for label in block.labels.value:
        if label.text in found:
            names.report.error("SFT0205", f"`{label.text}` stands twice in `labels`", label.span)
        found[label.text] = label.text
    if block.labels.known and len(block.labels.value) == 1:
        names.report.error("SFT0210", "`labels` has to hold at least 2 labels", block.labels.span)
    return Known(found, more=not block.labels.known)


def _check_using(block: Judge, names: Names) -> None:
    using = block.using.value
    if using is None:
        return
    name = using.arguments["name"]
    if using.form.name == "rules":
        _check_rules(block, names)
    elif isinstance(name.value, Ref):
        names.stands(name.value, ("model", "train"), "using")
    prompt = using.argument("prompt")
    if isinstance(prompt, Ref):
        names.stands(prompt, ("template",), "prompt")


def _check_rules(block: Judge, names: Names) -> None:
    """Built-in rules give labels of their own, which the judge has to name."""
    using = block.using.value
    assert using is not None
    name = using.arguments["name"]
    if name.value is None:
        return
    given = RULES.get(name.value)
    if given is None:
        help = suggestion(name.value, RULES, "rules")
        names.report.error("SFT0211", f"there are no rules `{name.value}`", name.span, help)
        return
    for label in block.labels.value:
        if label.text not in given:
            help = suggestion(label.text, given, "labels")
            message = f"the rules `{name.value}` give no label `{label.text}`"
            names.report.error(
                "SFT0253", message, label.span, help, [(name.span, "these rules")], renamed_word(label, given)
            )
