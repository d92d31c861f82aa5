"""``never format.tag("critical")``: what has the tag, and which answers to it count as failed.

A failure is an answer that a metric gives the bad end of its scale. Which metrics and models are meant follows from
the gate: those that its requirements on the same eval name, since what a release does not depend on need not be right.
Where the gate requires nothing else of the eval, every model and every share metric with a better side is meant.
``metric = exact`` and ``model = tuned`` in the call say it outright. Which end is bad the metric says; of a metric that
does not, a ceiling on the same model does, and a floor next to it takes that back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compiler.names import Names
from compiler.reporting import renamed_word, suggestion
from compiler.resolve.gate_metric import check_evaluated
from compiler.resolved import ResolvedEval
from compiler.resolved_gate import Never, Requirement, Watched
from compiler.schema.fields import RuleEntry
from spec_lang.ast import Call, Faulty, Ref, StringLit

_EXAMPLE = 'for example `never format.tag("critical")`'


def read_never(
    rule: RuleEntry, names: Names, evals: Mapping[str, ResolvedEval], required: Sequence[Requirement | None]
) -> Never | None:
    """The rule, or None after a report; ``required`` are the other requirements of the gate."""
    expr = rule.expr
    if expr is None or isinstance(expr, Faulty):
        return None
    if not isinstance(expr, Call) or len(expr.func.parts) < 2 or expr.func.parts[-1].text != "tag":
        names.report.error("SFT0608", "`never` takes a tag of an eval's items", expr.span, _EXAMPLE)
        return None
    owner = Ref(expr.func.parts[:-1], expr.func.parts[0].span.to(expr.func.parts[-2].span))
    found = names.look_up(owner, ("eval",), "never", evals)
    positional = [arg.value for arg in expr.args if arg.name is None]
    tag = positional[0] if len(positional) == 1 else None
    if not isinstance(tag, StringLit | Faulty) or (isinstance(tag, StringLit) and not tag.value.strip()):
        names.report.error("SFT0608", "a tag is one string", expr.span, _EXAMPLE)
        return None
    named = _named(expr, found, names)
    if found is None or named is None or isinstance(tag, Faulty):
        return None
    if found.block.tags.value is None:
        if found.block.tags.known:
            also = [found.block.label(found.block.head, "declared here")]
            help = "add `tags = COLUMN` to the eval: a column that holds a tag, or a list of them"
            names.report.error("SFT0660", f"eval `{found.name}` has no `tags`", owner.span, help, also)
        return None
    metric, model = named
    watched = tuple(dict.fromkeys(_watched(found, required, metric, model)))
    several = next((one.metric for one in watched if _of_several(one.metric, found)), None)
    if several is not None:
        message = f"`{found.name}.{several}` is of several answers at once, of which none fails alone"
        help = "watch one of single answers: `metric = NAME` in the call, such as the same metric with `k = 1`"
        names.report.error("SFT0608", message, expr.span, help)
        return None
    if not watched and not found.metrics.more and not found.models.more and None not in required:
        message = f"no metric of eval `{found.name}` tells a failed answer from a good one"
        help = "write `metric = …`: a metric that is right or wrong for every answer"
        names.report.error("SFT0608", message, expr.span, help)
    return Never(rule, found.name, tag.value.strip(), watched) if watched else None


def _of_several(metric: str, owner: ResolvedEval) -> bool:
    """pass@k with a k above one: a chance, that is neither 0 nor 1 for most items."""
    found = owner.metrics.get(metric)
    k = found.args.get("k", 1) if found is not None and found.function.at_k else 1
    return isinstance(k, int) and k > 1


def _named(call: Call, owner: ResolvedEval | None, names: Names) -> tuple[str, str] | None:
    """The metric and the model that the call names, empty where it names none; None after a report."""
    named = {"metric": "", "model": ""}
    sound = True
    for arg in call.args:
        if arg.name is None:
            continue
        if arg.name.text not in named or not isinstance(arg.value, Ref):
            if not isinstance(arg.value, Faulty):
                known = suggestion(arg.name.text, named, "arguments")
                help = known if arg.name.text not in named else f"write `{arg.name.text} = NAME`"
                names.report.error("SFT0608", f"`tag` takes no `{arg.name.text}` like this", arg.span, help)
            sound = False
        elif arg.name.text == "model":
            check_evaluated(arg.value, owner, names)
            named["model"] = names.full(arg.value)
        else:
            named["metric"] = arg.value.text
            sound = _has_metric(arg.value, owner, names) and sound
    return (named["metric"], named["model"]) if sound else None


def _has_metric(ref: Ref, owner: ResolvedEval | None, names: Names) -> bool:
    if owner is None:
        return False
    if owner.metrics.lacks(ref.text):
        help = suggestion(ref.text, owner.metrics.names, "metrics")
        also = [owner.block.label(owner.block.head, "declared here")]
        fix = renamed_word(ref, owner.metrics.names)
        message = f"eval `{owner.name}` has no metric `{ref.text}`"
        names.report.error("SFT0604", message, ref.span, help, also, fix)
        return False
    found = owner.metrics.get(ref.text)
    if found is not None and found.function.unit != "share":
        message = f"`{owner.name}.{ref.text}` is a plain number, of which no answer is a failure"
        names.report.error("SFT0608", message, ref.span, "name a metric that is right or wrong for every answer")
        return False
    return found is not None


def _watched(owner: ResolvedEval, required: Sequence[Requirement | None], metric: str, model: str) -> Iterator[Watched]:
    gated = [item for item in required if item is not None and item.metric.eval == owner.name]
    models = [model] if model else list(dict.fromkeys(item.metric.model for item in gated)) or list(owner.models.names)
    bounds = [item for item in gated if item.rule == "bound"]
    floors = {(item.metric.metric, item.metric.model) for item in bounds if item.op in (">=", ">")}
    ceilings = {(item.metric.metric, item.metric.model) for item in bounds if item.op in ("<=", "<")} - floors
    share = [item.metric.metric for item in gated if item.metric.unit == "share"]
    metrics = [metric] if metric else list(dict.fromkeys(share)) or list(owner.metrics.names)
    for name in metrics:
        found = owner.metrics.get(name)
        if found is None or found.function.unit != "share" or found.function.whole:
            continue
        higher = found.function.higher_is_better
        for one in models:
            if higher is None and (name, one) not in ceilings:
                continue  # neither the metric nor the gate says which side is bad
            yield Watched(name, one, "low" if higher else "high")
