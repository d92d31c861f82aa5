"""Judges: their labels, who judges, by which policy, and the labels of people that they are measured against."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.judge_rules import PAIR_LABELS, PAIR_RULES, RULES, given_labels
from compiler.known import Known
from compiler.names import Names
from compiler.reporting import renamed_word, suggestion
from compiler.resolve.calibration import resolve_calibration
from compiler.resolve.policy import read_policy
from compiler.resolve.served import refuse_top_k
from compiler.resolve.shared_rows import may_share_rows, same_content
from compiler.resolve.tables import Tables
from compiler.resolved import ResolvedSource, ResolvedTemplate, ResolvedTrain, Rows
from compiler.resolved_judge import ResolvedJudge
from compiler.schema.eval import GreedyBody
from compiler.schema.judge import Judge
from compiler.schema.policy import Policy
from compiler.schema.review import Review
from spec_lang.ast import Ref

_BY_MODEL = ("model", "classifier")
_OF_PAIRS = ("model", "rules")  # what can compare two answers
_OWN_COLUMNS = ("prompt", "output", "rubric", "policy", "labels")
_OWN_OF_PAIRS = ("prompt", "answer_a", "answer_b", "rubric", "policy", "labels")


def resolve_judge(
    block: Judge, names: Names, tables: Tables, policies: Mapping[str, Policy], reviews: Mapping[str, Review]
) -> ResolvedJudge:
    """The judge, as far as it is known."""
    labels = _labels(block, names)
    using = block.using.value
    _check_using(block, names)
    named = using.argument("name") if using is not None and using.form.name in _BY_MODEL else None
    model = tables.either.get(names.full(named)) if isinstance(named, Ref) else None
    template = _template(block, names, tables)
    policy = read_policy(block.policy.value, names, policies)
    _check_asking(block, names)
    refuse_top_k(block.decode.value, model, names.report)
    calibration = resolve_calibration(block, labels, names, tables, reviews)
    if calibration is not None and isinstance(model, ResolvedTrain):
        _check_unseen(block, model, calibration.rows, names)
    by = using.form.name if using is not None else ""
    return ResolvedJudge(block, labels, by, model, template, policy, calibration)


def _check_unseen(block: Judge, model: ResolvedTrain, held: Rows | ResolvedSource, names: Names) -> None:
    """Report labelled rows that the judge's model learned from, as far as names and splits tell."""
    span = block.calibrate_.head if block.calibrate_ is not None else block.calibrate.span
    also = [model.block.label(model.block.data.span, "trained on here")]
    for rows in model.trained_on:
        whole = isinstance(held, ResolvedSource) and same_content(held, rows.task.source)
        if whole or rows.name == held.name:
            message = (
                f"`{model.name}` was trained on rows of `{held.name}`, so calibrating `{block.name}` measures memory"
            )
            names.report.error("SFT0603", message, span, "calibrate on labels that no judge was trained on", also)
            return
        if isinstance(held, Rows) and may_share_rows(rows, held):
            message = f"`{held.name}` and `{rows.name}`, on which `{model.name}` was trained, are rows of one source"
            help = "give both tasks the same split, and calibrate on a part that was not trained on"
            names.report.warning("SFT0613", message, span, help)


def _labels(block: Judge, names: Names) -> Known[str]:
    report, scale = names.report, block.scale.value
    if block.pairwise.given:
        for field in (block.labels, block.scale):
            if field.given:
                message = "a pairwise judge says which of two answers is better, and gives no other labels"
                also = [(block.pairwise.span, "pairwise here")]
                report.error("SFT0225", message, field.span, "leave one of them out", also)
        return Known({label: label for label in PAIR_LABELS})
    if block.scale.given and block.labels.given:
        also = [(block.labels.span, "its labels")]
        report.error("SFT0225", "a judge has `labels` or a `scale`", block.scale.span, "leave one of them out", also)
    if scale is not None and block.scale.known:
        if len(scale) != 2 or scale[0] >= scale[1]:
            help = "the lowest number and the highest, such as `scale = [1, 5]`"
            report.error("SFT0210", "`scale` takes two numbers, the lower one first", block.scale.span, help)
            return Known(more=True)
        return Known({str(number): str(number) for number in range(scale[0], scale[1] + 1)})
    found: dict[str, str | None] = {}
    for label in block.labels.value:
        if label.text in found:
            report.error("SFT0205", f"`{label.text}` stands twice in `labels`", label.span)
        found[label.text] = label.text
    folded = {label.casefold() for label in found}
    if len(folded) < len(found):
        message = "two labels differ in capitals alone, which a model's answer does not tell apart"
        report.error("SFT0205", message, block.labels.span)
    if block.labels.known and len(block.labels.value) == 1:
        report.error("SFT0210", "`labels` has to hold at least 2 labels", block.labels.span)
    return Known(found, more=not block.labels.known)


def _check_using(block: Judge, names: Names) -> None:
    using = block.using.value
    if using is not None and block.pairwise.given and using.form.name not in _OF_PAIRS:
        message = f"`{using.form.name}` reads one answer, and a pairwise judge compares two"
        names.report.error("SFT0225", message, block.using.span, "ask a model: `using = model(NAME)`")
        return
    if using is None or using.form.name == "recorded":
        return
    name = using.arguments["name"]
    if using.form.name == "rules":
        _check_rules(block, names)
    elif isinstance(name.value, Ref):
        by_model = using.form.name == "model"
        names.stands(name.value, ("model", "train") if by_model else ("model",), "using" if by_model else "classifier")


def _template(block: Judge, names: Names, tables: Tables) -> ResolvedTemplate | None:
    """The user's own words to a model: what is judged has to stand in them, and nothing else of the row can."""
    using = block.using.value
    prompt = using.argument("prompt") if using is not None else None
    template = names.look_up(prompt, ("template",), "prompt", tables.templates) if isinstance(prompt, Ref) else None
    if template is None or not isinstance(prompt, Ref):
        return None
    asked = [name for name, _ in template.placeholders]
    pairs = block.pairwise.given
    seen = _OWN_OF_PAIRS if pairs else _OWN_COLUMNS
    for name in dict.fromkeys(asked):
        if name not in seen:
            help = f"a {'pairwise ' * pairs}judge sees {', '.join(f'`{{{own}}}`' for own in seen)}"
            also = [template.block.label(template.block.head, "declared here")]
            message = f"template `{template.name}` names `{{{name}}}`, which a judge is not shown"
            names.report.error("SFT0221", message, prompt.span, help, also)
    hidden = [name for name in (("answer_a", "answer_b") if pairs else ("output",)) if name not in asked]
    if hidden:
        message = f"template `{template.name}` does not show what is judged"
        names.report.error("SFT0221", message, prompt.span, f"put `{{{hidden[0]}}}` where the answer stands")
    if template.options is not None or template.few_shot is not None:
        message = f"template `{template.name}` has choices or examples, and a judge is asked with texts alone"
        names.report.error("SFT0225", message, prompt.span, "name a template without `options` and `few_shot`")
    return template


def _check_asking(block: Judge, names: Names) -> None:
    """What only a model takes, and repeats that could not differ."""
    using = block.using.value
    by_model = using is None or using.form.name == "model"
    for field in ("repeats", "decode"):
        if field in block.lines and not by_model:
            assert using is not None
            message = f"`{field}` is for a model that is asked, and `{using.form.name}` always gives the same"
            names.report.error("SFT0225", message, block.lines[field], "leave it out")
    decode = block.decode.value
    if block.repeats.given and block.pairwise.given and by_model:
        help = "each pair is asked about twice already, once in each order; leave it out"
        names.report.error("SFT0225", "`repeats` is not allowed with `pairwise`", block.repeats.span, help)
    elif block.repeats.value > 1 and by_model and (decode is None or isinstance(decode, GreedyBody)):
        help = "write `decode = sample { temperature = 0.7 }`, or leave `repeats` out"
        message = "greedy decoding gives the same verdict every time, so repeats would tell nothing"
        also = [(block.decode.span, "decoded so")] if block.decode.given else []
        names.report.error("SFT0225", message, block.lines.get("repeats", block.head), help, also)


def _check_rules(block: Judge, names: Names) -> None:
    """Built-in rules give labels of their own, which the judge has to name."""
    using = block.using.value
    assert using is not None
    name = using.arguments["name"]
    if name.value is None:
        return
    there = PAIR_RULES if block.pairwise.given else tuple(RULES)
    if name.value not in there:
        help = suggestion(name.value, there, "rules")
        if name.value in (*PAIR_RULES, *RULES):
            read = "compare two answers" if name.value in PAIR_RULES else "read one answer"
            help = f"these rules {read}; {help}"
        what = "rules that compare" if block.pairwise.given else "rules"
        names.report.error("SFT0211", f"there are no {what} `{name.value}`", name.span, help)
        return
    given = RULES.get(name.value)
    if given is None:
        return
    if block.scale.given:
        help = f"write `labels = [{', '.join(given)}]`"
        names.report.error("SFT0225", "rules give labels, and no numbers of a scale", block.scale.span, help)
        return
    for label in block.labels.value:
        if label.text not in given:
            help = suggestion(label.text, given, "labels")
            message = f"the rules `{name.value}` give no label `{label.text}`"
            names.report.error(
                "SFT0253", message, label.span, help, [(name.span, "these rules")], renamed_word(label, given)
            )
    named = [label.text for label in block.labels.value]
    missing = [label for label in given_labels(name.value) if block.labels.known and label not in named]
    if missing and len(named) > 1 and all(label in given for label in named):
        message = f"the rules `{name.value}` give `{missing[0]}`, which is no label of the judge"
        names.report.error("SFT0253", message, block.labels.span, f"write `labels = [{', '.join(given)}]`")
