"""Methods of ``generate`` as parameters of its step, and the ``render`` steps of what they ask.

Prompts are rendered apart from asking, so that another template is another step and its ledger says which rows lack
what. Rows without an answer are asked as well, unless a verifier or the best compares with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from compiler.judged_metrics import judges_of
from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.eval import lower_metric
from compiler.lower.judge import judge_spec
from compiler.lower.template import StepOf, lower_asked_rows, render_template
from compiler.resolve.turns import wording
from compiler.resolved import AnyModel, ResolvedMetric, ResolvedTemplate
from compiler.resolved_judge import ResolvedJudge
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.resolved_methods import ResolvedBacktranslate, ResolvedMethod, ResolvedRespond, ResolvedRewrite
from compiler.respond_params import Backtranslate, NamedJudge, Respond, Rewrite
from compiler.schema.generate_methods import BestBody
from compiler.step_params import Metric, Sample

# Several answers to a prompt, where nothing else is asked for: greedy ones would be the same.
SEVERAL = Sample(max_new_tokens=256, temperature=Decimal("0.7"), top_p=Decimal(1), top_k=None, seed=0)


def method_params(
    method: ResolvedMethod, item: ResolvedGenerate, judges: Mapping[str, ResolvedJudge], builder: PlanBuilder
) -> Respond | Backtranslate | Rewrite:
    """What the step is told of its method."""
    if isinstance(method, ResolvedRespond):
        asked = tuple(NamedJudge(name=name, judge=judge_spec(judges[name])) for name in judges_of(item.verifiers))
        return _respond(method, asked, builder)
    if isinstance(method, ResolvedBacktranslate):
        return Backtranslate(text=sure(method.text), column=sure(method.column), max_words=method.block.max_words.value)
    return _rewrite(method, item)


def asked_rows(method: ResolvedMethod, item: ResolvedGenerate, step_of: StepOf, builder: PlanBuilder) -> dict[str, str]:
    """Input roles of what is asked, with the ids of the steps that render it. ``step_of`` gives the step that has rows
    which a model is shown."""
    rows = sure(item.rows)

    def rendered(name: str, templates: tuple[ResolvedTemplate, ...], *, unanswered: bool) -> str:
        return lower_asked_rows(
            rows,
            step_of(rows),
            templates,
            step_of,
            builder,
            item.block,
            name,
            unanswered=unanswered,
        )

    if isinstance(method, ResolvedRespond):
        asked = {"prompts": rendered(f"{item.name}.prompts", method.templates.whole, unanswered=not _compares(method))}
        if method.hint is not None:
            asked["hints"] = rendered(f"{item.name}.hint", (method.hint,), unanswered=False)
        return asked
    if isinstance(method, ResolvedBacktranslate) and method.template is not None:
        return {"prompts": rendered(f"{item.name}.prompts", (method.template,), unanswered=True)}
    return {}


def judging_models(item: ResolvedGenerate, judges: Mapping[str, ResolvedJudge]) -> dict[str, AnyModel]:
    """The models that judge answers, by the role that they have in the step."""
    found = ((f"judge.{at}", judges[name].model) for at, name in enumerate(judges_of(item.verifiers)))
    return {role: model for role, model in found if model is not None}


def _compares(method: ResolvedRespond) -> bool:
    metrics = [*method.verify, method.by]
    return method.conversation or any(metric is not None and metric.function.compares for metric in metrics)


def _respond(method: ResolvedRespond, judges: tuple[NamedJudge, ...], builder: PlanBuilder) -> Respond:
    block, by = method.block, method.by
    hint = method.hint
    return Respond(
        samples=block.samples.value,
        column=sure(method.column),
        conversation=method.conversation,
        verify=tuple(_named([sure(metric) for metric in method.verify], builder)),
        take=_take(block.take.value),
        by=lower_metric("by", by, builder) if by is not None else None,
        lower=by is not None and by.function.higher_is_better is False,
        per_prompt=block.per_prompt.value,
        hint_samples=block.hint_samples.value if hint is not None else None,
        hint_wording=wording(hint) if hint is not None else (),
        judges=judges,
    )


def _take(value: str | BestBody) -> Literal["all", "first", "best"]:
    if isinstance(value, BestBody):
        return "best"
    return "first" if value == "first" else "all"


def _named(metrics: list[ResolvedMetric], builder: PlanBuilder) -> list[Metric]:
    """Verifiers under the names of their functions; of the same one a second time with its number."""
    seen: dict[str, int] = {}
    found = []
    for metric in metrics:
        name = metric.function.name
        seen[name] = seen.get(name, 0) + 1
        found.append(lower_metric(name if seen[name] == 1 else f"{name}_{seen[name]}", metric, builder))
    return found


def _rewrite(method: ResolvedRewrite, item: ResolvedGenerate) -> Rewrite:
    block, task = method.block, sure(item.rows).task
    return Rewrite.model_validate(
        {
            "operations": tuple(sorted(block.evolve.value)),
            "rounds": block.rounds.value,
            "column": sure(method.column),
            "answer": sure(method.answer),
            "templates": tuple(render_template(template, task) for template in method.templates.whole),
            "too_like": block.too_like.value,
            "max_words": block.max_words.value,
        }
    )
