"""Models: that their weights can be found, their hashes, and the control tokens that no template may hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.judged_metrics import used_judges
from compiler.known import sure
from compiler.paths import rebased, rebased_weights
from compiler.reporting import Reporter
from compiler.resolve.models_in_rules import roots_in_rules
from compiler.resolve.served import check_endpoint
from compiler.resolved import AnyModel, ResolvedModel, ResolvedSpec, ResolvedTemplate
from compiler.schema.eval import PlainBody
from compiler.schema.fields import Value
from compiler.schema.model import Model
from compiler.template_pieces import within
from compiler.world import ModelFacts, Problem, World
from spec_lang.source import Span


def resolve_model(block: Model, world: World, report: Reporter) -> ResolvedModel:
    """The model. Weights that cannot be found are reported, and the model still counts as declared."""
    weights = block.weights.value
    problem = world.model_exists(rebased_weights(weights, block.file)) if weights is not None else None
    if problem is not None:
        report.error(problem.code, problem.message, block.weights.span, problem.help)
    _check_sort(block, report)
    check_endpoint(block, report)
    return ResolvedModel(block)


# What a model can be, with the fields that mean something of it alone.
_SORTS = {
    "endpoint": (
        ("name", "key", "revision", "concurrency", "timeout", "retries", "per_minute", "price"),
        "`endpoint`: the server holds the weights",
    ),
    "weights": (("chat_template",), "`weights`"),
    "recorded": (("item", "answer", "prompt", "scores"), "`recorded`: its answers are there"),
}


def _check_sort(block: Model, report: Reporter) -> None:
    """A model is a server, a folder of weights or recorded answers, and each has fields that mean nothing to the
    others."""
    sort = next((name for name in ("endpoint", "recorded", "weights") if getattr(block, name).given), None)
    for other, (fields, _) in _SORTS.items():
        for name in (other, *fields) if sort not in (None, other) else ():
            field = getattr(block, "name_" if name == "name" else name)
            if name in block.lines and (name != "key" or field.known):  # of a faulty key that was said already
                message = f"`{name}` is not allowed with {_SORTS[sort][1]}" if sort else ""
                report.error("SFT0225", message, field.span if isinstance(field, Value) else block.lines[name])
    if block.endpoint.given and "name" not in block.lines and "name" not in block.broken:
        help = 'add `name = "…"`: what the server calls the model'
        report.error("SFT0207", f"model `{block.name}` has an `endpoint` and no `name`", block.head, help)


def model_facts(spec: ResolvedSpec, world: World, report: Reporter) -> dict[str, ModelFacts]:
    """Hashes of every model that a train, an eval or a rule uses; a problem is reported at ``weights``."""
    facts: dict[str, ModelFacts] = {}
    chats = {model.name for model in _chat_models(spec)}
    for model in used_models(spec):
        weights, chat_template = where(model.block)
        answer = world.model(weights, chat_template) if model.name in chats else world.classifier(weights)
        if isinstance(answer, Problem):
            report.at(model.block.file).error(answer.code, answer.message, _asked(model.block, world), answer.help)
        else:
            facts[model.name] = answer
    return facts


def where(block: Model) -> tuple[str, str | None]:
    """The weights and the chat template of a model, relative to the folder of the main spec."""
    template = block.chat_template.value
    weights = rebased_weights(sure(block.weights.value), block.file)
    return weights, None if template is None else rebased(template, block.file)


def _asked(block: Model, world: World) -> Span:
    """The field that a problem belongs to: ``chat_template`` when the model is sound without it."""
    if block.chat_template.given and not isinstance(world.model(where(block)[0], None), Problem):
        return block.chat_template.span
    return block.weights.span


def used_models(spec: ResolvedSpec) -> tuple[ResolvedModel, ...]:
    """Models at the bottom of trains and evals, those that score rows, and those that rules name, in the order
    of the file."""
    roots = {model.name for model in _chat_models(spec)}
    roots |= {model.root.name for item in spec.evals.values() for model in (*item.models, *item.references)}
    roots |= {name for task in spec.tasks.values() for score in task.scores for name in score.models}
    roots |= {item.model.root.name for item in spec.generates.values() if item.model is not None}
    roots |= {model.name for model in roots_in_rules(spec).values()}
    roots |= {judge.model.root.name for judge in used_judges(spec) if judge.model is not None}
    asked = (model for name, model in spec.models.items() if name in roots and not model.is_recorded)
    return tuple(model for model in asked if not model.is_served)


def _chat_models(spec: ResolvedSpec) -> tuple[ResolvedModel, ...]:
    """Those that read conversations, so that their chat template counts."""
    roots = {train.root.name for train in spec.trains.values()}
    evals = (item for item in spec.evals.values() if not isinstance(item.block.prompt.value, PlainBody))
    roots |= {model.root.name for item in evals for model in item.models if not model.root.is_recorded}
    scorers = (scorer for task in spec.tasks.values() for score in task.scores for scorer in score.scores)
    roots |= {scorer.model for scorer in scorers if scorer.reads_conversations and scorer.model is not None}
    writing = (item for item in spec.generates.values() if not isinstance(item.block.prompt.value, PlainBody))
    roots |= {item.model.root.name for item in writing if item.model is not None}
    judging = (judge.model for judge in used_judges(spec) if judge.by == "model")
    roots |= {model.root.name for model in judging if model is not None}
    return tuple(model for name, model in spec.models.items() if name in roots)


def check_special_tokens(spec: ResolvedSpec, facts: Mapping[str, ModelFacts], report: Reporter) -> None:
    """A control token inside a template's text would end turns where the author sees only text."""
    for model, template in _pairs(spec):
        at = report.at(template.block.file)
        known = facts.get(model.root.name)
        for token in known.special_tokens if known else ():
            for text, span in template.literals:
                if token and token in text:
                    at.error(
                        "SFT0223",
                        f"`{token}` in template `{template.name}` is a control token of model `{model.root.name}`",
                        within(token, span, at),
                        "leave it out: the chat template of the model adds the control tokens",
                    )


def _pairs(spec: ResolvedSpec) -> Iterable[tuple[AnyModel, ResolvedTemplate]]:
    """Every model with every template it meets, in training and in evals."""
    for train in spec.trains.values():
        for part in (*train.own_rows, *([train.validation] if train.validation else [])):
            yield from ((train, template) for template in part.task.templates)
    for task in spec.tasks.values():
        scorers = (scorer for score in task.scores for scorer in score.scores if scorer.reads_conversations)
        named = (spec.models.get(scorer.model) for scorer in scorers if scorer.model is not None)
        yield from ((model, template) for model in named if model is not None for template in task.templates)
    for item in spec.evals.values():
        yield from ((model, template) for model in item.models for template in item.templates)
