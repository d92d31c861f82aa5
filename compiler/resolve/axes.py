"""What an eval varies beside its rows: templates that a model saw in training or not, and how often it asks."""

from __future__ import annotations

from compiler.known import Known
from compiler.reporting import Reporter
from compiler.resolved import AnyModel, ResolvedEval, ResolvedMetric, ResolvedTemplate, ResolvedTrain
from compiler.schema.eval import ChooseBody, Eval, SampleBody


def check_samples(block: Eval, metrics: Known[ResolvedMetric], report: Reporter) -> None:
    """Several answers that cannot differ are one answer, asked several times; without a metric of answers, none is."""
    samples, decode = block.samples, block.decode
    if samples.value == 1 or not samples.known or not decode.known:
        return
    found = [metrics.get(rule.name.text) for rule in block.metrics]
    if found and all(metric is not None and metric.function.answer == "likelihood" for metric in found):
        message = f"eval `{block.name}` reads expected answers alone, so no item is asked {samples.value} times"
        report.error("SFT0225", message, samples.span, "leave out `samples`, or add a metric of what the model writes")
        return
    also = [(decode.span, "decoded so")] if decode.given else []
    if not isinstance(decode.value, SampleBody):
        how = "a choice by likelihood" if isinstance(decode.value, ChooseBody) else "greedy decoding"
        help = "write `decode = sample { temperature = 0.8 }`, or leave out `samples`"
    elif decode.value.top_k.value == 1:
        how, help = "`top_k = 1`", "leave out `top_k`, or `samples`"
    else:
        return
    message = f"every item is asked {samples.value} times, and with {how} all its answers are the same"
    report.error("SFT0225", message, samples.span, help, also)


def check_read_once(item: ResolvedEval, report: Reporter) -> None:
    """A metric that reads outputs once more, beside a reference, reads one of an item."""
    samples = item.block.samples
    rule = next((rule for rule in item.block.metrics if rule.name.text in item.references.items), None)
    if rule is not None and samples.value > 1 and samples.known:
        message = f"metric `{rule.name.text}` reads one answer an item, and each is asked {samples.value} times"
        help = "give it an eval of its own, without `samples`"
        report.error("SFT0225", message, rule.expr.span, help, [(samples.span, "asked so often")])


def check_k(block: Eval, metrics: Known[ResolvedMetric], report: Reporter, *, again: bool) -> None:
    """pass@k is estimated from at least k answers to an item, where items can be asked ``again``."""
    for rule in block.metrics:
        metric = metrics.items.get(rule.name.text)
        k = metric.args["k"] if metric is not None and metric.function.at_k else 1
        if isinstance(k, int) and block.samples.known and k > block.samples.value:
            asked = f"asks {block.samples.value} time{'s' * (block.samples.value > 1)}"
            message = f"`k = {k}` takes at least {k} answers to an item, and eval `{block.name}` {asked}"
            help = f"write `samples = {k}` or more into the eval, with `decode = sample {{ … }}`"
            help = help if again else "recorded answers are one an item: leave `k` out"
            report.error("SFT0225", message, rule.expr.span, help)


def is_seen(template: ResolvedTemplate, model: ResolvedTrain) -> bool:
    """Whether the model, or one that it was trained from, learned from rows under a template with these texts."""
    return any(
        template.roles == other.roles and template.as_it_is == other.as_it_is
        for rows in model.trained_on
        for other in rows.task.templates
    )


def seen_templates(item: ResolvedEval, model: AnyModel) -> dict[str, bool]:
    """For every template of an eval whether the model was trained on it; empty where all are alike, so that there is
    nothing to compare, and for a model that the spec does not train."""
    if not isinstance(model, ResolvedTrain):
        return {}
    found = {template.name: is_seen(template, model) for template in item.templates}
    return found if len(set(found.values())) > 1 else {}
